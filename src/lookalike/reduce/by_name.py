"""Makes the reducer that a spec such as `pca:256` names."""

from __future__ import annotations

from collections.abc import Callable

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.spec import ReducerSpec
from lookalike.reduce.centre import Centre
from lookalike.reduce.lsh import Hyperplanes
from lookalike.reduce.mean import MeanOfGroups
from lookalike.reduce.pca import PrincipalComponents
from lookalike.reduce.reducer import Reducer
from lookalike.reduce.taught import Taught
from lookalike.reduce.unit import UnitLength


def make_reducer(spec: ReducerSpec) -> Reducer:
    """The reducer a spec names, not fitted yet.

    Raises `UnknownNameError` with the nearest names, `UsageError` for wrong arguments.
    """
    makers: dict[str, Callable[[ReducerSpec], Reducer]] = {
        "centre": lambda found: _plain(found, Centre()),
        "l2": lambda found: _plain(found, UnitLength()),
        "lsh": lambda found: Hyperplanes(_one_number(found, {"seed"}), _option(found, "seed", 0)),
        "mean": lambda found: MeanOfGroups(_one_number(found, set())),
        "pca": lambda found: PrincipalComponents(
            _one_number(found, {"whiten"}), bool(_option(found, "whiten", 0))
        ),
        "taught": lambda found: Taught(_one_number(found, set())),
    }
    if spec.name not in makers:
        raise UnknownNameError("reducer", spec.name, makers)
    return makers[spec.name](spec)


def _plain(spec: ReducerSpec, reducer: Reducer) -> Reducer:
    if spec.arguments or spec.options:
        raise UsageError(f"The reducer {spec.name} takes no arguments: {spec}")
    return reducer


def _one_number(spec: ReducerSpec, options: set[str]) -> int:
    """The single positive whole number of `pca:256`; other options than those are refused."""
    unknown = {key for key, _ in spec.options} - options
    if unknown:
        raise UnknownNameError(f"option of {spec.name}", min(unknown), options or {"none"})
    if len(spec.arguments) != 1 or not spec.arguments[0].isdecimal() or int(spec.arguments[0]) < 1:
        raise UsageError(f"{spec.name} takes one whole number above 0, as {spec.name}:64: {spec}")
    return int(spec.arguments[0])


def _option(spec: ReducerSpec, key: str, default: int) -> int:
    """A whole number given as `key=value`."""
    text = dict(spec.options).get(key, str(default))
    if not text.isdecimal():
        raise UsageError(f"{key} of {spec.name} is a whole number, not {text!r}.")
    return int(text)
