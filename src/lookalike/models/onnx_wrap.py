"""Turns any ONNX graph into one of ours: `pixels` uint8 in, `embedding` float32 out."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lookalike.errors import ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.onnx_batch import BATCH
from lookalike.models.onnx_cut import Picture
from lookalike.models.onnx_graph import INPUT, OUTPUT, GraphBuilder
from lookalike.models.sidecar import METADATA_KEY

PREFIX = "lookalike/"
INNER = "model/"
IR_VERSION = 4
"""The first in which constants need not be inputs too."""


def free_our_names(model: Any) -> None:
    """Rename, in place, whatever is called as one of ours may be, wrapped before or not."""
    _rename(model.graph)


def _rename(graph: Any) -> None:
    for each in [*graph.input, *graph.output, *graph.initializer]:
        each.name = _free(each.name)
    for node in graph.node:
        node.name = _free(node.name)
        node.input[:] = map(_free, node.input)
        node.output[:] = map(_free, node.output)
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                _rename(inner)


def _free(name: str) -> str:
    taken = name in {INPUT, OUTPUT} or name.startswith((PREFIX, INNER))
    return f"{INNER}{name}" if taken else name


def prepend_pixels(model: Any, picture: Picture, spec: Preprocessing, batch: int | None) -> None:
    """Put the preprocessing before a graph, in place; its input becomes `pixels`."""
    from onnx import TensorProto, helper

    builder = GraphBuilder(PREFIX)
    made = builder.pixels(spec, channels_first=picture.channels_first, dtype=picture.dtype)
    builder.nodes.append(helper.make_node("Identity", [made], [picture.name]))
    nodes = [*builder.nodes, *model.graph.node]
    shape = [batch or BATCH, spec.crop, spec.crop, 3]
    del model.graph.node[:], model.graph.input[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(builder.constants)
    model.graph.input.append(helper.make_tensor_value_info(INPUT, TensorProto.UINT8, shape))
    model.ir_version = max(model.ir_version, IR_VERSION)


def append_head(
    model: Any, tensor: str, head: str | None, rank: int, *, dtype: int, channels_first: bool
) -> None:
    """Put a head behind `tensor`, in place; the output becomes `embedding`, float32.

    Raises `ModelError` for a tensor that does not hold floating-point numbers.
    """
    from onnx import TensorProto, helper

    if dtype not in {TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE}:
        kind = TensorProto.DataType.Name(dtype)
        raise ModelError(f"{tensor} holds {kind}; a vector is of floating-point numbers.")
    builder = GraphBuilder(PREFIX)
    wanted = "flatten" if head is None and rank != 2 else head
    made = builder.head(tensor, wanted, rank, channels_first=channels_first)
    builder.nodes.append(helper.make_node("Cast", [made], [OUTPUT], to=TensorProto.FLOAT))
    model.graph.node.extend(builder.nodes)
    model.graph.initializer.extend(builder.constants)
    del model.graph.output[:]
    model.graph.output.append(helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, None))


def add_metadata(model: Any, spec: Preprocessing) -> None:
    """Write into a wrapped model, in place, what is left to be done to a picture before it."""
    left = replace(spec, mean=(0.0, 0.0, 0.0), scale=(1.0, 1.0, 1.0), channels="rgb")
    kept = [each for each in model.metadata_props if each.key != METADATA_KEY]
    del model.metadata_props[:]
    model.metadata_props.extend(kept)
    model.metadata_props.add(key=METADATA_KEY, value=json.dumps(left.as_recipe()))
