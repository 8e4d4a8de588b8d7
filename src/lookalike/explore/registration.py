"""Whether two pictures show the same pixels, one perhaps cut out of the other or framed anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.types import Floats, Pixels

COARSE = 32
"""Longer side, in pixels, at which all scales and offsets are tried."""
FINE = 96
"""Longer side at which the best of them are settled."""
SCALES = (1.0, 0.94, 0.88, 0.825, 0.775, 0.725)
"""How much smaller the one may show what the other shows; about 6 % apart."""
LEAST_OVERLAP = 0.45
"""The part of the smaller picture's area that both must show."""
_PAD = 50
"""Room for every move that leaves enough in common: a picture never meets itself again."""
_PEAKS = 2
_FIRST = [0] * len(SCALES) + list(range(1, len(SCALES)))
_SECOND = [*range(len(SCALES)), *[0] * (len(SCALES) - 1)]
_WIDE = (-0.04, -0.02, 0.0, 0.02, 0.04)
_NARROW = (-0.01, 0.0, 0.01)
_NOISE = 6.0
RADIUS = 4
_FLAT = 10
_LEAST_LEFT = 0.4


Shapes = tuple[tuple[int, int], ...]
"""Height and width of a picture at each of the coarse scales."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How well two pictures agree where they overlap.

    `score` is the correlation of their detail there, -1..1; `scale` how large the second's
    pixels are in the first; `overlap` the part of the larger area that both show, 0..1.
    """

    score: float
    scale: float
    overlap: float


@dataclass(frozen=True, slots=True)
class Guess:
    """Where the second picture, scaled, lies on the first: its corner, in coarse pixels."""

    score: float
    scale: float
    down: int
    right: int


def detail(grey: NDArray[np.floating] | Pixels, radius: int) -> Floats:
    """Grey levels (h, w) less their local mean, over their local contrast: float32 (h, w).

    What is left does not change with brightness and contrast, and little with JPEG.
    """
    values = np.asarray(grey, dtype=np.float64)
    mean, square = _box_means(np.stack([values, values * values]), radius)
    spread = np.sqrt(np.maximum(square - mean * mean, 0))
    found: Floats = ((values - mean) / (spread + _NOISE)).astype(np.float32)
    return found


def _box_means(values: NDArray[np.float64], radius: int) -> NDArray[np.float64]:
    """(n, h, w): the means over squares of 2 radius + 1, cut off at the edges."""
    for axis in (1, 2):
        length = values.shape[axis]
        shape = list(values.shape)
        shape[axis] += 1
        sums = np.zeros(shape)
        np.cumsum(values, axis, out=sums[:, 1:] if axis == 1 else sums[:, :, 1:])
        low, high = _windows(length, radius)
        counts = (high - low).reshape((-1, 1) if axis == 1 else (1, -1))
        values = (sums.take(high, axis) - sums.take(low, axis)) / counts
    return values


