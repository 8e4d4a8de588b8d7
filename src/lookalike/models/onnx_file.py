"""Loads `onnx:PATH#NODE@HEAD`: any ONNX file, any inner tensor of it as the vector."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from lookalike.errors import LookalikeError, ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Model
from lookalike.models.network import Network, NetworkOptions, open_onnx
from lookalike.models.onnx_batch import InBatches, free_batch
from lookalike.models.onnx_cut import (
    Picture,
    cut,
    find_tensor,
    is_channels_first,
    picture_input,
)
from lookalike.models.onnx_graph import check_head, head_shape
from lookalike.models.onnx_probe import run_once, takes_another_batch, tensor_type
from lookalike.models.onnx_read import external_files, read_onnx, weights_digest
from lookalike.models.onnx_wrap import append_head, free_our_names, prepend_pixels
from lookalike.models.sidecar import METADATA_KEY, stated_preprocessing
from lookalike.models.spec import Spec

REVISION = "1"
"""Raised when the same file is wrapped into a network that gives other vectors."""
Stamps: TypeAlias = tuple[int | None, ...]
"""When each of some files was written; None for one that is not there."""
IMAGENET_MEAN = (123.675, 116.28, 103.53)
IMAGENET_SCALE = (58.395, 57.12, 57.375)
DEFAULT_SIDE = 224


@dataclass(frozen=True, slots=True)
class _Plan:
    """How a file is to be wrapped. `batch` is None when it takes any number of images."""

    preprocessing: Preprocessing
    note: str
    batch: int | None
    dtype: int
    tensor_shape: tuple[int, ...]
    shape: tuple[int, ...]
    weights_sha256: str
    files: tuple[Path, ...]
    stamps: Stamps


def load(spec: Spec) -> Model:
    """The model in an ONNX file.

    Raises `ModelError` for a file that cannot be used, `UnknownNameError` for a node that it
    does not have, `UsageError` for a head that does not fit the tensor.
    """
    path = Path(spec.name).expanduser().absolute()
    if not path.is_file():
        raise ModelError(f"There is no model file {path}.")
    plan = _current_plan(path, spec)

    def to_onnx() -> bytes:
        model = read_onnx(path)
        _prepare(model, spec.node, plan.preprocessing, plan.batch)
        _finish(model, spec.head, plan)
        serialized: bytes = model.SerializeToString()
        return serialized

    def open_network(options: NetworkOptions) -> Network:
        if plan.batch is None:
            return _open(path, to_onnx(), options)
        fixed = _open(path, to_onnx(), replace(options, batch=plan.batch))
        return InBatches(fixed, plan.batch)

    return Model(
        name=str(replace(spec, name=str(path), reducers=())),
        revision=REVISION,
        weights_sha256=plan.weights_sha256,
        head=spec.head or "none",
        shape=plan.shape,
        preprocessing=plan.preprocessing,
        licence="not stated",
        open=open_network,
        to_onnx=to_onnx,
        note=plan.note,
    )


def _current_plan(path: Path, spec: Spec) -> _Plan:
    """The plan, made anew when one of the files that have a part in it has changed."""
    names = (path.with_suffix(".preprocessing.json").name, "preprocessor_config.json")
    own = _stamps((path, *map(path.with_name, names)))
    plan = _plan(path, spec.node, spec.head, own)
    if _stamps(plan.files) != plan.stamps:
        _plan.cache_clear()
        plan = _plan(path, spec.node, spec.head, own)
    return plan


def _stamps(files: tuple[Path, ...]) -> Stamps:
    return tuple(file.stat().st_mtime_ns if file.is_file() else None for file in files)


@lru_cache(maxsize=8)
def _plan(path: Path, node: str | None, head: str | None, _: Stamps) -> _Plan:
    files = (path, *external_files(read_onnx(path, data=False), path))
    stamps = _stamps(files)
    model = read_onnx(path)
    picture = picture_input(model)
    preprocessing, note = _preprocessing(path, model, picture)
    tensor = _prepare(model, node, preprocessing, None)
    dtype, shape = tensor_type(model, tensor)
    batch = None
    if picture.batch is not None and not takes_another_batch(
        model, preprocessing.crop, picture.batch
    ):
        batch, model = picture.batch, read_onnx(path)
        _prepare(model, node, preprocessing, batch)
    if shape is None or batch is not None:
        shape = run_once(model, preprocessing.crop, batch or 1).shape
    shown = f"{path.name}#{node or tensor}"
    check_head(shown, head, shape)
    first = len(shape) == 4 and is_channels_first(model, tensor)
    return _Plan(
        preprocessing,
        note,
        batch,
        dtype,
        shape,
        head_shape(head, shape, channels_first=first),
        weights_digest(files),
        files,
        stamps,
    )


def _prepare(model: Any, node: str | None, preprocessing: Preprocessing, batch: int | None) -> str:
    """Cut the graph at a node and put the preprocessing before it, in place."""
    cut(model, find_tensor(model, node))
    free_our_names(model)
    picture = picture_input(model)
    if picture.batch is not None and batch is None:
        free_batch(model, picture.batch)
    prepend_pixels(model, picture, preprocessing, batch)
    return str(model.graph.output[0].name)


def _finish(model: Any, head: str | None, plan: _Plan) -> None:
    tensor, rank = model.graph.output[0].name, len(plan.tensor_shape)
    first = rank == 4 and is_channels_first(model, tensor)
    append_head(model, tensor, head, rank, dtype=plan.dtype, channels_first=first)


def _preprocessing(path: Path, model: Any, picture: Picture) -> tuple[Preprocessing, str]:
    """What the file states or what is assumed, and a note on the latter."""
    from onnx import TensorProto

    metadata = {each.key: each.value for each in model.metadata_props}.get(METADATA_KEY)
    stated = stated_preprocessing(path, metadata)
    takes_bytes = picture.dtype == TensorProto.UINT8
    if stated is not None:
        if picture.side not in {None, stated.crop}:
            raise ModelError(
                f"{path} takes {picture.side} x {picture.side} pixels, but its preprocessing "
                f"is stated to give {stated.crop} x {stated.crop}."
            )
        if takes_bytes and (any(stated.mean) or set(stated.scale) != {1.0}):
            raise ModelError(f"{path} takes bytes, but a mean and a scale are stated for it.")
        return stated, ""
    side = picture.side or DEFAULT_SIDE
    assumed = Preprocessing(
        shorter_side=round(side * 256 / 224),
        crop=side,
        interpolation="bicubic",
        mean=(0.0, 0.0, 0.0) if takes_bytes else IMAGENET_MEAN,
        scale=(1.0, 1.0, 1.0) if takes_bytes else IMAGENET_SCALE,
    )
    values = "bytes as they are" if takes_bytes else "ImageNet's mean and scale"
    sidecar = path.with_suffix(".preprocessing.json").name
    return assumed, (
        f"The file does not state its preprocessing. Assumed: shorter side {assumed.shorter_side}, "
        f"centre crop {side}, {values}. To say otherwise: {sidecar} beside it."
    )


def _open(path: Path, model: bytes, options: NetworkOptions) -> Network:
    try:
        return open_onnx(model, options)
    except LookalikeError:
        raise
    except Exception as error:  # runtimes raise many kinds for a file that they cannot run
        raise ModelError(f"{path} cannot be run: {error}") from error
