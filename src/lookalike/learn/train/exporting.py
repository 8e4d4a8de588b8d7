"""Writes a trained network as one ONNX file with named layers, and holds it against torch."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError, ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.learn.train.judging import outputs_of
from lookalike.learn.train.network import VECTOR
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.models.onnx_cut import picture_input
from lookalike.models.onnx_wrap import add_metadata, prepend_pixels
from lookalike.models.torch_network import Vision, grey, import_torch, normaliser
from lookalike.models.trying import SAME, least_cosine, pictures
from lookalike.types import Floats, Pixels

TRIED = 8
CLOSE = 1e-2
"""The largest difference to torch, as a part of the largest value of the layer."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer of the file: its name, width, and the largest difference to torch's values."""

    name: str
    width: int
    difference: float


def export_network(
    network: Any, preprocessing: Preprocessing, path: Path, photos: Pixels
) -> list[Layer]:
    """Write `network` so that `onnx:PATH#LAYER` takes it; its input is `pixels`, uint8.

    `photos` uint8 (m, side, side, 3), beside drawn patterns, are what it is held against torch
    on. Raises `ModelError` where a layer differs; then there is no file.
    """
    import onnx

    network = network.eval().cpu()
    model = _graph(network, preprocessing)
    add_metadata(model, preprocessing)
    draft = path.with_name(f".{path.name}.part.onnx")
    tried = np.concatenate([pictures(TRIED, preprocessing.crop), photos[:TRIED]])
    planes = normaliser(preprocessing, next(network.parameters()).device)
    try:
        onnx.checker.check_model(model)
        draft.write_bytes(model.SerializeToString())
        layers = _compared(draft, outputs_of(network, planes, tried), tried)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return layers


def _graph(network: Any, preprocessing: Preprocessing) -> Any:
    torch = import_torch("Training")
    try:
        import onnxscript  # noqa: F401  what torch's exporter is written in
    except ImportError as error:
        raise MissingExtraError("A network as ONNX", "torch") from error
    vision = Vision(network, network)
    example = vision.planes(grey(2, preprocessing), preprocessing)
    with torch.no_grad():
        names = [*network(example)]
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of torch itself, about its own parts
            program = torch.onnx.export(
                network,
                (example,),
                dynamo=True,
                verbose=False,
                input_names=["image"],
                output_names=names,
                dynamic_shapes=({0: torch.export.Dim("n")},),
            )
    except (RuntimeError, TypeError, ValueError, torch.onnx.errors.OnnxExporterError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"The network cannot be written as ONNX: {reason}") from error
    model = program.model_proto
    prepend_pixels(model, picture_input(model), preprocessing, None)
    return model


def _compared(path: Path, theirs: Mapping[str, Floats], tried: Pixels) -> list[Layer]:
    layers = []
    for name, expected in theirs.items():
        written = find_model(f"onnx:{path}#{name}")
        ours = written.open(NetworkOptions("onnx", "fp32", len(tried))).run(tried)
        apart = float(np.abs(ours - expected).max()) if ours.shape == expected.shape else np.inf
        near = apart <= CLOSE * max(1.0, float(np.abs(expected).max()))
        if not near or (name == VECTOR and least_cosine(ours, expected) < SAME):
            raise ModelError(
                f"The ONNX file does not give what torch gives in {name}: the largest difference "
                f"is {apart:.2g}. It was not written; the weights are kept."
            )
        layers.append(Layer(name, expected.shape[1], apart))
    return layers


def write_recipe(
    path: Path,
    preprocessing: Preprocessing,
    layers: list[Layer],
    classes: Mapping[str, list[str]],
    facts: Mapping[str, Any],
) -> None:
    """What goes with the file, as data: preprocessing, layers by name, the classes of each head."""
    recipe = {
        "preprocessing": preprocessing.as_recipe(),
        "vector": VECTOR,
        "layers": {one.name: {"width": one.width} for one in layers},
        "classes": dict(classes),
        **facts,
    }
    path.write_text(json.dumps(recipe, indent=2) + "\n", "utf-8")
