"""Marks of a library: short texts that change whenever what a step sees of it does."""

from __future__ import annotations

from pathlib import Path

from lookalike.errors import LibraryNotFoundError, UnknownNameError
from lookalike.flow.file_marks import GONE
from lookalike.flow.kinds import Aspect
from lookalike.flow.step import Step
from lookalike.library.locate import library_directory
from lookalike.store.store import Store

_NAMES = {"images": "the images", "vectors": "the vectors", "verdicts": "the verdicts"}


def marks_of_library(step: Step) -> dict[str, str]:
    """What a step sees of its library, by a name for people; `gone` where there is none."""
    aspects = seen(step)
    if not (aspects or step.kind.changes):
        return {}
    try:
        directory = library_directory(step.text("library"), create=False)
    except LibraryNotFoundError:
        return {"the library": GONE}
    with Store.open(directory) as store:
        found = {"the library": store.history()}
        for aspect in aspects:
            found[_NAMES[aspect]] = _mark(store, aspect, step)
    return found


def seen(step: Step) -> tuple[Aspect, ...]:
    """What of its library a step depends on: an `index` without sources sees the vectors."""
    if step.command == "index" and not step.texts("sources"):
        return ("vectors",)
    return step.kind.sees


def library_of(step: Step) -> Path | None:
    """Where the library of a step lies or will lie; None for a step without one."""
    if not (step.kind.sees or step.kind.changes or step.kind.tells):
        return None
    return library_directory(step.text("library"), create=True)


def _mark(store: Store, aspect: Aspect, step: Step) -> str:
    if aspect == "images":
        return store.mark_of_images()
    if aspect == "verdicts":
        return store.mark_of_verdicts()
    try:
        return " ".join(store.mark_of_vectors(store.space(name)) for name in _spaces(step))
    except UnknownNameError:
        return GONE


def _spaces(step: Step) -> list[str | None]:
    """The spaces that a step compares: `evaluate` may have several, with weights."""
    several = step.text("spaces")
    if several:
        words = several.replace("+", ",").split(",")
        return [word.partition("=")[0] for word in words]
    weighted = [word.rpartition("=")[0] for word in step.texts("weight")]
    return list(weighted) or [step.text("space")]
