"""Runs any torch module as a network: on the GPU when torch sees one, else on the CPU."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from lookalike.cores import cores
from lookalike.errors import MissingExtraError, ModelError, UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.network import ON_CORES, Feeding, NetworkOptions
from lookalike.types import Floats, Pixels

KEPT = 2
"""Modules that each loader keeps, so that a model asked for again is not built again."""
WORTH_COMPILING = 32
"""Images a batch from which a network is compiled: for a few images it would take longer."""


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

    def planes(self, pixels: Pixels, preprocessing: Preprocessing) -> Any:
        """uint8 (n, side, side, 3) -> what `forward` takes, where the module's weights are."""
        torch = import_torch("This model")
        weights = next(self.module.parameters(), None)
        device = torch.device("cpu") if weights is None else weights.device
        return normaliser(preprocessing, device)(torch.from_numpy(pixels).to(device))

    def run_once(self, preprocessing: Preprocessing) -> tuple[int, ...]:
        """What `forward` gives for a grey image: its shape, without the batch."""
        torch = import_torch("This model")
        self.module.eval()
        with torch.inference_mode():
            return tuple(self.forward(self.planes(grey(1, preprocessing), preprocessing)).shape[1:])

    def shape(self, preprocessing: Preprocessing, name: str) -> tuple[int, ...]:
        """The shape of one image's features, from a grey image. Raises `ModelError`."""
        try:
            shape = self.run_once(preprocessing)
        except (RuntimeError, TypeError, ValueError, AssertionError, IndexError) as error:
            raise ModelError(f"{name} cannot be run on an image: {error}") from error
        if len(shape) not in {1, 2}:
            raise UsageError(
                f"{name} gives {' x '.join(['n', *map(str, shape)])} for an image, which is no "
                "vector. Choose a head: @avg, @max, @map or @flatten."
            )
        return shape


GPU_FEEDING = Feeding(batch=128, streams=2)
"""Large batches fill a GPU; two streams, so that one batch travels while another is computed."""


def torch_feeding(device: str) -> Feeding:
    """What keeps a torch model busy on the device of that name. Raises `UsageError`."""
    found = torch_device(import_torch("This model"), device)
    return GPU_FEEDING if found.type == "cuda" else ON_CORES


def grey(count: int, preprocessing: Preprocessing) -> Pixels:
    """Grey images, uint8 (count, side, side, 3)."""
    return np.full((count, preprocessing.crop, preprocessing.crop, 3), 128, np.uint8)


def scaler(preprocessing: Preprocessing, device: Any) -> Callable[[Any], Any]:
    """Planes (n, 3, side, side) of 0..255 -> what the network takes, channels last."""
    torch = import_torch("This model")
    mean, scale = (
        torch.tensor(values, device=device).view(1, 3, 1, 1)
        for values in (preprocessing.mean, preprocessing.scale)
    )
    return lambda planes: ((planes - mean) / scale).contiguous(memory_format=torch.channels_last)


def normaliser(preprocessing: Preprocessing, device: Any) -> Callable[[Any], Any]:
    """Bytes (n, side, side, 3) on a device -> planes (n, 3, side, side) there, channels last."""
    scaled = scaler(preprocessing, device)

    def planes(pixels: Any) -> Any:
        found = pixels.permute(0, 3, 1, 2)
        return scaled((found.flip(1) if preprocessing.channels == "bgr" else found).float())

    return planes


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
        self._forward = vision.forward
        self._planes = normaliser(preprocessing, self._device)
        self._own = threading.local()
        if self._cuda and vision.compiles and options.batch >= WORTH_COMPILING:
            self._compile(grey(options.batch, preprocessing))
        if not self._cuda:
            torch.set_num_threads(max(1, cores() // options.streams))

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
        planes = self._planes(pixels)
        bf16 = self.precision == "bf16"
        with torch.autocast(self._device.type, dtype=torch.bfloat16, enabled=bf16):
            return self._forward(planes).float().contiguous()

    def _compile(self, pixels: Pixels) -> None:
        """Compile for batches like this one, on one thread; without a compiler, go on as it is."""
        plain = self._forward
        self._forward = self._torch.compile(plain)
        try:
            self.run(pixels)
        except (RuntimeError, ImportError, OSError):
            self._forward = plain

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
