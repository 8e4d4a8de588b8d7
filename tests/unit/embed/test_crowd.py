"""Many askers at once: the same vectors as one after the other, in fewer runs of the network."""

import io
import struct
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import lookalike
from lookalike.embed.recent import MOST
from lookalike.errors import ImageRejectedError, UsageError
from lookalike.search.query import Item, Query
from shell import photos, picture


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crowd")
    photos(folder / "in", range(6))
    with lookalike.open(folder) as library:
        library.add(folder / "in")
    return folder


@pytest.fixture
def batches():
    return []


@pytest.fixture
def crowd(folder, batches):
    with lookalike.open(folder, create=False, askers=16, on_batch=batches.append) as library:
        yield library


def drawn(seed):
    buffer = io.BytesIO()
    picture(seed, 300, 200).save(buffer, "PNG")
    return buffer.getvalue()


def bomb():
    """A PNG whose header states 50,000 x 50,000 pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_a_crowd_gets_the_answers_of_one_asker(folder, crowd, batches):
    questions = [
        Query(Item(image=drawn(seed), crop=(0.1, 0.2, 0.5, 0.6) if seed % 2 else None))
        for seed in range(100, 124)
    ]
    with lookalike.open(folder, create=False) as alone:
        expected = [alone.search(question, k=6) for question in questions]

    with ThreadPoolExecutor(12) as threads:
        found = list(threads.map(lambda question: crowd.search(question, k=6), questions))

    for ours, theirs in zip(found, expected, strict=True):
        assert sorted(ours.ids) == sorted(theirs.ids)
        by_id = dict(zip(theirs.ids, theirs.scores, strict=True))
        assert ours.scores == pytest.approx([by_id[id_] for id_ in ours.ids], abs=5e-3)
    assert sum(batches) == 24
    assert len(batches) < 24


def test_an_image_that_is_asked_about_again_is_not_embedded_again(folder, crowd, batches):
    whole, part = Item(image=drawn(200)), Item(image=drawn(200), crop=(0.1, 0.2, 0.5, 0.6))
    first = crowd.search(whole, k=6)
    again = [
        crowd.search(Item(image=drawn(200), weight=2), k=6, where="width > 1"),
        crowd.search(positive=whole, k=6, weights={"main": 1}),
    ]
    assert sum(batches) == 1
    for hits in again:
        assert hits.ids == first.ids
        assert hits.scores == pytest.approx(first.scores, abs=1e-3)
    crowd.search(part)
    crowd.search(part)
    assert sum(batches) == 2
    for seed in range(300, 300 + MOST):
        crowd.search(drawn(seed), k=1)
    crowd.search(part)
    crowd.search(drawn(299 + MOST))
    assert sum(batches) == 2 + MOST + 1


def test_a_bad_image_costs_its_own_asker_alone(crowd):
    asked = [drawn(7), b"", b"no image at all", bomb(), drawn(8)[:500], drawn(9)]

    def reason(data):
        try:
            return len(crowd.search(data, k=2))
        except ImageRejectedError as error:
            return error.reason

    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(reason, asked))

    assert found == [2, "empty", "not-an-image", "too-large", "truncated", 2]


def test_a_crop_outside_of_the_image_is_named(crowd):
    with pytest.raises(UsageError, match="leaves the image, which is 300 x 200"):
        crowd.search(Item(image=drawn(1), crop=(250, 0, 100, 100)))
    assert np.isfinite(crowd.search(drawn(1)).scores).all()
