"""Chooses how hard a server has to search, and measures what it finds against exact search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lookalike.index.remote.mirror import Mirror, OnStep, Published
from lookalike.search.engine import nearest
from lookalike.search.remote import Remote, nearest_remote
from lookalike.store.matrix import MatrixView
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Stored

_QUERIES = 100
_TUNED_FOR = 10
_SEED = 7
_NEAR = 2e-6


def tuned(
    store: Store, space: Space, mirror: Mirror, state: Published, recall: float, on_step: OnStep
) -> Published:
    """The state with the least effort whose answers hold against exact search, and their recall.

    Asked for are vectors of the library, each moved by as far as its nearest neighbour is
    away: what is itself in a graph is found far too easily. Bits stay as they are.
    """
    view = store.matrix(space)
    live = view.keys if view.dead is None else view.keys[~view.dead]
    if state.graph is None or not len(live):
        return replace(state, reach=mirror.reaches[0] if state.graph else 0, recall=0.0)
    generator = np.random.default_rng(_SEED)
    held = np.sort(generator.choice(live, min(_QUERIES, len(live)), replace=False))
    unit = bool(space.recipe["normalised"])
    queries = view.matrix[np.searchsorted(view.keys, held)]
    if not space.of_bits:
        queries = _moved(view, queries.astype(np.float32), held, generator, unit=unit)
    without = [()] * len(queries)
    exact = nearest(view, queries, _TUNED_FOR, state.metric, unit=unit, without=without)
    for number, reach in enumerate(mirror.reaches):
        on_step("measuring recall", number, len(mirror.reaches))
        state = replace(state, reach=reach)
        found = nearest_remote(
            Remote(mirror, state, "", 0, np.empty(0, np.int64)),
            view,
            queries,
            _TUNED_FOR,
            state.metric,
            unit=unit,
            without=without,
            where=None,
            exact=False,
        )
        pairs = zip(exact, found, strict=True)
        shares = [_share(truth, scores) for (_, truth), (_, scores) in pairs]
        state = replace(state, recall=float(np.mean(shares)))
        if state.recall >= recall:
            break
    return state


def _moved(
    view: MatrixView, vectors: Floats, keys: Keys, generator: np.random.Generator, *, unit: bool
) -> Stored:
    without = [(key,) for key in keys.tolist()]
    nearest_ones = nearest(view, vectors, 1, "l2", unit=unit, without=without)
    away = np.array([-scores[0] if len(scores) else 0 for _, scores in nearest_ones])
    noise = generator.standard_normal(vectors.shape)
    noise *= (away / np.linalg.norm(noise, axis=1))[:, None]
    return (vectors + noise).astype(np.float32)


def _share(truth: Floats, scores: Floats) -> float:
    """How many of the true neighbours were found; equal scores are equally true."""
    last = float(truth[-1])
    return float(np.count_nonzero(scores >= last - _NEAR * max(1.0, abs(last)))) / len(truth)
