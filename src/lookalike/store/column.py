"""A column of values, coded: each different value once, and for each image which one it has."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Column:
    """Which value each of n images has, and the values.

    `codes` (n,) int32 counts through False, True, then `ints` int64, `floats` float64, `texts`
    and `lists`; -1 is no value. `dates` int64 are the texts as moments, `NO_MOMENT` where one
    is none.
    """

    codes: NDArray[np.int32]
    ints: NDArray[np.int64]
    floats: NDArray[np.float64]
    texts: list[str]
    dates: NDArray[np.int64]
    lists: list[tuple[str, ...]]

    @property
    def sizes(self) -> Mapping[Sort, int]:
        """How many values there are of each sort, in the order of the codes."""
        counts = (2, len(self.ints), len(self.floats), len(self.texts), len(self.lists))
        return dict(zip(SORTS, counts, strict=True))

    def used(self, live: NDArray[np.bool_] | None) -> NDArray[np.int64]:
        """How many images have each value, counting those that are `live` (n,), None for all."""
        codes = self.codes if live is None else self.codes[live]
        return np.bincount(codes[codes >= 0], minlength=sum(self.sizes.values()))

    def split(self, flags: NDArray[Any]) -> dict[Sort, NDArray[Any]]:
        """Something said of each value, by sort."""
        edges = np.cumsum(list(self.sizes.values()))[:-1]
        return dict(zip(SORTS, np.split(flags, edges), strict=True))

    def kinds(self, live: NDArray[np.bool_] | None) -> set[Kind]:
        """The kinds of the values that images have."""
        used = self.split(self.used(live) > 0)
        found: set[Kind] = set()
        if used["boolean"].any():
            found.add("boolean")
        if used["int"].any() or used["float"].any():
            found.add("number")
        if used["list"].any():
            found.add("list")
        if used["text"].any():
            dated = self.dates[used["text"]] != NO_MOMENT
            found |= {"date"} if dated.all() else {"text"}
        return found

    def as_texts(self) -> list[str]:
        """The values but lists, as people write them, in the order of the codes."""
        return ["false", "true", *map(as_text, (*self.ints.tolist(), *self.floats.tolist())),
                *self.texts]  # fmt: skip


def kind_of(kinds: set[Kind]) -> Kind:
    """One kind for a column whose values are of these kinds."""
    if len(kinds) == 1:
        return next(iter(kinds))
    return "text" if kinds else "empty"


def encode(values: Iterable[Value]) -> Column:
    """The column of these values, one for each image."""
    seen: dict[Sort, dict[Any, int]] = {sort: {} for sort in SORTS}
    seen["boolean"] = {False: 0, True: 1}
    sorts: list[int] = []
    places: list[int] = []
    for value in values:
        if value is None:
            sorts.append(-1)
            places.append(-1)
            continue
        sort = _sort(value)
        known = seen[sort]
        sorts.append(SORTS.index(sort))
        places.append(known.setdefault(str(value) if sort == "text" else value, len(known)))
    first = np.cumsum([0, *(len(seen[sort]) for sort in SORTS)])
    codes = np.array(places, dtype=np.int32) + first[np.array(sorts, dtype=np.intp)]
    codes[np.array(sorts, dtype=np.intp) < 0] = -1
    texts = list(seen["text"])
    return Column(
        codes=codes.astype(np.int32),
        ints=np.array(list(seen["int"]), dtype=np.int64),
        floats=np.array(list(seen["float"]), dtype=np.float64),
        texts=texts,
        dates=np.array([_date(text) for text in texts], dtype=np.int64),
        lists=list(seen["list"]),
    )


def save(column: Column, file: IO[bytes], about: Mapping[str, Any]) -> None:
    """Write a column and what it is of; each array carries a checksum."""
    np.savez(
        file,
        about=_json_array(about),
        codes=column.codes,
        ints=column.ints,
        floats=column.floats,
        texts=_json_array(column.texts),
        dates=column.dates,
        lists=_json_array(column.lists),
    )


def load(file: IO[bytes], about: Mapping[str, Any]) -> Column:
    """The column that `save` wrote; raises ValueError or BadZipFile if it is another or damaged."""
    with np.load(file, allow_pickle=False) as parts:
        if _from_json(parts["about"]) != about:
            raise ValueError("a column of something else")
        column = Column(
            codes=parts["codes"],
            ints=parts["ints"],
            floats=parts["floats"],
            texts=_from_json(parts["texts"]),
            dates=parts["dates"],
            lists=[tuple(words) for words in _from_json(parts["lists"])],
        )
    codes = column.codes
    if len(codes) and not -1 <= codes.min() <= codes.max() < sum(column.sizes.values()):
        raise ValueError("codes of no value")
    return column


def _sort(value: Value) -> Sort:
    match value:
        case bool():
            return "boolean"
        case int():
            return "int" if abs(value) <= _MAX_INT else "text"
        case float():
            return "float"
        case tuple():
            return "list"
        case _:
            return "text"


def _date(text: str) -> int:
    found = moment(text) if text[:4].isdigit() else None
    return NO_MOMENT if found is None else found


def _json_array(data: Any) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(data).encode(), dtype=np.uint8)


def _from_json(data: NDArray[np.uint8]) -> Any:
    return json.loads(data.tobytes())
