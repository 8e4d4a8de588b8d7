"""Fits classifiers on the vectors of a library, and keeps them with how they were made."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError, some_of
from lookalike.evaluate.truth import MISSING
from lookalike.learn.classifier import Classifier
from lookalike.learn.classifier_figures import Figures, figures_of
from lookalike.learn.fitting import METHODS, Wish, fit_classifier, held_out, parts_of
from lookalike.learn.from_classes import Classes, OnStep
from lookalike.library.labelled import Choice, labelled
from lookalike.store.records import ClassifierRecord, Space
from lookalike.store.spaces import differences
from lookalike.store.store import Store
from lookalike.types import Keys

MOST_IMAGES = 100_000
"""Images that a classifier is fitted on; of more, as many are drawn at random."""
LEAST_IMAGES = 2
"""Images that a class needs to be learned and held out."""


@dataclass(frozen=True, slots=True)
class Fitting:
    """How to fit. See `Library.fit_classifier` for each; the space comes beside."""

    column: str = "label"
    group: str | None = None
    drop: Collection[str] = ()
    where: str | None = None
    method: str = "auto"
    accuracy: float | None = None
    coverage: float | None = None
    replace: bool = False


@dataclass(frozen=True, slots=True)
class KeptClassifier:
    """A classifier of the library and how good it is on images that were held out.

    `recipe` says how it was made: space, column, settings, classes; `target` is the column
    that it fills, None for one that was not applied; `made` is in Unix seconds.
    """

    name: str
    recipe: dict[str, Any]
    figures: Figures
    target: str | None
    made: int
    warnings: Sequence[str] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "name": self.name,
            **self.recipe,
            "target": self.target,
            "made": self.made,
            "figures": self.figures.as_dict(),
            "warnings": list(self.warnings),
        }


def fit(
    store: Store, name: str, space: Space, plan: Fitting, allowed: Keys | None, on_step: OnStep
) -> KeptClassifier:
    """Fit a classifier and keep it as `name`. Raises as `Library.fit_classifier` says."""
    began = time.perf_counter()
    methods = _methods(plan)
    _check_plan(store, name, space, plan)
    warnings: list[str] = []
    choice = Choice(plan.column, plan.group, plan.drop, allowed)
    classes, names = labelled(store, space, choice, MOST_IMAGES, warnings)
    classes, known = _learnable(classes, names, plan, warnings)
    wish = Wish(plan.accuracy, plan.coverage)
    done, of = 0, parts_of(classes)

    def on_part() -> None:
        nonlocal done
        done += 1
        on_step(done, of)

    with threadpool_limits(1, "blas"):  # many small products: threads only wait for each other
        held = held_out(classes, known, methods, wish, on_part)
        fitted = fit_classifier(classes, known, methods, wish, on_part)
    figures = figures_of(classes, known, held)
    recipe = {
        "space": space.name,
        "fingerprint": space.fingerprint,
        "made_with": {**space.recipe, "dim": space.dim, "metric": space.metric},
        "column": plan.column,
        "group": plan.group,
        "where": plan.where,
        "dropped": sorted(plan.drop),
        "classes": list(known),
        "images": len(classes.codes),
        "method": fitted.setting.method,
        "strength": fitted.setting.strength,
        "sharpness": fitted.classifier.sharpness,
        "wished": {"accuracy": plan.accuracy, "coverage": plan.coverage},
        "threshold": fitted.classifier.threshold,
        "tried": [
            {"method": one.method, "strength": one.strength, "log_loss": value}
            for one, value in fitted.tried.items()
        ],
        "seconds": round(time.perf_counter() - began, 3),
    }
    store.set_classifier(name, recipe, figures.as_dict(), fitted.classifier.arrays)
    return replace(kept(store.classifier(name)), warnings=warnings)


def kept(record: ClassifierRecord) -> KeptClassifier:
    """A stored classifier as a person looks at it."""
    figures = Figures.from_dict(record.figures)
    return KeptClassifier(record.name, dict(record.recipe), figures, record.target, record.made)


def opened(store: Store, name: str) -> tuple[Classifier, Space, ClassifierRecord]:
    """A classifier ready for use, and its space.

    Raises `UnknownNameError`, and `RecipeMismatchError` when the space is gone or another.
    """
    record = store.classifier(name)
    space = _space_of(store, record)
    recipe: dict[str, Any] = dict(record.recipe)
    restored = Classifier.restored(tuple(recipe["classes"]), store.classifier_arrays(name))
    return restored, space, record


def _space_of(store: Store, record: ClassifierRecord) -> Space:
    recipe: dict[str, Any] = dict(record.recipe)
    space = next((one for one in store.spaces() if one.name == recipe["space"]), None)
    if space is None:
        raise RecipeMismatchError(
            f"Classifier {record.name!r} was fitted on space {recipe['space']!r}, which is not "
            "there any more. Make that space again, or fit again on another: --replace."
        )
    if space.fingerprint != recipe["fingerprint"]:
        now = {**space.recipe, "dim": space.dim, "metric": space.metric}
        told = differences(recipe["made_with"], now) or ["its fingerprint is another"]
        raise RecipeMismatchError(
            f"Classifier {record.name!r} was fitted on another space of the name "
            f"{space.name!r}: {'; '.join(told)}. Fit it again: --replace."
        )
    return space


def _methods(plan: Fitting) -> tuple[str, ...]:
    if plan.method not in ("auto", *METHODS):
        raise UnknownNameError("method", plan.method, ("auto", *METHODS))
    return METHODS if plan.method == "auto" else (plan.method,)


def _check_plan(store: Store, name: str, space: Space, plan: Fitting) -> None:
    if not name.strip() or name != name.strip():
        raise UsageError(f"A classifier needs a name, not {name!r}.")
    if plan.accuracy is not None and plan.coverage is not None:
        raise UsageError("Wish for an accuracy or for a coverage: one follows from the other.")
    for wished in (plan.accuracy, plan.coverage):
        if wished is not None and not 0 < wished <= 1:
            raise UsageError(f"A share is above 0 and at most 1, such as 0.95; not {wished:g}.")
    if space.of_bits:
        raise UsageError(f"Space {space.name!r} is of bits; classify on one of numbers.")
    if not plan.replace and any(one.name == name for one in store.classifiers()):
        raise UsageError(
            f"There is a classifier {name!r} already. Choose another name, or fit it again: "
            "--replace."
        )


def _learnable(
    classes: Classes, names: Sequence[str], plan: Fitting, warnings: list[str]
) -> tuple[Classes, tuple[str, ...]]:
    """The images of classes that can be learned and held out, numbered anew, and their names."""
    sizes = np.bincount(classes.codes, minlength=len(names))
    few = [name for name, size in zip(names, sizes, strict=True) if 0 < size < LEAST_IMAGES]
    left = sizes >= LEAST_IMAGES
    if left.sum() < 2:
        found = f"{len(names)} {'class' if len(names) == 1 else 'classes'}, {left.sum()} of them"
        raise UsageError(
            f"There is nothing to tell apart: {plan.column} has {found} with two images or more "
            f"among {len(classes.codes):,} labelled ones, and it takes two. Label more."
        )
    if few:
        warnings.append(
            f"Left out, since one image cannot be both learned and held out: {some_of(few)}."
        )
    numbers = np.cumsum(left) - 1
    chosen = classes.only(left[classes.codes])
    chosen = replace(chosen, codes=numbers[chosen.codes])
    known = tuple(name for name, kept_ in zip(names, left, strict=True) if kept_)
    alone = [
        name
        for code, name in enumerate(known)
        if len(np.unique(chosen.units[chosen.codes == code])) < 2
    ]
    if alone:
        what = "group" if (chosen.groups != MISSING).any() else "content"
        warnings.append(
            f"All images are of one {what}, so that held out they cannot be known and count as "
            f"wrong: {some_of(alone)}."
        )
    return chosen, known
