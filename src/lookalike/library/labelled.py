"""Labelled images of a space: what teaching and classifying learn from."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.evaluate.truth import MISSING, codes_of, dropped
from lookalike.index.halves import as_floats
from lookalike.learn.from_classes import Classes
from lookalike.search.allowed import rows_of
from lookalike.store.facts import Facts
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Scalar

SEED = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """Which images teach what: those with a value of `column` that is not in `drop`.

    Images of one `group` stay together when some are held out, or with `whole` those of one
    class; `allowed` are keys of images, None for all.
    """

    column: str = "label"
    group: str | None = None
    drop: Collection[str] = ()
    allowed: Keys | None = None
    whole: bool = False


def labelled(
    store: Store, space: Space, choice: Choice, most: int, warnings: list[str]
) -> tuple[Classes, list[str]]:
    """The labelled images, at most so many, and the names of their classes by code.

    Of more, as many are drawn at random, which is said in `warnings`. Raises `UnknownNameError`.
    """
    group = choice.group
    facts = store.facts([choice.column, *([group] if group else [])])
    drop = dropped(choice.drop, [facts.values[choice.column]])
    facts, own = with_vectors(store, space, facts, choice.allowed)
    codes, names = codes_of(_told(facts.values[choice.column], choice.column, drop, warnings))
    groups = codes_of(facts.values[group])[0] if group else np.full(len(codes), MISSING)
    if choice.whole:
        units = codes
    else:
        alone = groups.max(initial=MISSING) + 1 + facts.contents
        units = np.where(groups == MISSING, alone, groups)
    rows = _some(np.flatnonzero(codes != MISSING), most, warnings)
    vectors = as_floats(store.compact(space)[0][own[rows]])
    parts = (codes[rows], units[rows], groups[rows], facts.contents[rows])
    return Classes(vectors, *parts), names


def _told(
    values: Sequence[Scalar], column: str, drop: Collection[str], warnings: list[str]
) -> list[Scalar]:
    """The values that teach something: neither dropped nor the NaN that some tables write."""
    texts = [str(value).strip() for value in values]
    unknown = sum(text.lower() == "nan" for text in texts)
    if unknown:
        images = "image has" if unknown == 1 else "images have"
        warnings.append(f"{unknown:,} {images} NaN for a {column}: taken for none.")
    return [
        None if text in drop or text.lower() == "nan" else value
        for text, value in zip(texts, values, strict=True)
    ]


def with_vectors(
    store: Store, space: Space, facts: Facts, allowed: Keys | None
) -> tuple[Facts, Keys]:
    """The facts of images that have a vector, and the row of each in the space's matrix."""
    keys = store.compact(space)[1]
    some = keys if allowed is None else keys[rows_of(allowed, keys)]
    facts = facts.only(some)
    return facts, rows_of(facts.keys, keys)


def vectors_of(
    store: Store, space: Space, facts: Facts, allowed: Keys | None
) -> tuple[Floats, Facts]:
    """The vectors of images of which something is known, float32, and the facts beside them."""
    facts, rows = with_vectors(store, space, facts, allowed)
    return as_floats(store.compact(space)[0][rows]), facts


def _some(rows: Keys, most: int, warnings: list[str]) -> Keys:
    if len(rows) <= most:
        return rows
    warnings.append(f"Learned from {most:,} of {len(rows):,} labelled images, at random.")
    return np.sort(np.random.default_rng(SEED).permutation(rows)[:most])
