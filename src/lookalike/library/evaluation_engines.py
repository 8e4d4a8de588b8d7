"""Contenders that answer otherwise than by an exact scan of everything: an index, a filter."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.measure import Scorer
from lookalike.evaluate.ranking import View
from lookalike.evaluate.split import Split
from lookalike.index.halves import as_floats
from lookalike.index.pairwise import pairwise
from lookalike.library.indexes import open_ann
from lookalike.search.covered import Covered
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys

NOT_FOUND = np.float32(-1e30)
"""The score of what an index did not find: below all that it found, and an answer no less."""


class Filtered:
    """Another scorer, of whose gallery only a part may answer: `allowed` (g,)."""

    def __init__(self, scorer: Scorer, allowed: NDArray[np.bool_]) -> None:
        self._scorer, self._denied = scorer, ~allowed

    def scores(self, queries: Keys) -> Floats:
        """Scores (q, g)."""
        scores = self._scorer.scores(queries)
        scores[:, self._denied] = -np.inf
        return scores


class ByIndex:
    """Scores of what the approximate index of a space finds; it is asked query by query.

    `keys` (n,) are the images by row; `depth` is how many are asked for beside those that are
    no answer to the query. What was added since the index was made is scanned, as in a search.
    """

    def __init__(
        self, store: Store, space: Space, view: View, split: Split, keys: Keys, depth: int
    ) -> None:
        files = store.indexes.load(space)
        if files is None:
            raise UsageError(
                f"Space {space.name!r} has no index to be compared. Build one: lookalike index "
                f"--engine hnsw --space {space.name}"
            )
        matrix = store.matrix(space)
        ann = open_ann(files, space, change=False)
        self._covered = Covered(ann, files.keys, store.died_since(files.version), matrix)
        self._space, self._view, self._split, self._depth = space, view, split, depth
        self._gallery = keys[split.gallery]
        self._allowed = None if len(self._gallery) == len(matrix.keys) else self._gallery
        rows = self._covered.rows
        self._lacking = ~np.isin(self._gallery, matrix.keys[rows[rows >= 0]])
        self._vectors = view.of(split.gallery)

    def scores(self, queries: Keys) -> Floats:
        """Scores (q, g); an exact scan answers where a search would turn to one."""
        hidden = self._split.hidden(queries)
        found = np.full((len(queries), len(self._gallery)), NOT_FOUND, dtype=np.float32)
        vectors = as_floats(np.asarray(self._view.of(queries)))
        for row, vector in enumerate(vectors):
            wanted = min(len(self._gallery), self._depth + int(hidden[row].sum()))
            one = vector[None, :]
            answer = self._covered.search(one, wanted, self._space.metric, self._allowed)
            if answer is None:
                found[row] = pairwise(one, self._vectors, self._space.metric)[0]
                continue
            scores, keys = answer
            places = np.searchsorted(self._gallery, keys[0])
            found[row, places] = scores[0]
            if self._lacking.any():
                some = self._vectors[self._lacking]
                found[row, self._lacking] = pairwise(one, some, self._space.metric)[0]
        found[hidden] = -np.inf
        return found
