"""Scores the candidates of an approximate index again, on the stored vectors."""

from __future__ import annotations

import numpy as np

from lookalike.index.ann import SPARE
from lookalike.index.engine import faiss_metric, load_faiss
from lookalike.index.exact import Doubles, as_scores, ranking_scores
from lookalike.types import Floats, Halves, Keys, Metric


def rescore(
    matrix: Halves, asked: Doubles, candidates: Keys, k: int, metric: Metric
) -> tuple[Floats, Keys]:
    """The k best of each query's candidates: scores (q, k) and rows of `matrix` (q, k).

    `matrix` is (n, d) float16; `asked` (q, d) float64 are the queries, and both are of unit
    length for the cosine; `candidates` (q, c) row numbers, -1 where there is none. Scores are
    those of `exact.top_k`, best first; -inf and -1 stand where there are fewer than k.
    """
    scores = np.empty((len(asked), k))
    rows = np.empty((len(asked), k), dtype=np.int64)
    for i, query in enumerate(asked):
        found = candidates[i]
        there = found >= 0
        if np.count_nonzero(there) < len(there):
            found = found[there]
        vectors = matrix.take(found, axis=0)
        if len(found) > k + SPARE:
            few = _few(vectors, query.astype(np.float32), k + SPARE, metric)
            found, vectors = found[few], vectors[few]
        exact, _ = ranking_scores(vectors.astype(np.float64), query, metric)
        usable = np.isfinite(exact)
        if np.count_nonzero(usable) < len(usable):
            found, exact = found[usable], exact[usable]
        best = np.lexsort((found, -exact))[:k]
        count = len(best)
        rows[i, :count], scores[i, :count] = found[best], exact[best]
        if count < k:
            rows[i, count:], scores[i, count:] = -1, -np.inf
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
