"""Names of data sets: `dataset:clothing`, `dataset:tfds/tf_flowers`, `dataset:hf/ORG/NAME`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.datasets.known import TableDataset, known_datasets
from lookalike.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from lookalike.datasets.about import Dataset
    from lookalike.fetch.policy import FetchPolicy

PREFIX = "dataset:"
TFDS = re.compile(r"tfds/([a-z0-9_]+)(?:/([A-Za-z0-9_.-]+))?(?::([0-9.]+))?")
HF = re.compile(r"hf/([\w.-]+/[\w.-]+|[\w.-]+)(?:@([\w./-]+))?")


def is_dataset(text: str) -> bool:
    """Whether a text names a data set and no file."""
    return text.startswith(PREFIX)


def open_dataset(
    text: str, policy: FetchPolicy, data_dir: Path | None = None
) -> Dataset | TableDataset:
    """The data set of that name, and what it says of itself; none of its images is fetched.

    `data_dir` is where tensorflow_datasets keeps its own. Raises `UnknownNameError`,
    `UsageError`, `SourceError`, `MissingExtraError`.
    """
    name = text.removeprefix(PREFIX)
    if found := TFDS.fullmatch(name):
        from lookalike.datasets.tfds import open_tfds

        return open_tfds(text, found[1], found[2], found[3], policy, data_dir)
    if found := HF.fullmatch(name):
        from lookalike.datasets.hub import HubDataset

        return HubDataset(text, found[1], found[2])
    if "/" in name:
        raise UsageError(
            f"{text!r} is no name of a data set. It is {PREFIX}NAME, {PREFIX}tfds/NAME or "
            f"{PREFIX}hf/ORG/NAME."
        )
    known = known_datasets()
    if name not in known:
        raise UnknownNameError("data set", name, known)
    return known[name]
