"""Questions of several items on a small library of drawn garments, against plain NumPy."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike import Item, Query
from lookalike.demo.garments import draw_catalogue
from lookalike.errors import ImageRejectedError, UnknownIdError, UsageError
from lookalike.library import understanding
from lookalike.share.neighbour_files import write_graph
from web import Web, answer

COUNT = 24
COPY = "images/copy.jpg"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("questions")
    draw_catalogue(folder, COUNT)
    shutil.copy(folder / "images" / "bag-001.jpg", folder / COPY)
    with lookalike.open(folder) as library:
        library.add(folder / "images", id_prefix="images/", label_from="folder")
        library.add_space("small", "efficientnet-lite0|mean:4")
        library.add_space("bits", "efficientnet-lite0|lsh:190,seed=3")
        library.add_space("far", "efficientnet-lite0|mean:8", metric="l2")
    return folder


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[lookalike.Library]:
    with lookalike.open(folder, create=False) as opened:
        yield opened


def rows_of(library: lookalike.Library, space: str) -> dict[str, np.ndarray]:
    matrix = library.matrix(space)
    if matrix.dtype == np.uint8:
        return dict(zip(library.ids, np.unpackbits(matrix, axis=1, count=190), strict=True))
    return dict(zip(library.ids, matrix.astype(np.float64), strict=True))


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def test_likes_and_dislikes_are_rocchio(library: lookalike.Library) -> None:
    rows = rows_of(library, "main")
    a, b, c = library.ids[2], library.ids[9], library.ids[15]
    hits = library.search(positive=[Item(id=a, weight=2), f"id:{b}"], negative=[f"id:{c}"], k=99)
    query = 0.75 * (2 * unit(rows[a]) + unit(rows[b])) / 2 - 0.15 * unit(rows[c])
    expected = {i: unit(row) @ unit(query) for i, row in rows.items() if i not in {a, b, c}}
    assert hits.query == f"2:id:{a} + id:{b} - id:{c}"
    assert hits.scores.tolist() == sorted(hits.scores.tolist(), reverse=True)
    assert {i: pytest.approx(expected[i], abs=2e-5) for i in expected} == dict(
        zip(hits.ids, hits.scores.tolist(), strict=True)
    )
    asked = Query([Item(id=a, weight=2), f"id:{b}"], f"id:{c}")
    assert library.search(asked, 5).ids == hits.ids[:5]
    everything = library.search(asked, 99, include_query=True)
    assert set(everything.ids) == set(library.ids)
    assert [part.weight for part in hits.query_parts] == [2.0, 1.0, -1.0]
    assert all(part.picture is not None and part.picture() for part in hits.query_parts)


def test_several_spaces_combine_each_in_its_own_way(library: lookalike.Library) -> None:
    a, b = library.ids[1], library.ids[20]
    hits = library.search(
        positive=[f"id:{a}"], negative=[f"id:{b}"], weights={"main": 3, "small": 1}
    )
    parts = {}
    for space in ("main", "small"):
        rows = rows_of(library, space)
        query = unit(0.75 * unit(rows[a]) - 0.15 * unit(rows[b]))
        parts[space] = {i: float(unit(row) @ query) for i, row in rows.items()}
    expected = [0.75 * parts["main"][i] + 0.25 * parts["small"][i] for i in hits.ids]
    assert hits.scores.tolist() == pytest.approx(expected, abs=1e-5)
    diverse = library.search(f"id:{a}", 99, weights={"main": 3, "small": 1}, diversity=0.5)
    assert sorted(diverse.ids) == sorted(set(library.ids) - {a})


def test_bits_are_compared_by_the_weighted_mean_of_differences(library: lookalike.Library) -> None:
    rows = rows_of(library, "bits")
    a, b, c = library.ids[0], library.ids[5], library.ids[7]
    hits = library.search(positive=[f"id:{a}", f"id:{b}"], negative=[f"id:{c}"], space="bits", k=99)
    expected = []
    for id_ in hits.ids:
        far = {other: int((rows[id_] != rows[other]).sum()) for other in (a, b, c)}
        expected.append((0.375 * (far[a] + far[b]) + 0.15 * (190 - far[c])) / 0.9)
    assert hits.distances.tolist() == pytest.approx(expected, abs=1e-3)
    assert expected == sorted(expected)
    assert len(hits) == COUNT + 1 - 3
    mixed = library.search_many([f"id:{a}", Query([f"id:{a}", f"id:{b}"])], 5, space="bits")
    assert mixed[0].ids == library.search(f"id:{a}", 5, space="bits").ids
    assert library.search(f"id:{a}", 9, space="bits", diversity=0.4).ids[0] == mixed[0].ids[0]


def test_a_space_that_knows_no_opposite_says_so(library: lookalike.Library) -> None:
    assert library.search(negative=[f"id:{library.ids[0]}"], k=3).ids
    with pytest.raises(UsageError, match="no opposite"):
        library.search(negative=[f"id:{library.ids[0]}"], space="far")
    assert library.search(positive=["id:" + i for i in library.ids[:2]], space="far", k=3).ids


@pytest.mark.parametrize("crop", [(0.25, 0.25, 0.5, 0.5), (40, 30, 100, 120)])
def test_a_crop_is_the_picture_cut_out(library: lookalike.Library, folder: Path, crop) -> None:
    id_ = "images/hat-001.jpg"
    picture = Image.open(folder / id_).convert("RGB")
    x, y, w, h = (
        crop if crop[0] > 1 else (c * s for c, s in zip(crop, picture.size * 2, strict=True))
    )
    cut = picture.crop((round(x), round(y), round(x + w), round(y + h)))
    expected = library.search(cut, 99).scores
    for item in (
        Item(file=folder / id_, crop=crop),
        Item(image=(folder / id_).read_bytes(), crop=crop),
        Item(image=picture, crop=crop),
        Item(id=id_, crop=crop),
    ):
        hits = library.search(item, 99, include_query=True)
        assert hits.scores.tolist() == pytest.approx(expected.tolist(), abs=1e-4)
    assert id_ not in library.search(Item(id=id_, crop=crop), 99).ids
    assert id_ not in library.search(Item(file=folder / id_, crop=crop), 99).ids
    with pytest.raises(UsageError, match="leaves the image"):
        library.search(Item(id=id_, crop=(0.9, 0.9, 0.5, 0.5)))


def test_a_crop_of_a_file_that_is_gone_or_changed_says_so(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    place = tmp_path / "copy" / "images"
    with lookalike.open(tmp_path / "new") as library:
        library.add(place)
        (place / "hat-001.jpg").unlink()
        shutil.copy(place / "bag-001.jpg", place / "shirt-001.jpg")
        assert library.search("id:hat-001.jpg", 2).ids
        with pytest.raises(ImageRejectedError, match=r"hat-001\.jpg: no such file"):
            library.search(Item(id="hat-001.jpg", crop=(0, 0, 0.5, 0.5)))
        with pytest.raises(ImageRejectedError, match="changed since"):
            library.search(Item(id="shirt-001.jpg", crop=(0, 0, 0.5, 0.5)))


def test_equal_bytes_are_shown_once_with_their_count(library: lookalike.Library) -> None:
    asked = "id:" + library.ids[4]
    hits = library.search(asked, 99)
    assert dict(zip(hits.ids, hits.copies, strict=True))[COPY] == 2
    once = library.search(asked, 99, group_duplicates=True)
    assert len(once) == len(hits) - 1
    kept = {"images/bag-001.jpg", COPY} & set(once.ids)
    assert len(kept) == 1
    assert sorted(once.copies) == [1] * (len(once) - 1) + [2]


def test_pages_and_ranges(library: lookalike.Library) -> None:
    asked = "id:" + library.ids[4]
    whole = library.search(asked, 99)
    pages = [library.search(asked, 5, offset=offset) for offset in range(0, 25, 5)]
    assert [id_ for page in pages for id_ in page.ids] == whole.ids
    assert [page.next_offset for page in pages] == [5, 10, 15, 20, None]
    assert [hit.rank for hit in pages[1]] == [6, 7, 8, 9, 10]
    assert library.search(asked, 5, offset=999).ids == []
    least = float(whole.scores[7])
    assert library.search(asked, within=least).ids == whole.ids[:8]
    assert library.search(asked, 3, within=least).next_offset == 3
    assert library.search(asked, 99, min_similarity=least).ids == whole.ids[:8]
    assert library.search(asked, 3, min_similarity=least).ids == whole.ids[:3]
    assert library.search(asked, within=1.1).ids == []


def test_diversity_moves_likes_apart(library: lookalike.Library) -> None:
    rows = {id_: unit(row) for id_, row in rows_of(library, "main").items()}
    asked = "id:" + library.ids[4]

    def alike(ids: list[str]) -> float:
        return float(np.mean([rows[a] @ rows[b] for a in ids for b in ids if a < b]))

    plain, diverse = library.search(asked, 6), library.search(asked, 6, diversity=0.6)
    assert diverse.ids[0] == plain.ids[0]
    assert alike(diverse.ids) < alike(plain.ids)


def test_words_are_refused_where_a_model_knows_none(library: lookalike.Library) -> None:
    with pytest.raises(UsageError, match="knows no words"):
        library.search("text:a red dress")
    with pytest.raises(UsageError, match="knows no words"):
        library.search(positive=[f"id:{library.ids[0]}"], negative=["text:a red dress"])


def test_words_are_vectors_of_the_text_tower(folder: Path, monkeypatch) -> None:
    """The tower is a stand-in; real ones are held to their makers' code in tests/unit/models."""
    seen = []

    class Tower:
        def embed(self, texts):
            seen.extend(texts)
            return np.full((len(texts), 1280), 3, np.float32)

    def way_of(store, space):
        way = plain(store, space)
        model = dataclasses.replace(way.model, open_text=Tower)
        return dataclasses.replace(way, model=model)

    plain = understanding.way_of
    monkeypatch.setattr(understanding, "way_of", way_of)
    with lookalike.open(folder, create=False) as library:
        words = library.search(Item(text="a red dress"), 99)
        vector = library.search(np.full(1280, 9, np.float32), 99)
        assert seen == ["a red dress"]
        assert words.query == "text:a red dress"
        assert words.ids == vector.ids
        by_means = library.search("text:a hat", 99, space="small")
        assert by_means.ids == library.search(np.ones(320), 99, space="small").ids


