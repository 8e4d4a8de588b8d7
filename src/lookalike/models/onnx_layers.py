"""Lists the layers of an ONNX graph: names that `#NODE` takes, kinds, shapes, parameters."""

from __future__ import annotations

from math import prod

from lookalike.models.model import Layer


def onnx_layers(serialized: bytes) -> list[Layer]:
    """One layer a node, in order, constants left out; the batch and what is not fixed are None."""
    import onnx

    model = onnx.load_from_string(serialized)
    graph = onnx.shape_inference.infer_shapes(model, data_prop=True).graph
    shapes = {
        each.name: tuple(size.dim_value or None for size in each.type.tensor_type.shape.dim)
        for each in [*graph.value_info, *graph.output]
    }
    sizes = {each.name: prod(each.dims) for each in graph.initializer}
    layers = []
    for node in graph.node:
        if node.op_type != "Constant" and node.output:
            parameters = sum(sizes.pop(name, 0) for name in node.input)
            name = node.name or node.output[0]
            layers.append(Layer(name, node.op_type, shapes.get(node.output[0], ()), parameters))
    return layers
