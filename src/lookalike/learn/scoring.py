"""What a classifier knows: a score of each class for a vector, before it is made a chance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lookalike.index.halves import as_floats
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats, Keys

NO_CHANCE = -1e4
"""The score of a class that was not learned."""
SHARPNESS = 20.0
"""How much more the nearest of neighbours say: the factor on their cosines."""
_ROWS = 1024


class Scores(Protocol):
    """Scores float64 (m, c) of points float32 (m, d); `arrays` is all that it is made of."""

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """What is stored of it."""

    def scores(self, points: Floats) -> NDArray[np.float64]:
        """The score of each class for each point."""


@dataclass(frozen=True, slots=True)
class LinearScores:
    """`points @ weights + biases`, with weights float32 (d, c) and biases float64 (c,)."""

    weights: Floats
    biases: NDArray[np.float64]

    @classmethod
    def of(
        cls, weights: NDArray[Any], biases: NDArray[Any], present: Keys, classes: int
    ) -> LinearScores:
        """From the columns of the classes that are `present`, rising."""
        wide = np.zeros((len(weights), classes), dtype=np.float32)
        wide[:, present] = weights
        added = np.full(classes, NO_CHANCE)
        added[present] = biases
        return cls(wide, added)

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """`weights`, `biases`."""
        return {"weights": self.weights, "biases": self.biases}

    def scores(self, points: Floats) -> NDArray[np.float64]:
        """The score of each class for each point."""
        return (points @ self.weights).astype(np.float64) + self.biases


@dataclass(frozen=True, slots=True)
class NeighbourScores:
    """The log of the votes of the `count` nearest examples, float16 (e, d) of length 1.

    A vote weighs `exp(20 * cosine)`; a class without one has about the vote of a stranger.
    `codes` (e,) are the classes of the examples, below `classes`.
    """

    examples: NDArray[np.float16]
    codes: Keys
    classes: int
    count: int

    @property
    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """`examples`, `codes`, and `shape`: classes and count."""
        shape = np.array([self.classes, self.count], dtype=np.int64)
        return {"examples": self.examples, "codes": self.codes, "shape": shape}

    def scores(self, points: Floats) -> NDArray[np.float64]:
        """The score of each class for each point."""
        known = as_floats(self.examples)
        found = [
            self._of(points[start : start + _ROWS], known) for start in range(0, len(points), _ROWS)
        ]
        return np.concatenate(found) if found else np.empty((0, self.classes))

    def _of(self, points: Floats, known: Floats) -> NDArray[np.float64]:
        cosines = unit_length(points) @ known.T
        count = min(self.count, len(known))
        near = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
        votes = np.exp(SHARPNESS * np.take_along_axis(cosines, near, axis=1).astype(np.float64))
        sums = np.zeros((len(points), self.classes))
        np.add.at(sums, (np.arange(len(points))[:, None], self.codes[near]), votes)
        learned = np.isin(np.arange(self.classes), self.codes)
        return np.where(learned, np.log(sums + 1.0), NO_CHANCE)


def prototypes(points: Floats, codes: Keys, classes: int) -> LinearScores:
    """The direction of the mean of each class; scores are about cosines.

    (Snell, Swersky and Zemel, "Prototypical Networks for Few-shot Learning", 2017, with the
    cosine for a distance.)
    """
    present, own, sizes = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.zeros((len(present), points.shape[1]))
    np.add.at(sums, own, points)
    means = unit_length(sums / sizes[:, None])
    return LinearScores.of(means.T, np.zeros(len(present)), present, classes)


def neighbours(points: Floats, codes: Keys, classes: int, count: int) -> NeighbourScores:
    """The examples themselves."""
    return NeighbourScores(unit_length(points).astype(np.float16), codes, classes, count)


def scores_from(arrays: Mapping[str, NDArray[Any]]) -> Scores:
    """What `arrays` came from."""
    if "weights" in arrays:
        return LinearScores(arrays["weights"], arrays["biases"])
    classes, count = arrays["shape"].tolist()
    return NeighbourScores(arrays["examples"], arrays["codes"], classes, count)