def test_values_that_no_answer_could_be_compared_with_are_refused(library) -> None:
    with pytest.raises(UsageError, match=r"a value of 1e\+30; space 'far', .* by l2"):
        library.search(np.full(160, 1e30), space="far")
    assert len(library.search(np.full(160, 6e4), 99, space="far").ids) == COUNT + 1
    for wrong in (np.nan, np.inf, 1.7e308):
        with pytest.raises(UsageError, match="not finite"):
            library.search(f"id:{library.ids[0]}", weights={"main": 1.7e308, "small": wrong})


def test_a_url_is_fetched_only_where_that_is_allowed(library, folder: Path) -> None:
    from lookalike.fetch.policy import FetchPolicy

    data = (folder / "images" / "hat-001.jpg").read_bytes()

    async def serve(request, writer):
        writer.write(answer(data, Content_Type="image/jpeg"))

    with Web(serve) as web:
        url = f"http://127.0.0.1:{web.port}/hat.jpg"
        with pytest.raises(ImageRejectedError, match="forbidden"):
            library.search(url)
        assert web.connections == 0
        policy = FetchPolicy(allow_private=True)
        with lookalike.open(folder, create=False, fetch=policy) as trusting:
            assert trusting.search(url, 1).ids == ["images/hat-001.jpg"]
            cut = trusting.search(Item(url=url, crop=(0, 0, 0.5, 0.5)), 3).ids
            assert cut == trusting.search(Item(image=data, crop=(0, 0, 0.5, 0.5)), 3).ids


