"""`lookalike.fetch_images`: what a table names by URL, or a data set has by its name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from lookalike.datasets.about import About
from lookalike.datasets.known import TableDataset
from lookalike.datasets.names import is_dataset, open_dataset
from lookalike.datasets.take import keep_images
from lookalike.errors import UsageError
from lookalike.fetch.report import FetchReport, Progress
from lookalike.fetch.run import Fetching, fetch_table, made_folder
from lookalike.types import Stop


def fetch_images(
    source: str | os.PathLike[str],
    out: str | os.PathLike[str],
    how: Fetching | None = None,
    *,
    url_column: str | None = None,
    split: str | None = None,
    count: int | None = None,
    data_dir: str | os.PathLike[str] | None = None,
    on_about: Callable[[About], None] = lambda _: None,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Stop = lambda: False,
) -> FetchReport:
    """Bring images into the folder `out`, with a table of what became of each.

    `source` is a table with a column of URLs, or a data set: `dataset:clothing`,
    `dataset:tfds/NAME`, `dataset:hf/ORG/NAME`. Of a data set, `split` is one of its splits,
    `count` takes the first images, `data_dir` is where tensorflow_datasets keeps its own, and
    `on_about` hears title and licence before any image is fetched. `how` is a
    `lookalike.fetch.run.Fetching`.

    Raises `SourceError`, `UsageError`, `UnknownNameError`, `MissingExtraError`,
    `StorageFullError`; what was written before stays.
    """
    chosen, text = how or Fetching(), os.fspath(source)
    if not is_dataset(text):
        if split is not None or data_dir is not None:
            raise UsageError("--split and --data-dir are for data sets, not for tables.")
        chosen = chosen if count is None else replace(chosen, limit=count)
        return fetch_table(
            text, out, chosen, url_column=url_column, on_progress=on_progress, stop=stop
        )
    if url_column is not None:
        raise UsageError("A data set has no --url-column: it knows where its images are.")
    if count is None:
        count = chosen.limit
    dataset = open_dataset(text, chosen.policy, None if data_dir is None else Path(data_dir))
    on_about(dataset.about)
    if isinstance(dataset, TableDataset):
        dataset.check_split(split)
        table = dataset.write_table(made_folder(out), chosen.policy)
        return fetch_table(
            table,
            out,
            replace(chosen, limit=count),
            url_column="url",
            on_progress=on_progress,
            stop=stop,
        )
    dataset.about.chosen(split)
    return keep_images(
        dataset, out, chosen, split=split, count=count, on_progress=on_progress, stop=stop
    )
