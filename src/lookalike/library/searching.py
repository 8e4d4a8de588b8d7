"""Answers queries: resolves them in one space or several, and keeps networks and matrices warm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lookalike.embed.embedder import Embedder
from lookalike.errors import UsageError
from lookalike.index.scores import distance, similarity
from lookalike.library.resources import Resources
from lookalike.library.spaces import way_of
from lookalike.search.engine import Weighed, nearest, nearest_weighed
from lookalike.search.query import Query, QueryItem, resolve
from lookalike.search.results import Hits, Picture
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Metric


class Searcher:
    """Searches the spaces of one library; safe to use from several threads."""

    def __init__(self, store: Store, resources: Resources, picture: Picture) -> None:
        self._store = store
        self._resources = resources
        self._picture = picture
        self._embedders: dict[int, Embedder] = {}
        self._views: dict[int, MatrixView] = {}
        self._opening = threading.Lock()

    def search(
        self, items: Iterable[QueryItem], k: int, space: Space, metric: Metric, *, itself: bool
    ) -> list[Hits]:
        """The `k` nearest of each item in one space; `itself` lets an id answer itself."""
        queries = self._resolved(items, k, space)
        if not queries:
            return []
        answers = nearest(
            self._view(space),
            _stacked(queries),
            k,
            metric,
            unit=bool(space.recipe["normalised"]),
            without=_hidden(queries, itself=itself),
        )
        return self._hits(queries, answers, space.name, metric, bits=space.dim)

    def search_weighed(
        self, items: Iterable[QueryItem], k: int, weights: Mapping[str, float], *, itself: bool
    ) -> list[Hits]:
        """The same by the weighted mean of the cosines of several spaces.

        Raises `UnknownNameError`, or `UsageError` for a space that has no cosine and for
        weights that are all zero.
        """
        total = sum(map(abs, weights.values()))
        if total == 0:
            raise UsageError("The weights are all zero: give at least one space some.")
        wanted = list(items)
        spaces = [self._store.space(name) for name in weights]
        parts: list[Weighed] = []
        queries: list[Query] = []
        for space, weight in zip(spaces, weights.values(), strict=True):
            if space.metric != "cosine":
                raise UsageError(
                    f"Space {space.name!r} compares by {space.metric}; weights add up cosines. "
                    f"Search it alone, with --space {space.name}."
                )
            queries = self._resolved(wanted, k, space)
            if not queries:
                return []
            matrix, keys = self._store.compact(space)
            unit = bool(space.recipe["normalised"])
            parts.append(Weighed(matrix, keys, _stacked(queries), weight / total, unit))
        answers = nearest_weighed(parts, k, without=_hidden(queries, itself=itself))
        name = " ".join(f"{name}={weight:g}" for name, weight in weights.items())
        return self._hits(queries, answers, name, "cosine")

    def close(self) -> None:
        """Let go of networks and matrices."""
        for embedder in self._embedders.values():
            embedder.close()
        self._embedders.clear()
        self._views.clear()

    def _resolved(self, items: Iterable[QueryItem], k: int, space: Space) -> list[Query]:
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        embedder = self._embedder_of(space)
        return [resolve(item, self._store, space, embedder) for item in items]

    def _embedder_of(self, space: Space) -> Callable[[], Embedder]:
        def opened() -> Embedder:
            with self._opening:
                if space.key not in self._embedders:
                    way = way_of(self._store, space)
                    self._embedders[space.key] = self._resources.embedder(way, many=False)
                return self._embedders[space.key]

        return opened

    def _view(self, space: Space) -> MatrixView:
        kept = self._views.get(space.key)
        view = self._store.matrix(space) if kept is None else self._store.refreshed(kept)
        self._views[space.key] = view
        return view

    def _hits(
        self,
        queries: Sequence[Query],
        answers: Sequence[tuple[Keys, Floats]],
        space: str,
        metric: Metric,
        *,
        bits: int = 0,
    ) -> list[Hits]:
        found = []
        for query, (keys, scores) in zip(queries, answers, strict=True):
            images = self._store.images_by_key(keys)
            here = np.isin(keys, [image.key for image in images])
            found.append(
                Hits(
                    query=query.name,
                    space=space,
                    metric=metric,
                    ids=[image.id for image in images],
                    scores=similarity(scores[here], metric, bits=bits),
                    distances=distance(scores[here], metric),
                    labels=[image.label for image in images],
                    uris=[image.uri for image in images],
                    metas=[image.meta for image in images],
                    picture=self._picture,
                    query_picture=query.picture,
                )
            )
        return found


def _stacked(queries: Sequence[Query]) -> Any:
    return np.stack([query.vector for query in queries])


def _hidden(queries: Sequence[Query], *, itself: bool) -> list[tuple[int, ...]]:
    return [() if query.key is None or itself else (query.key,) for query in queries]
