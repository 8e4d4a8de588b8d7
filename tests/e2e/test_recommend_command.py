"""lookalike recommend, by the real command."""

import csv
import shutil

import numpy as np
import pytest
from PIL import Image

from shell import index, picture, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve reddish and twelve bluish pictures, and a copy of one."""
    folder = tmp_path_factory.mktemp("recommend")
    photos = folder / "photos"
    photos.mkdir()
    for seed in range(24):
        base = np.asarray(picture(seed % 12 // 4, 96, 72)).astype(float)
        tint = (1.0, 0.25, 0.25) if seed < 12 else (0.2, 0.3, 1.0)
        noise = np.random.default_rng(seed).integers(-12, 12, base.shape)
        Image.fromarray((base * tint + noise).clip(0, 255).astype("u1")).save(
            photos / f"{'red' if seed < 12 else 'blue'}-{seed % 12:02d}.png"
        )
    shutil.copy(photos / "red-00.png", photos / "red-copy.png")
    (folder / "table.csv").write_text(
        "image,id,sold\n"
        + "".join(
            f"{path.name},{path.stem},{number}\n"
            for number, path in enumerate(sorted(photos.iterdir()))
        )
    )
    index(
        folder, "table.csv", "--path-template", "photos/{image}", "--id-column", "id",
        "--model", "colour-histogram",
    )  # fmt: skip
    return folder


def histories(folder, rows, header="user,item"):
    (folder / "histories.csv").write_text(header + "\n" + "".join(f"{row}\n" for row in rows))
    return "histories.csv"


def test_several_tastes_with_reasons_and_a_page(folder):
    liked = ["red-00", "red-01", "red-02", "red-03", "blue-04", "id:blue-05"]
    words = [word for id_ in liked for word in ("--liked", id_)]
    done = run(folder, "recommend", *words, "--tastes", 2, "-k", 6, "--json", "--html", "r.html")
    assert done.code == 0, done.err
    assert [len(taste) for taste in done.json["tastes"]] == [4, 2]
    found = done.json["recommendations"]
    assert [one["id"].split("-")[0] for one in found].count("red") == 4
    for one in found:
        assert one["because"].split("-")[0] == one["id"].split("-")[0]
        assert one["id"] not in {*liked, "blue-05", "red-copy"}
    page = (folder / "r.html").read_text()
    assert "Taste 1" in page
    assert f"like {found[0]['because']}" in page
    table = run(folder, "recommend", *words, "--tastes", 2, "-k", 6)
    assert [row[1] for row in table.rows] == [one["id"] for one in found]


def test_files_of_items_what_was_seen_filters_and_popularity(folder):
    (folder / "liked.txt").write_text("id:red-00\nid:red-01\n")
    (folder / "seen.txt").write_text("red-02\n\nid:red-03\ngone\n")
    done = run(folder, "recommend", "--liked", "liked.txt", "--seen", "seen.txt", "--json")
    ids = [one["id"] for one in done.json["recommendations"]]
    assert not {"red-00", "red-01", "red-02", "red-03", "red-copy"} & set(ids)
    assert done.json["unknown"] == ["gone"]
    few = run(folder, "recommend", "--liked", "liked.txt", "--where", "sold < 3", "--json")
    assert {one["id"] for one in few.json["recommendations"]} == {"blue-00", "blue-01", "blue-02"}
    sold = run(
        folder, "recommend", "--liked", "red-00", "--popularity", "sold",
        "--popularity-weight", 1, "--where", "sold > 12", "-k", 3, "--json",
    )  # fmt: skip
    assert sold.json["recommendations"][0]["id"] == "red-11"
    nothing = run(folder, "recommend", "--liked", "red-00", "--where", "sold < 0", "--json")
    assert nothing.json["recommendations"] == []
    assert "Nothing is left" in nothing.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "at least one item"),
        (["--liked", "red-0"], "red-0"),
        (["--liked", "red-00", "--tastes", "some"], "auto"),
        (["--liked", "red-00", "--tastes", "0"], "at least one taste"),
        (["--liked", "red-00", "--recency", "3d"], "without times"),
        (["--liked", "red-00", "--recency", "soon"], "half-life"),
        (["--liked", "red-00", "--popularity", "cost"], "cost"),
        (["--liked", "red-00", "--popularity", "id"], "no number"),
        (["--liked", "red-00", "--evaluate"], "--histories"),
        (["--histories", "nowhere.csv"], "--out"),
        (["--histories", "nowhere.csv", "--evaluate"], "nowhere.csv"),
        (["--histories", "table.csv", "--evaluate"], "user"),
    ],
)
def test_what_cannot_be_recommended(folder, words, said):
    done = run(folder, "recommend", *words)
    assert done.code in {1, 2}
    assert said in done.err


def test_recommendations_for_every_user_of_a_file(folder):
    everything = [f"{kind}-{number:02d}" for kind in ("red", "blue") for number in range(12)]
    rows = [
        "one,red-00", "two,blue-00", "two,blue-01", "two,blue-01",
        *(f"all,{id_}" for id_ in everything), "lost,red-99",
    ]  # fmt: skip
    done = run(
        folder, "recommend", "--histories", histories(folder, rows), "--out", "out.csv", "-k", 5
    )
    assert done.code == 3
    assert "red-99" in done.err
    assert "1 row named an item of their user again" in done.err
    assert "1 user got fewer than 5" in done.err
    with (folder / "out.csv").open() as file:
        found = list(csv.DictReader(file))
    assert {row["user"] for row in found} == {"one", "two"}
    assert all(row["item"].startswith("red") for row in found if row["user"] == "one")
    assert all(row["item"] not in {"red-00", "red-copy"} for row in found if row["user"] == "one")
    alone = run(folder, "recommend", "--liked", "red-00", "-k", 5, "--json")
    assert [row["item"] for row in found if row["user"] == "one"] == [
        one["id"] for one in alone.json["recommendations"]
    ]
    assert [row["rank"] for row in found] == ["1", "2", "3", "4", "5"] * 2


def test_a_trial_finds_what_was_held_out_better_than_chance(folder):
    chance = np.random.default_rng(0)
    rows = []
    for user in range(40):
        kind = ("red", "blue")[user % 2]
        for place, number in enumerate(chance.permutation(12)[:6]):
            rows.append(f"u{user},{kind}-{number:02d},2024-01-{place + 1:02d}")
    chance.shuffle(rows)
    file = histories(folder, rows, "user,item,time")
    done = run(
        folder, "recommend", "--histories", file, "--evaluate", "--hold-out", 2, "--recency", "9d",
        "--json",
    )  # fmt: skip
    assert done.code == 0, done.err
    ways = {way["name"]: way for way in done.json["ways"]}
    assert set(ways) == {"several tastes", "one centre", "most popular", "at random"}
    assert ways["one centre"]["recall@10"]["value"] == 1, "10 are left of each kind, copies aside"
    assert ways["at random"]["recall@10"]["value"] < 0.7
    assert done.json["evaluated"] == 40
    assert done.json["held_out"] == 80
    table = run(folder, "recommend", "--histories", file, "--evaluate", "--hold-out", 2)
    assert [row[0] for row in table.rows] == list(ways)
    assert "by time" in table.err
    few = run(folder, "recommend", "--histories", histories(folder, ["u,red-00"]), "--evaluate")
    assert few.code == 2
    assert "No user" in few.err
