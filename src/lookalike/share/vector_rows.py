"""The vectors of a space with what is known of their images, a block at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.search.filters.names import named_field
from lookalike.search.filters.resolve import filtered
from lookalike.sources.columns import as_text
from lookalike.store.column import Value
from lookalike.store.column_cache import ColumnCache
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys, Stored, readable

BLOCK_ROWS = 1024
OWN = ("id", "label", "image_path")
"""What every row has; `embedding` comes last."""

Kind = Literal["bool", "int", "float", "list", "text"]
KINDS: dict[type, Kind] = {bool: "bool", int: "int", float: "float", tuple: "list", str: "text"}


@dataclass(frozen=True, slots=True)
class VectorBlock:
    """Some rows: a name for each, vectors (m, dim) float16, values of the chosen columns."""

    ids: list[str]
    labels: list[str | None]
    paths: list[str | None]
    values: list[list[Value]]
    vectors: Stored


class VectorRows:
    """The vectors of a space, as the library is now: `len` of them, of `dim` values.

    `columns` and their `kinds` are those asked for beside `OWN`.
    """

    def __init__(
        self, store: Store, space: Space, where: str | None, columns: Sequence[str]
    ) -> None:
        if space.of_bits:
            raise UsageError(
                f"Space {space.name} holds bits, not numbers. Export the space it was made from."
            )
        self._store = store
        self._matrix, keys = store.compact(space)
        rows = np.arange(len(keys))
        if where is not None:
            rows = np.flatnonzero(np.isin(keys, filtered(store.column_cache, where).keys))
        ids = store.ids(keys[rows])
        there = [id_ is not None for id_ in ids]
        self._ids = [id_ for id_ in ids if id_ is not None]
        self._rows = rows[np.array(there, dtype=np.bool_)]
        self._keys = keys[self._rows]
        self._columns = [_Column(store.column_cache, name) for name in dict.fromkeys(columns)]
        self.dim = space.dim

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def columns(self) -> dict[str, Kind]:
        """The chosen columns and what each holds."""
        return {column.name: column.kind for column in self._columns}

    def __iter__(self) -> Iterator[VectorBlock]:
        for start in range(0, len(self), BLOCK_ROWS):
            part = slice(start, start + BLOCK_ROWS)
            keys = self._keys[part]
            images = {image.key: image for image in self._store.images_by_key(keys)}
            found = [images.get(int(key)) for key in keys]
            yield VectorBlock(
                self._ids[part],
                [image.label if image else None for image in found],
                [readable(image.uri) if image and image.uri else None for image in found],
                [column.values(keys) for column in self._columns],
                self._matrix[self._rows[part]],
            )


class _Column:
    """One column of all images, looked up by key."""

    def __init__(self, cache: ColumnCache, name: str) -> None:
        field = named_field(name, cache.fields())
        keys: list[Keys] = []
        codes: list[NDArray[Any]] = []
        self._values: list[Value] = []
        for part in cache.parts([field]):
            column = part.columns[field]
            live = slice(None) if part.live is None else part.live
            keys.append(part.keys[live])
            some = column.codes[live]
            codes.append(np.where(some < 0, -1, some + len(self._values)))
            self._values += [
                *column.booleans.tolist(), *column.ints.tolist(), *column.floats.tolist(),
                *column.texts, *column.lists,
            ]  # fmt: skip
        order = np.argsort(np.concatenate(keys), kind="stable")
        self._keys, self._codes = np.concatenate(keys)[order], np.concatenate(codes)[order]
        self.name = name
        kinds = {KINDS[type(value)] for value in self._values}
        if kinds == {"int", "float"}:
            kinds = {"float"}
        self.kind: Kind = kinds.pop() if len(kinds) == 1 else "text"
        if self.kind == "float":
            self._values = [float(value) for value in self._values]  # type: ignore[arg-type]
        elif self.kind == "text":
            self._values = [_written(value) for value in self._values]

    def values(self, keys: Keys) -> list[Value]:
        """The value of each key, None where there is none."""
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        codes = np.where(self._keys[places] == keys, self._codes[places], -1)
        return [None if code < 0 else self._values[code] for code in codes.tolist()]


def _written(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else as_text(value)
