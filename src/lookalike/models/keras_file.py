"""Loads `keras:PATH#LAYER@HEAD`: a trained Keras model, cut before a layer of it."""

from __future__ import annotations

import math
import tempfile
import threading
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.keras_applications import as_its_family
from lookalike.models.keras_import import import_keras, load_keras
from lookalike.models.model import Layer, Model
from lookalike.models.network import Network, NetworkOptions
from lookalike.models.onnx_graph import check_head
from lookalike.models.onnx_read import weights_digest
from lookalike.models.openvino_runtime import OpenVinoNetwork, import_openvino
from lookalike.models.sidecar import stated_preprocessing
from lookalike.models.spec import Spec
from lookalike.types import Floats, Pixels

REVISION = "1"
DEFAULT_SIDE = 224
INSIDE = frozenset({"Rescaling", "Normalization", "TrueDivide", "Divide", "Subtract", "Multiply"})
"""First layers that show that a network takes pixels of 0..255 as they are."""


def load(spec: Spec) -> Model:
    """The model in a Keras file: the vector is what goes into the layer, or the only output.

    Raises `MissingExtraError`, `ModelError` for a file that cannot be used or is refused,
    `UnknownNameError` for a layer that it does not have, `UsageError` for a head that does not fit.
    """
    path = Path(spec.name).expanduser().absolute()
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    own = _loaded(path, path.stat().st_mtime_ns)
    preprocessing, note = _preprocessing(path, own)
    tensor = _tensor(path, own, spec.node)
    check_head(f"{path.name}#{spec.node or 'output'}", spec.head, tuple(tensor.shape))
    vector = _with_head(tensor, spec.head)
    shape = _with_pixels(own, vector, preprocessing, None).outputs[0].shape
    return Model(
        name=str(replace(spec, name=str(path), reducers=())),
        revision=REVISION,
        weights_sha256=weights_digest([path]),
        head=spec.head or "none",
        shape=tuple(int(size) for size in shape[1:]),
        preprocessing=preprocessing,
        licence="not stated",
        open=lambda options: _open(
            path, _with_pixels(own, vector, preprocessing, options.batch), options
        ),
        layers=lambda: [
            Layer(each.name, type(each).__name__, _shape(each), each.count_params(), _bytes(each))
            for each in own.layers
        ],
        note=note,
    )


@lru_cache(maxsize=1)
def _loaded(path: Path, _: int) -> Any:
    return load_keras(path)


def _tensor(path: Path, model: Any, layer: str | None) -> Any:
    if layer is None:
        if len(model.outputs) != 1:
            names = " or #".join(model.output_names)
            raise UsageError(
                f"{path.name} has {len(model.outputs)} outputs: name a layer whose input is the "
                f"vector, as #{names}."
            )
        return model.outputs[0]
    layers = {each.name: each for each in model.layers}
    if layer not in layers:
        raise UnknownNameError("layer", layer, layers)
    try:
        given = layers[layer].input
    except (AttributeError, ValueError) as error:
        raise UsageError(f"The layer {layer} of {path.name} has no one input: {error}") from error
    if isinstance(given, list | tuple | dict):
        raise UsageError(
            f"The layer {layer} of {path.name} has {len(given)} inputs; choose another."
        )
    return given


def _with_head(tensor: Any, head: str | None) -> Any:
    layers = import_keras().layers
    if head == "cls":
        return tensor[:, 0]
    if head == "map":
        return layers.Reshape((-1, tensor.shape[-1]))(tensor)
    pooling = {"avg": layers.GlobalAveragePooling2D, "max": layers.GlobalMaxPooling2D}
    if head in pooling:
        return pooling[head]()(tensor)
    return tensor if len(tensor.shape) == 2 else layers.Flatten()(tensor)


def _with_pixels(model: Any, tensor: Any, spec: Preprocessing, batch: int | None) -> Any:
    """The network from uint8 (n, side, side, 3) to a tensor of the model."""
    keras = import_keras()
    pixels = keras.Input((spec.crop, spec.crop, 3), batch, dtype="uint8", name="pixels")
    scale = np.array(spec.scale)
    x = keras.ops.take(pixels, [2, 1, 0], axis=-1) if spec.channels == "bgr" else pixels
    x = keras.layers.Rescaling((1 / scale).tolist(), (-np.array(spec.mean) / scale).tolist())(x)
    if model.inputs[0].shape[1] == 3:
        x = keras.layers.Permute((3, 1, 2))(x)
    return keras.Model(pixels, keras.Model(model.inputs, tensor)(x))


