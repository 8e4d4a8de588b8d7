"""Tries a model out: loads it, runs it in two batch layouts, and writes it as an ONNX file."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lookalike.errors import ModelError, UsageError
from lookalike.models.model import Layer, Model, find_model
from lookalike.models.network import Network, NetworkOptions
from lookalike.models.onnx_layers import onnx_layers
from lookalike.models.onnx_wrap import add_metadata
from lookalike.types import Floats, Pixels

BATCH = 4
SAME = 0.9999
"""The least cosine at which two ways of running a network count as the same."""
SAME_IN_BF16 = 0.99


@dataclass(frozen=True, slots=True)
class Tried:
    """What a run of a model showed. `cosine` is the least between a batch and one at a time."""

    runtime: str
    precision: str
    shape: tuple[int, ...]
    seconds_to_open: float
    seconds_an_image: float
    cosine: float
    well: bool


def layers_of(model: Model) -> list[Layer]:
    """The layers of a model, empty where nothing can list them."""
    if model.layers is not None:
        return model.layers()
    return onnx_layers(model.to_onnx()) if model.to_onnx is not None else []


def try_out(model: Model, *, runtime: str = "auto", precision: str = "auto") -> Tried:
    """Open a model, run it on drawn pictures, and hold the answer against what is promised."""
    pixels = pictures(BATCH, model.preprocessing.crop)
    started = time.perf_counter()
    network = model.open(NetworkOptions(runtime, precision, BATCH))
    opened = time.perf_counter()
    network.run(pixels)
    warm = time.perf_counter()
    together = network.run(pixels)
    done = time.perf_counter()
    single = model.open(NetworkOptions(runtime, precision, 1))
    alone = one_at_a_time(single, pixels)
    cosine = least_cosine(together, alone)
    fits = together.shape == (BATCH, *model.shape) and together.dtype == np.float32
    least = SAME_IN_BF16 if network.precision == "bf16" else SAME
    return Tried(
        runtime=network.runtime,
        precision=network.precision,
        shape=together.shape[1:],
        seconds_to_open=opened - started,
        seconds_an_image=(done - warm) / BATCH,
        cosine=cosine,
        well=bool(fits and np.isfinite(together).all() and cosine > least),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How near two networks are on drawn pictures: the least cosine, the largest difference."""

    cosine: float
    difference: float


def export(model: Model, path: Path) -> Agreement:
    """Write a model as an ONNX file that `onnx:` takes; returns how it agrees with the original.

    The file takes uint8 pixels; what is left to be done to a picture is in its metadata.
    Raises `UsageError` for a model that cannot be had as ONNX, `ModelError` when what was
    written does not give the same vectors: then there is no file.
    """
    import onnx

    if model.to_onnx is None:
        raise UsageError(
            f"{model.name} cannot be written as an ONNX graph: nothing here can make one of it."
        )
    loaded = onnx.load_from_string(model.to_onnx())
    add_metadata(loaded, model.preprocessing)
    stated = onnx.helper.make_tensor_type_proto(onnx.TensorProto.FLOAT, ["n", *model.shape])
    loaded.graph.output[0].type.CopyFrom(stated)
    draft = path.with_name(f".{path.name}.part.onnx")
    try:
        draft.write_bytes(loaded.SerializeToString())
        agreement = _compare(model, draft)
        draft.replace(path)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return agreement


def _compare(model: Model, path: Path) -> Agreement:
    written = find_model(f"onnx:{path}{'@map' if len(model.shape) == 2 else ''}")
    pixels = pictures(BATCH, model.preprocessing.crop)
    ours = written.open(NetworkOptions("onnx", "fp32", BATCH)).run(pixels)
    theirs = model.open(NetworkOptions("auto", "fp32", BATCH, device="cpu")).run(pixels)
    cosine = least_cosine(ours, theirs)
    if written.shape != model.shape or cosine < SAME:
        raise ModelError(
            f"The ONNX file does not give what {model.name} gives: shape {written.shape} for "
            f"{model.shape}, cosine {cosine:.4f}. It was not written."
        )
    return Agreement(cosine, float(np.abs(ours - theirs).max()))


def pictures(count: int, side: int) -> Pixels:
    """Smooth patterns of colour, uint8 (count, side, side, 3), always the same."""
    coarse = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3))
    steps = np.linspace(0, 7, side)
    low = np.minimum(steps.astype(int), 6)
    part = (steps - low)[:, None, None]
    rows = coarse[:, low] * (1 - part) + coarse[:, low + 1] * part
    part = (steps - low)[:, None]
    smooth = rows[:, :, low] * (1 - part) + rows[:, :, low + 1] * part
    result: Pixels = smooth.astype(np.uint8)
    return result


def one_at_a_time(network: Network, pixels: Pixels) -> Floats:
    """What a network opened for one image a call gives for several."""
    return np.concatenate([network.run(pixels[row : row + 1]) for row in range(len(pixels))])


def least_cosine(one: Floats, other: Floats) -> float:
    """The least cosine between rows of equal place; 0 for what cannot be compared."""
    if one.shape != other.shape:
        return 0.0
    a, b = (x.reshape(len(x), -1).astype(np.float64) for x in (one, other))
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    cosines = np.divide((a * b).sum(1), lengths, out=np.zeros(len(a)), where=lengths > 0)
    return float(np.nan_to_num(cosines).min())
