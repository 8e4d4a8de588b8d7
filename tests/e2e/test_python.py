"""The library as a Python object: what the README promises of `lookalike.open`."""

import hashlib
import io
import os
import pickle
import threading
import time

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.images.pool import DecodePool
from lookalike.types import File
from shell import photo, photos, picture


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    for seed in range(8):
        photo(folder / "in" / ("hats" if seed < 3 else "socks") / f"{seed}.png", seed)
    with lookalike.open(folder) as library:
        report = library.add(folder / "in", label_from="folder")
    assert (report.offered, report.embedded, report.rejected) == (8, 8, 0)
    return folder


@pytest.fixture
def library(album):
    with lookalike.open(album, create=False) as opened:
        yield opened


def test_matrix_and_ids_are_aligned(library):
    matrix = library.matrix()

    assert (matrix.dtype, matrix.shape) == (np.float16, (8, 1280))
    assert len(library) == len(library.ids) == 8
    for id_, row in zip(library.ids, matrix, strict=True):
        assert np.array_equal(library.vector(id_), row)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1


def test_every_kind_of_query_is_the_same_question(library, album):
    path = album / "in" / "socks" / "5.png"
    buffer = io.BytesIO()
    picture(5).save(buffer, "BMP")
    queries = [
        str(path),
        path,
        path.read_bytes(),
        buffer.getvalue(),
        picture(5),
        np.asarray(picture(5)),
        library.vector("socks/5.png").astype(np.float32) * 7,
    ]
    for hits in library.search_many(queries, k=3, include_query=True):
        assert hits.ids[0] == "socks/5.png"
        assert hits.scores[0] == pytest.approx(1, abs=1e-3)
        assert hits.labels[0] == "socks"
    assert library.search("id:socks/5.png", k=3, include_query=True).ids[0] == "socks/5.png"


def test_hits_are_columns_and_rows(library):
    hits = library.search("id:hats/0.png", k=5)

    assert len(hits) == len(hits.ids) == len(hits.scores) == len(hits.distances) == 5
    assert hits.scores.dtype == np.float32
    first, *_, last = hits
    assert (first.rank, last.rank, first.id) == (1, 5, hits.ids[0])
    assert hits[0] == first
    assert hits[3:] == [hits[3], last] == hits[-2:]
    assert hits.distances == pytest.approx(1 - hits.scores, abs=1e-6)
    with pytest.raises(IndexError):
        hits[5]


def test_hits_cross_between_processes_without_their_pictures(library):
    hits = library.search("id:hats/0.png", k=5)
    there = pickle.loads(pickle.dumps(hits))

    assert there.as_dict() == hits.as_dict()
    assert np.array_equal(there.scores, hits.scores)
    assert "data:image" in hits.html()
    assert "data:image" not in there.html()


