"""Runs a network with ONNX Runtime: the runtime of the core install."""

from __future__ import annotations

from lookalike.types import Floats, Pixels


class OnnxNetwork:
    """A network that computes on the calling thread; several threads may call it at once.

    ONNX Runtime gives up the interpreter's lock while it computes, so a thread a core keeps
    all cores busy without their waiting for one another.
    """

    runtime = "onnx"
    precision = "fp32"

    def __init__(self, model: bytes) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            model, options, providers=["CPUExecutionProvider"]
        )

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim)."""
        (vectors,) = self._session.run(None, {"pixels": pixels})
        result: Floats = vectors
        return result
