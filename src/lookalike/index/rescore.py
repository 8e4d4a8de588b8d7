"""Scores the candidates of an approximate index again, on the stored vectors."""

from __future__ import annotations

from math import isfinite, sqrt

import numpy as np

from lookalike.index.ann import SPARE
from lookalike.index.engine import faiss_metric, load_faiss, one_thread
from lookalike.index.exact import as_scores, ranking_scores
from lookalike.index.halves import as_doubles
from lookalike.types import Floats, Halves, Keys, Metric


def rescore(
    matrix: Halves, queries: Floats, candidates: Keys, k: int, metric: Metric, *, zeros: bool
) -> tuple[Floats, Keys]:
    """The k best of each query's candidates: scores (q, k) and rows of `matrix` (q, k).

    `matrix` is (n, d) float16, `queries` (q, d), `candidates` (q, c) row numbers, -1 where
    there is none. Scores are those of `exact.top_k`, best first; -inf and -1 stand where there
    are fewer than k. `zeros` is that of `as_doubles`.
    """
    scores = np.empty((len(queries), k))
    rows = np.empty((len(queries), k), dtype=np.int64)
    wide = queries.astype(np.float64)
    for i in range(len(wide)):
        query, found = wide[i], candidates[i]
        if metric == "cosine":
            query /= sqrt(query.dot(query))
        if -1 in found.tolist():  # quicker than NumPy where they are few
            found = found[found >= 0]
        vectors = matrix.take(found, axis=0)
        if len(found) > k + SPARE:
            few = _few(vectors, queries[i : i + 1], k + SPARE, metric)
            found, vectors = found[few], vectors[few]
        exact = ranking_scores(as_doubles(vectors, zeros=zeros), query, metric)
        best = np.lexsort((found, -exact))
        if len(best) and not (isfinite(exact[best[0]]) and isfinite(exact[best[-1]])):
            best = best[np.isfinite(exact[best])]
        best = best[:k]
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
    with one_thread():  # faiss would wait for its others, which on a busy machine takes long
        places: Keys = index.search(query, wanted)[1][0]
    return places[places >= 0]
