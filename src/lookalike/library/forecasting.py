"""Tries a run on a sample: the whole pipeline in a library that goes away, and its forecast."""

from __future__ import annotations

import hashlib
import heapq
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lookalike.embed.report import Report
from lookalike.errors import LookalikeError, UsageError
from lookalike.evaluate.forecast import (
    Forecast,
    whole_count,
    whole_precision,
    whole_size,
    whole_time,
)
from lookalike.evaluate.ranking import View
from lookalike.evaluate.truth import codes_of
from lookalike.library.adding import Adding, OnProgress, add_source
from lookalike.library.evaluating import evaluate_library
from lookalike.library.evaluation_plan import Plan
from lookalike.library.library import Library
from lookalike.library.opening import open as open_library
from lookalike.library.spaces import way_of
from lookalike.models.cache import cache_directory
from lookalike.sources import Source
from lookalike.store.store import Store
from lookalike.types import Outcome, Reference, Rejected

QUERIES = 1000
"""Queries by which the precision of the whole is measured, once it is there."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """Some of what a source offers, in its order."""

    uri: str
    chosen: Sequence[Reference | Rejected]
    complete: bool = False
    notes: list[str] = field(default_factory=list)

    def references(self) -> Iterator[Reference | Rejected]:
        """Those that were chosen."""
        return iter(self.chosen)


@dataclass(frozen=True, slots=True)
class Kept:
    """A forecast and how the run that it was for came out; `precision` is None without labels."""

    forecast: Forecast
    seconds: float
    size: int
    rejected: int
    precision: float | None


def forecast(
    source: Source,
    sample: int,
    *,
    model: str | None = None,
    seed: int = 0,
    k: int = 10,
    on_progress: OnProgress | None = None,
) -> Forecast:
    """Run everything on `sample` images drawn at random, the same ones for the same seed.

    What is predicted is kept in the user's cache, and compared when the source is indexed.
    Raises `UsageError` for a source or a sample without an image, and what indexing raises.
    """
    if sample < 1:
        raise UsageError(f"A sample has at least 1 image, not {sample}.")
    offered, chosen = _drawn(source, sample, seed)
    if not chosen:
        raise UsageError(f"{source.uri} offers no image.")
    with (
        tempfile.TemporaryDirectory(prefix="lookalike-") as folder,
        open_library(folder, model=model) as opened,
    ):
        told = _told(opened, Sampled(source.uri, chosen), offered, seed, k, on_progress)
    path = _path(source.uri, told.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told.as_dict()), encoding="utf-8")
    return told


def came_true(store: Store, report: Report, spec: str) -> Kept | None:
    """The forecast for what was just indexed, beside what came; None where there was none.

    It is shown once, for a run that did the whole of the work.
    """
    path = _path(report.source, spec)
    if report.interrupted or not path.is_file():
        return None
    try:
        told = Forecast.from_dict(json.loads(path.read_text("utf-8")))
    except (ValueError, TypeError, KeyError):
        return None
    if report.offered != told.offered or report.unchanged:
        return None
    precision = None
    if told.precision is not None:
        try:
            plan = Plan(k=told.k, queries=QUERIES)
            precision = evaluate_library(store, plan)[f"precision@{told.k}"].value
        except LookalikeError:
            precision = None
    path.unlink(missing_ok=True)
    return Kept(told, report.seconds, _bytes(store), report.rejected, precision)


def _told(
    opened: Library,
    sample: Sampled,
    offered: int,
    seed: int,
    k: int,
    on_progress: OnProgress | None,
) -> Forecast:
    """Index a sample into an empty library, and what follows for all that was offered."""
    store, space = opened._store, opened.space
    way, resources = way_of(store, space), opened._resources
    marks: list[tuple[float, int]] = []
    sizes = [(0, _bytes(store))]
    began = time.perf_counter()

    def mark(outcomes: Sequence[Outcome]) -> None:
        done = marks[-1][1] if marks else 0
        marks.append((time.perf_counter() - began, done + len(outcomes)))
        sizes.append((marks[-1][1], _bytes(store)))

    how = Adding(on_progress=on_progress, on_outcomes=mark, fetch=resources.fetch)
    pool = resources.pool(way.model.preprocessing, thumbnails=False)
    embedder = resources.lazy_embedder(way)
    with pool, embedder:
        report = add_source(store, space, sample, pool, embedder.get, how)
    matrix, keys = store.compact(space)
    facts = store.facts(["label"]).only(keys)
    codes, _ = codes_of(facts.values["label"])
    labelled = round(offered * (codes >= 0).sum() / len(sample.chosen))
    view = View(matrix, None, space.metric)
    return Forecast(
        source=sample.uri,
        model=space.spec,
        offered=offered,
        sampled=len(sample.chosen),
        seed=seed,
        k=k,
        seconds=whole_time(marks, offered),
        size=whole_size(sizes, offered),
        rejected=whole_count(report.rejected, len(sample.chosen), offered),
        precision=whole_precision(view, codes, facts.contents, k, max(2, labelled)),
    )


def _drawn(source: Source, sample: int, seed: int) -> tuple[int, list[Reference | Rejected]]:
    """How many images a source offers, and those whose ids have the lowest digests."""
    best: list[tuple[int, int, Reference | Rejected]] = []
    offered = 0
    for place, item in enumerate(source.references()):
        offered += 1
        digest = hashlib.sha256(f"{seed} {item.id}".encode()).digest()
        row = (-int.from_bytes(digest[:8], "big"), -place, item)
        if len(best) < sample:
            heapq.heappush(best, row)
        else:
            heapq.heappushpop(best, row)
    return offered, [item for _, _, item in sorted(best, key=lambda row: -row[1])]


def _bytes(store: Store) -> int:
    return store.counts().database_bytes


def _path(uri: str, spec: str) -> Path:
    name = hashlib.sha256(f"{uri}\n{spec}".encode()).hexdigest()[:32]
    return cache_directory() / "forecasts" / f"{name}.json"
