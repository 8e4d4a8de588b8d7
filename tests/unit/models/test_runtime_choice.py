"""Which runtime an ONNX graph gets, and what its layers take: int8 stays with ONNX Runtime."""

from __future__ import annotations

import numpy as np
import onnx
import pytest

from lookalike.errors import UsageError
from lookalike.models.network import NetworkOptions, open_onnx
from lookalike.models.onnx_layers import onnx_layers
from lookalike.models.trying import least_cosine

SIDE = 4


def graph(*, quantized: bool) -> bytes:
    """`pixels` -> their channel means times a (3, 5) matrix, kept as int8 or as float32."""
    make, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    whole = np.random.default_rng(0).integers(-9, 9, (3, 5)).astype(np.int8)
    constants = {"axes": np.array([1, 2], np.int64)}
    nodes = [
        make("Cast", ["pixels"], ["floats"], to=onnx.TensorProto.FLOAT),
        make("ReduceMean", ["floats", "axes"], ["means"], keepdims=0),
    ]
    if quantized:
        constants |= {"w": whole, "step": np.float32(0.5), "zero": np.int8(0)}
        nodes.append(make("DequantizeLinear", ["w", "step", "zero"], ["weights"]))
    else:
        constants["weights"] = whole.astype(np.float32) * 0.5
    nodes.append(make("MatMul", ["means", "weights"], ["embedding"]))
    made = onnx.helper.make_graph(
        nodes,
        "tiny",
        [info("pixels", onnx.TensorProto.UINT8, ["n", SIDE, SIDE, 3])],
        [info("embedding", onnx.TensorProto.FLOAT, ["n", 5])],
        [onnx.numpy_helper.from_array(np.asarray(value), key) for key, value in constants.items()],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    return onnx.helper.make_model(made, opset_imports=opset, ir_version=9).SerializeToString()


def test_int8_is_run_by_onnx_runtime_alone() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (2, SIDE, SIDE, 3), np.uint8)
    network = open_onnx(graph(quantized=True), NetworkOptions(batch=2))
    assert network.runtime == "onnx"
    plain = open_onnx(graph(quantized=False), NetworkOptions("onnx", batch=2))
    assert least_cosine(network.run(pixels), plain.run(pixels)) > 0.9999
    with pytest.raises(UsageError, match="quantized: OpenVINO would give other vectors"):
        open_onnx(graph(quantized=True), NetworkOptions("openvino"))


@pytest.mark.extra
def test_openvino_takes_the_others() -> None:
    assert open_onnx(graph(quantized=False), NetworkOptions()).runtime == "openvino"


def test_layers_tell_the_bytes_that_are_kept() -> None:
    small = {one.kind: one for one in onnx_layers(graph(quantized=True))}
    assert (small["DequantizeLinear"].parameters, small["DequantizeLinear"].bytes) == (17, 20)
    large = {one.kind: one for one in onnx_layers(graph(quantized=False))}
    assert (large["MatMul"].parameters, large["MatMul"].bytes) == (15, 60)
