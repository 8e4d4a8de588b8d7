"""Opens a library: finds or makes it, and holds its recipe against what is asked for."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from lookalike.embed.resources import Resources
from lookalike.embed.way import find_way
from lookalike.errors import RecipeMismatchError, UsageError
from lookalike.images.limits import DEFAULT_LIMITS, Limits
from lookalike.library.library import Library
from lookalike.library.locate import library_directory
from lookalike.library.spaces import new_space, refuse_another
from lookalike.models.model import DEFAULT_MODEL
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Metric, known_metric

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy

MAIN_SPACE = "main"


def open(  # noqa: A001  `lookalike.open` reads best
    path: str | os.PathLike[str] | None = None,
    *,
    create: bool = True,
    model: str | None = None,
    metric: str | None = None,
    runtime: str = "auto",
    precision: str = "auto",
    workers: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
    device: str = "auto",
    fetch: FetchPolicy | None = None,
    askers: int = 1,
    on_batch: Callable[[int], None] = lambda _: None,
) -> Library:
    """Open the library in the folder `path`; it is made if it is new.

    Without `path` it is found upward from the working folder, as git finds its own. `model`
    and `metric` (cosine, l2, l1, ip) are chosen when a library is made; for one that exists
    they must agree with it. `runtime` is auto, onnx or openvino; `precision` auto, fp32 or
    bf16; `workers` counts decoder processes (default: one a core); `device` is for models
    that torch runs: auto, cpu, cuda; `fetch` says what may be asked of the web. With `askers`
    above 1, that many questions with images may come at once: they are decoded in processes
    of their own and embedded together; `on_batch` hears how many.

    Raises `LibraryNotFoundError` (with `create=False`), `LibraryTooNewError`,
    `LibraryDamagedError`, `RecipeMismatchError`, `UnknownNameError`.
    """
    chosen = None if metric is None else known_metric(metric)
    resources = Resources(runtime, precision, workers, limits, device, fetch, askers, on_batch)
    if model is not None:
        find_way(model, normalised=True)
    directory = library_directory(path, create=create)
    store = Store.create(directory) if create else Store.open(directory)
    try:
        space = _main_space(store, model, chosen)
    except BaseException:
        store.close()
        raise
    return Library(store, space, resources)


def _main_space(store: Store, model: str | None, metric: Metric | None) -> Space:
    """The library's default space; made from the choices when the library is new."""
    if not store.spaces():
        way = find_way(model or DEFAULT_MODEL, normalised=metric in {None, "cosine"})
        if way.must_be_fitted:
            raise UsageError(
                f"{model} learns from a library's vectors, and this one is new. Index with "
                f"{way.model.name} first, then: lookalike space add NAME '{model}'"
            )
        return new_space(store, MAIN_SPACE, way, metric or "cosine")
    space = store.space()
    if metric is not None and metric != space.metric:
        raise RecipeMismatchError(
            f"This library compares by {space.metric}, not by {metric}. Search with "
            f"`--metric {metric}`, or make another library for it."
        )
    if model is not None:
        refuse_another(space, find_way(model, normalised=space.metric == "cosine"))
    return space
