"""A model by its spec: what it is, what it expects of pixels, and how to open it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any

from lookalike.errors import UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.catalog import CatalogRow, catalog_row
from lookalike.models.loaders import LOADERS
from lookalike.models.network import ON_CORES, Feeding, Network, NetworkOptions, TextTower
from lookalike.models.recipe import Recipe
from lookalike.models.spec import Spec, parse_spec

DEFAULT_MODEL = "efficientnet-lite0"


@dataclass(frozen=True, slots=True)
class Layer:
    """One step of a network; `shape` is that of its output, None where it is not fixed.

    `bytes` is what its weights take as they are kept: 1 each in int8, 4 in float32.
    """

    name: str
    kind: str
    shape: tuple[int | None, ...]
    parameters: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Model:
    """A model that was found, not opened yet.

    `name` is its spec without reducers. `shape` is that of one image's features: (dim,), or
    (cells, channels) for a feature map. `open_text` is there when texts can be embedded too.
    `to_onnx` gives the network as a serialized ONNX model, input `pixels` uint8 (n, side,
    side, 3), where it can be had as one; `layers` lists its layers where that says more than the
    ONNX nodes. `feeding` tells what keeps it busy on a device. `note` says what had to be assumed
    of it.
    """

    name: str
    revision: str
    weights_sha256: str
    head: str
    shape: tuple[int, ...]
    preprocessing: Preprocessing
    licence: str
    open: Callable[[NetworkOptions], Network] = field(repr=False, compare=False)
    open_text: Callable[[], TextTower] | None = field(default=None, repr=False, compare=False)
    to_onnx: Callable[[], bytes] | None = field(default=None, repr=False, compare=False)
    layers: Callable[[], list[Layer]] | None = field(default=None, repr=False, compare=False)
    feeding: Callable[[str], Feeding] = field(default=lambda _: ON_CORES, repr=False, compare=False)
    note: str = ""

    def recipe(self, *, normalised: bool) -> Recipe:
        """The recipe of its vectors, of unit length or as the network gives them.

        Raises `UsageError` for a feature map, which is no vector yet.
        """
        if len(self.shape) != 1:
            raise UsageError(
                f"{self.name} gives a feature map of {self.shape}: hash it, as |lsh:500,seed=1"
            )
        return Recipe(
            model=self.name,
            revision=self.revision,
            weights_sha256=self.weights_sha256,
            head=self.head,
            preprocessing=self.preprocessing,
            dimension=self.shape[0],
            normalised=normalised,
        )


def find_model(text: str) -> Model:
    """The model that a spec names. Raises `UnknownNameError` with the nearest names."""
    return load_model(parse_spec(text))


def load_model(spec: Spec) -> Model:
    """The model of a parsed spec, its reducers left aside."""
    if spec.loader is not None:
        model: Model = _function(LOADERS[spec.loader])(spec)
        return model
    row = catalog_row(spec.name)
    if row.source:
        return _from_source(row, spec)
    if spec.head not in {None, row.head}:
        raise UsageError(f"{row.name} has the head @{row.head} only: leave @{spec.head} out.")
    builder = row.builder
    return Model(
        name=row.name,
        revision=row.revision,
        weights_sha256=row.weights_sha256,
        head=row.head,
        shape=(row.dimension,),
        preprocessing=row.preprocessing,
        licence=row.licence,
        open=lambda options: _function(row.opener)(row, options),
        to_onnx=(lambda: _function(builder)(row)) if builder else None,
    )


def _from_source(row: CatalogRow, spec: Spec) -> Model:
    """A model that comes from elsewhere, seen the way that the catalogue says."""
    own = None if row.head == "none" else row.head
    source = replace(parse_spec(row.source), head=spec.head or own)
    model: Model = _function(LOADERS[str(source.loader)])(source, row.preprocessing)
    named = row.name if spec.head in {None, own} else f"{row.name}@{spec.head}"
    return replace(model, name=named, revision=row.revision, licence=row.licence)


def _function(path: str) -> Callable[..., Any]:
    module, function = path.split(":")
    found: Callable[..., Any] = getattr(import_module(module), function)
    return found
