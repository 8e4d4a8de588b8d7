"""Finds out of an ONNX graph what only shape inference or a run can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ModelError
from lookalike.models.onnx_graph import INPUT
from lookalike.types import Pixels

SAME = 1e-3
"""How far the values of an image may differ, relatively, with its place in a batch."""


def tensor_type(model: Any, tensor: str) -> tuple[int, tuple[int, ...] | None]:
    """`TensorProto` type and shape of a tensor; None for a shape that is not fixed.

    The first dimension, the batch, is given as 1. Raises `ModelError` for a graph that does
    not hold together.
    """
    import onnx

    try:
        graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    except onnx.shape_inference.InferenceError as error:
        raise ModelError(f"The model does not hold together: {error}") from error
    found = {each.name: each.type.tensor_type for each in [*graph.value_info, *graph.output]}
    kind = found[tensor]
    sizes = [each.dim_value for each in kind.shape.dim[1:]] if kind.HasField("shape") else [0]
    fixed = len(kind.shape.dim) > 0 and all(size > 0 for size in sizes)
    return kind.elem_type or onnx.TensorProto.FLOAT, (1, *sizes) if fixed else None


def run_once(model: Any, side: int, batch: int) -> NDArray[Any]:
    """What a graph with the input `pixels` gives for grey images. Raises `ModelError`."""
    return _run(model, [np.full((batch, side, side, 3), 128, np.uint8)])[0]


def takes_another_batch(model: Any, side: int, batch: int) -> bool:
    """Whether one image more than `batch` gives a row each, the same in either order."""
    pixels = np.random.default_rng(0).integers(0, 256, (batch + 1, side, side, 3), np.uint8)
    try:
        one, other = _run(model, [pixels, pixels[::-1]])
    except ModelError:
        return False
    if len(one) != batch + 1 or one.shape != other.shape:
        return False
    return bool(np.allclose(one, other[::-1], rtol=SAME, atol=SAME * float(np.abs(one).max())))


def _run(model: Any, inputs: list[Pixels]) -> list[NDArray[Any]]:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        return [session.run(None, {INPUT: np.ascontiguousarray(x)})[0] for x in inputs]
    except Exception as error:  # ONNX Runtime raises many kinds, without a common one
        raise ModelError(f"The model cannot be run: {error}") from error
