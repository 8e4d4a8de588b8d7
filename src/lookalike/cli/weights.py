"""`--weight NAME=W`, as often as there are spaces to search together."""

from __future__ import annotations

from math import isfinite

from lookalike.errors import UsageError


def read_weights(written: list[str]) -> dict[str, float]:
    """The weight of each space. Raises `UsageError`."""
    weights: dict[str, float] = {}
    for text in written:
        name, _, number = text.rpartition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            name = ""
        if not name or not isfinite(weights[name]):
            raise UsageError(f"--weight takes NAME=NUMBER, as main=1; not {text!r}.")
    return weights
