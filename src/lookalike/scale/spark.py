"""Makes the shards of a job on Spark: a task a shard, tried again when its executor dies."""

from __future__ import annotations

import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lookalike.errors import LookalikeError, MissingExtraError
from lookalike.scale.files import ShardReport
from lookalike.scale.job import Job
from lookalike.scale.shards import write_shard
from lookalike.scale.workers import Workers, settings_of_workers, told_by_worker

_SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""The variable that says that `spark-submit` runs this, and has been told the master."""


def shards_on_spark(job: Job, numbers: Sequence[int], workers: Workers) -> list[ShardReport]:
    """Make shards on the Spark that `workers` names, or in the session that there is.

    Each number is a partition of its own, which `mapInArrow` turns into a report. Raises
    `LookalikeError` when a task failed as often as Spark lets it, `MissingExtraError`.
    """
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise MissingExtraError("Spark", "spark") from error
    running = SparkSession.getActiveSession()
    try:
        session = running or _session(SparkSession.builder, workers)
        try:
            with warnings.catch_warnings():
                # PySpark 4 says of every pandas 3 that it does not know it; none is used here
                warnings.simplefilter("ignore", FutureWarning)
                one_each = session.range(0, len(numbers), numPartitions=len(numbers))
                rows = one_each.mapInArrow(_work(job, numbers, workers), "report string").collect()
        finally:
            if running is None:
                session.stop()
    except PySparkException as error:
        raise LookalikeError(f"Spark could not make all shards. {told_by_worker(error)}") from error
    return [ShardReport(**json.loads(row.report)) for row in rows]


def _session(builder: Any, workers: Workers) -> Any:
    """A session of our own, for the cluster at `workers.address` or for this machine."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = {
        "spark.task.cpus": str(workers.cores),
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        **{f"spark.executorEnv.{name}": value for name, value in settings_of_workers().items()},
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    if workers.address is not None or _SUBMITTED not in os.environ:
        builder = builder.master(workers.address or "local[*,4]")
    session = builder.appName("lookalike").getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _work(job: Job, numbers: Sequence[int], workers: Workers) -> Callable[[Iterator[Any]], Any]:
    """What a task does with its rows: places in `numbers`, in batches of Arrow."""

    def work(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow as pa

        for batch in batches:
            for place in batch.column("id").to_pylist():
                done = write_shard(job, numbers[place], workers.resources)
                yield pa.RecordBatch.from_pydict({"report": [json.dumps(done.as_dict())]})

    return work
