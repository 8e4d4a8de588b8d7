"""Chooses the runtime that runs a network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Literal, Protocol

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.onnx_runtime import OnnxNetwork
from lookalike.models.openvino_runtime import OpenVinoNetwork
from lookalike.types import Floats, Pixels

Runtime = Literal["auto", "onnx", "openvino"]
Precision = Literal["auto", "fp32", "bf16"]
RUNTIMES = ("auto", "onnx", "openvino")
PRECISIONS = ("auto", "fp32", "bf16")


class Network(Protocol):
    """A loaded network. `run` may be called from several threads at once."""

    runtime: str
    precision: str

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim)."""
        ...


def open_network(
    model: bytes,
    *,
    runtime: str = "auto",
    precision: str = "auto",
    batch: int = 1,
    streams: int = 1,
) -> Network:
    """Load a serialized ONNX model. `auto` means OpenVINO where it is installed.

    Raises `UnknownNameError`, `MissingExtraError`, or `UsageError` for a precision that the
    runtime does not have.
    """
    if runtime not in RUNTIMES:
        raise UnknownNameError("runtime", runtime, RUNTIMES)
    if precision not in PRECISIONS:
        raise UnknownNameError("precision", precision, PRECISIONS)
    if runtime == "openvino" or (runtime == "auto" and find_spec("openvino")):
        return OpenVinoNetwork(model, batch=batch, streams=streams, precision=precision)
    if precision == "bf16":
        raise UsageError("ONNX Runtime computes in fp32 here; bf16 needs --runtime openvino.")
    return OnnxNetwork(model)
