"""The metrics that trec_eval has, against trec_eval itself."""

from __future__ import annotations

import numpy as np
import pytest

from lookalike.evaluate.measure import measure
from lookalike.evaluate.split import Split
from lookalike.evaluate.truth import MISSING, Judged

pytestmark = pytest.mark.extra


class Given:
    def __init__(self, scores: np.ndarray) -> None:
        self._scores = scores

    def scores(self, queries: np.ndarray) -> np.ndarray:
        return self._scores[queries].copy()


@pytest.mark.parametrize("seed", range(30))
def test_agreement_with_trec_eval(seed: int) -> None:
    generator = np.random.default_rng(seed)
    n, k = int(generator.integers(5, 60)), int(generator.choice([1, 3, 5, 10, 20, 100]))
    scores = generator.permutation(n * n).reshape(n, n).astype(np.float32)
    if seed % 3 == 0:
        scores = np.floor(scores / 7)  # ties
    hidden = generator.random((n, n)) < (0.3 if seed % 2 else 0)  # few, or none, are found
    scores[hidden] = -np.inf
    np.fill_diagonal(scores, -np.inf)
    verdicts = {}
    for query in range(n):
        size = int(generator.integers(0, n))
        rows = generator.permutation(n)[:size]
        verdicts[query] = {int(row): float(generator.integers(-1, 4)) for row in rows}
        verdicts[query] = {
            row: gain for row, gain in verdicts[query].items() if np.isfinite(scores[query, row])
        }
    rows = np.arange(n)
    split = Split(rows, rows, rows, np.full(n, MISSING))
    found = measure(Given(scores), split, Judged(verdicts, n), k)

    # trec_eval breaks ties by name, the last one first; its scores are single precision
    names = {row: f"{n - row:06d}" for row in range(n)}
    qrels = {
        str(q): {names[row]: int(v) for row, v in judged.items()} for q, judged in verdicts.items()
    }
    run = {
        str(q): {names[row]: float(scores[q, row]) for row in rows if np.isfinite(scores[q, row])}
        for q in rows
    }
    qrels = {query: judged for query, judged in qrels.items() if judged and run[query]}
    run = {query: run[query] for query in qrels}
    asked = {f"P.{k}", f"recall.{k}", f"success.{k}", f"ndcg_cut.{k}", "map", "recip_rank", "Rprec"}
    import pytrec_eval

    theirs = pytrec_eval.RelevanceEvaluator(qrels, asked).evaluate(run)
    pairs = {f"P_{k}": f"precision@{k}", f"recall_{k}": f"recall@{k}", f"success_{k}": f"hit@{k}"}
    pairs |= {f"ndcg_cut_{k}": f"ndcg@{k}", "map": "map", "recip_rank": "mrr"}
    pairs |= {"Rprec": "r-precision"}
    compared = 0
    for query, values in theirs.items():
        for name, ours in pairs.items():
            assert found.values[ours][int(query)] == pytest.approx(values[name], abs=1e-9), name
            compared += 1
    assert compared >= 7
