"""Answers questions in one space or in several, and keeps matrices warm."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.embed.resources import Resources
from lookalike.errors import UsageError
from lookalike.index.halves import as_floats
from lookalike.index.scores import distance, similarity
from lookalike.library.indexes import Indexes
from lookalike.library.matching import calibration_of
from lookalike.library.remotes import Remotes
from lookalike.library.understanding import Understanding
from lookalike.search.arrange import Find, Page, Ranking, Wanted, arranged
from lookalike.search.combine import soft_bits
from lookalike.search.diversity import similarities_between, weighed_between
from lookalike.search.engine import Weighed, nearest, nearest_weighed
from lookalike.search.explanation import Explanation, explained
from lookalike.search.filters.resolve import Filtered, conditioned, filtered
from lookalike.search.graph import NeighbourGraph
from lookalike.search.match import Matcher
from lookalike.search.plan import plan
from lookalike.search.query import Question
from lookalike.search.remote import compiled, nearest_remote
from lookalike.search.resolve import Asked
from lookalike.search.results import Hits, Picture
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Metric, Stored


class Searcher:
    """Searches the spaces of one library; safe to use from several threads."""

    def __init__(self, store: Store, resources: Resources, picture: Picture) -> None:
        self._store = store
        self._picture = picture
        self._understanding = Understanding(store, resources, picture)
        self._views: dict[int, MatrixView] = {}
        self._matchers: dict[int, Matcher] = {}
        self._indexes = Indexes(store)
        self._remotes = Remotes(store)

    def search(
        self,
        questions: Iterable[Question | Asked],
        space: Space,
        metric: Metric,
        wanted: Wanted,
        server: str | None = None,
    ) -> list[Hits]:
        """What is wanted of the nearest of each question in one space, maybe on a server."""
        asked = self.resolved(questions, space)
        if not asked:
            return []
        view = self._view(space)
        vectors, hidden = _stacked(asked, space), _hidden(asked, wanted)
        unit = bool(space.recipe["normalised"])

        def answered(find: Find, left: Filtered | None, scan: str) -> list[Hits]:
            ranking = Ranking(
                find=find,
                similarity=partial(similarity, metric=metric, bits=space.dim),
                between=lambda keys: similarities_between(
                    _rows_of(view, keys), metric, bits=space.dim
                ),
                contents=self._store.contents_of,
            )
            began = time.perf_counter()
            pages = arranged(ranking, wanted)
            told = explained(view.count, left, scan, time.perf_counter() - began)
            matches = self._matches(space, metric, view, vectors, pages, wanted)
            name = space.name
            return self._hits(asked, pages, wanted, name, metric, told, matches, bits=space.dim)

        if server is not None:
            with self._remotes.over(space, server) as remote:
                condition = None
                if wanted.where is not None:
                    condition = conditioned(self._store.column_cache, wanted.where)[0]
                there = partial(
                    nearest_remote,
                    remote,
                    view,
                    vectors,
                    metric=metric,
                    unit=unit,
                    without=hidden,
                    where=None if condition is None else compiled(remote, condition),
                    exact=wanted.thorough,
                )
                return answered(there, None, remote.told(exact=wanted.thorough))
        covered = None if wanted.thorough else self._indexes.over(space, view)
        left = self._left_by(wanted)
        allowed = None if left is None else left.keys
        here = partial(
            nearest,
            view,
            vectors,
            metric=metric,
            unit=unit,
            without=hidden,
            allowed=allowed,
            covered=covered,
        )
        count = None if allowed is None else len(allowed)
        absent = "as was asked for" if wanted.thorough else self._indexes.absence(space)
        scan = plan(view, covered, wanted.count, metric, count, absent).why
        return answered(here, left, scan)

    def search_weighed(
        self, questions: Iterable[Question | Asked], weights: Mapping[str, float], wanted: Wanted
    ) -> list[Hits]:
        """The same by the weighted mean of the cosines of several spaces.

        A question of several items is combined in each space. Raises `UnknownNameError`, or
        `UsageError` for a space that has no cosine and for weights that are all zero.
        """
        if wanted.min_match is not None:
            raise UsageError("A match is told in one space: leave the weights or min_match out.")
        queries = list(questions)
        parts: list[Weighed] = []
        asked: list[Asked] = []
        for space, weight in self._weighed_spaces(weights):
            asked = self.resolved(queries, space)
            if not asked:
                return []
            matrix, keys = self._store.compact(space)
            unit = bool(space.recipe["normalised"])
            parts.append(Weighed(matrix, keys, _stacked(asked, space), weight, unit))
        hidden, left = _hidden(asked, wanted), self._left_by(wanted)
        allowed = None if left is None else left.keys
        ranking = Ranking(
            find=lambda k: nearest_weighed(parts, k, without=hidden, allowed=allowed),
            similarity=lambda scores: scores,
            between=lambda keys: weighed_between(
                [(part.matrix[np.searchsorted(part.keys, keys)], part.weight) for part in parts]
            ),
            contents=self._store.contents_of,
        )
        name = " ".join(f"{name}={weight:g}" for name, weight in weights.items())
        began = time.perf_counter()
        pages = arranged(ranking, wanted)
        scan = f"exact scan of {len(parts)} spaces"
        told = explained(len(parts[0].keys), left, scan, time.perf_counter() - began)
        return self._hits(asked, pages, wanted, name, "cosine", told)

    def graph(self, space: Space, metric: Metric, k: int, *, exact: bool) -> NeighbourGraph:
        """The `k` nearest of every image of one space."""
        view = self._view(space)
        live = view.keys if view.dead is None else view.keys[~view.dead]
        keys = np.sort(np.concatenate([live, view.tail_keys]))
        covered = None if exact else self._indexes.over(space, view)
        unit = bool(space.recipe["normalised"])

        def near(some: Keys) -> list[tuple[Keys, Floats]]:
            rows = _rows_of(view, some)
            asked = rows if space.of_bits else as_floats(rows)
            without = [(key,) for key in some.tolist()]
            return nearest(view, asked, k, metric, unit=unit, without=without, covered=covered)

        return NeighbourGraph(self._store, keys, k, metric, space.dim, near)

    def graph_weighed(self, weights: Mapping[str, float], k: int) -> NeighbourGraph:
        """The same by several spaces, of the images that all of them hold."""
        held = [
            (*self._store.compact(space), weight, bool(space.recipe["normalised"]))
            for space, weight in self._weighed_spaces(weights)
        ]
        keys = reduce(np.intersect1d, [keys for _, keys, _, _ in held])

        def near(some: Keys) -> list[tuple[Keys, Floats]]:
            parts = []
            for matrix, of, weight, unit in held:
                asked = as_floats(matrix[np.searchsorted(of, some)])
                parts.append(Weighed(matrix, of, asked, weight, unit))
            return nearest_weighed(parts, k, without=[(key,) for key in some.tolist()])

        return NeighbourGraph(self._store, keys, k, "cosine", 0, near)

    def close(self) -> None:
        """Let go of networks and matrices."""
        self._understanding.close()
        self._views.clear()
        self._matchers.clear()
        self._indexes.close()
        self._remotes.close()

    def _left_by(self, wanted: Wanted) -> Filtered | None:
        """What a filter leaves, None without one."""
        if wanted.where is None:
            return None
        return filtered(self._store.column_cache, wanted.where)

    def _weighed_spaces(self, weights: Mapping[str, float]) -> list[tuple[Space, float]]:
        """The spaces with their part of the whole weight."""
        total = sum(map(abs, weights.values()))
        if total == 0:
            raise UsageError("The weights are all zero: give at least one space some.")
        if not math.isfinite(total):
            raise UsageError(f"The weights {[*weights.values()]} are not finite, or their sum is.")
        spaces = [self._store.space(name) for name in weights]
        for space in spaces:
            if space.metric != "cosine":
                raise UsageError(
                    f"Space {space.name!r} compares by {space.metric}; weights add up cosines. "
                    f"Search it alone, with --space {space.name}."
                )
        return [
            (space, weight / total) for space, weight in zip(spaces, weights.values(), strict=True)
        ]

    def resolved(self, questions: Iterable[Question | Asked], space: Space) -> list[Asked]:
        """What questions stand for in a space, each as one vector; those that are known stay."""
        return self._understanding.resolved(questions, space)

    def _view(self, space: Space) -> MatrixView:
        kept = self._views.get(space.key)
        view = self._store.matrix(space) if kept is None else self._store.refreshed(kept)
        self._views[space.key] = view
        return view

    def _hits(
        self,
        asked: Sequence[Asked],
        pages: Sequence[Page],
        wanted: Wanted,
        space: str,
        metric: Metric,
        explanation: Explanation,
        matches: Sequence[Floats] | None = None,
        *,
        bits: int = 0,
    ) -> list[Hits]:
        shown = [page.keys for page in pages]
        if matches is not None and wanted.min_match is not None:
            least = wanted.min_match
            shown = [keys[sure >= least] for keys, sure in zip(shown, matches, strict=True)]
        every = self._store.images_by_key(np.unique(np.concatenate(shown)))
        known = {image.key: image for image in every}
        copies = self._store.copies_of([image.content_key for image in every])
        copies_by_key = dict(zip(known, copies, strict=True))
        found = []
        for number, (question, page) in enumerate(zip(asked, pages, strict=True)):
            sure = None if matches is None else matches[number]
            images = [known[key] for key in shown[number].tolist() if key in known]
            kept = np.isin(page.keys, [image.key for image in images])
            scores = page.scores[kept]
            found.append(
                Hits(
                    query=question.name,
                    space=space,
                    metric=metric,
                    ids=[image.id for image in images],
                    scores=similarity(scores, metric, bits=bits),
                    distances=distance(scores, metric),
                    labels=[image.label for image in images],
                    uris=[image.uri for image in images],
                    metas=[image.meta for image in images],
                    copies=[copies_by_key[image.key] for image in images],
                    sizes=[(image.content.width, image.content.height) for image in images],
                    picture=self._picture,
                    query_parts=question.parts,
                    offset=wanted.start,
                    next_offset=wanted.start + len(page.keys) if page.more else None,
                    explanation=explanation,
                    matches=None if sure is None else sure[kept],
                )
            )
        return found

    def _matches(
        self,
        space: Space,
        metric: Metric,
        view: MatrixView,
        vectors: NDArray[Any],
        pages: Sequence[Page],
        wanted: Wanted,
    ) -> list[Floats] | None:
        """How sure each match of each page is; None where the space is not calibrated."""
        calibration = calibration_of(self._store, space)
        fits = calibration is not None and calibration.metric == metric
        if calibration is None or not fits or (space.of_bits and vectors.dtype != np.uint8):
            if wanted.min_match is not None and metric != space.metric:
                raise UsageError(
                    f"A match is told by the metric of the space, {space.metric}, not by {metric}: "
                    "leave the metric or min_match out."
                )
            if wanted.min_match is not None:
                raise UsageError(
                    f"Space {space.name!r} is not calibrated for {metric}, so nothing tells a "
                    "match. Run: lookalike calibrate"
                )
            return None
        matcher = self._matchers.get(space.key)
        if matcher is None or matcher.calibration != calibration:
            held = np.array(calibration.landmarks, dtype=np.int64)
            held = held[_among(held, view.keys) | _among(held, view.tail_keys)]
            matcher = self._matchers[space.key] = Matcher(calibration, _rows_of(view, held))
        return [
            matcher.chances(vector, _rows_of(view, page.keys), page.scores)
            for vector, page in zip(vectors, pages, strict=True)
        ]


def _stacked(asked: Sequence[Asked], space: Space) -> NDArray[Any]:
    """The questions (q, dim), or (q, bytes) of packed bits where none is combined."""
    vectors = [question.vector for question in asked]
    if space.of_bits and any(vector.dtype != np.uint8 for vector in vectors):
        vectors = [soft_bits(vector, space.dim) for vector in vectors]
    return np.stack(vectors)


def _hidden(asked: Sequence[Asked], wanted: Wanted) -> list[tuple[int, ...]]:
    return [() if wanted.include_query else question.keys for question in asked]


def _among(keys: Keys, rising: Keys) -> NDArray[np.bool_]:
    """Whether each key is one of many that rise: (n,)."""
    places = np.searchsorted(rising, keys)
    found = np.zeros(len(keys), dtype=bool)
    inside = places < len(rising)
    found[inside] = rising[places[inside]] == keys[inside]
    return found


def _rows_of(view: MatrixView, keys: Keys) -> Stored:
    """The stored vectors (n, ...) of some images of a view."""
    rows = np.empty((len(keys), view.matrix.shape[1]), view.matrix.dtype)
    in_tail = np.isin(keys, view.tail_keys)
    rows[~in_tail] = view.matrix[np.searchsorted(view.keys, keys[~in_tail])]
    rows[in_tail] = view.tail_matrix[np.searchsorted(view.tail_keys, keys[in_tail])]
    return rows
