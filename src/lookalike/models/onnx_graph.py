"""Builds ONNX graphs: pictures as uint8 `pixels` in front, a head behind, nodes in between."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from lookalike.errors import UsageError
from lookalike.images.preprocess import Preprocessing

INPUT = "pixels"
OUTPUT = "embedding"
HEAD_RANKS = {"avg": (4,), "max": (4,), "map": (3, 4), "cls": (3,), "flatten": (2, 3, 4, 5)}
"""Head -> how many dimensions the tensor before it may have, the batch among them."""


class GraphBuilder:
    """Collects nodes and constants; every method that adds a node gives its output's name."""

    def __init__(self, prefix: str = "") -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._prefix = prefix

    def node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """Add an operation; `output` names it and what it gives."""
        from onnx import helper

        name = self._prefix + output
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, name: str, values: Any) -> str:
        """A constant of that name; asked for again, the one that is there."""
        from onnx import numpy_helper

        name = self._prefix + name
        if all(constant.name != name for constant in self.constants):
            self.constants.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def pixels(self, spec: Preprocessing, *, channels_first: bool, dtype: int) -> str:
        """Channel order, mean and scale: from `pixels` to what a network takes as its input.

        `dtype` is a `TensorProto` type; pictures that already are what is wanted pass as they are.
        """
        from onnx import TensorProto

        x = INPUT
        if spec.channels == "bgr":
            x = self.node(
                "Gather", [x, self.constant("order", np.array([2, 1, 0], np.int64))], "bgr", axis=3
            )
        plain = not any(spec.mean) and set(spec.scale) == {1.0}
        if not plain or dtype != TensorProto.UINT8:
            x = self.node("Cast", [x], "floats", to=dtype if plain else TensorProto.FLOAT)
        if channels_first:
            x = self.node("Transpose", [x], "planes", perm=[0, 3, 1, 2])
        if not plain:
            shape = (3, 1, 1) if channels_first else (3,)
            mean = np.array(spec.mean, np.float32).reshape(shape)
            scale = np.array(spec.scale, np.float32).reshape(shape)
            x = self.node("Sub", [x, self.constant("mean", mean)], "centred")
            x = self.node("Div", [x, self.constant("scale", scale)], "normalised")
            if dtype != TensorProto.FLOAT:
                x = self.node("Cast", [x], "input", to=dtype)
        return x

    def head(self, x: str, head: str | None, rank: int, *, channels_first: bool) -> str:
        """A head on a tensor (n, ...) of `rank` dimensions, one of `HEAD_RANKS[head]`.

        cls: the first token of (n, tokens, dim). avg, max: over the cells of a feature map. map:
        (n, cells, channels). flatten: (n, all).
        """
        if head is None:
            return x
        if head == "cls":
            return self.node("Gather", [x, self.constant("first", np.int64(0))], "cls", axis=1)
        if head == "map" and rank == 3:
            return x
        if head != "flatten" and not channels_first:
            x = self.node("Transpose", [x], "channels_first", perm=[0, 3, 1, 2])
        if head == "map":
            cells = self.constant("cells", np.array([0, 0, -1], np.int64))
            x = self.node("Reshape", [x, cells], "columns")
            return self.node("Transpose", [x], "map", perm=[0, 2, 1])
        if head in {"avg", "max"}:
            kind = "GlobalAveragePool" if head == "avg" else "GlobalMaxPool"
            x = self.node(kind, [x], "pooled")
        return self.node("Flatten", [x], "flat", axis=1)


def check_head(model: str, head: str | None, shape: tuple[int | None, ...]) -> None:
    """Refuse a head that does not fit a tensor of that shape, batch first, and say what does."""
    readable = " x ".join(["n", *("?" if size is None else str(size) for size in shape[1:])])
    if head is not None:
        if len(shape) not in HEAD_RANKS[head]:
            fitting = [f"@{name}" for name, ranks in HEAD_RANKS.items() if len(shape) in ranks]
            wanted = " or ".join(map(str, HEAD_RANKS[head]))
            raise UsageError(
                f"@{head} needs a tensor of {wanted} dimensions; {model} gives {readable}. "
                f"What fits: {', '.join(fitting) or 'another node'}."
            )
    elif len(shape) != 2 and any(size != 1 for size in shape[2:]):
        fitting = [f"@{name}" for name, ranks in HEAD_RANKS.items() if len(shape) in ranks]
        raise UsageError(
            f"{model} gives {readable} for an image, which is no vector. "
            f"Choose a head: {', '.join(fitting) or 'name another node'}."
        )


def head_shape(
    head: str | None, shape: tuple[int, ...], *, channels_first: bool
) -> tuple[int, ...]:
    """What a head makes of a tensor of that shape, batch first: (dim,) or (cells, channels)."""
    sizes = shape[1:]
    if head in {"avg", "max"}:
        return (sizes[0 if channels_first else -1],)
    if head == "cls":
        return (sizes[1],)
    if head == "map" and len(sizes) == 3:
        channels = sizes[0 if channels_first else -1]
        return (prod(sizes) // channels, channels)
    return sizes if head == "map" else (prod(sizes),)