@lru_cache(256)
def _windows(length: int, radius: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the window around each place begins, and where it ends."""
    places = np.arange(length)
    return np.maximum(places - radius, 0), np.minimum(places + radius + 1, length)


def scaled(grey: Pixels, longer: float) -> Pixels:
    """The picture with its longer side `longer` pixels."""
    factor = longer / max(grey.shape)
    size = (max(4, round(grey.shape[1] * factor)), max(4, round(grey.shape[0] * factor)))
    return np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def without_frame(grey: Pixels) -> tuple[Pixels, tuple[int, int]]:
    """The picture without a border of one colour, where something is left of it.

    And its left and top in the whole.
    """
    inside, corner = grey, [0, 0]
    for axis in (1, 0):  # rows, then, turned, columns
        flat = np.ptp(inside, axis=1) <= _FLAT
        flat &= np.abs(inside.mean(axis=1) - inside[0, 0]) <= _FLAT
        rows = np.flatnonzero(~flat)
        if len(rows) and rows[-1] + 1 - rows[0] > len(inside) * _LEAST_LEFT:
            corner[axis] = int(rows[0])
            inside = inside[rows[0] : rows[-1] + 1]
        inside = inside.T
    return np.ascontiguousarray(inside), (corner[0], corner[1])


class Sharp(Protocol):
    """A picture, uint8 (h, w), and its detail at `FINE` pixels."""

    @property
    def grey(self) -> Pixels:
        """Grey levels."""

    @property
    def fine(self) -> Floats:
        """The detail, float32."""


class Spectra:
    """One picture at all coarse scales, ready to be slid over others."""

    def __init__(self, grey: Pixels) -> None:
        stack = np.zeros((len(SCALES), 2, _PAD, _PAD), dtype=np.float32)
        shapes = []
        for number, scale in enumerate(SCALES):
            part = detail(scaled(grey, COARSE * scale), 3)
            height, width = part.shape
            stack[number, 0, :height, :width] = part
            stack[number, 1, :height, :width] = part * part
            shapes.append((height, width))
        self.shapes = tuple(shapes)
        self.spectra = np.fft.rfft2(stack)


def coarse(first: Spectra, second: Spectra) -> list[Guess]:
    """Where the second picture may lie on the first, best first.

    A scale below 1 shrinks the second, above 1 the first.
    """
    one, other = first.spectra[_FIRST], second.spectra[_SECOND].conj()
    ones, others = _covered(first.shapes)[_FIRST], _covered(second.shapes)[_SECOND].conj()
    products = np.stack([one[:, 0] * other[:, 0], one[:, 1] * others, ones * other[:, 1]])
    maps = np.fft.irfft2(products, s=(_PAD, _PAD))
    energy = np.sqrt(np.maximum(maps[1], 1e-3) * np.maximum(maps[2], 1e-3))
    scores = np.where(_enough(first.shapes, second.shapes), maps[0] / energy, -1)
    found = []
    for _ in range(_PEAKS):
        place = int(scores.argmax())
        index, down, right = (int(part) for part in np.unravel_index(place, scores.shape))
        score = float(scores[index, down, right])
        lengths, parts = first.shapes[_FIRST[index]], second.shapes[_SECOND[index]]
        down = int(_moves(lengths[0], parts[0])[down])
        right = int(_moves(lengths[1], parts[1])[right])
        scale = SCALES[_SECOND[index]] / SCALES[_FIRST[index]]
        found.append(Guess(score, float(scale), down, right))
        scores[index] = -1
    return found


@lru_cache(1024)
def _covered(shapes: Shapes) -> NDArray[np.complexfloating]:
    """The spectra of masks: 1 where a picture of each shape is."""
    stack = np.zeros((len(shapes), _PAD, _PAD), dtype=np.float32)
    for mask, (height, width) in zip(stack, shapes, strict=True):
        mask[:height, :width] = 1
    return np.fft.rfft2(stack)


@lru_cache(1024)
def _enough(first: Shapes, second: Shapes) -> NDArray[np.bool_]:
    """For each pair of scales, the moves that leave enough of the smaller one in common."""
    found = np.empty((len(_FIRST), _PAD, _PAD), dtype=np.bool_)
    for number, pair in enumerate(zip(_FIRST, _SECOND, strict=True)):
        one, other = first[pair[0]], second[pair[1]]
        down, right = (
            np.maximum(0, np.minimum(length, moves + part) - np.maximum(0, moves))
            for length, part in zip(one, other, strict=True)
            for moves in (_moves(length, part),)
        )
        smaller = min(one[0] * one[1], other[0] * other[1])
        found[number] = down[:, None] * right >= LEAST_OVERLAP * smaller
    return found


def _moves(length: int, part: int) -> NDArray[np.int64]:
    """How far each place of a map moves the second: of two readings that with more in common."""
    places = np.arange(_PAD)
    return np.where(2 * places >= _PAD + length - part, places - _PAD, places)


def fine(first: Sharp, second: Sharp, guess: Guess) -> Fit:
    """The best fit near a coarse one, at `FINE` pixels."""
    if guess.scale > 1:
        turned = Guess(guess.score, 1 / guess.scale, -guess.down, -guess.right)
        fit = fine(second, first, turned)
        return Fit(fit.score, 1 / fit.scale, fit.overlap)
    step = FINE / COARSE
    best = Guess(-1.0, guess.scale, round(guess.down * step), round(guess.right * step))
    best = _nudged(first.fine, second.fine, best, _WIDE, (-2, 0, 2))
    best = _nudged(first.fine, second.fine, best, _NARROW, (-1, 0, 1))
    base, part = scaled(first.grey, FINE), scaled(second.grey, FINE * best.scale)
    one, other = _common(base, part, best.down, best.right)
    score = best.score
    if min(one.shape) > RADIUS:  # local means that know nothing of what only one of them shows
        score = max(score, _correlation(detail(one, RADIUS), detail(other, RADIUS)))
    return Fit(score, best.scale, one.size / max(base.size, part.size))


def _nudged(
    base: Floats, second: Floats, at: Guess, changes: Sequence[float], nudges: Sequence[int]
) -> Guess:
    """The best of a few scales and places around one; the centre of the second stays."""
    height, width = (length * at.scale for length in second.shape)
    best = at
    for change in changes:
        now = at.scale * (1 + change)
        part = _resized(second, now)
        top = at.down + (height - part.shape[0]) / 2
        left = at.right + (width - part.shape[1]) / 2
        for y in nudges:
            for x in nudges:
                place = (round(top) + y, round(left) + x)
                score = _correlation(*_common(base, part, *place))
                if score > best.score:
                    best = Guess(score, now, *place)
    return best


def _resized(values: Floats, factor: float) -> Floats:
    size = (max(4, round(values.shape[1] * factor)), max(4, round(values.shape[0] * factor)))
    return np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))


def whole(one: Floats, other: Floats) -> float:
    """The correlation of two details of the same size, give or take a pixel."""
    height, width = (min(lengths) for lengths in zip(one.shape, other.shape, strict=True))
    return _correlation(one[:height, :width], other[:height, :width])


def _common(base: Any, part: Any, down: int, right: int) -> tuple[Any, Any]:
    """What both show where `part`, moved, lies on `base`."""
    top, left = max(0, down), max(0, right)
    bottom = max(top, min(base.shape[0], down + part.shape[0]))
    end = max(left, min(base.shape[1], right + part.shape[1]))
    return base[top:bottom, left:end], part[top - down : bottom - down, left - right : end - right]


def _correlation(one: Floats, other: Floats) -> float:
    """Of two arrays whose mean is about 0."""
    flat, second = one.ravel(), other.ravel()
    energy = float(np.sqrt((flat @ flat) * (second @ second)))
    return float(flat @ second) / energy if energy else -1.0
