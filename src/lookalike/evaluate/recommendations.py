"""How good recommendations are: what was held out is found, and how wide, rare and varied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lookalike.evaluate.intervals import Difference, Estimate, bootstrap, holm, paired
from lookalike.evaluate.metrics import Doubles, Ranked, per_query
from lookalike.evaluate.truth import MISSING
from lookalike.index.halves import as_floats
from lookalike.types import Halves, Keys

_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Judged:
    """One way to recommend: the mean of each metric over users, with its interval.

    `coverage`, 0..1, is the share of all images that can be recommended that somebody is;
    `against` sets nDCG@k against that of the first way, None for itself.
    """

    name: str
    estimates: Mapping[str, Estimate]
    coverage: float
    against: Difference | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """What was held out: rows `items` (h,) of users `owners` (h,), `users` of them.

    `popularity` (n,) is how many users liked each row before; `catalogue` how many rows can
    be recommended.
    """

    owners: Keys
    items: Keys
    users: int
    popularity: Keys
    catalogue: int


def judge(
    ways: Mapping[str, Keys], held: Held, matrix: Halves, k: int, *, cosine: bool = True
) -> list[Judged]:
    """Each way's rows (u, k), best first, -1 where there are fewer, by what was held out.

    recall@k, hit@k, nDCG@k and mrr are those of `metrics`, over the k places. Novelty is the
    mean of -log2 of the share of users who liked a row before (Vargas and Castells, 2011);
    diversity is 1 less the mean cosine between the rows of a list (Ziegler et al., 2005).
    Users are drawn anew for the intervals; Holm corrects the p-values.
    """
    columns = {name: _columns(rows, held, matrix, k, cosine=cosine) for name, rows in ways.items()}
    alone = np.full(held.users, MISSING)
    first, ndcg = next(iter(ways)), f"ndcg@{k}"
    others = [name for name in ways if name != first]
    tests = [paired(columns[first][ndcg], columns[name][ndcg], alone) for name in others]
    corrected = holm([test.p for test in tests])
    against = {
        name: Difference(test.value, test.low, test.high, p)
        for name, test, p in zip(others, tests, corrected, strict=True)
    }
    found = []
    for name, values in columns.items():
        estimates = bootstrap(np.stack(list(values.values()), axis=1), alone)
        rows = ways[name]
        shown = len(np.unique(rows[rows >= 0]))
        found.append(
            Judged(
                name,
                dict(zip(values, estimates, strict=True)),
                shown / max(1, held.catalogue),
                against.get(name),
            )
        )
    return found


def _columns(rows: Keys, held: Held, matrix: Halves, k: int, *, cosine: bool) -> dict[str, Doubles]:
    high = len(matrix) + 1
    users = np.arange(held.users)[:, None]
    matches = np.isin(users * high + rows, held.owners * high + held.items) & (rows >= 0)
    relevant = np.bincount(held.owners, minlength=held.users)
    metrics = per_query(
        Ranked(
            matches.astype(np.float32),
            matches,
            relevant,
            (np.arange(k) < relevant[:, None]).astype(np.float32),
        ),
        k,
    )
    values = {name: metrics[name] for name in (f"recall@{k}", f"hit@{k}", f"ndcg@{k}", "mrr")}
    values["novelty"] = _novelty(rows, held)
    if cosine:
        values["diversity"] = _diversity(rows, matrix)
    return values


def _novelty(rows: Keys, held: Held) -> Doubles:
    """Bits (u,), of shares in which nothing counts as liked by one user more."""
    bits = -np.log2((held.popularity + 1) / (held.users + 1))
    there = rows >= 0
    sums = np.where(there, bits[rows], 0).sum(axis=1)
    novelty: Doubles = sums / np.maximum(there.sum(axis=1), 1)
    return novelty


def _diversity(rows: Keys, matrix: Halves) -> Doubles:
    """From the length of the sum of unit vectors; 0 for a list of fewer than two."""
    found = np.zeros(len(rows))
    step = max(1, _ROWS_AT_ONCE // rows.shape[1])
    for start in range(0, len(rows), step):
        some = rows[start : start + step]
        there = some >= 0
        vectors = as_floats(matrix[some]).astype(np.float64)
        lengths = np.linalg.norm(vectors, axis=2, keepdims=True)
        vectors *= there[:, :, None] / np.maximum(lengths, 1e-12)
        counts = there.sum(axis=1)
        squares = (vectors.sum(axis=1) ** 2).sum(axis=1)
        pairs = np.maximum(counts * (counts - 1), 1)
        found[start : start + step] = np.where(counts > 1, 1 - (squares - counts) / pairs, 0.0)
    return found
