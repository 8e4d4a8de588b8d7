"""What the columns are: their kinds, how many different values they have, and which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lookalike.search.filters.names import called_by
from lookalike.search.filters.resolve import kind_among
from lookalike.store.column import Kind
from lookalike.store.column_cache import ColumnCache, Part
from lookalike.store.fields import Field, Origin

_EXAMPLES = 3
_LONGEST = 40


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column by the name that filters use.

    `origin`: what every image has, metadata, or derived; `distinct` different values, or words
    of lists, `missing` images without one, and those that most images have, as people write them.
    """

    name: str
    origin: Origin
    kind: Kind
    distinct: int
    missing: int
    examples: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {**asdict(self), "examples": list(self.examples)}

    def row(self) -> tuple[object, ...]:
        """Its name, kind, numbers and examples, for a table."""
        numbers = (f"{self.distinct:,}", f"{self.missing:,}")
        return (self.name, self.kind, *numbers, ", ".join(self.examples))


def describe(
    columns: ColumnCache, origins: Sequence[Origin] | None = None, *, keep: bool = False
) -> list[ColumnInfo]:
    """All columns, or those of some origins; each is read once, and let go unless it is kept."""
    fields = columns.fields()
    return [
        _info(called_by(field, fields), field, columns.parts([field], keep=keep))
        for field in fields
        if origins is None or field.origin in origins
    ]


def _info(name: str, field: Field, parts: list[Part]) -> ColumnInfo:
    counts: Counter[str] = Counter()
    valued = 0
    for part in parts:
        column = part.columns[field]
        numbers = column.counts(part.live)
        words = [*((word,) for word in column.words), *column.lists]
        valued += int(numbers.sum())
        for place in np.flatnonzero(numbers).tolist():
            for word in words[place]:
                counts[word] += int(numbers[place])
    return ColumnInfo(
        name=name,
        origin=field.origin,
        kind=kind_among(field, parts),
        distinct=len(counts),
        missing=sum(part.count for part in parts) - valued,
        examples=tuple(_short(word) for word, _ in counts.most_common(_EXAMPLES)),
    )


def _short(word: str) -> str:
    return word if len(word) <= _LONGEST else f"{word[: _LONGEST - 3]}..."
