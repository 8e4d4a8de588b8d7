"""Trains a network on a library: its images, its columns, and a folder for what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.evaluate.truth import MISSING, codes_of
from lookalike.learn.train.config import make_config
from lookalike.learn.train.examples import Examples, labels_of
from lookalike.learn.train.run import Listeners, Trained, train_network
from lookalike.library.evaluation_plan import split_column
from lookalike.search.filters.resolve import filtered
from lookalike.store.facts import Facts
from lookalike.store.store import Store
from lookalike.types import NO_IMAGE


def train_library(
    store: Store,
    settings: Mapping[str, Any],
    folder: Path,
    listeners: Listeners,
    *,
    fresh: bool = False,
) -> Trained | None:
    """Learn from the images of a library. Raises as `Library.train` says."""
    config = make_config(settings)
    warnings: list[str] = []
    by_column = not _is_share(config.held_out)
    asked = split_column(config.held_out) if by_column else None
    named = [*config.columns, config.group, asked]
    facts = store.facts(name for name in named if name)
    if config.where is not None:
        facts = facts.only(filtered(store.column_cache, config.where).keys)
    labels = {name: labels_of(name, facts.values[name], warnings) for name in config.columns}
    flag = None
    if asked is not None:
        wanted = config.held_out.partition("=")[2].strip()
        flag = np.array([str(value).strip() == wanted for value in facts.values[asked]], bool)
    examples, rows = _with_images(store, facts, config.group)
    known = np.zeros(len(facts.keys), bool)
    for one in labels.values():
        known |= one.codes != MISSING
    kept = np.flatnonzero(known[rows]) if labels else np.arange(len(rows))
    if not len(kept):
        raise UsageError("No image of the library has a label to learn from, and a picture.")
    examples = Examples(
        examples.ids,
        examples.locations,
        examples.contents,
        examples.groups,
        {name: type(one)(one.codes[rows], one.names) for name, one in labels.items()},
    ).only(kept)
    held: NDArray[np.bool_] | None = None if flag is None else flag[rows][kept]
    return train_network(examples, held, config, folder, warnings, listeners, fresh=fresh)


def _is_share(held_out: str) -> bool:
    try:
        float(held_out)
    except ValueError:
        return False
    return True


def _with_images(
    store: Store, facts: Facts, group: str | None
) -> tuple[Examples, NDArray[np.int64]]:
    """The images that have pixels, and their rows in `facts`."""
    records = store.images_by_key(facts.keys)
    by_key = {record.key: record for record in records if record.content.format != NO_IMAGE}
    rows = np.array([row for row, key in enumerate(facts.keys.tolist()) if key in by_key], np.int64)
    groups = codes_of(facts.values[group])[0] if group else np.full(len(facts.keys), MISSING)
    locations = [by_key[int(facts.keys[row])].location for row in rows]
    ids = [facts.ids[row] for row in rows]
    return Examples(ids, locations, facts.contents[rows], groups[rows], {}), rows
