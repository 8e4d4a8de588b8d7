"""Teaches a library: labels, groups or verdicts become a space derived from one that it has."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from lookalike.embed.report import Report
from lookalike.errors import NotBetterError, RecipeMismatchError, UnknownNameError, UsageError
from lookalike.evaluate.evaluation import SIGNIFICANT
from lookalike.index.halves import as_floats
from lookalike.learn.from_classes import METHODS, Lesson, OnStep, learn_classes
from lookalike.learn.from_verdicts import learn_from_verdicts
from lookalike.learn.linear import principal
from lookalike.learn.verdict_map import DIRECTIONS, Verdicts
from lookalike.library.labelled import SEED, Choice, labelled, vectors_of
from lookalike.library.spaces import IMPORTED, Filling, fill, is_imported, new_space, way_of
from lookalike.library.verdicts import OWN, verdicts_of
from lookalike.reduce.taught import Taught
from lookalike.reduce.unit import unit_length
from lookalike.store import learned
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys

MOST_IMAGES = 50_000
"""Images that a map is learned from; of more, as many are drawn at random."""
START_IMAGES = 20_000
SOURCES = ("labels", "groups", "judgements")


@dataclass(frozen=True, slots=True)
class Teaching:
    """How to teach. See `Library.teach` for each; `allowed` are keys to learn on, None: all."""

    source: str = "labels"
    column: str | None = None
    group: str | None = None
    drop: Collection[str] = ()
    method: str = "auto"
    dimension: int = 256
    judgements: str | os.PathLike[str] = OWN
    threshold: float = 1.0
    force: bool = False
    replace: bool = False
    allowed: Keys | None = None


@dataclass(frozen=True, slots=True)
class TaughtSpace:
    """What was learned and from how many `examples`; `report` says how the space was filled."""

    space: str
    parent: str
    source: str
    examples: int
    dimension: int
    seconds: float
    lesson: Lesson
    warnings: Sequence[str]
    report: Report

    def as_dict(self) -> dict[str, object]:
        """Plain values, for JSON."""
        lesson = self.lesson
        return {
            "space": self.space,
            "parent": self.parent,
            "from": self.source,
            "examples": self.examples,
            "dimension": self.dimension,
            "method": lesson.setting.method,
            "strength": lesson.setting.strength,
            "figure": lesson.figure,
            "before": lesson.before,
            "after": lesson.after,
            "difference": lesson.difference.value,
            "interval": [lesson.difference.low, lesson.difference.high],
            "p": lesson.difference.p,
            "held_out": lesson.held_out,
            "tried": [
                {"method": one.method, "strength": one.strength, "value": value}
                for one, value in lesson.tried.items()
            ],
            "vectors": self.report.embedded,
            "seconds": round(self.seconds, 3),
            "warnings": list(self.warnings),
        }


def teach(
    store: Store, name: str, parent: Space, plan: Teaching, filling: Filling, on_step: OnStep
) -> TaughtSpace:
    """Learn a linear map of `parent` and make it space `name`. Raises as `Library.teach` says."""
    began = time.perf_counter()
    if plan.source not in SOURCES:
        raise UnknownNameError("thing to learn from", plan.source, SOURCES)
    if parent.metric != "cosine":
        raise UsageError(
            f"Space {parent.name!r} compares by {parent.metric}; only a space that compares by "
            "cosine can be taught."
        )
    _refuse_taken(store, name, parent, plan)
    way = None if is_imported(parent) else way_of(store, parent)
    warnings: list[str] = []
    learn = _from_verdicts if plan.source == "judgements" else _from_classes
    with threadpool_limits(1, "blas"):  # many small products: threads only wait for each other
        lesson, examples = learn(store, parent, plan, warnings, on_step)
    _refuse_no_gain(lesson, parent, plan)
    count = lesson.map.weights.shape[1]
    step = Taught(count, lesson.map.mean, lesson.map.weights)
    with store.writing():
        if name in {space.name for space in store.spaces()}:
            store.space_drop(name)
        if way is None:
            report = _mapped(store, name, parent, step)
        else:
            specs = (*way.specs, f"taught:{count}")
            taught = replace(way, specs=specs, reducers=(*way.reducers, step))
            report = fill(store, new_space(store, name, taught, "cosine"), filling)
    seconds = time.perf_counter() - began
    return TaughtSpace(
        name, parent.name, plan.source, examples, count, seconds, lesson, warnings, report
    )


def _mapped(store: Store, name: str, parent: Space, step: Taught) -> Report:
    """Map the vectors of an imported space into one more of that kind: no model adds to either."""
    recipe = {
        "model": IMPORTED + name,
        "parent": parent.name,
        "reducers": [{"spec": f"taught:{step.count}", "sha256": learned.digest(step.arrays)}],
        "dimension": step.count,
        "normalised": True,
        "dtype": "float16",
    }
    fingerprint = hashlib.sha256(repr(sorted(recipe.items())).encode()).hexdigest()[:32]
    space = store.space_add(name, recipe, fingerprint, step.count, "cosine")
    store.space_learned(space, [step.arrays])
    report = Report(source=f"space:{name}", library=str(store.directory), space=name)
    for contents, halves in store.unmapped_blocks(parent, space):
        vectors = unit_length(step.apply(as_floats(halves)))
        store.add_vectors(space, zip(contents, vectors, strict=True))
        report.embedded += len(contents)
        report.offered += len(contents)
    report.finish()
    return report


def _refuse_taken(store: Store, name: str, parent: Space, plan: Teaching) -> None:
    taken = next((space for space in store.spaces() if space.name == name), None)
    if taken is None:
        return
    if name in (parent.name, store.space().name):
        raise UsageError(f"{name!r} is the space to learn from, or the default: name another.")
    if not plan.replace:
        raise RecipeMismatchError(
            f"There is a space {name!r} already, made with {taken.spec}. "
            "Choose another name, or replace it: --replace."
        )


def _refuse_no_gain(lesson: Lesson, parent: Space, plan: Teaching) -> None:
    change = lesson.difference
    if plan.force or (change.value > 0 and change.p < SIGNIFICANT):
        return
    raise NotBetterError(
        f"What was learned does not surely beat {parent.name!r} on {lesson.held_out:,} that were "
        f"held out: {lesson.figure} {lesson.after:.3f}, before {lesson.before:.3f} "
        f"(p = {change.p:.2g}). No space was made. "
        "Teach with more or cleaner examples, or keep it all the same: --force."
    )


def _from_classes(
    store: Store, parent: Space, plan: Teaching, warnings: list[str], on_step: OnStep
) -> tuple[Lesson, int]:
    if plan.method not in ("auto", *METHODS):
        raise UnknownNameError("method", plan.method, ("auto", *METHODS))
    column = plan.column or "label"
    choice = Choice(column, plan.group, plan.drop, plan.allowed, plan.source == "groups")
    classes, names = labelled(store, parent, choice, MOST_IMAGES, warnings)
    if len(names) < 2:
        raise UsageError(
            f"{column} tells {len(names)} class{'' if len(names) == 1 else 'es'} apart: at least "
            "two are needed to learn what makes images differ."
        )
    methods = METHODS if plan.method == "auto" else (plan.method,)
    return learn_classes(classes, methods, plan.dimension, on_step), len(classes.codes)


def _from_verdicts(
    store: Store, parent: Space, plan: Teaching, warnings: list[str], on_step: OnStep
) -> tuple[Lesson, int]:
    found = verdicts_of(store, plan.judgements, warnings)
    vectors, facts = vectors_of(store, parent, store.facts(["id"]), plan.allowed)
    row_of = {id_: row for row, id_ in enumerate(facts.ids)}
    pairs = [
        (row_of[query], row_of[image], verdict >= plan.threshold)
        for (query, image), verdict in found.items()
        if query in row_of and image in row_of and query != image
    ]
    if len(pairs) < len(found):
        warnings.append(f"{len(found) - len(pairs):,} verdicts name images that are not here.")
    table = np.array(pairs, dtype=np.int64).reshape(-1, 3)
    verdicts = Verdicts(table[:, 0], table[:, 1], table[:, 2] > 0)
    generator = np.random.default_rng(SEED)
    drawn = generator.permutation(len(vectors))[:START_IMAGES]
    start = principal(vectors[np.sort(drawn)], DIRECTIONS)
    return learn_from_verdicts(start, vectors, verdicts, on_step), len(pairs)
