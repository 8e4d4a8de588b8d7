"""Columns computed from what images show, such as the colours they mostly have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.classic.colours import dominant_colours
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Halves, Stop

OnStep = Callable[[str, int, int], None]
"""Hears a step's name, how much of it is done, and of how much."""


@dataclass(frozen=True, slots=True)
class Deriver:
    """Words for an image, from its vector (dim,) float16 in a space of the model `spec`."""

    spec: str
    words: Callable[[Halves], list[str]]


def _colours(vector: Halves) -> list[str]:
    return [name for name, _ in dominant_colours(vector)]


DERIVERS: Mapping[str, Deriver] = {"colour": Deriver("colour-histogram", _colours)}


def add_column(store: Store, name: str, on_step: OnStep | None, stop: Stop) -> int:
    """Give every image that lacks one its words in a derived column; returns how many got them.

    Run again, it goes on where it stopped. Raises `UnknownNameError`, or `UsageError` where
    no space holds what the words are read off.
    """
    if name not in DERIVERS:
        raise UnknownNameError("derived column", name, DERIVERS)
    deriver = DERIVERS[name]
    return _fill(store, name, deriver, _space_of(store, name, deriver), on_step, stop)


def fill_columns(store: Store, stop: Stop) -> None:
    """Complete the derived columns that a library has, after images were added."""
    for name in set(store.derived_columns()) & set(DERIVERS):
        spaces = [space for space in store.spaces() if space.spec == DERIVERS[name].spec]
        if spaces:
            _fill(store, name, DERIVERS[name], spaces[0], None, stop)


def _fill(
    store: Store, name: str, deriver: Deriver, space: Space, on_step: OnStep | None, stop: Stop
) -> int:
    done, total = 0, store.count_underived(name, space)
    while not stop() and (some := store.underived(name, space)):
        store.derive(name, [(content, deriver.words(vector)) for content, vector in some])
        done += len(some)
        if on_step is not None:
            on_step(f"naming {name}", done, total)
    return done


def _space_of(store: Store, name: str, deriver: Deriver) -> Space:
    for space in store.spaces():
        if space.spec == deriver.spec:
            return space
    raise UsageError(
        f"Column {name!r} is read off a space of {deriver.spec}, and there is none. "
        f"Add it with: lookalike space add {deriver.spec} {deriver.spec}"
    )
