"""Makes the shards of a job on Ray: a pool of actors, each with its network kept open."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any

from lookalike.errors import LookalikeError, MissingExtraError
from lookalike.scale.files import ShardReport
from lookalike.scale.job import Job
from lookalike.scale.shards import ShardMaker
from lookalike.scale.workers import Workers, settings_of_workers, told_by_worker

_STORE_BYTES = 256 * 2**20
"""What Ray may keep objects in on this machine: only numbers and reports go through it."""


def shards_on_ray(job: Job, numbers: Sequence[int], workers: Workers) -> list[ShardReport]:
    """Make shards on the Ray that `workers` names, or on one that is begun for it here.

    Each number is a batch for `map_batches`. Raises `LookalikeError` when an actor raised,
    `MissingExtraError`.
    """
    try:
        import ray
        from ray.data import ActorPoolStrategy, DataContext, from_items
        from ray.exceptions import RayError
    except ImportError as error:
        raise MissingExtraError("Ray", "ray") from error
    running = ray.is_initialized()
    try:
        if not running:
            _begin(ray, workers)
        try:
            logging.getLogger("ray.data").setLevel(logging.ERROR)
            DataContext.get_current().enable_progress_bars = False
            items = from_items(
                [{"number": number} for number in numbers], override_num_blocks=len(numbers)
            )
            told = items.map_batches(
                _Maker,
                fn_constructor_args=(job, workers),
                batch_size=1,
                num_cpus=workers.cores,
                num_gpus=workers.gpus or None,
                compute=ActorPoolStrategy(
                    size=_actors(ray.cluster_resources(), workers, len(numbers)),
                    max_tasks_in_flight_per_actor=1,
                ),
            )
            return [ShardReport(**json.loads(row["report"])) for row in told.iter_rows()]
        finally:
            if not running:
                ray.shutdown()
    except RayError as error:
        raise LookalikeError(f"Ray could not make all shards. {told_by_worker(error)}") from error


def _begin(ray: Any, workers: Workers) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    address = workers.address or os.environ.get("RAY_ADDRESS")
    here = {"include_dashboard": False, "object_store_memory": _STORE_BYTES}
    ray.init(
        address=address or "local",
        runtime_env={"env_vars": dict(settings_of_workers())},
        log_to_driver=False,
        logging_level=logging.ERROR,
        **({} if address else here),
    )


def _actors(there: Mapping[str, float], workers: Workers, shards: int) -> int:
    """As many actors as the cluster has room for, and shards need."""
    room = there.get("CPU", 1.0) // workers.cores
    if workers.gpus:
        room = min(room, there.get("GPU", 0.0) // workers.gpus)
    return max(1, min(shards, int(room)))


class _Maker:
    """What an actor is: shards go in by number, reports come out."""

    def __init__(self, job: Job, workers: Workers) -> None:
        self._maker = ShardMaker(job, workers.resources)

    def __call__(self, batch: Mapping[str, Any]) -> dict[str, list[str]]:
        reports = [self._maker.write(int(number)) for number in batch["number"]]
        return {"report": [json.dumps(report.as_dict()) for report in reports]}
