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
    widths = {each.name: _width(each.data_type) for each in graph.initializer}
    layers = []
    for node in graph.node:
        if node.op_type != "Constant" and node.output:
            own = {name: sizes.pop(name) for name in node.input if name in sizes}
            taken = sum(round(widths[name] * size) for name, size in own.items())
            name = node.name or node.output[0]
            shape = shapes.get(node.output[0], ())
            layers.append(Layer(name, node.op_type, shape, sum(own.values()), taken))
    return layers


def _width(data_type: int) -> float:
    """Bytes that one value of a `TensorProto` type takes."""
    import onnx

    if data_type in {onnx.TensorProto.INT4, onnx.TensorProto.UINT4}:
        return 0.5
    return float(onnx.helper.tensor_dtype_to_np_dtype(data_type).itemsize)
