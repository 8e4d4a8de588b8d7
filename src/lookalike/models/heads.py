"""Heads on a torch network's features: one vector an image, or a feature map of its cells."""

from __future__ import annotations

from typing import Any

from lookalike.errors import UsageError


def apply_head(features: Any, head: str, *, prefix: int, model: str) -> Any:
    """A tensor (n, channels, h, w) or (n, tokens, channels) -> (n, dim) or (n, cells, channels).

    The first `prefix` tokens are no cells: the class token, then registers. avg and max run over
    the cells, map gives them, cls gives the first token, flatten all there is.

    Raises `UsageError`, naming the shapes, when the head does not fit.
    """
    shape = " x ".join(["n", *map(str, features.shape[1:])])
    if head == "flatten":
        return features.flatten(1)
    if head == "cls":
        if features.ndim != 3:
            raise UsageError(
                f"@cls needs tokens, n x tokens x channels; {model} gives {shape}. "
                "What fits: @avg, @max, @map, @flatten."
            )
        if not prefix:
            raise UsageError(
                f"@cls needs a class token; {model} gives {shape}, all of them cells. "
                "What fits: @avg, @max, @map, @flatten."
            )
        return features[:, 0]
    if features.ndim == 4:
        cells = features.flatten(2).transpose(1, 2)
    elif features.ndim == 3:
        cells = features[:, prefix:]
    else:
        raise UsageError(
            f"@{head} needs a feature map, n x channels x h x w, or tokens, n x tokens x channels; "
            f"{model} gives {shape}. What fits: @flatten, or no head."
        )
    if head == "avg":
        return cells.mean(1)
    return cells.amax(1) if head == "max" else cells
