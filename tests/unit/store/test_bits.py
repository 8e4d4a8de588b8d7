"""A space of packed bits: what goes in comes out, whatever its cache goes through."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from store_making import NOW, embedded, reference, stamp
from store_making import content as content_of

from lookalike.errors import ModelError, UsageError
from lookalike.store import Space, Store
from lookalike.types import Bits, Embedded

BITS, BYTES = 500, 63
Add = Callable[[dict[str, Bits]], None]


def bits_of(number: int) -> Bits:
    chosen = np.random.default_rng(number).integers(0, 2, BITS, dtype=np.uint8)
    return np.packbits(chosen)


def make_space(store: Store, name: str = "hashed", **changes: object) -> Space:
    recipe = {"model": "tiny", "dtype": "bits", **changes}
    return store.space_add(name, recipe, f"fedcba98{name}", BITS, "hamming")


@pytest.fixture
def hashed(store: Store) -> Space:
    return make_space(store)


@pytest.fixture
def add(store: Store, hashed: Space, source: int) -> Add:
    def add(vectors: dict[str, Bits]) -> None:
        outcomes = [
            Embedded(reference(id_), stamp(id_), content_of(id_), bits)
            for id_, bits in vectors.items()
        ]
        store.write(hashed, source, outcomes, NOW)

    return add


def shown(store: Store, space: Space) -> dict[str, bytes]:
    view = store.matrix(space)
    live = np.ones(len(view.keys), bool) if view.dead is None else ~view.dead
    keys = [*view.keys[live], *view.tail_keys]
    rows = [*view.matrix[live], *view.tail_matrix]
    return {str(id_): row.tobytes() for id_, row in zip(store.ids(keys), rows, strict=True)}


def blob(vectors: dict[str, Bits]) -> dict[str, bytes]:
    return {id_: bits.tobytes() for id_, bits in vectors.items()}


def test_what_goes_in_comes_out(store: Store, hashed: Space, add: Add) -> None:
    none, every = np.zeros(BYTES, np.uint8), np.packbits(np.ones(BITS, np.uint8))
    add({"a": bits_of(1), "none": none, "every": every})
    found = store.vector(hashed, store.image("a").key)
    assert (found.dtype, found.tobytes()) == (np.uint8, bits_of(1).tobytes())
    of_content = store.vector_of_content(hashed, content_of("every").sha256)
    assert of_content is not None
    assert of_content.tobytes() == every.tobytes()
    view = store.matrix(hashed)
    assert (view.matrix.dtype, view.matrix.shape) == (np.uint8, (3, BYTES))
    assert shown(store, hashed) == blob({"a": bits_of(1), "none": none, "every": every})
    assert [block.shape for _, block in store.vector_blocks(hashed)] == [(3, BYTES)]
    assert store.check() == []


def test_a_large_space_is_mapped_follows_what_changes_and_heals(
    store: Store, hashed: Space, add: Add, directory: Path
) -> None:
    vectors = {f"{i}": bits_of(i) for i in range(1200)}
    add(vectors)
    view = store.matrix(hashed)
    assert isinstance(view.matrix, np.memmap)
    assert (view.matrix.dtype, view.matrix.shape) == (np.uint8, (1200, BYTES))
    (file,) = (directory / "cache").glob("*.bits")
    assert file.stat().st_size == 1200 * BYTES
    add({"late": bits_of(5000)})
    store.remove(["7"])
    expected = {**vectors, "late": bits_of(5000)}
    del expected["7"]
    view = store.matrix(hashed)
    assert (view.tail_matrix.shape, view.dead is None) == ((1, BYTES), False)
    assert shown(store, hashed) == blob(expected)
    data = bytearray(file.read_bytes())
    data[100] ^= 1
    file.write_bytes(data)
    assert [finding.kind for finding in store.check()] == ["cache"]
    assert shown(store, hashed) == blob(expected)
    assert store.check() == []


def test_spaces_of_bits_and_of_floats_beside_one_another(
    store: Store, space: Space, hashed: Space, source: int
) -> None:
    store.write(space, source, [embedded("a")], NOW)
    key = store.content_key(content_of("a").sha256)
    assert key is not None
    store.add_vectors(hashed, [(key, bits_of(3))])
    assert store.matrix(space).matrix.dtype == np.float16
    assert shown(store, hashed) == blob({"a": bits_of(3)})
    assert store.check() == []


@pytest.mark.parametrize(
    ("vector", "word"),
    [
        (np.zeros(BYTES - 1, np.uint8), r"\(62,\)"),
        (np.zeros(BYTES, np.float32), "float32"),
        (np.full(BYTES, 255, np.uint8), "beyond the 500"),
    ],
)
def test_what_is_refused(add: Add, vector: Bits, word: str) -> None:
    with pytest.raises(ModelError, match=word):
        add({"a": vector})


def test_bits_are_no_floats(store: Store, space: Space, source: int) -> None:
    outcome = Embedded(reference("a"), stamp(), content_of("a"), np.ones(space.dim, np.uint8))
    with pytest.raises(ModelError, match="uint8"):
        store.write(space, source, [outcome], NOW)


def test_metrics_do_not_cross(store: Store) -> None:
    with pytest.raises(UsageError, match="bits cannot be compared by cosine"):
        store.space_add("one", {"dtype": "bits"}, "f1", 8, "cosine")
    with pytest.raises(UsageError, match="floats cannot be compared by hamming"):
        store.space_add("two", {"dtype": "float16"}, "f2", 8, "hamming")
    assert store.spaces() == []


@pytest.mark.parametrize("damage", [b"\0" * (BYTES - 1), b"\0" * 1000, b"\xff" * BYTES])
def test_doctor_sees_and_takes_out_damage(
    store: Store, hashed: Space, add: Add, directory: Path, damage: bytes
) -> None:
    add({"a": bits_of(1), "b": bits_of(2)})
    with closing(sqlite3.connect(directory / "library.db")) as connection, connection:
        connection.execute("UPDATE vectors SET vector = ? WHERE rowid = 1", (damage,))
    assert any(finding.kind == "vector" for finding in store.check())
    store.repair()
    assert shown(store, hashed) == blob({"b": bits_of(2)})
