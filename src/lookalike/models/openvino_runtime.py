"""Runs a network with OpenVINO, in bfloat16 where the processor has it (`lookalike[fast]`)."""

from __future__ import annotations

import sys
import threading
from types import ModuleType
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError
from lookalike.models.bfloat16 import keep_sums
from lookalike.types import Floats, Pixels

CONVERTER = "openvino.tools.ovc"
_first = threading.Lock()
_begun = threading.Event()
"""The first run of the process is made alone: when two threads make their first tensors at once,
OpenVINO's bindings can wait for one another for ever (seen with 2026.4: one has the
interpreter's lock and waits for a static's guard, the other has the guard)."""


def import_openvino() -> ModuleType:
    """OpenVINO without its model converter, whose import reports usage over the network.

    Raises `MissingExtraError`.
    """
    blocked = CONVERTER not in sys.modules
    if blocked:
        sys.modules[CONVERTER] = None  # type: ignore[assignment]
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("the OpenVINO runtime", "fast") from error
    finally:
        if blocked:
            del sys.modules[CONVERTER]
    module: ModuleType = openvino
    return module


class OpenVinoNetwork:
    """A compiled network with one stream a core; each calling thread has its own request.

    `model` is a serialized ONNX model or an `openvino.Model`, its input uint8 (n, side, side, 3).
    """

    runtime = "openvino"

    def __init__(self, model: Any, *, batch: int, streams: int, precision: str) -> None:
        openvino = import_openvino()
        core = openvino.Core()
        if precision == "auto":
            capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
            precision = "bf16" if capable else "fp32"
        self.precision = precision
        network = core.read_model(model) if isinstance(model, bytes) else model
        shape = network.input(0).partial_shape
        network.reshape([batch, *(shape[axis].get_length() for axis in range(1, len(shape)))])
        if precision == "bf16":
            _keep_kernel_sums(network)
        settings = {
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bf16" else "f32",
            "NUM_STREAMS": streams,
            "INFERENCE_NUM_THREADS": streams,
            "ENABLE_CPU_PINNING": False,
        }
        self._compiled = core.compile_model(network, "CPU", settings)
        self._requests = threading.local()

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim)."""
        if _begun.is_set():
            return self._infer(pixels)
        with _first:
            vectors = self._infer(pixels)
            _begun.set()
        return vectors

    def _infer(self, pixels: Pixels) -> Floats:
        request: Any = getattr(self._requests, "own", None)
        if request is None:
            request = self._requests.own = self._compiled.create_infer_request()
        request.infer({0: pixels}, share_inputs=True)
        vectors: Floats = request.get_output_tensor(0).data.copy()
        return vectors


def _keep_kernel_sums(network: Any) -> None:
    """Round the constant kernels of depthwise convolutions here, better than OpenVINO would."""
    from openvino import op

    for node in network.get_ops():
        if node.get_type_name() != "GroupConvolution":
            continue
        kernels = node.input_value(1).get_node()
        while kernels.get_type_name() == "Reshape":
            kernels = kernels.input_value(0).get_node()
        if kernels.get_type_name() == "Constant" and kernels.data.dtype == np.float32:
            shape = list(node.input_value(1).shape)
            taps = int(np.prod(shape[3:]))
            rounded = keep_sums(kernels.data.reshape(-1, taps)).reshape(shape)
            node.input(1).replace_source_output(op.Constant(rounded).output(0))
