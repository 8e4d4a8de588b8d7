"""Evaluate, judge and calibrate, as a person runs them, on drawn photos."""

import csv
from pathlib import Path

import pytest

from shell import index, photos, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("judged")
    names = photos(folder / "photos", range(24))
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("image", "kind", "sender"))
        writer.writerows((f"photos/{n}", f"kind {i % 3}", i % 4) for i, n in enumerate(names))
    index(folder, "table.csv", "--path-column", "image", "--label-column", "kind")
    return folder


def test_evaluate_prints_the_same_figures_everywhere(folder: Path) -> None:
    done = run(folder, "evaluate", "-k", 3, "--csv", "all.csv", "--html", "report.html", "--json")
    assert done.code == 0, done.err
    figures = done.json["contenders"][0]["figures"]
    with (folder / "all.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    mean = sum(float(row["precision@3"]) for row in rows) / 24
    assert figures["precision@3"]["value"] == pytest.approx(mean)
    text = run(folder, "evaluate", "-k", 3)
    assert f"{mean:.4f}" in text.rows[0][1]
    assert "<svg" in (folder / "report.html").read_text("utf-8")
    grouped = run(folder, "evaluate", "-k", 3, "--group", "sender", "--split", 0.5)
    assert grouped.code == 0
    assert "never within one sender" in grouped.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--truth", "colour"], "Unknown column 'colour'"),
        (["--spaces", "main,other"], "Unknown space 'other'"),
        (["--split", "half"], "COLUMN=VALUE"),
        (["--metric", "f1"], "Unknown metric"),
    ],
)
def test_evaluate_says_what_it_was_not_given(folder: Path, options: list, message: str) -> None:
    done = run(folder, "evaluate", *options)
    assert done.code == 2
    assert message in done.err
    assert done.out == ""


def test_a_person_judges_by_keys_by_file_and_one_by_one(folder: Path) -> None:
    first = run(folder, "judge", "-k", 3, "-n", 10, "--html", "judge.html", "--json").json
    assert len(first["proposals"]) == 10
    assert first["standing"]["judged"] == 0
    page = (folder / "judge.html").read_text("utf-8")
    assert all(one["query"] in page for one in first["proposals"])

    asked = run(folder, "judge", "-k", 3, "-n", 10, "--ask", stdin=b"y\nn\nwhat\nn\ns\nq\n")
    assert asked.code == 0
    assert "from 3 verdicts" in asked.out

    rest = first["proposals"][5:]
    with (folder / "verdicts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("query", "image", "verdict"))
        writer.writerows((one["query"], one["image"], "yes") for one in rest)
        writer.writerow(("gone.jpg", rest[0]["image"], "no"))
    read = run(folder, "judge", "-k", 3, "--read", "verdicts.csv")
    assert "5 verdicts taken" in read.err
    assert "gone.jpg" in read.err
    assert "from 8 verdicts" in read.out

    one = first["proposals"][3]
    assert run(folder, "judge", one["query"], one["image"], "no", "-k", 3).code == 0
    run(folder, "judge", "--export", "out.csv")
    assert len((folder / "out.csv").read_text("utf-8").splitlines()) == 10
    assert run(folder, "judge", one["query"], one["image"], "none").code == 0
    assert run(folder, "judge", "--status", "-k", 3, "--json").json["standing"]["judged"] == 8
    assert run(folder, "evaluate", "--judgements", "library", "-k", 3).code == 0


def test_judge_refuses_what_is_no_verdict(folder: Path) -> None:
    ids = [row["id"] for row in run(folder, "info", "--head", 2, "--json").json["head"]]
    assert run(folder, "judge", ids[0], ids[1], "perhaps").code in (1, 2)
    assert run(folder, "judge", ids[0]).code == 2
    assert "No image 'none.jpg'" in run(folder, "judge", "none.jpg", ids[0], "yes").err


def test_search_says_how_sure_it_is_once_calibrated(folder: Path) -> None:
    id_ = run(folder, "info", "--head", 1, "--json").json["head"][0]["id"]
    before = run(folder, "search", f"id:{id_}", "-k", 5, "--json").json["hits"]
    assert "match" not in before[0]
    refused = run(folder, "search", f"id:{id_}", "--min-match", 0.5)
    assert refused.code == 2
    assert "lookalike calibrate" in refused.err

    done = run(folder, "calibrate", "--json")
    assert done.code == 0, done.err
    hits = run(folder, "search", f"id:{id_}", "-k", 5, "--json").json["hits"]
    assert [hit["id"] for hit in hits] == [hit["id"] for hit in before]
    assert all(0 <= hit["match"] <= 1 for hit in hits)
    least = sorted(hit["match"] for hit in hits)[2]
    sure = run(folder, "search", f"id:{id_}", "-k", 5, "--min-match", least, "--json").json["hits"]
    assert [h["id"] for h in sure] == [h["id"] for h in hits if h["match"] >= least - 1e-4]
    assert run(folder, "search", f"id:{id_}", "--min-match", 2).code == 2
    other = run(folder, "search", f"id:{id_}", "--metric", "l2", "--min-match", 0.5)
    assert (other.code, "metric of the space, cosine, not by l2" in other.err) == (2, True)
    unsure = run(folder, "search", "-", f"id:{id_}", "--min-match", 1)
    assert (unsure.code, "so sure a match" in unsure.err) == (0, True), unsure.err
    nowhere = run(folder, "calibrate", "--on", "labels", "--diagram", "nowhere/held.svg")
    assert (nowhere.code, nowhere.out) == (2, "")
    assert "no folder 'nowhere'" in nowhere.err
    labels = run(folder, "calibrate", "--on", "labels", "--diagram", "held.svg")
    assert "Expected calibration error" in labels.out
    assert (folder / "held.svg").read_text("utf-8").startswith("<svg")
