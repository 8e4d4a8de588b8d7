"""Runs any torch module as a network: on the GPU when torch sees one, else on the CPU."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError, ModelError, UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.network import NetworkOptions
from lookalike.types import Floats, Pixels


def import_torch(feature: str) -> ModuleType:
    """torch; raises `MissingExtraError` when it is not installed."""
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError(feature, "torch") from error
    module: ModuleType = torch
    return module


@dataclass(frozen=True, slots=True)
class Vision:
    """A torch module that is ready to be run.

    `forward` takes what the preprocessing gives, float (n, 3, side, side), and gives (n, dim) or
    (n, cells, channels); it uses `module` and nothing else that has weights. `compiles` is False
    for one that torch.compile would not see through.
    """

    module: Any
    forward: Callable[[Any], Any]
    compiles: bool = True

    def shape(self, preprocessing: Preprocessing, name: str) -> tuple[int, ...]:
        """The shape of one image's features, from a grey image. Raises `ModelError`."""
        pixels = np.full((1, preprocessing.crop, preprocessing.crop, 3), 128, np.uint8)
        network = TorchNetwork(self, preprocessing, NetworkOptions(device="cpu"))
        try:
            shape = network.run(pixels).shape[1:]
        except (RuntimeError, TypeError, ValueError, AssertionError, IndexError) as error:
            raise ModelError(f"{name} cannot be run on an image: {error}") from error
        if len(shape) not in {1, 2}:
            raise UsageError(
                f"{name} gives {' x '.join(['n', *map(str, shape)])} for an image, which is no "
                "vector. Choose a head: @avg, @max, @map or @flatten."
            )
        return shape


class TorchNetwork:
    """A torch module on a device; several threads may call it at once.

    On a GPU each thread has its own stream and its own pinned memory, so that the pictures of one
    batch travel while another batch is computed; they travel as bytes and are normalised there.
    """

    runtime = "torch"

    def __init__(
        self, vision: Vision, preprocessing: Preprocessing, options: NetworkOptions
    ) -> None:
        torch = import_torch("This model")
        if options.runtime != "auto":
            raise UsageError(f"This model runs with torch, not {options.runtime}: leave it out.")
        self._torch = torch
        self._device = torch_device(torch, options.device)
        self._cuda = self._device.type == "cuda"
        self.precision = options.precision
        if options.precision == "auto":
            capable = self._cuda and torch.cuda.is_bf16_supported()
            self.precision = "bf16" if capable else "fp32"
        vision.module.eval().to(self._device, memory_format=torch.channels_last)
        compiled = self._cuda and vision.compiles
        self._forward = torch.compile(vision.forward) if compiled else vision.forward
        self._mean, self._scale = (
            torch.tensor(values, device=self._device).view(1, 3, 1, 1)
            for values in (preprocessing.mean, preprocessing.scale)
        )
        self._bgr = preprocessing.channels == "bgr"
        self._own = threading.local()
        if not self._cuda:
            torch.set_num_threads(max(1, (os.cpu_count() or 1) // options.streams))

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim) or (batch, cells, channels)."""
        with self._torch.inference_mode():
            if self._cuda:
                return self._run_on_gpu(pixels)
            tensor = self._torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
            result: Floats = self._features(tensor).numpy()
            return result

    def _features(self, pixels: Any) -> Any:
        """uint8 (n, side, side, 3) on the device -> float32 there, seen as channels-last."""
        torch = self._torch
        planes = pixels.permute(0, 3, 1, 2)
        if self._bgr:
            planes = planes.flip(1)
        planes = (planes.float() - self._mean) / self._scale
        planes = planes.contiguous(memory_format=torch.channels_last)
        bf16 = self.precision == "bf16"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=bf16):
            return self._forward(planes).float().contiguous()

    def _run_on_gpu(self, pixels: Pixels) -> Floats:
        torch = self._torch
        own = self._own
        if getattr(own, "shape", None) != pixels.shape:
            own.shape = pixels.shape
            own.stream = torch.cuda.Stream(self._device)
            own.pinned = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=True)
        own.pinned.copy_(torch.from_numpy(np.require(pixels, requirements=["C", "W"])))
        with torch.cuda.stream(own.stream):
            features = self._features(own.pinned.to(self._device, non_blocking=True))
            result: Floats = features.cpu().numpy()
        return result


def torch_device(torch: ModuleType, name: str) -> Any:
    """The device of that name; `auto` is the GPU where torch sees one. Raises `UsageError`."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise UsageError(
            f"torch cannot use the device {name!r}: {str(error).splitlines()[0]} "
            "Choose --device auto or cpu."
        ) from error
    return device
