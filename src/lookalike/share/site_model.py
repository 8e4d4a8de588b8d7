"""The default model as data: what a page needs to make the vector of a visitor's picture itself.

The network is a chain of convolutions, so that its layers and their weights are all there is
to say. The page's own code (`web/site/src/network.ts`) runs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike.errors import ModelError, UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.catalog import catalog_row
from lookalike.models.efficientnet_lite import built
from lookalike.store.records import Space
from lookalike.types import Halves

NAME = "efficientnet-lite0"
_IN_FRONT = {"Cast", "Transpose", "Sub", "Div"}
_AT_THE_END = {"GlobalAveragePool", "Flatten"}


@dataclass(frozen=True, slots=True)
class SiteModel:
    """`facts` for the page as plain data, and the weights one layer after the other, float16.

    Of each layer, first its kernels: (kernel, kernel, channels) where each channel has its own,
    else (out, kernel, kernel, in); then its biases (out,).
    """

    facts: dict[str, Any]
    weights: Halves


def site_model(space: Space) -> SiteModel:
    """The model that made the vectors of a space. Raises `UsageError` where no page can run it."""
    recipe: Mapping[str, Any] = space.recipe
    row = catalog_row(NAME)
    usual = {
        "model": NAME,
        "revision": row.revision,
        "weights_sha256": row.weights_sha256,
        "head": row.head,
        "reducers": [],
        "normalised": True,
    }
    other = [name for name, value in usual.items() if recipe.get(name) != value]
    if not other and Preprocessing.from_recipe(recipe["preprocessing"]) != row.preprocessing:
        other = ["preprocessing"]
    if other:
        raise UsageError(
            f"A page can run {NAME} as it is, and no other model: space {space.name!r} differs in "
            f"{', '.join(other)}. Name another one with --space, or leave --with-model out."
        )
    layers, weights = _layers(built(row))
    spec = row.preprocessing
    facts = {
        "name": NAME,
        "shorterSide": spec.shorter_side,
        "crop": spec.crop,
        "mean": spec.mean,
        "scale": spec.scale,
        "layers": layers,
    }
    return SiteModel(facts, weights)


def _layers(network: bytes) -> tuple[list[dict[str, Any]], Halves]:
    """The convolutions of an ONNX graph in their order. Raises `ModelError` for other graphs."""
    import onnx

    graph = onnx.load_model_from_string(network).graph
    constants = {one.name: onnx.numpy_helper.to_array(one) for one in graph.initializer}
    layers: list[dict[str, Any]] = []
    weights: list[Halves] = []
    made_by: dict[str, int] = {}
    for node in graph.node:
        if node.op_type == "Conv":
            kernels, biases = (constants[name] for name in node.input[1:])
            attributes = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
            by_channel = attributes["group"] > 1
            order = (1, 2, 3, 0) if by_channel else (0, 2, 3, 1)
            weights += [
                values.ravel().astype(np.float16) for values in (kernels.transpose(order), biases)
            ]
            layers.append(
                {
                    "out": len(biases),
                    "kernel": attributes["kernel_shape"][0],
                    "stride": attributes["strides"][0],
                    "byChannel": by_channel,
                    "relu6": False,
                    "add": None,
                }
            )
        elif node.op_type == "Clip":
            layers[-1]["relu6"] = True
        elif node.op_type == "Add":
            layers[-1]["add"] = made_by[node.input[1]]
        elif node.op_type not in _IN_FRONT | _AT_THE_END:
            raise ModelError(f"A page cannot run a network with the operation {node.op_type}.")
        made_by[node.output[0]] = len(layers) - 1
    return layers, np.concatenate(weights)
