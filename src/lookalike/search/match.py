"""Is it a match, or only the nearest of strangers? A chance in 0..1 beside the similarity.

How surprising a similarity is depends on both images: in a crowded region strangers are
similar too. Each image's background is its similarities to landmarks, images drawn from the
library; its middle is their median, its spread that of the lower half, where there are no
matches. The surprise of a pair is the mean of its similarity's distance from both middles, in
spreads (as the symmetric score normalisation of speaker verification: Auckenthaler, Carey and
Lloyd-Thomas, "Score Normalization for Text-Independent Speaker Verification Systems", 2000).
A calibration is a rising curve from surprise to the chance of a match.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lookalike.index.pairwise import pairwise
from lookalike.search.isotonic import Doubles
from lookalike.types import Floats, Metric, Stored

Basis = Literal["background", "labels", "judgements"]
_LOWER = 0.158655  # the quantile one standard deviation below the middle of a normal
_LEAST_SPREAD = 1e-4


@dataclass(frozen=True, slots=True)
class Calibration:
    """How surprises become chances in one space.

    `version` is the data version it was made at, `landmarks` are image keys; the curve goes
    through `surprises`, `chances`; `pairs` were used; `error` is the expected calibration
    error on held-out queries, None where there was nothing to hold it against.
    """

    fingerprint: str
    metric: Metric
    basis: Basis
    version: int
    landmarks: tuple[int, ...]
    surprises: tuple[float, ...]
    chances: tuple[float, ...]
    pairs: int
    error: float | None

    def chances_of(self, surprises: NDArray[Any]) -> Floats:
        """The chance of a match of each surprise: float32 of the same shape, in 0..1."""
        found = np.interp(surprises, self.surprises, self.chances)
        chances: Floats = found.clip(0, 1).astype(np.float32)
        return chances

    def to_json(self) -> str:
        """Text that `from_json` reads."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return json.dumps(values)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """The calibration that `to_json` wrote."""
        values: dict[str, Any] = json.loads(text)
        for name in ("landmarks", "surprises", "chances"):
            values[name] = tuple(values[name])
        return cls(**values)


@dataclass(frozen=True, slots=True)
class Background:
    """Middles (n,) and spreads (n,) of the scores of some images with the landmarks."""

    middles: Doubles
    spreads: Doubles

    def __getitem__(self, places: NDArray[Any] | slice) -> Background:
        return Background(self.middles[places], self.spreads[places])


def background(vectors: Stored, landmarks: Stored, metric: Metric) -> Background:
    """The backgrounds of vectors (n, ...) among landmarks (l, ...)."""
    middles, spreads = np.empty(len(vectors)), np.empty(len(vectors))
    for start in range(0, len(vectors), 1024):
        part = slice(start, start + 1024)
        scores = pairwise(vectors[part], landmarks, metric)
        low, middle = np.quantile(scores, [_LOWER, 0.5], axis=1)
        middles[part], spreads[part] = middle, np.maximum(middle - low, _LEAST_SPREAD)
    return Background(middles, spreads)


def surprise(scores: NDArray[Any], left: Background, right: Background) -> Doubles:
    """How surprising the scores of pairs are; the backgrounds broadcast against the scores."""
    found: Doubles = (scores - left.middles) / left.spreads / 2
    return found + (scores - right.middles) / right.spreads / 2


class Matcher:
    """Gives chances of a match in one space, by its calibration and its landmarks (l, ...)."""

    def __init__(self, calibration: Calibration, landmarks: Stored) -> None:
        self.calibration = calibration
        bits = calibration.metric == "hamming"
        self._landmarks = landmarks if bits else landmarks.astype(np.float32)

    def chances(self, query: Stored, vectors: Stored, scores: Floats) -> Floats:
        """Of a query (dim,) and what it found (k, ...) with `scores` (k,): float32 (k,)."""
        every = np.concatenate([query[None], vectors])
        around = background(every, self._landmarks, self.calibration.metric)
        return self.calibration.chances_of(surprise(scores, around[:1], around[1:]))


def strangers_spread(surprises: NDArray[Any]) -> tuple[float, float]:
    """Middle and spread of the surprises of strangers, from the lower half of all pairs.

    (The empirical null of Efron, "Large-Scale Simultaneous Hypothesis Testing", 2004.)
    """
    low, middle = np.quantile(surprises, [_LOWER, 0.5])
    return float(middle), max(float(middle - low), _LEAST_SPREAD)
