"""The second signal: whether two candidates show the same picture, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lookalike.explore.prints import Print, turned_array
from lookalike.explore.registration import Fit, Guess, Spectra, coarse, fine, whole

SAME = 0.65
"""From here on the detail of two pictures is the same; strangers that look alike stay below."""
_SURE = 0.85
_LIKELY = 0.45
_WORTH = 0.55
_SAME_SHAPE = 0.1
_SQUASHED = 0.7
_MOST_STRETCHED = 0.75
_TILTS = (-2.5, 2.5, -5.0, 5.0)
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
    """Whether two prints are of one picture: re-encoded, stretched, turned, cut or framed anew.

    The whole pictures are compared in eight orientations; failing that, the one is slid over
    the other at several scales, unless `cut` is false. Either is settled by the correlation of
    their detail.
    """
    if one.flat or other.flat:
        alike = one.flat and other.flat and abs(one.grey.mean() - other.grey.mean()) < 2
        return Match(1.0, "one plain colour") if alike else None
    way = _likely_way(one, other)
    if way is not None:
        turned = other.turned(way)
        stretched = abs(_stretch(one, turned)) >= _SAME_SHAPE
        if stretched:
            turned = turned.reshaped(one.grey.shape)
        if recoloured(one, turned, 1.0):
            return None
        score = whole(one.fine, turned.fine if stretched else turned_array(other.fine, way))
        if score >= _SURE:
            return Match(score, _words(Fit(score, 1, 1), way, stretched=stretched))
        fit = fine(one, turned, Guess(0, 1, 0, 0))
        if fit.score >= SAME:
            match = Match(fit.score, _words(fit, way, stretched=stretched))
            return None if recoloured(one, turned, fit.score) else match
    guesses = coarse(one.spectra, other.spectra) if cut else []
    for guess in guesses:
        if guess.score < _WORTH:
            return None
        fit = fine(one, other, guess)
        if fit.score >= SAME:
            return _unless_recoloured(one, other, Match(fit.score, _words(fit, 0)), fit)
    return _tilted(one, other, guesses[0].score) if guesses else None


def _tilted(one: Print, other: Print, score: float) -> Match | None:
    """Whether the other is the same picture a few degrees askew; it has to fit better than `score`.

    Straight on, such a copy fits roughly where most strangers do not: few pairs come here.
    """
    for angle in _TILTS:
        askew = other.tilted(angle)
        guess = coarse(one.spectra, Spectra(askew.grey))[0]
        fit = fine(one, askew, guess) if guess.score > score else None
        if fit is not None and fit.score >= SAME:
            match = Match(fit.score, _words(fit, 0, askew=True))
            return _unless_recoloured(one, other, match, fit)
    return None


def _unless_recoloured(one: Print, other: Print, match: Match, fit: Fit) -> Match | None:
    return None if fit.overlap > _NEARLY_ALL and recoloured(one, other, fit.score) else match


def recoloured(one: Print, other: Print, score: float) -> bool:
    """Whether one shape is shown in two hues, or once without any and not as a sure copy."""
    first, second = (print_.colour.astype(np.float64).ravel() for print_ in (one, other))
    lengths = float(np.linalg.norm(first)), float(np.linalg.norm(second))
    if max(lengths) < _COLOURLESS or first @ second > _SAME_HUES * lengths[0] * lengths[1]:
        return False
    return min(lengths) >= _COLOURLESS or score < _SURE


def likeness(one: Print, other: Print) -> float:
    """How well the best fit of two prints agrees, -1..1; strangers lie around 0.2."""
    guess = coarse(one.spectra, other.spectra)[0]
    return fine(one, other, guess).score


def _likely_way(one: Print, other: Print) -> int | None:
    """The orientation in which the whole pictures agree roughly, None if in none.

    They are looked at as squares; of pictures of two shapes they have to agree better.
    """
    turns = np.stack([turned_array(other.look, way) for way in range(len(WAYS))])
    scores = (turns * one.look).sum(axis=(1, 2))
    for way in np.argsort(-scores, kind="stable"):
        if scores[way] < _LIKELY:
            return None
        stretch = abs(_stretch(one, other, turned=bool(way % 2)))
        if stretch < _SAME_SHAPE or (stretch < _MOST_STRETCHED and scores[way] >= _SQUASHED):
            return int(way)
    return None


def _stretch(one: Print, other: Print, *, turned: bool = False) -> float:
    """How much taller the one is for its width than the other, as a logarithm."""
    height, width = other.grey.shape[::-1] if turned else other.grey.shape
    return float(np.log(one.grey.shape[0] * width / (one.grey.shape[1] * height)))


def _words(fit: Fit, way: int, *, stretched: bool = False, askew: bool = False) -> str:
    said = [] if way == 0 else [WAYS[way]]
    if stretched:
        said.append("stretched")
    if askew:
        said.append("a few degrees askew")
    if fit.overlap < _CUT:
        said.append(f"{fit.overlap:.0%} of it shared")
    return ", ".join(said) or "the whole of it"
