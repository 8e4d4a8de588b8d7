"""Recommends images by what one person liked and disliked, and says why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import UsageError
from lookalike.explore.recency import Recency
from lookalike.explore.recommend import Block, Mix, Picks, recommend
from lookalike.library.searching import Searcher
from lookalike.library.shelf import Shelved, shelve
from lookalike.search.allowed import rows_of
from lookalike.search.query import Item, Query
from lookalike.search.resolve import Asked
from lookalike.search.results import QueryPart
from lookalike.search.sheet import SheetGroup, SheetMatch, SheetPart, SheetQuery, contact_sheet
from lookalike.store.records import ImageRecord, Space
from lookalike.store.store import Store
from lookalike.types import Keys

_PICTURED = 12
_ALIKE_ENOUGH = 1e-6


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted: `mix` says how many and from how many tastes.

    `recency` makes older likes count less; `where` filters; the column `popularity` adds up to
    `popularity_weight` to a score, as the share of images whose value is lower. Raises
    `UsageError`.
    """

    mix: Mix
    recency: Recency | None = None
    where: str | None = None
    popularity: str | None = None
    popularity_weight: float = 0.1

    def __post_init__(self) -> None:
        mix = self.mix
        if mix.k < 1:
            raise UsageError(f"k must be at least 1, not {mix.k}.")
        if mix.tastes is not None and mix.tastes < 1:
            raise UsageError(f"There is at least one taste, not {mix.tastes}.")
        if not 0 <= mix.diversity <= 1:
            raise UsageError(f"Diversity runs from 0 to 1; {mix.diversity} does not.")
        if not 0 <= self.popularity_weight <= 1:
            raise UsageError(
                f"The weight of popularity runs from 0 to 1; {self.popularity_weight} does not."
            )


@dataclass(frozen=True, slots=True)
class Recommendation:
    """One image: its `score`, the liked item it is most like (`because`), and how `similar`.

    `taste` counts from 1; `because` is None, and `similarity` too, where nothing was liked.
    """

    rank: int
    image: ImageRecord
    score: float
    because: str | None
    similarity: float | None
    taste: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "rank": self.rank,
            "id": self.image.id,
            "label": self.image.label,
            "score": round(self.score, 6),
            "because": self.because,
            "similarity": None if self.similarity is None else round(self.similarity, 6),
            "taste": self.taste,
            "uri": self.image.uri,
            "meta": dict(self.image.meta),
        }


@dataclass(frozen=True, slots=True)
class Recommendations:
    """What is recommended, best first; `tastes` are the liked items of each, the largest first.

    `unknown` are ids of what was seen that the library does not hold.
    """

    space: str
    found: list[Recommendation]
    tastes: list[list[str]]
    unknown: list[str]
    parts: list[list[QueryPart]]
    picture: Callable[[str], bytes | None]

    def __len__(self) -> int:
        return len(self.found)

    @property
    def ids(self) -> list[str]:
        """The ids of what is recommended, best first."""
        return [one.image.id for one in self.found]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "space": self.space,
            "tastes": self.tastes,
            "recommendations": [one.as_dict() for one in self.found],
            "unknown": self.unknown,
        }

    def html(self) -> str:
        """One standalone page: each taste, and what is recommended for it."""
        groups = [
            SheetGroup(
                SheetQuery(self._caption(number), parts=[_part(part) for part in parts]),
                [self._match(one) for one in self.found if one.taste == number],
            )
            for number, parts in enumerate(self.parts, 1)
        ]
        return contact_sheet("Recommended", groups)

    def show(self, path: str | Path = "lookalike-recommended.html") -> Path:
        """Write the page; returns its path."""
        Path(path).write_text(self.html(), encoding="utf-8")
        return Path(path)

    def _caption(self, number: int) -> str:
        if not self.tastes:
            return "Unlike these"
        count = len(self.tastes[number - 1])
        items = f"{count:,} liked" if count > 1 else self.tastes[number - 1][0]
        return items if len(self.tastes) == 1 else f"Taste {number}: {items}"

    def _match(self, one: Recommendation) -> SheetMatch:
        return SheetMatch(
            rank=one.rank,
            id=one.image.id,
            label=one.image.label,
            similarity=one.score,
            distance=1 - one.score,
            picture=self.picture(one.image.id),
            note=f"like {one.because}" if one.because else "",
        )


