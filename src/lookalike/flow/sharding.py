"""The `index` step of a configuration in shards, so that many may work on it; then merged."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lookalike.embed.resources import Resources
from lookalike.embed.way import find_way
from lookalike.errors import LibraryNotFoundError
from lookalike.fetch.policy import FetchPolicy
from lookalike.flow.follow_model import other_model
from lookalike.flow.memory import Memory
from lookalike.flow.plan import why_run
from lookalike.flow.step import Step
from lookalike.images.limits import Limits
from lookalike.library.locate import library_directory
from lookalike.library.opening import open as open_library
from lookalike.models.model import DEFAULT_MODEL
from lookalike.scale.job import Job
from lookalike.scale.merge import made_with
from lookalike.scale.shards import write_shard
from lookalike.sources.table_plan import TableOptions
from lookalike.types import Metric, known_metric


@dataclass(frozen=True, slots=True)
class ShardedIndex:
    """One source of an `index` step, cut into shards that go to `job.out`."""

    job: Job
    using: Resources
    library: str | None

    def write(self, number: int) -> str:
        """Make a shard, from 1; gives its file. Raises as `write_shard`."""
        return write_shard(self.job, number, self.using).file

    def merge(self) -> None:
        """Take all shards into the library, and remove them. Raises as `Library.merge`."""
        model, metric = made_with(self.job.out)
        directory = library_directory(self.library, create=True)
        with open_library(directory, model=model, metric=metric) as opened:
            opened.merge(self.job.out)
        shutil.rmtree(self.job.out, ignore_errors=True)


def can_be_sharded(steps: Sequence[Step], memory: Memory) -> bool:
    """Whether shards are any help to the first `index` step.

    Not so where it has nothing to do, where its library was made with another model, and where
    the model first has to learn from the library's vectors.
    """
    place = first_index(steps)
    if place is None or why_run(steps[place], steps[:place], memory) is None:
        return False
    step = steps[place]
    model, metric = _model(step)
    if find_way(model, normalised=metric == "cosine").must_be_fitted:
        return False
    return other_model(step.text("library"), model, step.text("metric")) is None


def sharded_indexes(config: Path, steps: Sequence[Step], shards: int) -> list[ShardedIndex]:
    """The sources of the first `index` step, each in shards."""
    place = first_index(steps)
    if place is None:
        return []
    step = steps[place]
    return [
        ShardedIndex(_job(config, step, source, shards), _using(step), step.text("library"))
        for source in step.texts("sources")
    ]


def first_index(steps: Sequence[Step]) -> int | None:
    """The place of the first step that indexes sources."""
    named = (place for place, step in enumerate(steps) if step.command == "index")
    return next((place for place in named if steps[place].texts("sources")), None)


def _model(step: Step) -> tuple[str, Metric]:
    """The model and the metric; where none are named, those of the library, if there is one."""
    try:
        directory = library_directory(step.text("library"), create=False)
    except LibraryNotFoundError:
        model, metric = DEFAULT_MODEL, "cosine"
    else:
        with open_library(directory, create=False) as opened:
            model, metric = opened.space.spec, opened.space.metric
    named = step.text("metric")
    return step.text("model") or model, known_metric(named or metric)


def _job(config: Path, step: Step, source: str, shards: int) -> Job:
    told = json.dumps([source, shards, dict(step.options)], sort_keys=True)
    name = hashlib.blake2b(told.encode(), digest_size=8).hexdigest()
    model, metric = _model(step)
    limit = step.options.get("limit")
    return Job(
        source=source,
        out=str(config.absolute().with_name(f".{config.name}.shards") / name),
        shards=shards,
        model=model,
        metric=None if metric == "hamming" else metric,
        table=TableOptions(
            step.text("path_column"),
            step.text("path_template"),
            step.text("url_column"),
            step.text("id_column"),
            step.text("label_column"),
            "folder" if step.text("label_from") == "folder" else None,
        ),
        id_prefix=step.text("id_prefix") or "",
        limit=limit if isinstance(limit, int) else None,
        thumbnails=bool(step.options.get("thumbnails")),
    )


def _using(step: Step) -> Resources:
    """What the options of the step say of the machine."""
    limits = Limits()
    workers, pixels, seconds = (
        step.options.get(name) for name in ("workers", "max_pixels", "timeout")
    )
    return Resources(
        step.text("runtime") or "auto",
        step.text("precision") or "auto",
        workers if isinstance(workers, int) else None,
        Limits(
            pixels=pixels if isinstance(pixels, int) else limits.pixels,
            seconds=float(seconds) if isinstance(seconds, int | float) else limits.seconds,
        ),
        step.text("device") or "auto",
        _policy(step),
    )


def _policy(step: Step) -> FetchPolicy | None:
    hosts, private = step.texts("allow_host"), bool(step.options.get("allow_private"))
    if not (hosts or private):
        return None
    return FetchPolicy(allow_hosts=frozenset(hosts), allow_private=private)