def test_show_writes_a_page_outside_of_a_notebook(library, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hits = library.search("id:hats/0.png", k=2)

    assert hits.show().name == "lookalike-hits.html"
    assert hits.show("other.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert hits._repr_html_().count("data:image/webp") >= 2


def test_a_thumbnail_is_never_that_of_another_picture(tmp_path):
    photo(tmp_path / "in" / "a.png", 1)
    photo(tmp_path / "in" / "b.png", 1)
    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in")
        photo(tmp_path / "in" / "a.png", 2)
        assert library.thumbnail("a.png") is None
        kept = Image.open(io.BytesIO(library.thumbnail("b.png")))
        assert np.abs(np.subtract(kept.convert("RGB"), picture(1), dtype=float)).mean() < 5
        (tmp_path / "in" / "b.png").unlink()
        assert library.thumbnail("a.png") == library.thumbnail("b.png") is not None


def test_get_tells_where_and_what(library, album):
    image = library.get("hats/1.png")

    assert image.uri == str(album / "in" / "hats" / "1.png")
    assert (image.content.format, image.content.width, image.content.height) == ("PNG", 96, 72)
    with pytest.raises(lookalike.UnknownIdError, match=r"hats/1\.png"):
        library.get("hats/1.jpg")


@pytest.mark.parametrize(
    ("query", "k", "error"),
    [
        ("id:nothing", 3, lookalike.UnknownIdError),
        ("nothing.jpg", 3, lookalike.ImageRejectedError),
        (b"", 3, lookalike.ImageRejectedError),
        (b"no image", 3, lookalike.ImageRejectedError),
        ("id:hats/0.png", 0, lookalike.UsageError),
        ("id:hats/0.png", -1, lookalike.UsageError),
        (np.zeros(1280, np.float32), 3, lookalike.UsageError),
        (np.ones(3, np.float32), 3, lookalike.UsageError),
        (np.full(1280, np.nan, np.float32), 3, lookalike.UsageError),
        (np.zeros((5, 5, 3), np.float32), 3, lookalike.UsageError),
    ],
)
def test_a_question_without_an_answer_is_an_error_of_ours(library, query, k, error):
    with pytest.raises(error):
        library.search(query, k)


def test_asking_for_more_than_there_is_gives_all(library):
    assert len(library.search("id:hats/0.png", k=10**6)) == 7


def test_a_library_may_be_asked_from_many_threads(library):
    expected = {id_: library.search(f"id:{id_}", k=3).ids for id_ in library.ids}
    wrong = []

    def ask(id_):
        answers = [library.search(f"id:{id_}", k=3).ids for _ in range(5)]
        wrong.extend(answer for answer in answers if answer != expected[id_])

    threads = [threading.Thread(target=ask, args=[id_]) for id_ in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_adding_removing_and_searching_in_one_sitting(tmp_path):
    names = photos(tmp_path / "in", range(4))
    heard = []
    with lookalike.open(tmp_path) as library:
        assert len(library.search(np.ones(1280), k=3)) == 0
        report = library.add(
            [str(tmp_path / "in" / name) for name in names[:3]], on_outcomes=heard.extend
        )
        assert (report.space, report.embedded, len(heard), len(library)) == ("main", 3, 3, 3)
        first = library.ids[0]
        assert len(library.search(f"id:{first}", k=9)) == 2
        assert library.remove([first]) == 1
        assert first not in library.ids
        assert len(library.search((tmp_path / "in" / names[0]).read_bytes(), k=9)) == 2
        library.add(tmp_path / "in", id_prefix="again/")
        fourth = str(tmp_path / "in" / names[3])
        assert library.search(fourth, k=1, include_query=True).ids == ["again/003.jpg"]
        with pytest.raises(lookalike.UnknownIdError):
            library.remove(["again/000.jpg", first])
        assert "again/000.jpg" in library.ids
        with pytest.raises(lookalike.UsageError, match="label_from"):
            library.add(tmp_path / "in", label_from="parent")
    with pytest.raises(lookalike.LibraryError, match="closed"):
        library.get("again/000.jpg")


def test_a_file_that_changes_between_its_reading_and_its_storing_is_noticed(tmp_path, monkeypatch):
    common = photo(tmp_path / "in" / "common.png", 1).read_bytes()
    changing = photo(tmp_path / "in" / "250.png", 2)
    before = changing.read_bytes()
    after = before[:-30] + bytes([before[-30] ^ 1]) + before[-29:]
    paths = [tmp_path / "in" / f"{number:03d}.png" for number in range(256)]
    for path in paths:
        if path != changing:
            path.write_bytes(common)
    was_read, submit = threading.Event(), DecodePool.submit

    def watched(pool, location, *known):
        future = submit(pool, location, *known)
        if location == File(str(changing)):
            future.add_done_callback(lambda _: was_read.set())
        return future

    monkeypatch.setattr(DecodePool, "submit", watched)

    def offered():
        then = time.time_ns()  # however long the photos took to write
        os.utime(changing, ns=(then, then))
        yield from map(str, paths)
        assert was_read.wait(60)  # now it waits for more to be stored with
        changing.write_bytes(after)
        os.utime(changing, ns=(then, then))  # as on a disk that counts time in seconds
        time.sleep(2)

    with lookalike.open(tmp_path) as library:
        library.add(offered())
        assert library.get(str(changing)).content.sha256 == hashlib.sha256(before).digest()
        report = library.add(map(str, paths))
    assert (report.unchanged, report.offered) == (255, 256)


def test_images_of_a_folder_that_cannot_be_read_are_not_pruned(tmp_path, monkeypatch):
    photos(tmp_path / "in", range(2))
    photo(tmp_path / "in" / "closed" / "a.jpg", 9)
    listing = os.scandir

    def closed(path):
        if str(path).rstrip("/").endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return listing(path)

    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in")
        (tmp_path / "in" / "001.jpg").unlink()
        monkeypatch.setattr(os, "scandir", closed)
        report = library.add(tmp_path / "in", prune=True)
        assert (report.pruned, report.vanished, len(library)) == (0, [], 3)
        assert any("closed" in note for note in report.notes)
        assert any("Nothing was pruned" in note for note in report.notes)
        monkeypatch.undo()
        assert library.add(tmp_path / "in", prune=True).pruned == 1
        assert set(library.ids) == {"000.jpg", "closed/a.jpg"}


def test_a_metric_is_chosen_once(tmp_path):
    photos(tmp_path / "in", range(3))
    with lookalike.open(tmp_path, metric="l2") as library:
        library.add(tmp_path / "in")
        assert library.search("id:000.jpg").metric == "l2"
        norms = np.linalg.norm(library.matrix().astype(np.float32), axis=1)
        assert (np.abs(norms - 1) > 0.1).all()
    with pytest.raises(lookalike.RecipeMismatchError, match="l2"):
        lookalike.open(tmp_path, metric="cosine")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"metric": "euclid"}, lookalike.UnknownNameError),
        ({"model": "resnet"}, lookalike.UnknownNameError),
        ({"runtime": "tpu"}, lookalike.UnknownNameError),
        ({"precision": "int4"}, lookalike.UnknownNameError),
        ({"workers": 0}, lookalike.UsageError),
        ({"create": False}, lookalike.LibraryNotFoundError),
    ],
)
def test_a_wrong_choice_makes_nothing(tmp_path, options, error):
    with pytest.raises(error):
        lookalike.open(tmp_path, **options)
    assert list(tmp_path.iterdir()) == []


def test_every_error_is_exported_and_is_a_lookalike_error():
    from lookalike import errors

    public = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, Exception)
    }
    for name in public:
        assert issubclass(getattr(lookalike, name), lookalike.LookalikeError)


def test_one_id_is_one_image_and_not_its_letters(tmp_path):
    photos(tmp_path / "in", range(3))
    table = tmp_path / "in" / "t.csv"
    table.write_text("id,path\n1,000.jpg\n2,001.jpg\n12,002.jpg\n")
    with lookalike.open(tmp_path) as library:
        library.add(table, id_column="id")
        assert library.remove("12") == 1
        assert library.ids == ["1", "2"]
