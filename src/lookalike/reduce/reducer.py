"""What a reducer is, and how a spec such as `pca:256` becomes one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

from numpy.typing import NDArray

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.spec import ReducerSpec
from lookalike.types import Floats

Blocks: TypeAlias = Callable[[], Iterator[Floats]]
"""Gives all vectors of a library, float32 (m, dim) at a time; may be called again."""
Arrays: TypeAlias = Mapping[str, NDArray[Any]]


class Reducer:
    """A step from vectors to vectors; one that learns must be fitted before it is applied.

    A new one gives `dimension` and `apply`; one that learns also `arrays`, `fit`, `restored`.
    """

    must_be_fitted: ClassVar[bool] = False
    gives_bits: ClassVar[bool] = False

    @property
    def arrays(self) -> Arrays:
        """What was learned; part of a space's fingerprint."""
        return {}

    def fit(self, blocks: Blocks) -> Reducer:  # noqa: ARG002  for those that learn
        """The reducer learned from a library's vectors."""
        return self

    def restored(self, arrays: Arrays) -> Reducer:  # noqa: ARG002  for those that learn
        """The reducer as it was fitted, from its arrays."""
        return self

    def dimension(self, before: int) -> int:
        """Values (or bits) after it; raises `UsageError` when it does not fit `before`."""
        raise NotImplementedError

    def apply(self, vectors: Floats) -> NDArray[Any]:
        """float32 (n, before) -> float32 (n, after), or uint8 (n, ceil(after / 8)) of bits."""
        raise NotImplementedError


def make_reducer(spec: ReducerSpec) -> Reducer:
    """The reducer a spec names, not fitted yet.

    Raises `UnknownNameError` with the nearest names, `UsageError` for wrong arguments.
    """
    from lookalike.reduce.centre import Centre
    from lookalike.reduce.lsh import Hyperplanes
    from lookalike.reduce.mean import MeanOfGroups
    from lookalike.reduce.pca import PrincipalComponents
    from lookalike.reduce.unit import UnitLength

    makers: dict[str, Callable[[ReducerSpec], Reducer]] = {
        "centre": lambda found: _plain(found, Centre()),
        "l2": lambda found: _plain(found, UnitLength()),
        "lsh": lambda found: Hyperplanes(one_number(found, {"seed"}), option(found, "seed", 0)),
        "mean": lambda found: MeanOfGroups(one_number(found, set())),
        "pca": lambda found: PrincipalComponents(
            one_number(found, {"whiten"}), bool(option(found, "whiten", 0))
        ),
    }
    if spec.name not in makers:
        raise UnknownNameError("reducer", spec.name, makers)
    return makers[spec.name](spec)


def _plain(spec: ReducerSpec, reducer: Reducer) -> Reducer:
    if spec.arguments or spec.options:
        raise UsageError(f"The reducer {spec.name} takes no arguments: {spec}")
    return reducer


def one_number(spec: ReducerSpec, options: set[str]) -> int:
    """The single positive whole number of `pca:256`; other options than those are refused."""
    unknown = {key for key, _ in spec.options} - options
    if unknown:
        raise UnknownNameError(f"option of {spec.name}", min(unknown), options or {"none"})
    if len(spec.arguments) != 1 or not spec.arguments[0].isdecimal() or int(spec.arguments[0]) < 1:
        raise UsageError(f"{spec.name} takes one whole number above 0, as {spec.name}:64: {spec}")
    return int(spec.arguments[0])


def option(spec: ReducerSpec, key: str, default: int) -> int:
    """A whole number given as `key=value`."""
    text = dict(spec.options).get(key, str(default))
    if not text.isdecimal():
        raise UsageError(f"{key} of {spec.name} is a whole number, not {text!r}.")
    return int(text)
