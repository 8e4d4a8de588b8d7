"""Frees the batch size that an ONNX file fixes, or keeps to it where that cannot be done."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookalike.models.network import Network
from lookalike.types import Floats, Pixels

BATCH = "n"


def free_batch(model: Any, batch: int) -> None:
    """Let every Reshape to a constant shape take any number of images, in place.

    A Reshape whose target begins with the batch size, on a tensor that does too, keeps that
    dimension as it finds it (a 0 in the target). What fixes the batch in other ways is left:
    whoever calls this runs the result with another batch to see.
    """
    import onnx
    from onnx import numpy_helper

    inferred = onnx.shape_inference.infer_shapes(model)
    leading = {
        each.name: each.type.tensor_type.shape.dim[0].dim_value
        for each in [*inferred.graph.value_info, *inferred.graph.input]
        if each.type.tensor_type.shape.dim
    }
    constants = {each.name: each for each in model.graph.initializer} | {
        node.output[0]: attribute.t
        for node in model.graph.node
        if node.op_type == "Constant"
        for attribute in node.attribute
        if attribute.name == "value"
    }
    for number, node in enumerate(model.graph.node):
        if node.op_type != "Reshape" or node.input[1] not in constants:
            continue
        if any(each.name == "allowzero" and each.i for each in node.attribute):
            continue
        target = numpy_helper.to_array(constants[node.input[1]]).copy()
        if len(target) and target[0] == batch and leading.get(node.input[0]) == batch:
            target[0] = 0
            name = f"lookalike/target{number}"
            model.graph.initializer.append(numpy_helper.from_array(target, name))
            node.input[1] = name
    del model.graph.value_info[:]


class InBatches:
    """A network that takes exactly `batch` images, made to take any number."""

    def __init__(self, network: Network, batch: int) -> None:
        self.runtime = network.runtime
        self.precision = network.precision
        self._network = network
        self._batch = batch

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (n, side, side, 3) -> float32 (n, ...)."""
        results = []
        for start in range(0, len(pixels), self._batch):
            part = pixels[start : start + self._batch]
            full = np.zeros((self._batch, *pixels.shape[1:]), np.uint8)
            full[: len(part)] = part
            results.append(self._network.run(full)[: len(part)])
        return np.concatenate(results)
