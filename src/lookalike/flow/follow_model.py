"""A configuration names another model than before: its space is made beside the old one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lookalike.embed.report import Report
from lookalike.embed.way import Way, find_way
from lookalike.errors import LibraryNotFoundError
from lookalike.library.library import Library
from lookalike.library.locate import library_directory
from lookalike.library.opening import open as open_library
from lookalike.store.records import Space
from lookalike.types import Metric, Stop, known_metric


def other_model(library: str | None, model: str | None, metric: str | None) -> str | None:
    """The spec of the default space, where `model` is another one than made it; else None.

    Raises `UnknownNameError`, `UsageError`, `ModelError`, `MissingExtraError`.
    """
    if model is None:
        return None
    try:
        directory = library_directory(library, create=False)
    except LibraryNotFoundError:
        return None
    with open_library(directory, create=False) as opened:
        wanted = _metric(opened, metric)
        return None if _made_by(opened.space, model, wanted) else opened.space.spec


def follow_model(
    library: str | None,
    model: str,
    metric: str | None,
    workers: int | None,
    on_progress: Callable[[Report], None],
    stop: Stop,
) -> Report | None:
    """Make the space of a model the default one; every image is embedded if it is new.

    The old space and its vectors are kept. None when such a space was there already. Raises
    what `Library.add_space` raises.
    """
    with open_library(library_directory(library, create=False), workers=workers) as opened:
        wanted = _metric(opened, metric)
        known = next((one for one in opened.spaces() if _made_by(one, model, wanted)), None)
        report = None
        name = known.name if known else _free_name(model, {one.name for one in opened.spaces()})
        if known is None:
            report = opened.add_space(
                name, model, metric=wanted, on_progress=on_progress, stop=stop
            )
            if report.interrupted:
                return report
        opened.default_space(name)
        return report


def _metric(opened: Library, metric: str | None) -> Metric:
    if metric is not None:
        return known_metric(metric)
    return "cosine" if opened.space.of_bits else opened.space.metric


def _made_by(space: Space, model: str, metric: Metric) -> bool:
    way: Way = find_way(model, normalised=metric == "cosine")
    same = "|".join([way.model.name, *way.specs]) == space.spec
    weights = space.recipe.get("weights_sha256") == way.model.weights_sha256
    return same and weights and (space.of_bits or space.metric == metric)


def _free_name(model: str, taken: set[str]) -> str:
    """`xception|mean:4` becomes `xception-mean-4`, or that with a number behind it."""
    words = re.findall(r"[A-Za-z0-9]+", Path(model).name) or ["space"]
    name = "-".join(words).lower()
    number = 2
    while name in taken:
        name, number = f"{'-'.join(words).lower()}-{number}", number + 1
    return name