def _preprocessing(path: Path, model: Any) -> tuple[Preprocessing, str]:
    """What is stated beside the file, or what is assumed, and a note on the latter."""
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 4:
        shapes = ", ".join(str(tuple(each.shape)) for each in model.inputs)
        raise ModelError(f"{path} takes {shapes}; images are one tensor (n, h, w, 3).")
    sizes = list(model.inputs[0].shape[1:])
    sides = {size for size in (sizes[1:] if sizes[0] == 3 else sizes[:2]) if size is not None}
    if 3 not in (sizes[0], sizes[2]) or len(sides) > 1:
        raise ModelError(f"{path} takes {tuple(sizes)}; only square pictures of three channels.")
    stated = stated_preprocessing(path)
    if stated is not None:
        if sides and stated.crop not in sides:
            raise ModelError(f"{path} takes {sides.pop()} pixels a side; {stated.crop} are stated.")
        return stated, ""
    side = sides.pop() if sides else DEFAULT_SIDE
    inside = _takes_bytes(model)
    value = 0.0 if inside else 127.5
    scale = 1.0 if inside else 127.5
    assumed = Preprocessing(
        shorter_side=side,
        crop=side,
        interpolation="bilinear",
        mean=(value, value, value),
        scale=(scale, scale, scale),
        fit="squash",
    )
    values = "0..255, as its first layers scale them" if inside else "x / 127.5 - 1"
    if not inside:
        assumed, family = as_its_family(model, assumed)
        values = f"as keras.applications prepares them for {family}" if family else values
    return assumed, (
        f"The file does not state its preprocessing. Assumed: squashed to {side} x {side}, "
        f"{values}. To say otherwise: {path.with_suffix('.preprocessing.json').name} beside it."
    )


def _takes_bytes(model: Any) -> bool:
    """Whether the layers before the first convolution scale pixels themselves."""
    for layer in model.layers:
        if type(layer).__name__ in INSIDE:
            return True
        if hasattr(layer, "layers"):
            return _takes_bytes(layer)
        if layer.weights:
            return False
    return False


def _shape(layer: Any) -> tuple[int | None, ...]:
    try:
        return tuple(layer.output.shape)
    except (AttributeError, ValueError):
        return ()


def _bytes(layer: Any) -> int:
    return sum(np.dtype(each.dtype).itemsize * math.prod(each.shape) for each in layer.weights)


def _open(path: Path, network: Any, options: NetworkOptions) -> Network:
    backend = import_keras().backend.backend()
    if backend == "openvino":
        if options.runtime == "onnx":
            raise UsageError(f"{path.name} runs on OpenVINO here, not on ONNX Runtime.")
        return _on_openvino(network, options)
    if options.runtime != "auto" or options.precision == "bf16":
        raise UsageError(
            f"{path.name} runs on Keras with {backend} here, in fp32: leave runtime and precision."
        )
    return KerasNetwork(network, backend)


def _on_openvino(network: Any, options: NetworkOptions) -> Network:
    core = import_openvino().Core()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "network.xml")
        taken = import_keras().InputSpec("uint8", network.inputs[0].shape)
        network.export(str(file), "openvino", verbose=False, input_signature=[taken])
        model = core.read_model(file.read_bytes(), file.with_suffix(".bin").read_bytes())
    return OpenVinoNetwork(
        model, batch=options.batch, streams=options.streams, precision=options.precision
    )


class KerasNetwork:
    """A network that Keras runs itself, one batch at a time."""

    precision = "fp32"

    def __init__(self, network: Any, backend: str) -> None:
        self.runtime = f"keras on {backend}"
        self._network = network
        self._one_at_a_time = threading.Lock()

    def run(self, pixels: Pixels) -> Floats:
        """uint8 (batch, side, side, 3) -> float32 (batch, dim), or (batch, cells, channels)."""
        with self._one_at_a_time:
            return np.asarray(self._network.predict_on_batch(pixels), np.float32)
