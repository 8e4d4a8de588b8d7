from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lookalike.store import Store
from lookalike.store.fields import Field
from lookalike.types import Content, Embedded, File, Reference, Stamp, Unchanged

NOW = 1_700_000_000_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.create(tmp_path / ".lookalike")
    recipe = {"model": "tiny", "reducers": [], "normalised": False}
    store.space_add("main", recipe, "0" * 32, 2, "l2")
    return store


def write(store: Store, *ids: str, version: int = 0, **meta: int) -> None:
    some = []
    for id_ in ids:
        sha = f"{id_}{version}".encode().ljust(32, b"-")
        content = Content(sha, 9, 4, 3, "JPEG", 0)
        reference = Reference(id_, File(id_), None, meta)
        vector = np.array([ord(id_), version], np.float32)
        some.append(Embedded(reference, Stamp(9, version), content, vector))
    store.write(store.space(), store.source("/x"), some, NOW)


def names(store: Store, keys: np.ndarray) -> list[str | None]:
    return store.ids(keys)


def test_everything_at_first(store: Store) -> None:
    write(store, "a", "b", "c")
    assert names(store, store.changed_since(store.space(), 0)) == ["a", "b", "c"]
    assert len(store.lost_since(store.space(), 0)) == 0


def test_what_was_added_changed_told_derived_or_removed(store: Store) -> None:
    space = store.space
    write(store, *"abcdefg")
    keys = dict(zip("abcdefg", store.changed_since(space(), 0).tolist(), strict=True))
    contents = {image.id: image.content_key for image in store.images_by_key(keys.values())}
    store.set_derived("colour", {contents["d"]: ["red"], contents["e"]: ["blue"]})
    then = store.data_version()
    assert len(store.changed_since(space(), then)) == 0
    write(store, "h")
    write(store, "b", version=1)
    told = Unchanged(Reference("c", File("c"), "label"), Stamp(9, 0))
    store.write(space(), store.source("/x"), [told], NOW)
    store.remove(["a"])
    assert sorted(map(str, names(store, store.changed_since(space(), then)))) == ["b", "c", "h"]
    lost = store.lost_since(space(), then).tolist()
    assert keys["a"] in lost
    assert not {keys[id_] for id_ in "cdefg"} & set(lost)
    then = store.data_version()
    store.set_derived("colour", {contents["e"]: ["green"]})
    changed = names(store, store.changed_since(space(), then))
    assert {"d", "e"} <= set(changed), "one has another word, one has none any more"


def test_rows_as_they_are(store: Store) -> None:
    write(store, *"abc", price=7)
    keys = store.changed_since(store.space(), 0)
    store.remove(["b"])
    known = store.known_rows(store.space(), keys, [Field("image", "id"), Field("meta", "price")])
    assert known.keys.tolist() == [keys[0], keys[2]]
    assert known.vectors.tolist() == [[ord("a"), 0], [ord("c"), 0]]
    assert known.values == [["a", "c"], [7, 7]]


def test_a_history_is_told_from_another(store: Store, tmp_path: Path) -> None:
    write(store, "a")
    version = store.data_version()
    assert store.token(version)
    assert not store.token(version + 1)
    with Store.create(tmp_path / "other" / ".lookalike") as other:
        other.space_add("main", {"model": "x", "reducers": []}, "0" * 32, 2, "l2")
        assert other.history() != store.history()
