"""A loaded network, whatever runs it, and the choice of the runtime for ONNX files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.onnx_runtime import OnnxNetwork
from lookalike.models.openvino_runtime import OpenVinoNetwork
from lookalike.types import Floats, Pixels

RUNTIMES = ("auto", "onnx", "openvino")
PRECISIONS = ("auto", "fp32", "bf16")
QUANTIZED = (b"QuantizeLinear", b"DequantizeLinear", b"QLinear")
"""Operators of int8 graphs; they are looked for in the bytes, as parsing costs a start dearly."""


class Network(Protocol):
    """A loaded network. `run` may be called from as many threads at once as it has streams."""

    runtime: str
    precision: str

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim), or (batch, cells, channels)."""
        ...


@dataclass(frozen=True, slots=True)
class Feeding:
    """What keeps a network busy: images a call, and calls at once (None: one a core)."""

    batch: int
    streams: int | None = None


ON_CORES = Feeding(batch=4)
"""On a CPU, small batches stay in the caches and are the fastest."""


class TextTower(Protocol):
    """The half of a model that embeds texts, comparable with the images of the other half."""

    def embed(self, texts: Sequence[str]) -> Floats:
        """Texts -> float32 (n, dim)."""
        ...


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """How a network is to be run; raises `UnknownNameError` for a name that does not exist.

    `runtime`: auto, onnx, openvino; `precision`: auto, fp32, bf16; `batch`: images a call;
    `streams`: calls at once; `device`: auto, cpu or a torch device.
    """

    runtime: str = "auto"
    precision: str = "auto"
    batch: int = 1
    streams: int = 1
    device: str = "auto"

    def __post_init__(self) -> None:
        if self.runtime not in RUNTIMES:
            raise UnknownNameError("runtime", self.runtime, RUNTIMES)
        if self.precision not in PRECISIONS:
            raise UnknownNameError("precision", self.precision, PRECISIONS)


def open_onnx(model: bytes, options: NetworkOptions) -> Network:
    """Load a serialized ONNX model whose input is `pixels`, uint8 (n, side, side, 3).

    `auto` means OpenVINO where it is installed, but ONNX Runtime for a graph in int8: OpenVINO
    rounds elsewhere in such a graph, and gives other vectors. Raises `MissingExtraError`, or
    `UsageError` for a precision or a device that the runtime does not have.
    """
    if options.device not in {"auto", "cpu"}:
        raise UsageError(f"This model runs on the CPU only, not on {options.device!r}.")
    chosen = options.runtime
    if any(name in model for name in QUANTIZED):
        if chosen == "openvino":
            raise UsageError(
                "This network is quantized: OpenVINO would give other vectors than it was made "
                "for. Leave --runtime out, or take --runtime onnx."
            )
        chosen = "onnx"
    if chosen == "openvino" or (chosen == "auto" and find_spec("openvino")):
        return OpenVinoNetwork(
            model, batch=options.batch, streams=options.streams, precision=options.precision
        )
    if options.precision == "bf16":
        raise UsageError("ONNX Runtime computes in fp32 here; bf16 needs --runtime openvino.")
    return OnnxNetwork(model)
