"""Guesses the verdict on pairs from those already given, so that people are asked the rest.

A logistic regression on what is known of a pair, and what it leaves over smoothed between
pairs that lie near each other (kernel ridge regression, which is the mean of a Gaussian
process: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapter 2).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.pairs import Pairs
from lookalike.types import Floats, Keys

LEAST, MOST = 0.03, 0.97
SHARPNESS = 4.0
TRUST = 0.3
NOISE = 0.16
PENALTY = 1.0
_STEPS = 25
_AT_ONCE = 8192

Guess: TypeAlias = Callable[[Keys], Doubles]
"""Pair numbers (m,) to the chances of a match (m,), never certain."""


def fit_guess(pairs: Pairs, judged: Keys, verdicts: Doubles) -> Guess:
    """Learn from verdicts 0..1 on the `judged` (v,) pairs; with none, every chance is 0.5."""
    if not len(judged):
        return lambda wanted: np.full(len(wanted), 0.5)
    weights = _logistic(pairs.facts[judged], verdicts)
    left = verdicts - _chances(pairs.facts[judged], weights)
    kernel = TRUST * _nearness(pairs.places[judged], pairs.places[judged])
    pulls = np.linalg.solve(kernel + NOISE * np.eye(len(judged)), left)

    def guess(wanted: Keys) -> Doubles:
        chances = np.empty(len(wanted))
        for start in range(0, len(wanted), _AT_ONCE):
            part = wanted[start : start + _AT_ONCE]
            near = TRUST * _nearness(pairs.places[part], pairs.places[judged])
            chances[start : start + _AT_ONCE] = _chances(pairs.facts[part], weights) + near @ pulls
        return chances.clip(LEAST, MOST)

    return guess


def _nearness(some: Floats, others: Floats) -> Floats:
    near: Floats = np.exp(np.float32(SHARPNESS) * (some @ others.T - 1))
    return near


def _logistic(facts: Floats, verdicts: Doubles) -> Doubles:
    """Weights (f + 1,) of a ridge-penalised logistic regression, by Newton's method."""
    rows = np.column_stack([np.ones(len(facts)), facts])
    penalty = np.diag([1e-3, *[PENALTY] * facts.shape[1]])
    weights = np.zeros(rows.shape[1])
    for _ in range(_STEPS):
        chances = _chances(facts, weights)
        slope = rows.T @ (verdicts - chances) - penalty @ weights
        bend = rows.T @ (rows * np.maximum(chances * (1 - chances), 1e-4)[:, None]) + penalty
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _chances(facts: Floats, weights: Doubles) -> Doubles:
    scores = (weights[0] + facts @ weights[1:]).clip(-30, 30)
    chances: Doubles = 1 / (1 + np.exp(-scores))
    return chances
