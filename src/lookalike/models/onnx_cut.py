"""Cuts an ONNX graph at any inner tensor, and finds what goes in at its other end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.models.onnx_graph import INPUT

_PLANES = frozenset(
    {"Conv", "ConvTranspose", "QLinearConv", "BatchNormalization", "InstanceNormalization", "LRN"}
    | {"MaxPool", "AveragePool", "LpPool", "GlobalAveragePool", "GlobalMaxPool"}
)
"""Operations that always see (n, channels, height, width)."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The image input of a graph: side and batch are None where they are free."""

    name: str
    dtype: int
    channels_first: bool
    side: int | None
    batch: int | None


def picture_input(model: Any) -> Picture:
    """The one input that takes images. Raises `ModelError` for a graph that has none."""
    from onnx import TensorProto

    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if len(inputs) != 1:
        names = ", ".join(each.name for each in inputs)
        raise ModelError(f"The model has {len(inputs)} inputs ({names}); images are one.")
    given = inputs[0].type.tensor_type
    sizes = [
        each.dim_value if each.HasField("dim_value") and each.dim_value > 0 else None
        for each in given.shape.dim
    ]
    shown = (
        f"{inputs[0].name} of {' x '.join('?' if size is None else str(size) for size in sizes)}"
    )
    if len(sizes) != 4:
        raise ModelError(f"The model takes {shown}; images are (n, 3, h, w) or (n, h, w, 3).")
    channels_first = sizes[1] == 3 or (sizes[3] != 3 and sizes[1] is None)
    channels, height, width = sizes[1:] if channels_first else (sizes[3], *sizes[1:3])
    if channels not in {None, 3}:
        raise ModelError(f"The model takes {shown}; images have three channels.")
    if height is not None and width is not None and height != width:
        raise ModelError(f"The model takes {shown}; only square pictures can be given here.")
    taken = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.UINT8)
    if given.elem_type not in taken:
        kind = TensorProto.DataType.Name(given.elem_type)
        raise ModelError(f"The model takes {kind}; images are FLOAT, FLOAT16, DOUBLE or UINT8.")
    return Picture(inputs[0].name, given.elem_type, channels_first, height or width, sizes[0])


def find_tensor(model: Any, node: str | None) -> str:
    """The tensor of that name, or the first output of the node of that name.

    Without a name, the only output. Raises `UnknownNameError` with the nearest names, or
    `UsageError` when there are several outputs to choose from.
    """
    outputs = [each.name for each in model.graph.output]
    if node is None:
        if len(outputs) == 1:
            return str(outputs[0])
        raise UsageError(
            f"The model has {len(outputs)} outputs: choose one with #{' or #'.join(outputs)}"
        )
    tensors = {name for each in model.graph.node for name in each.output if name}
    nodes = {each.name: each.output[0] for each in model.graph.node if each.name}
    if node in tensors:
        return node
    if node in nodes:
        return str(nodes[node])
    raise UnknownNameError("node", node, tensors | nodes.keys())


def cut(model: Any, tensor: str) -> None:
    """Leave of a graph, in place, what `tensor` needs, and make it the only output."""
    from onnx import TypeProto, ValueInfoProto

    needed, kept = {tensor}, []
    images = picture_input(model).name
    for node in reversed(model.graph.node):
        if needed.intersection(node.output):
            kept.append(node)
            needed.update(_used(node))
    if images not in needed:
        raise ModelError(f"{tensor} does not depend on the image.")
    constants = [each for each in model.graph.initializer if each.name in needed]
    del model.graph.node[:], model.graph.initializer[:]
    del model.graph.output[:], model.graph.value_info[:]
    model.graph.node.extend(reversed(kept))
    model.graph.initializer.extend(constants)
    model.graph.output.append(ValueInfoProto(name=tensor, type=TypeProto()))


def _used(node: Any) -> Iterator[str]:
    """The tensors a node reads, those that graphs inside of it take from outside too."""
    yield from node.input
    for attribute in node.attribute:
        for graph in (attribute.g, *attribute.graphs):
            for inner in graph.node:
                yield from _used(inner)
            yield from (each.name for each in graph.output)


def is_channels_first(model: Any, tensor: str) -> bool:
    """Whether a tensor of four dimensions is (n, channels, h, w), not (n, h, w, channels).

    Followed upward from the tensor to an operation that knows, or to `pixels`.
    """
    makers = {name: node for node in model.graph.node for name in node.output}
    order = [0, 1, 2, 3]
    while tensor in makers:
        node = makers[tensor]
        if node.op_type in _PLANES:
            return order[1] == 1
        if node.op_type == "Transpose":
            given = [list(each.ints) for each in node.attribute if each.name == "perm"]
            permutation = given[0] if given else [3, 2, 1, 0]
            if len(permutation) != 4:
                return True
            order = [permutation[axis] for axis in order]
        made = [name for name in node.input if name in makers or name == INPUT]
        if not made:
            return True
        tensor = made[0]
    return order[1] == 3
