"""A column of values, coded: each different value once, and for each image which one it has."""

from __future__ import annotations

import hashlib
import json
from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import IO, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.sources.columns import as_text
from lookalike.store.moments import NO_MOMENT, moment
from lookalike.types import Scalar

Value: TypeAlias = Scalar | tuple[str, ...]
Kind = Literal["text", "number", "boolean", "date", "list", "empty"]
"""What a column holds: that of all its values, `text` where they differ, `empty` without any."""

Sort = Literal["boolean", "int", "float", "text", "list"]
SORTS: tuple[Sort, ...] = ("boolean", "int", "float", "text", "list")
_MAX_INT = 2**63 - 1
_SORT_OF = {type(None): -1, bool: 0, int: 1, float: 2, str: 3, tuple: 4}
_INT, _TEXT = _SORT_OF[int], _SORT_OF[str]


@dataclass(frozen=True)
class Column:
    """Which value each of n images has, and the values.

    `codes` (n,) int32 counts through `booleans`, `ints` int64, `floats` float64, `texts` and
    `lists`; -1 is no value. `dates` int64 are the texts as moments, `NO_MOMENT` where one is
    none.
    """

    codes: NDArray[np.int32]
    booleans: NDArray[np.bool_]
    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    texts: list[str]
    dates: NDArray[np.int64]
    lists: list[tuple[str, ...]]

    @property
    def sizes(self) -> Mapping[Sort, int]:
        """How many values there are of each sort, in the order of the codes."""
        arrays = (len(self.booleans), len(self.ints), len(self.floats))
        return dict(zip(SORTS, (*arrays, len(self.texts), len(self.lists)), strict=True))

    @property
    def values(self) -> list[Value]:
        """The values, in the order of the codes."""
        numbers = (*self.booleans.tolist(), *self.ints.tolist(), *self.floats.tolist())
        return [*numbers, *self.texts, *self.lists]

    @cached_property
    def words(self) -> list[str]:
        """The values but lists, as people write them, in the order of the codes."""
        others = (*self.booleans.tolist(), *self.ints.tolist(), *self.floats.tolist())
        return [*map(as_text, others), *self.texts] if others else self.texts

    @cached_property
    def lower_words(self) -> list[str]:
        """The same in lower case."""
        return [word.lower() for word in self.words]

    def counts(self, live: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """How many images have each value, counting those that are `live` (n,), None for all."""
        codes = self.codes if live is None else self.codes[live]
        return np.bincount(codes[codes >= 0], minlength=sum(self.sizes.values()))

    def kinds(self, live: NDArray[np.bool_] | None) -> set[Kind]:
        """The kinds of the values that images have."""
        used: Mapping[Sort, Any] = {sort: slice(size) for sort, size in self.sizes.items() if size}
        if live is not None:
            used = {sort: flags for sort, flags in self._used(live).items() if flags.any()}
        found: set[Kind] = set()
        if "boolean" in used:
            found.add("boolean")
        if "int" in used or "float" in used:
            found.add("number")
        if "list" in used:
            found.add("list")
        if "text" in used:
            found.add("date" if (self.dates[used["text"]] != NO_MOMENT).all() else "text")
        return found

    def _used(self, live: NDArray[np.bool_]) -> Mapping[Sort, NDArray[np.bool_]]:
        edges = np.cumsum(list(self.sizes.values()))[:-1]
        return dict(zip(SORTS, np.split(self.counts(live) > 0, edges), strict=True))


def kind_of(kinds: set[Kind]) -> Kind:
    """One kind for a column whose values are of these kinds."""
    if len(kinds) == 1:
        return next(iter(kinds))
    return "text" if kinds else "empty"


def encode(values: Iterable[Value]) -> Column:
    """The column of these values, one for each image."""
    seen: tuple[dict[Any, int], ...] = tuple({} for _ in SORTS)
    sorts, places = array("b"), array("i")
    for value in values:
        sort = _SORT_OF[type(value)]
        if sort == _INT and not -_MAX_INT <= value <= _MAX_INT:  # type: ignore[operator]
            sort, value = _TEXT, str(value)  # noqa: PLW2901
        sorts.append(sort)
        places.append(seen[sort].setdefault(value, len(seen[sort])) if sort >= 0 else -1)
    first = np.cumsum([0, *map(len, seen)])
    of = np.frombuffer(sorts, dtype=np.int8) if sorts else np.empty(0, dtype=np.int8)
    codes = first[of] + np.array(places, dtype=np.int32)
    codes[of < 0] = -1
    booleans, ints, floats, texts, lists = map(list, seen)
    return Column(
        codes=codes.astype(np.int32),
        booleans=np.array(booleans, dtype=np.bool_),
        ints=np.array(ints, dtype=np.int64),
        floats=np.array(floats, dtype=np.float64),
        texts=texts,
        dates=np.array([_date(text) for text in texts], dtype=np.int64),
        lists=lists,
    )


def save(column: Column, file: IO[bytes], about: Mapping[str, Any]) -> None:
    """Write a column and what it is of, after a checksum of both."""
    whole = BytesIO()
    np.savez(
        whole,
        about=_json_array(about),
        codes=column.codes,
        booleans=column.booleans,
        ints=column.ints,
        floats=column.floats,
        texts=_json_array(column.texts),
        dates=column.dates,
        lists=_json_array(column.lists),
    )
    data = whole.getbuffer()
    file.write(hashlib.sha256(data).digest())
    file.write(data)


def load(file: IO[bytes], about: Mapping[str, Any]) -> Column:
    """The column that `save` wrote; raises ValueError if it is another or damaged."""
    checksum, data = file.read(hashlib.sha256().digest_size), file.read()
    if hashlib.sha256(data).digest() != checksum:
        raise ValueError("a damaged column")
    with np.load(BytesIO(data), allow_pickle=False) as parts:
        if _from_json(parts["about"]) != about:
            raise ValueError("a column of something else")
        return Column(
            codes=parts["codes"],
            booleans=parts["booleans"],
            ints=parts["ints"],
            floats=parts["floats"],
            texts=_from_json(parts["texts"]),
            dates=parts["dates"],
            lists=[tuple(words) for words in _from_json(parts["lists"])],
        )


def _date(text: str) -> int:
    found = moment(text) if text[:4].isdigit() else None
    return NO_MOMENT if found is None else found


def _json_array(data: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(data).encode(), dtype=np.uint8)


def _from_json(data: NDArray[np.uint8]) -> Any:
    return json.loads(data.tobytes())
