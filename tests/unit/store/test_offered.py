"""Pruning: what a source no longer offers goes, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from store_making import NOW, embedded

from lookalike.store import Space, Store
from lookalike.types import Rejected

Write = Callable[..., None]


def test_only_what_this_source_no_longer_offers_goes(
    store: Store, space: Space, source: int, write: Write
) -> None:
    write([embedded("a"), embedded("b"), embedded("c"), Rejected("r", "/photos/r", "empty")])
    write([Rejected("s", "/photos/s", "empty")])
    store.write(space, store.source("/others"), [embedded("z")], NOW)
    with store.offered(source) as offered:
        offered.add(["b", "s"])
        offered.add(["b", "new one"])
        assert list(offered.vanished()) == ["a", "c"]
        assert store.counts().images == 4
        assert store.prune(offered) == 2
        assert list(offered.vanished()) == []
    assert store.image("b").id == "b"
    assert store.image("z").id == "z"
    assert [reject.id for reject in store.rejects()] == ["s"]
    assert store.check() == []


def test_an_image_that_is_rejected_now_is_still_offered(
    store: Store, source: int, write: Write
) -> None:
    write([embedded("a"), Rejected("a", "/photos/a", "truncated")])
    with store.offered(source) as offered:
        offered.add(["a"])
        assert store.prune(offered) == 0
    assert store.image("a").id == "a"


def test_many(store: Store, source: int, write: Write) -> None:
    write([embedded(f"{i:05}") for i in range(3500)])
    with store.offered(source) as offered:
        offered.add(f"{i:05}" for i in range(0, 3500, 2))
        assert sum(1 for _ in offered.vanished()) == 1750
        assert store.prune(offered) == 1750
    assert store.counts().images == 1750
    assert store.counts().contents == 1750
