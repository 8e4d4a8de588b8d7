"""Spec strings: `LOADER:NAME#NODE@HEAD|REDUCER|...` names a way of seeing in one line.

efficientnet-lite0                    a row of the catalogue
xception@max|mean:4                   its head, then a reducer
timm:vit_small_patch16_224@cls        a loader and the name it knows
hf:org/name@1a2b3c@cls                a revision before the head
onnx:models/net.onnx#block5_pool@avg  a file and the node in it
mlflow:models:/net@champion#embedding a model of an MLflow store
vgg16@map|lsh:500,seed=628            a reducer with arguments
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.loaders import LOADERS, NODE_LOADERS

HEADS = ("avg", "max", "flatten", "cls", "map")
_REDUCER = re.compile(r"(?P<name>[a-z][a-z0-9-]*)(?::(?P<arguments>.*))?")


@dataclass(frozen=True, slots=True)
class ReducerSpec:
    """One step after the network: `lsh:500,seed=628` has arguments ("500",) and seed=628."""

    name: str
    arguments: tuple[str, ...] = ()
    options: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        pairs = [f"{key}={value}" for key, value in self.options]
        text = ",".join([*self.arguments, *pairs])
        return f"{self.name}:{text}" if text else self.name


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed spec string; `str()` prints it back. `loader` None means the catalogue."""

    name: str
    loader: str | None = None
    revision: str | None = None
    node: str | None = None
    head: str | None = None
    reducers: tuple[ReducerSpec, ...] = ()

    def __str__(self) -> str:
        base = f"{self.loader}:{self.name}" if self.loader else self.name
        node = f"#{self.node}" if self.node else ""
        revision = f"@{self.revision}" if self.revision else ""
        head = f"@{self.head}" if self.head else ""
        return "|".join([f"{base}{node}{revision}{head}", *map(str, self.reducers)])


def parse_spec(text: str) -> Spec:
    """The parts of a spec string.

    Raises `UnknownNameError` for a loader or head that does not exist (the nearest are
    named), `UsageError` for anything that is not of the form above.
    """
    base, *reducers = (part.strip() for part in text.strip().split("|"))
    if not base:
        raise UsageError(f"The model {text!r} has no name. Example: efficientnet-lite0|pca:256")
    loader, rest = _loader(base)
    rest, head = _head(rest, loader)
    revision = None
    if loader == "hf":
        rest, _, found = rest.partition("@")
        revision = found or None
    node = None
    if loader in NODE_LOADERS:
        rest, _, found = rest.rpartition("#") if "#" in rest else (rest, "", "")
        node = found or None
    if not rest:
        raise UsageError(f"The model {text!r} names nothing after {loader}:")
    return Spec(rest, loader, revision, node, head, tuple(map(_reducer, reducers)))


def _loader(base: str) -> tuple[str | None, str]:
    name, colon, rest = base.partition(":")
    if not colon:
        return None, base
    if name not in LOADERS:
        raise UnknownNameError("model loader", name, LOADERS)
    return name, rest


def _head(rest: str, loader: str | None) -> tuple[str, str | None]:
    """Split a head off the end; what follows `@` is one unless it can be something else."""
    name, at, head = rest.rpartition("@")
    if not at:
        return rest, None
    if head in HEADS:
        return name, head
    may_be_name = loader == "hf" or loader in NODE_LOADERS
    if not may_be_name:
        raise UnknownNameError("head", head, HEADS)
    return rest, None


def _reducer(text: str) -> ReducerSpec:
    found = _REDUCER.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is no reducer. Examples: mean:4, pca:256, lsh:500,seed=628")
    arguments, options = [], []
    for part in filter(None, (found["arguments"] or "").split(",")):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if equals:
            options.append((key, value))
        else:
            arguments.append(key)
    return ReducerSpec(found["name"], tuple(arguments), tuple(options))
