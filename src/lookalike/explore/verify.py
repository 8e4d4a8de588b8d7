"""The second signal: whether two candidates show the same picture, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.prints import Print, turned_array
from lookalike.explore.registration import Fit, Guess, coarse, fine, whole

SAME = 0.65
"""From here on the detail of two pictures is the same; strangers that look alike stay below."""
_SURE = 0.85
_LIKELY = 0.45
_WORTH = 0.55
_SAME_SHAPE = 0.1
_CUT = 0.93
_NEARLY_ALL = 0.85
_COLOURLESS = 48.0
_SAME_HUES = 0.7

WAYS = (
    "the same way up",
    "turned by 90°",
    "turned by 180°",
    "turned by 270°",
    "mirrored",
    "mirrored and turned by 90°",
    "mirrored and turned by 180°",
    "mirrored and turned by 270°",
)


@dataclass(frozen=True, slots=True)
class Match:
    """Two pictures are one: how sure that is (0..1), and in words what was done to it."""

    score: float
    how: str


def same_picture(one: Print, other: Print, *, cut: bool = True) -> Match | None:
    """Whether two prints are of one picture: re-encoded, resized, turned, cut or framed anew.

    The whole pictures are compared in eight orientations; failing that, the one is slid over
    the other at several scales, unless `cut` is false. Either is settled by the correlation of
    their detail.
    """
    if one.flat or other.flat:
        alike = one.flat and other.flat and abs(one.grey.mean() - other.grey.mean()) < 2
        return Match(1.0, "one plain colour") if alike else None
    way = _likely_way(one, other)
    if way is not None:
        score = whole(one.fine, turned_array(other.fine, way))
        if other_colours(one, other.turned(way)):
            return None
        if score >= _SURE:
            return Match(score, _words(Fit(score, 1, 1), way))
        fit = fine(one, other.turned(way), Guess(0, 1, 0, 0))
        if fit.score >= SAME:
            return Match(fit.score, _words(fit, way))
    for guess in coarse(one.spectra, other.spectra) if cut else ():
        if guess.score < _WORTH:
            break
        fit = fine(one, other, guess)
        if fit.score >= SAME:
            recoloured = fit.overlap > _NEARLY_ALL and other_colours(one, other)
            return None if recoloured else Match(fit.score, _words(fit, 0))
    return None


def other_colours(one: Print, other: Print) -> bool:
    """Whether one shape is shown in two hues; a copy that is only paler is no other colour."""
    first, second = (print_.colour.astype(np.float64).ravel() for print_ in (one, other))
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if min(lengths) < _COLOURLESS:
        return False
    return float(first @ second) < _SAME_HUES * lengths[0] * lengths[1]


def likeness(one: Print, other: Print) -> float:
    """How well the best fit of two prints agrees, -1..1; strangers lie around 0.2."""
    guess = coarse(one.spectra, other.spectra)[0]
    return fine(one, other, guess).score


def _likely_way(one: Print, other: Print) -> int | None:
    """The orientation in which the whole pictures agree roughly, None if in none."""
    turns = np.stack([turned_array(other.look, way) for way in range(len(WAYS))])
    scores = (turns * one.look).sum(axis=(1, 2))
    shape = np.log(
        [one.grey.shape[0] / one.grey.shape[1], other.grey.shape[0] / other.grey.shape[1]]
    )
    for way in np.argsort(-scores, kind="stable"):
        if scores[way] < _LIKELY:
            return None
        if abs(shape[0] - (shape[1] if way % 2 == 0 else -shape[1])) < _SAME_SHAPE:
            return int(way)
    return None


def _words(fit: Fit, way: int) -> str:
    said = [] if way == 0 else [WAYS[way]]
    if fit.overlap < _CUT:
        said.append(f"{fit.overlap:.0%} of it shared")
    return ", ".join(said) or "the whole of it"
