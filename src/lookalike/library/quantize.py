"""Makes an int8 network out of a model, calibrated and judged on a library's own images."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.embed.resources import Resources
from lookalike.embed.way import Way
from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.decode import decode
from lookalike.images.preprocess import to_input
from lookalike.images.read import read_bytes
from lookalike.library.library import Library
from lookalike.models.model import Model, find_model
from lookalike.models.network import ON_CORES
from lookalike.models.onnx_wrap import add_metadata
from lookalike.types import Floats, Pixels

K = 10
LEAST_IMAGES = 2 * K
CALIBRATED_AT_ONCE = 8
TURNS = 10
"""Times that both networks are timed, in turn, each time on another part of the images."""
SEED = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """One network on the images it was judged on. `precision` is None without labels."""

    images_a_second: float
    precision: float | None


@dataclass(frozen=True, slots=True)
class Quantized:
    """An int8 network beside its original, on images that it was not calibrated on.

    `cosine` is the mean between the two vectors of an image; `overlap` the mean share of the 10
    nearest that both agree on; `faster` the median, over turns, of how many times as fast the
    int8 network was on the same images. `accepted` says that the file was written.
    """

    calibrated_on: int
    judged_on: int
    cosine: float
    overlap: float
    faster: float
    original: Judged
    int8: Judged
    accepted: bool


def quantize(
    library: Library, model: Model, path: Path, *, images: int = 400, min_overlap: float = 0.8
) -> Quantized:
    """Write `model` in int8 (static, QDQ) as an ONNX file that `onnx:` takes, if it is good enough.

    Up to `images` images of the library are drawn at random, always the same ones: a quarter to
    calibrate, the rest to judge. Both run on ONNX Runtime. Raises `UsageError` for a model that
    cannot be had as ONNX or a library with too few images that can be read.
    """
    if model.to_onnx is None or len(model.shape) != 1:
        raise UsageError(f"{model.name} cannot be quantized: only a vector from an ONNX graph can.")
    pixels, labels = _images(library, model, images)
    if len(pixels) < LEAST_IMAGES:
        raise UsageError(
            f"{len(pixels)} images can be read; quantizing needs at least {LEAST_IMAGES}. "
            "Index more, or name another library."
        )
    calibrating = max(K, len(pixels) // 4)
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder, "int8.onnx")
        _quantize(model, pixels[:calibrating], draft)
        judging, labels = pixels[calibrating:], labels[calibrating:]
        both = _embed([model, find_model(f"onnx:{draft}")], judging)
        (vectors, rates), (small, small_rates) = both
        near, small_near = _neighbours(vectors), _neighbours(small)
        overlap = float(
            np.mean([np.isin(a, b).mean() for a, b in zip(near, small_near, strict=True)])
        )
        accepted = overlap >= min_overlap
        if accepted:
            try:
                path.write_bytes(draft.read_bytes())
            except OSError as error:
                raise UsageError(f"{path} cannot be written: {error.strerror}.") from error
    return Quantized(
        calibrated_on=calibrating,
        judged_on=len(judging),
        cosine=float((vectors * small).sum(1).mean()),
        overlap=overlap,
        faster=float(np.median(small_rates / rates)),
        original=Judged(float(np.median(rates)), _precision(near, labels)),
        int8=Judged(float(np.median(small_rates)), _precision(small_near, labels)),
        accepted=accepted,
    )


def _images(library: Library, model: Model, count: int) -> tuple[Pixels, list[str | None]]:
    """Up to `count` images as the model takes them, with their labels."""
    ids = library.ids
    spec = model.preprocessing
    rows, labels = [], []
    for place in np.random.default_rng(SEED).permutation(len(ids))[:count]:
        image = library.get(ids[place])
        try:
            picture = decode(read_bytes(image.location), shorter_side=spec.decode_side)
        except ImageRejectedError:
            continue
        rows.append(to_input(picture.rgb, spec))
        labels.append(image.label)
    pixels = np.stack(rows) if rows else np.empty((0, spec.crop, spec.crop, 3), np.uint8)
    return pixels, labels


def _quantize(model: Model, pixels: Pixels, path: Path) -> None:
    """Weights per channel in int8, activations in uint8 with the ranges seen on `pixels`."""
    import onnx
    from onnxruntime import quantization
    from onnxruntime.quantization.shape_inference import quant_pre_process

    assert model.to_onnx is not None
    loaded = onnx.load_from_string(model.to_onnx())
    add_metadata(loaded, model.preprocessing)
    source, prepared = path.with_name("source.onnx"), path.with_name("prepared.onnx")
    onnx.save(loaded, source)

    class Images(quantization.CalibrationDataReader):  # type: ignore[misc]
        """Hands out the calibration images, a few at a time."""

        def __init__(self) -> None:
            self._batches: Iterator[dict[str, Pixels]] = (
                {"pixels": pixels[start : start + CALIBRATED_AT_ONCE]}
                for start in range(0, len(pixels), CALIBRATED_AT_ONCE)
            )

        def get_next(self) -> dict[str, Pixels] | None:
            return next(self._batches, None)

    quant_pre_process(str(source), str(prepared), skip_symbolic_shape=True)
    quantization.quantize_static(
        str(prepared),
        str(path),
        Images(),
        quant_format=quantization.QuantFormat.QDQ,
        per_channel=True,
        activation_type=quantization.QuantType.QUInt8,
        weight_type=quantization.QuantType.QInt8,
    )


def _embed(models: list[Model], pixels: Pixels) -> list[tuple[Floats, Floats]]:
    """For each model: vectors of unit length (n, dim), and images a second in each turn (turns,).

    They take turns, each first every other time, so that whatever else the machine does slows
    down both.
    """
    batch = ON_CORES.batch
    using = Resources(runtime="onnx")
    embedders = [using.embedder(Way(model, (), (), True), many=True) for model in models]
    vectors: list[list[Floats]] = [[] for _ in models]
    rates: list[list[float]] = [[] for _ in models]
    try:
        for embedder in embedders:
            embedder.submit(pixels[:batch]).result()
        for number, turn in enumerate(np.array_split(pixels, min(TURNS, len(pixels) // batch))):
            parts = [turn[start : start + batch] for start in range(0, len(turn), batch)]
            order = range(len(models))
            for each in order if number % 2 else reversed(order):
                started = time.perf_counter()
                under_way = [embedders[each].submit(part) for part in parts]
                vectors[each] += [future.result().values for future in under_way]
                rates[each].append(len(turn) / (time.perf_counter() - started))
    finally:
        for embedder in embedders:
            embedder.close()
    return [
        (np.concatenate(found), np.array(turns, np.float32))
        for found, turns in zip(vectors, rates, strict=True)
    ]


def _neighbours(vectors: Floats) -> NDArray[Any]:
    """The 10 nearest of each row by cosine, itself left out: (n, 10)."""
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -np.inf)
    return np.argsort(-similar, axis=1, kind="stable")[:, :K]


def _precision(near: NDArray[Any], labels: list[str | None]) -> float | None:
    """The share of neighbours with the label of the image, over the images that have one."""
    shares = [
        np.mean([labels[other] == label for other in row])
        for label, row in zip(labels, near, strict=True)
        if label is not None
    ]
    return float(np.mean(shares)) if shares else None