def recommend_items(
    store: Store,
    searcher: Searcher,
    space: Space,
    wish: Wish,
    liked: Sequence[Item],
    disliked: Sequence[Item],
    seen: Sequence[str],
    picture: Callable[[str], bytes | None],
) -> Recommendations:
    """Recommend to one person, who liked and disliked these, the newest last.

    What was liked, disliked or seen, and copies of it, is left out. Raises `UsageError`,
    `UnknownIdError`, `ImageRejectedError`, `FilterError`, `UnknownNameError`.
    """
    if not liked and not disliked:
        raise UsageError("Recommend by what? Name at least one item that is liked or disliked.")
    if wish.recency is not None and wish.recency.by_time:
        raise UsageError(
            "These items come without times: give the half-life as a number of items, or the "
            "items as histories with a column of times."
        )
    items = [*(_meant(store, item) for item in liked), *(_meant(store, item) for item in disliked)]
    asked = searcher.resolved([Query([item]) for item in items], space)
    shelved = shelve(store, space, wish.where, wish.popularity, wish.popularity_weight)
    known, unknown = _keys_of(store, seen)
    hidden = np.concatenate([[key for one in asked for key in one.keys], known]).astype(np.int64)
    block = _block(asked, items, len(liked), wish, shelved, np.unique(hidden))
    picks = recommend(shelved.shelf, block, wish.mix)
    if not len(picks.rows) and _cancelled(block):
        raise UsageError("The items cancel each other out: nothing is left to recommend by.")
    images = store.images_by_key(shelved.keys[picks.rows])
    return _told(space, picks, items, asked, images, shelved.keys, unknown, picture)


def _block(
    asked: Sequence[Asked], items: Sequence[Item], liked: int, wish: Wish, on: Shelved, hidden: Keys
) -> Block:
    sides = [range(liked), range(liked, len(items))]
    weights = np.array([item.weight for item in items])
    if wish.recency is not None:
        for side in sides:
            weights[side] *= wish.recency.weights(np.arange(len(side))[::-1])
    weights[liked:] *= -1
    rows = np.unique(on.same[rows_of(hidden, on.keys)])
    return Block(
        vectors=np.stack([one.vector for one in asked]).astype(np.float32),
        owners=np.zeros(len(items), dtype=np.int64),
        weights=weights,
        hidden=rows,
        hidden_from=np.zeros(len(rows), dtype=np.int64),
    )


def _told(
    space: Space,
    picks: Picks,
    items: Sequence[Item],
    asked: Sequence[Asked],
    images: Sequence[ImageRecord],
    keys: Keys,
    unknown: list[str],
    picture: Callable[[str], bytes | None],
) -> Recommendations:
    by_key = {image.key: image for image in images}
    names = [item.id if item.id is not None and item.box is None else item.name for item in items]
    found: list[Recommendation] = []
    for place, row in enumerate(picks.rows):
        image = by_key.get(int(keys[row]))
        if image is None:
            continue
        because = int(picks.because[place])
        found.append(
            Recommendation(
                rank=len(found) + 1,
                image=image,
                score=float(picks.scores[place]),
                because=None if because < 0 else names[because],
                similarity=None if because < 0 else float(picks.similarities[place]),
                taste=int(picks.taste[place]) + 1,
            )
        )
    tastes: list[list[str]] = [[] for _ in range(int(picks.tastes.max(initial=-1)) + 1)]
    parts: list[list[QueryPart]] = [[] for _ in tastes] or [[]]
    for name, one, taste in zip(names, asked, picks.tastes.tolist(), strict=True):
        if taste >= 0:
            tastes[taste].append(name)
        whose = parts[taste] if taste >= 0 else parts[0]
        if len(whose) < _PICTURED:
            whose += [
                part if taste >= 0 else replace(part, weight=-part.weight) for part in one.parts
            ]
    return Recommendations(space.name, found, tastes, unknown, parts, picture)


def _meant(store: Store, item: Item) -> Item:
    """A bare name that is no file is the id of a stored image."""
    if item.file is None or Path(item.file).exists():
        return item
    return replace(item, file=None, id=store.image(str(item.file)).id)


def _keys_of(store: Store, ids: Sequence[str]) -> tuple[Keys, list[str]]:
    """The keys of ids, and those ids that the library does not hold."""
    if not ids:
        return np.empty(0, dtype=np.int64), []
    facts = store.facts(())
    keys = dict(zip(facts.ids, facts.keys.tolist(), strict=True))
    named = [id_ if id_ in keys else id_.removeprefix("id:") for id_ in ids]
    known = np.array([keys[id_] for id_ in named if id_ in keys], dtype=np.int64)
    return known, [id_ for id_ in named if id_ not in keys]


def _cancelled(block: Block) -> bool:
    sums = (np.sign(block.weights)[:, None] * block.vectors).sum(axis=0)
    return bool(np.linalg.norm(sums) < _ALIKE_ENOUGH)


def _part(part: QueryPart) -> SheetPart:
    return SheetPart(part.name, part.weight, None if part.picture is None else part.picture())
