"""A classifier of stored vectors: which class, how sure, and whether to say nothing instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.learn.chances import Doubles, softmax
from lookalike.learn.scoring import Scores, scores_from
from lookalike.types import Floats, Keys


@dataclass(frozen=True, slots=True)
class Predictions:
    """For each vector the likeliest class (m,) and its chance (m,), in 0..1."""

    codes: Keys
    chances: Doubles


@dataclass(frozen=True, slots=True)
class Standard:
    """Takes `mean` (d,) off and divides by `scale`: the mean squared length becomes 1."""

    mean: Floats
    scale: float

    @classmethod
    def of(cls, vectors: Floats) -> Standard:
        """Of vectors float32 (m, d)."""
        mean = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
        squares = np.einsum("ij,ij->", vectors, vectors, dtype=np.float64) / len(vectors)
        spread = float(squares) - float(mean.astype(np.float64) @ mean.astype(np.float64))
        return cls(mean, float(np.sqrt(max(spread, 1e-12))))

    def apply(self, vectors: Floats) -> Floats:
        """float32 (m, d) -> float32 (m, d)."""
        points: Floats = vectors - self.mean
        points /= np.float32(self.scale)
        return points


@dataclass(frozen=True, slots=True)
class Classifier:
    """`names` of its classes, and what it learned.

    An answer whose chance is below `threshold` is better not given.
    """

    names: tuple[str, ...]
    standard: Standard
    scorer: Scores
    sharpness: float
    threshold: float

    def chances(self, vectors: Floats) -> Doubles:
        """The chance of each class, (m, c), for vectors float32 (m, d)."""
        return softmax(self.scorer.scores(self.standard.apply(vectors)), self.sharpness)

    def predict(self, vectors: Floats) -> Predictions:
        """The likeliest class of each vector, float32 (m, d), and its chance."""
        return likeliest(self.chances(vectors))

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """All numbers that it is made of."""
        numbers = np.array([self.standard.scale, self.sharpness, self.threshold])
        return {**self.scorer.arrays, "mean": self.standard.mean, "numbers": numbers}

    @classmethod
    def restored(cls, names: tuple[str, ...], arrays: Mapping[str, NDArray[Any]]) -> Classifier:
        """The one that `arrays` came from."""
        scale, sharpness, threshold = arrays["numbers"].tolist()
        standard = Standard(arrays["mean"], scale)
        return cls(names, standard, scores_from(arrays), sharpness, threshold)


def likeliest(chances: Doubles) -> Predictions:
    """The class of the largest chance in each row of (m, c)."""
    codes = chances.argmax(axis=1)
    return Predictions(codes, chances[np.arange(len(chances)), codes])
