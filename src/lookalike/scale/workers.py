"""Who makes the shards of a job: what is common to Spark, Ray and this very process."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lookalike.embed.report import Report
from lookalike.embed.resources import Resources
from lookalike.errors import UnknownNameError, UsageError
from lookalike.scale.files import ShardReport, finished
from lookalike.scale.job import Job
from lookalike.scale.shards import ShardMaker
from lookalike.scale.storage import Storage
from lookalike.types import Stop

RUNNERS = ("local", "spark", "ray")
SETTINGS = ("LOOKALIKE_CACHE", "HF_HOME", "HF_HUB_CACHE", "HF_HUB_OFFLINE")
"""Variables that say where models are; workers get them as they are here."""
_NAMES_AN_ERROR = re.compile(r"(lookalike\.errors\.)?[A-Z]\w*(Error|Exception|Interrupt)\b")


@dataclass(frozen=True, slots=True)
class Workers:
    """`runner` at `address` (spark://..., local-cluster[...], ray://..., None: this machine).

    Each worker keeps `cores` busy and takes `gpus` of a GPU, a part if need be. Raises
    `UsageError`, `UnknownNameError`.
    """

    runner: str = "local"
    address: str | None = None
    cores: int = 1
    gpus: float = 0.0
    using: Resources = field(default_factory=Resources)

    def __post_init__(self) -> None:
        if self.runner not in RUNNERS:
            raise UnknownNameError("runner", self.runner, RUNNERS)
        if self.cores < 1 or self.gpus < 0:
            raise UsageError("A worker has at least one core, and no less than no GPU.")

    @property
    def resources(self) -> Resources:
        """What one worker may use of its machine."""
        return replace(self.using, cores=self.cores)


def make_shards(
    job: Job,
    workers: Workers,
    on_progress: Callable[[Report], None] = lambda _: None,
    stop: Stop = lambda: False,
) -> list[ShardReport]:
    """Make all shards of a job that are not there yet; a report of each, in order.

    `on_progress` and `stop` are for the local runner, which makes one after the other with all
    cores. Raises what `write_shard` does, `LookalikeError` where a cluster gave up.
    """
    job = job.absolute()
    storage = Storage(job.out)
    before = len(finished(storage))
    with ShardMaker(job, workers.using) as maker:
        known = [maker.done(number) for number in range(1, job.shards + 1)] if before else []
        done = {report.number: report for report in known if report is not None}
        left = [number for number in range(1, job.shards + 1) if number not in done]
        if workers.runner == "local":
            for number in left:
                done[number] = maker.write(number, on_progress, stop)
                if stop():
                    break
            left = []
    if left:
        made = _elsewhere(job, left, workers)
        done |= {report.number: report for report in made}
    return [done[number] for number in sorted(done)]


def _elsewhere(job: Job, numbers: list[int], workers: Workers) -> list[ShardReport]:
    if workers.runner == "spark":
        from lookalike.scale.spark import shards_on_spark

        return shards_on_spark(job, numbers, workers)
    from lookalike.scale.ray import shards_on_ray

    return shards_on_ray(job, numbers, workers)


def settings_of_workers() -> Mapping[str, str]:
    """The variables of this process that workers need as well."""
    return {name: os.environ[name] for name in SETTINGS if name in os.environ}


def told_by_worker(error: Exception) -> str:
    """The line of a worker's traceback that names its error, else the first line of all."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    named = [line for line in lines if _NAMES_AN_ERROR.match(line)]
    return (named[-1:] or lines or [type(error).__name__])[0]
