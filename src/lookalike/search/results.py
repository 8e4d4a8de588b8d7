"""Results as columns: ids, scores, distances and what is known of each match."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, overload

from lookalike.errors import LookalikeError
from lookalike.search.explanation import Explanation
from lookalike.search.sheet import (
    SheetGroup,
    SheetMatch,
    SheetPart,
    SheetQuery,
    contact_sheet,
    grid_html,
)
from lookalike.types import Floats, Metric, Scalar

Picture = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Hit:
    """One match. `similarity`: higher is better; `distance` as the metric defines it.

    `copies`: how many images of the library have its very bytes, itself too. `match`, 0..1: how
    sure it is a match and not the nearest of strangers; None where that is not calibrated.
    `size` is the width and height of the upright picture.
    """

    rank: int
    id: str
    label: str | None
    similarity: float
    distance: float
    uri: str
    meta: Mapping[str, Scalar]
    copies: int
    size: tuple[int, int]
    match: float | None = None


@dataclass(frozen=True, slots=True)
class QueryPart:
    """One item of the question: its name, its weight, below 0 if it is disliked, its picture."""

    name: str
    weight: float
    picture: Callable[[], bytes | None] | None


@dataclass(frozen=True, slots=True, repr=False)
class Hits:
    """The answer to one query, best first; all columns have the same length.

    `scores`, `distances` and, where the space is calibrated, `matches` are float32 (k,).
    Pickled, it leaves the pictures behind: those lie in the library.
    `offset` matches come before the first, and `next_offset` is where the next page begins,
    None after the last. `picture` gives a small WebP for an id; `query_parts` are the items of
    the question; `explanation` says how they were found.
    """

    query: str
    space: str
    metric: Metric
    ids: list[str]
    scores: Floats
    distances: Floats
    labels: list[str | None]
    uris: list[str]
    metas: list[Mapping[str, Scalar]]
    copies: list[int]
    sizes: list[tuple[int, int]]
    picture: Picture
    query_parts: tuple[QueryPart, ...]
    offset: int = 0
    next_offset: int | None = None
    explanation: Explanation | None = None
    matches: Floats | None = None

    def __post_init__(self) -> None:
        told = (self.labels, self.uris, self.metas, self.copies, self.sizes)
        columns = (self.scores, self.distances, *told)
        matches = self.scores if self.matches is None else self.matches
        if any(len(column) != len(self.ids) for column in (*columns, matches)):
            raise LookalikeError("The columns of a result have different lengths.")

    def __len__(self) -> int:
        return len(self.ids)

    def __iter__(self) -> Iterator[Hit]:
        return (self[position] for position in range(len(self)))

    @overload
    def __getitem__(self, position: int) -> Hit: ...
    @overload
    def __getitem__(self, position: slice) -> list[Hit]: ...
    def __getitem__(self, position: int | slice) -> Hit | list[Hit]:
        if isinstance(position, slice):
            return [self[at] for at in range(len(self))[position]]
        return Hit(
            rank=self.offset + range(len(self))[position] + 1,
            id=self.ids[position],
            label=self.labels[position],
            similarity=float(self.scores[position]),
            distance=float(self.distances[position]),
            uri=self.uris[position],
            meta=self.metas[position],
            copies=self.copies[position],
            match=None if self.matches is None else float(self.matches[position]),
            size=self.sizes[position],
        )

    def __reduce__(self) -> tuple[type[Hits], tuple[Any, ...]]:
        parts = tuple(replace(part, picture=None) for part in self.query_parts)
        bare = replace(self, picture=_no_picture, query_parts=parts)
        return Hits, tuple(getattr(bare, field.name) for field in fields(bare))

    def __repr__(self) -> str:
        return f"Hits(query={self.query!r}, space={self.space!r}, ids={self.ids!r})"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        hits = [
            {
                "rank": hit.rank,
                "id": hit.id,
                "label": hit.label,
                "similarity": round(hit.similarity, 6),
                "distance": round(hit.distance, 6),
                "uri": hit.uri,
                "meta": dict(hit.meta),
                "copies": hit.copies,
                **({} if hit.match is None else {"match": round(hit.match, 4)}),
            }
            for hit in self
        ]
        return {
            "query": self.query,
            "space": self.space,
            "metric": self.metric,
            "hits": hits,
            "next_offset": self.next_offset,
        }

    def sheet(self) -> SheetGroup:
        """The result as a group of a contact sheet."""
        matches = [
            SheetMatch(
                rank=hit.rank,
                id=hit.id,
                label=hit.label,
                similarity=hit.similarity,
                distance=hit.distance,
                picture=self.picture(hit.id),
            )
            for hit in self
        ]
        parts = [
            SheetPart(part.name, part.weight, None if part.picture is None else part.picture())
            for part in self.query_parts
        ]
        if len(parts) == 1:
            return SheetGroup(SheetQuery(self.query, parts[0].picture), matches)
        return SheetGroup(SheetQuery(self.query, parts=parts), matches)

    def html(self) -> str:
        """One standalone page with the query and its matches."""
        asked = self.query if len(self.query_parts) < 2 else "these"
        return contact_sheet(f"What looks like {asked}?", [self.sheet()])

    def show(self, path: str | Path | None = None) -> Path | None:
        """Show the matches as a grid: in a notebook at once, elsewhere as a written page.

        Returns the page's path (`lookalike-hits.html` unless `path` is given), or None when
        the grid was shown in a notebook.
        """
        if path is None and _shown_in_notebook(self):
            return None
        page = Path(path or "lookalike-hits.html")
        page.write_text(self.html(), encoding="utf-8")
        return page

    def _repr_html_(self) -> str:
        return grid_html(self.sheet())


def _no_picture(_id: str) -> None:
    """The picture of an image whose library is not at hand."""


def _shown_in_notebook(hits: Hits) -> bool:
    """Display the hits if this runs in a notebook's kernel."""
    if "ipykernel" not in sys.modules:
        return False
    from IPython.display import display

    display(hits)
    return True
