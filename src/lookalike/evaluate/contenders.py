"""Ways of searching that are set against each other: one space, or a weighted mix of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from lookalike.errors import UsageError

BY_INDEX = ":index"


@dataclass(frozen=True, slots=True)
class Mix:
    """A contender: what it is called, and the weight of each of its spaces.

    With `by_index` its one space is asked by its approximate index; `where` is a filter of the
    images that may answer, None for all.
    """

    name: str
    weights: Mapping[str, float]
    by_index: bool = False
    where: str | None = None


def split_mixes(text: str) -> list[str]:
    """The contenders of `main,main:index,main[kind in (a, b)]`: at commas outside of brackets."""
    found, depth = [""], 0
    for character in text:
        depth += (character == "[") - (character == "]")
        if character == "," and depth <= 0:
            found.append("")
        else:
            found[-1] += character
    return found


def parse_mix(text: str) -> Mix:
    """The contender that a text stands for. Raises `UsageError`.

    `main` is a space, `main=1+colour=0.4` a mix, `main:index` the space by its approximate
    index; `[label = Dress]` behind any of them is a filter of what may be found.
    """
    rest, where = text.strip(), None
    if rest.endswith("]") and "[" in rest:
        rest, _, filtered = rest[:-1].partition("[")
        where = filtered.strip() or None
    by_index = rest.strip().endswith(BY_INDEX)
    weights = _weights(rest.strip().removesuffix(BY_INDEX), text)
    if by_index and len(weights) > 1:
        raise UsageError(f"An index is of one space; {text!r} mixes several.")
    return Mix(text.strip(), weights, by_index, where)


def _weights(rest: str, text: str) -> dict[str, float]:
    parts = rest.split("+")
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
    return weights
