"""Scores the candidates of an approximate index again, on the stored vectors."""

from __future__ import annotations

import numpy as np

from lookalike.index.engine import faiss_metric, load_faiss
from lookalike.index.exact import as_scores, ranking_scores
from lookalike.types import Floats, Halves, Keys, Metric

_SPARE = 4
"""Candidates beyond k that are scored in float64: float32 may have swapped near ties."""


def rescore(
    matrix: Halves, queries: Floats, candidates: Keys, k: int, metric: Metric
) -> tuple[Floats, Keys]:
    """The k best of each query's candidates: scores (q, k) and rows of `matrix` (q, k).

    `matrix` is (n, d) float16, of unit rows for the cosine; `queries` (q, d) float32;
    `candidates` (q, c) row numbers, -1 where there is none. Scores are those of
    `exact.top_k`, best first; -inf and -1 stand where there are fewer than k candidates.
    """
    matrix = np.asarray(matrix)
    asked = queries.astype(np.float64)
    if metric == "cosine":
        asked /= np.sqrt(np.vecdot(asked, asked))[:, None]
    scores = np.full((len(queries), k), -np.inf)
    rows = np.full((len(queries), k), -1, dtype=np.int64)
    for i, query in enumerate(asked):
        found = candidates[i][candidates[i] >= 0]
        vectors = matrix.take(found, axis=0)
        if len(found) > k + _SPARE:
            few = _few(vectors, query.astype(np.float32), k + _SPARE, metric)
            found, vectors = found[few], vectors[few]
        exact, _ = ranking_scores(vectors.astype(np.float64), query, metric)
        exact[~np.isfinite(exact)] = -np.inf
        best = np.lexsort((found, -exact))[:k]
        rows[i, : len(best)], scores[i, : len(best)] = found[best], exact[best]
    rows[scores == -np.inf] = -1
    return as_scores(scores, metric), rows


def _few(vectors: Halves, query: Floats, wanted: int, metric: Metric) -> Keys:
    """The places of the best of many vectors, by the SIMD code of faiss."""
    faiss = load_faiss()
    kind = faiss.ScalarQuantizer.QT_fp16
    index = faiss.IndexScalarQuantizer(vectors.shape[1], kind, faiss_metric(metric))
    index.is_trained = True  # halves are codes as they are
    index.add_sa_codes(vectors.view(np.uint8))
    places: Keys = index.search(query[None], wanted)[1][0]
    return places[places >= 0]