@pytest.mark.parametrize(
    "query",
    [
        Item(vector=np.ones(3)),
        Item(vector=np.full(1280, np.nan)),
        Item(vector=np.full(1280, 1e300)),
        Item(vector=np.ones((2, 1280))),
        Item(vector=np.array(["a"] * 1280)),
        Item(image=np.zeros((5, 5, 7), np.uint8)),
    ],
)
def test_an_item_that_does_not_fit_is_refused(library: lookalike.Library, query: Item) -> None:
    with pytest.raises(UsageError):
        library.search(query)
    with pytest.raises(UsageError):
        library.search(positive=[f"id:{library.ids[0]}", query])


def test_nothing_asked_and_twice_asked_are_refused(library: lookalike.Library) -> None:
    with pytest.raises(UsageError, match="nothing to look for"):
        library.search()
    with pytest.raises(UsageError, match="Give either"):
        library.search("id:a", positive=["id:b"])
    with pytest.raises(UnknownIdError):
        library.search(positive=[f"id:{library.ids[0]}"], negative=["id:nothing"])
    assert library.search_many([], 3) == []


def brute_force(library: lookalike.Library, k: int) -> list[list[str]]:
    ids, rows = library.ids, rows_of(library, "main")
    matrix = np.stack([unit(rows[id_]) for id_ in ids])
    scores = matrix @ matrix.T
    np.fill_diagonal(scores, -9)
    return [
        [ids[i] for i in np.lexsort((np.arange(len(ids)), -row))[:k]] for row in np.round(scores, 9)
    ]


