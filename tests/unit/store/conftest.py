"""A new library with one space and one source."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from store_making import DIM, NOW

from lookalike.store import Space, Store
from lookalike.types import Outcome

Write = Callable[[Sequence[Outcome]], None]


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / ".lookalike"


@pytest.fixture
def store(directory: Path) -> Iterator[Store]:
    with Store.create(directory) as made:
        yield made


@pytest.fixture
def space(store: Store) -> Space:
    return store.space_add("main", {"model": "tiny"}, "0123456789abcdef", DIM, "cosine")


@pytest.fixture
def source(store: Store) -> int:
    return store.source("/photos")


@pytest.fixture
def write(store: Store, space: Space, source: int) -> Write:
    return lambda outcomes: store.write(space, source, outcomes, NOW)
