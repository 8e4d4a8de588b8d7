"""Ways of searching that are set against each other: one space, or a weighted mix of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from lookalike.errors import UsageError


@dataclass(frozen=True, slots=True)
class Mix:
    """A contender: what it is called, and the weight of each of its spaces."""

    name: str
    weights: Mapping[str, float]


def parse_mix(text: str) -> Mix:
    """The contender that `main`, or `main=1+colour=0.4`, stands for. Raises `UsageError`."""
    parts = text.strip().split("+")
    weights: dict[str, float] = {}
    for part in parts:
        name, equals, number = part.strip().rpartition("=")
        if not equals:
            name, number = number, "1"
        try:
            weight = float(number)
        except ValueError:
            weight = float("nan")
        if not name or not isfinite(weight) or name in weights:
            raise UsageError(f"A mix of spaces is written main=1+colour=0.4; not {text!r}.")
        weights[name] = weight
    if not any(weights.values()):
        raise UsageError(f"The weights of {text!r} are all zero: give at least one space some.")
    return Mix(text.strip(), weights)