def test_the_graph_is_that_of_brute_force(library: lookalike.Library) -> None:
    expected = brute_force(library, 4)
    found = list(library.neighbours(4))
    assert [row.ids for row in found] == expected
    assert [row.id for row in found] == library.ids
    assert all(row.id not in row.ids for row in found)
    mixed = list(library.neighbours(3, weights={"main": 1, "small": 1}))
    one = library.search(f"id:{library.ids[8]}", 3, weights={"main": 1, "small": 1})
    assert mixed[8].ids == one.ids
    bits = list(library.neighbours(3, space="bits"))
    assert bits[8].ids == library.search(f"id:{library.ids[8]}", 3, space="bits").ids
    assert [len(row.ids) for row in library.neighbours(999)] == [COUNT] * (COUNT + 1)
    with pytest.raises(UsageError, match="at least 1"):
        library.neighbours(0)


def test_a_graph_as_csv_and_npz(library: lookalike.Library, tmp_path: Path) -> None:
    expected = brute_force(library, 4)
    done = []
    write_graph(library.neighbours(4), tmp_path / "g.csv", done.append)
    assert done[-1] == COUNT + 1
    with (tmp_path / "g.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["neighbour"] for row in rows] == [id_ for near in expected for id_ in near]
    assert [row["rank"] for row in rows[:5]] == ["1", "2", "3", "4", "1"]

    write_graph(library.neighbours(40), tmp_path / "g.npz")
    arrays = np.load(tmp_path / "g.npz")
    ids = [json.loads(line) for line in (tmp_path / "g.ids.jsonl").read_text().splitlines()]
    assert ids == library.ids
    assert arrays["neighbours"].shape == arrays["distances"].shape == (COUNT + 1, COUNT)
    assert [[ids[i] for i in row[:4]] for row in arrays["neighbours"]] == expected
    assert np.allclose(arrays["similarities"], 1 - arrays["distances"], atol=1e-6)
    assert {path.name for path in tmp_path.iterdir()} == {"g.csv", "g.npz", "g.ids.jsonl"}
    with pytest.raises(UsageError, match=r"\.parquet, \.csv or \.npz"):
        write_graph(library.neighbours(4), tmp_path / "g.txt")
    with pytest.raises(UsageError, match="no folder"):
        write_graph(library.neighbours(4), tmp_path / "none" / "g.csv")


@pytest.mark.extra
def test_a_graph_as_parquet_is_what_embedding_atlas_reads(library, tmp_path: Path) -> None:
    from pyarrow import parquet

    write_graph(library.neighbours(4), tmp_path / "g.parquet")
    rows = parquet.read_table(tmp_path / "g.parquet").to_pylist()
    ids = [row["id"] for row in rows]
    assert ids == library.ids
    assert [[ids[i] for i in row["neighbors"]["ids"]] for row in rows] == brute_force(library, 4)
    first = library.search(f"id:{ids[0]}", 4)
    assert rows[0]["neighbors"]["distances"] == pytest.approx(first.distances.tolist(), abs=1e-6)
    assert rows[0]["uri"] == library.get(ids[0]).uri
