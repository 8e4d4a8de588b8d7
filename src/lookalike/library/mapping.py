"""Maps of a library: laid out once for a space, kept, and brought up to date."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UnknownNameError, UsageError
from lookalike.explore.components import principal
from lookalike.explore.map_layout import (
    METHODS,
    SMALLEST,
    Method,
    neighbour_count,
    tsne,
)
from lookalike.explore.map_neighbours import OnStep, neighbours_of, no_step
from lookalike.explore.map_place import near_neighbours, settled
from lookalike.explore.map_quality import Quality, quality
from lookalike.store.layouts import Layout
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Halves, Keys, Metric

K = 15
"""Neighbours by which a map is judged."""


@dataclass(frozen=True, slots=True)
class Map:
    """Where each image of a library lies in the plane.

    `keys` (n,) and `ids` in the order in which images were added, `points` (n, 2) float32;
    images of the same bytes share a point. `placed` (n,) marks those that were put into a
    layout made before them. `added` says how many of these are new in this run, `made`
    whether the layout is. `quality` is None for fewer than four points.
    """

    space: str
    method: str
    seed: int
    keys: Keys
    ids: list[str]
    points: Floats
    placed: NDArray[np.bool_]
    made: bool
    added: int
    quality: Quality | None
    quality_of_placed: Quality | None
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """Plain data: the counts and what was measured, without the points."""
        judged = {"all": self.quality, "placed": self.quality_of_placed}
        return {
            "space": self.space,
            "method": self.method,
            "seed": self.seed,
            "images": len(self.ids),
            "placed": int(np.count_nonzero(self.placed)),
            "new": self.added,
            "laid_out": self.made,
            "seconds": round(self.seconds, 2),
            "quality": {
                name: {
                    "k": found.k,
                    "sampled": found.sampled,
                    "trustworthiness": round(found.trustworthiness, 4),
                    "preservation": round(found.preservation, 4),
                }
                for name, found in judged.items()
                if found is not None
            },
        }


@dataclass(frozen=True, slots=True)
class Vectors:
    """The vectors (n, d) of each content of a space once, contents (n,) rising."""

    contents: Keys
    rows: Halves
    metric: Metric


def vectors_by_content(store: Store, space: Space) -> Vectors:
    """All vectors of a space, memory-mapped where each image has bytes of its own.

    Bits become -1 and 1, whose cosines rank as the bits that differ do.
    """
    matrix, keys = store.compact(space)
    facts = store.facts(())
    known = np.isin(keys, facts.keys)
    places = np.searchsorted(facts.keys, keys[known])
    contents, first = np.unique(facts.contents[places], return_index=True)
    rows: Any = np.asarray(matrix)
    chosen = np.flatnonzero(known)[first]
    if len(chosen) != len(matrix) or (np.diff(chosen) != 1).any():
        rows = rows[chosen]
    if space.of_bits:
        rows = np.unpackbits(rows, axis=1, count=space.dim).astype(np.float16) * 2 - 1
    metric: Metric = "l2" if space.metric in {"l1", "l2"} else "cosine"
    return Vectors(contents, rows, metric)


def make_map(
    store: Store,
    space: Space,
    method: str | None = None,
    *,
    seed: int | None = None,
    refresh: bool = False,
    on_step: OnStep | None = None,
) -> Map:
    """The map of a space: laid out now if it was not, with what is new put in.

    Another method or seed, or `refresh`, lays it out anew. Raises `UsageError` for a library
    without images, `UnknownNameError`, `MissingExtraError`.
    """
    started, on_step = time.monotonic(), on_step or no_step
    wanted = None if method is None else _method(method)
    vectors = vectors_by_content(store, space)
    if not len(vectors.contents):
        raise UsageError("There is nothing to draw: the library has no images in this space.")
    kept = store.layout(space)
    if refresh or kept is None or _differs(kept, wanted, seed):
        before = None if kept is None else kept.recipe
        chosen = wanted or _method(str(before["method"] if before else METHODS[0]))
        number = seed if seed is not None else int(str(before["seed"])) if before else 0
        _lay_out(store, space, vectors, chosen, number, on_step)
        added = 0
        made = True
    else:
        added = _place(store, space, vectors, kept, on_step)
        made = False
    layout = store.layout(space)
    if layout is None:
        raise UsageError(f"Space {space.name!r} was dropped meanwhile.")
    return _drawn(store, space, vectors, layout, made, added, started, on_step)


def _method(name: str) -> Method:
    for method in METHODS:
        if method == name:
            return method
    raise UnknownNameError("method", name, METHODS)


def _differs(kept: Layout, method: Method | None, seed: int | None) -> bool:
    asked = {"method": method, "seed": seed}
    return any(value not in {None, kept.recipe[name]} for name, value in asked.items())


def _lay_out(
    store: Store, space: Space, vectors: Vectors, method: Method, seed: int, on_step: OnStep
) -> None:
    count = len(vectors.contents)
    points = principal(vectors.rows, 2, seed)
    if method == "tsne" and count >= SMALLEST:
        k = neighbour_count(count)
        neighbours, _ = neighbours_of(
            vectors.rows, vectors.rows, k, vectors.metric, own=np.arange(count), on_step=on_step
        )
        points = tsne(points, neighbours, seed, on_step)
    store.set_layout(space, {"method": method, "seed": seed}, vectors.contents, points)


def _place(store: Store, space: Space, vectors: Vectors, layout: Layout, on_step: OnStep) -> int:
    """Put in what is not on the map; returns how many contents that were."""
    known = np.isin(vectors.contents, layout.contents)
    new = np.flatnonzero(~known)
    old = np.flatnonzero(known)
    if not len(new):
        return 0
    if not len(old):
        points = principal(vectors.rows, 2, 0)
    else:
        laid = layout.points[np.searchsorted(layout.contents, vectors.contents[old])]
        k = neighbour_count(len(known))
        start = near_neighbours(laid, _nearest(vectors, new, old, min(k, len(old)), on_step))
        points = start
        if layout.recipe["method"] == "tsne" and len(known) >= SMALLEST:
            order = np.concatenate([old, new])
            places = np.empty_like(order)
            places[order] = np.arange(len(order))
            near, _ = neighbours_of(
                vectors.rows[new], vectors.rows, k, vectors.metric, own=new, on_step=on_step
            )
            points = settled(laid, start, places[near], on_step)
    store.add_positions(space, vectors.contents[new], points)
    return len(new)


def _nearest(vectors: Vectors, new: Keys, old: Keys, k: int, on_step: OnStep) -> Keys:
    """The k nearest old ones (m, k) of each new one, as places among the old."""
    rows = vectors.rows[old]
    found, _ = neighbours_of(vectors.rows[new], rows, k, vectors.metric, own=None, on_step=on_step)
    return found


def _drawn(
    store: Store,
    space: Space,
    vectors: Vectors,
    layout: Layout,
    made: bool,
    added: int,
    started: float,
    on_step: OnStep,
) -> Map:
    """The map of each image, judged."""
    on_step("judging", 0, 1)
    shown = np.isin(vectors.contents, layout.contents)
    at = np.searchsorted(layout.contents, vectors.contents[shown])
    points, placed = layout.points[at], layout.placed[at]
    rows = vectors.rows if shown.all() else vectors.rows[shown]
    facts = store.facts(("id",))
    there = np.flatnonzero(np.isin(facts.contents, layout.contents))
    each = np.searchsorted(layout.contents, facts.contents[there])
    return Map(
        space=space.name,
        method=str(layout.recipe["method"]),
        seed=int(str(layout.recipe["seed"])),
        keys=facts.keys[there],
        ids=[facts.ids[row] for row in there],
        points=layout.points[each],
        placed=layout.placed[each],
        made=made,
        added=added,
        quality=quality(rows, points, vectors.metric, K),
        quality_of_placed=quality(rows, points, vectors.metric, K, np.flatnonzero(placed)),
        seconds=time.monotonic() - started,
    )
