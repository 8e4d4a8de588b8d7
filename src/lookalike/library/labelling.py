"""Labels that people give to images and clusters, and what follows from them for the others."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from lookalike.errors import SourceError, UnknownNameError, UsageError
from lookalike.index.halves import as_floats
from lookalike.learn.chances import Doubles
from lookalike.learn.propagation import Examples, Propagator, learn_labels, unsure_first
from lookalike.library.clustering import ClusterInfo, kept_clusters
from lookalike.library.mapping import Vectors, vectors_by_content
from lookalike.sources.table_formats import table_format
from lookalike.store.labels import Label, columns_of
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys

SHOWN_OF_CLUSTER = 3
"""Images of a cluster that its label is given to: its most central ones."""
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class Labelled:
    """The labels of a column: how many images have each, by where it came from."""

    column: str
    counts: Mapping[str, Mapping[str, int]]
    unlabelled: int


@dataclass(frozen=True, slots=True)
class Propagated:
    """What was concluded: `answered` images got a label, of `unsure` ones nothing is said.

    Of `held_out` given labels that were held out and answered as surely, `right` were right.
    """

    column: str
    learned_from: int
    answered: int
    unsure: int
    sure: float
    held_out: int
    right: int


@dataclass(frozen=True, slots=True)
class Doubt:
    """An image that a person should label next; `guess` is the likeliest label."""

    id: str
    guess: str
    chance: float


@dataclass(frozen=True, slots=True)
class TakenLabels:
    """How many labels a file gave: to images, and to clusters; `unknown` names neither."""

    images: int
    clusters: int
    unknown: Sequence[str]


def labelled(store: Store, column: str) -> Labelled:
    """What images are called by now. Raises `UnknownNameError` for a column nobody labelled."""
    _known(store, column)
    counts: dict[str, Counter[str]] = {}
    for one in store.labels(column).values():
        counts.setdefault(one.label, Counter())[one.origin] += 1
    total = len(np.unique(store.facts(()).contents))
    done = sum(each.total() for each in counts.values())
    ordered = dict(sorted(counts.items(), key=lambda item: -item[1].total()))
    return Labelled(column, ordered, total - done)


def give(store: Store, column: str, named: Mapping[str, str]) -> int:
    """Label images by id. Raises `UnknownIdError`, `UsageError`."""
    contents = {store.image(id_).content_key: label for id_, label in named.items()}
    _check_column(store, column)
    rows = {content: (_checked(label), 1.0) for content, label in contents.items()}
    store.add_labels(column, "given", rows)
    return len(rows)


def assign(store: Store, column: str, named: Mapping[str, str]) -> int:
    """Label clusters: the most central images of each; those labelled by hand keep their own.

    Raises `UnknownNameError`, and `UsageError` where no clusters were found yet.
    """
    clusters = _clusters(store)
    rows: dict[int, tuple[str, float]] = {}
    for name, label in named.items():
        if name not in clusters:
            raise UnknownNameError("cluster", name, clusters)
        for id_ in clusters[name].central[:SHOWN_OF_CLUSTER]:
            rows[store.image(id_).content_key] = (_checked(label), 1.0)
    _check_column(store, column)
    store.add_labels(column, "cluster", rows)
    return len(rows)


def take(store: Store, column: str, path: str | os.PathLike[str]) -> TakenLabels:
    """Take labels from a table with columns `id` or `cluster`, and `label`; empty ones are none.

    Raises `SourceError`, `UnknownNameError` for a cluster that is not there.
    """
    images, clusters = _read(os.fspath(path))
    known = store.contents_by_id(list(images))
    unknown = [id_ for id_ in images if id_ not in known]
    if clusters:
        assign(store, column, clusters)
    if known:
        give(store, column, {id_: images[id_] for id_ in known})
    return TakenLabels(len(known), len(clusters), unknown)


def propagate(store: Store, space: Space, column: str, sure: float) -> Propagated:
    """Label every image without a label of its own of which it is sure enough.

    What was propagated before gives way; labels that were given stay as they are. Raises
    `UsageError` where there are too few labels to know how sure to be.
    """
    if not 0 < sure <= 1:
        raise UsageError(f"A chance is above 0 and at most 1, such as 0.9; not {sure:g}.")
    vectors, own, learned, names = _learned(store, space, column)
    if not learned.calibrated:
        raise UsageError(
            f"The {len(own):,} labels do not say how sure to be: each label was given once. Give "
            f"more: lookalike label {column} --review page.html"
        )
    rows: dict[int, tuple[str, float]] = {}
    asked = np.flatnonzero(~np.isin(vectors.contents, list(own)))
    codes, chances = _predicted(learned, vectors, asked)
    least = learned.threshold(sure)
    for place in np.flatnonzero(chances >= least).tolist():
        label = (names[codes[place]], round(float(chances[place]), 4))
        rows[int(vectors.contents[asked[place]])] = label
    store.add_labels(column, "propagated", rows)
    held_out, right = learned.expected(least)
    return Propagated(column, len(own), len(rows), len(asked) - len(rows), sure, held_out, right)


def doubts(store: Store, space: Space, column: str, count: int) -> tuple[list[Doubt], list[str]]:
    """The images whose labels would tell most, the least sure first, and the labels there are."""
    vectors, own, learned, names = _learned(store, space, column)
    given = [content for content, one in own.items() if one.origin == "given"]
    asked = np.flatnonzero(~np.isin(vectors.contents, given))
    codes, chances = _predicted(learned, vectors, asked)
    pool = np.argsort(chances, kind="stable")[: 8 * count]
    chosen = pool[unsure_first(_floats(vectors, asked[pool]), chances[pool], count)]
    facts = store.facts(())
    first = dict(zip(facts.contents[::-1].tolist(), facts.ids[::-1], strict=True))
    found = [
        Doubt(
            first[int(vectors.contents[asked[place]])],
            names[codes[place]],
            round(float(chances[place]), 4),
        )
        for place in chosen.tolist()
    ]
    return found, list(names)


def undo(store: Store, column: str) -> tuple[str, int]:
    """Take the last act back: where its labels came from, and how many they were."""
    _known(store, column)
    done = store.undo_labels(column)
    if done is None:
        raise UsageError(f"There is nothing to undo in {column!r}.")
    return done


def _learned(
    store: Store, space: Space, column: str
) -> tuple[Vectors, dict[int, Label], Propagator, tuple[str, ...]]:
    """All vectors, the labels that people gave, what follows from them, and their names."""
    _known(store, column)
    vectors = vectors_by_content(store, space)
    own = {
        content: one for content, one in store.labels(column).items() if one.origin != "propagated"
    }
    rows = np.flatnonzero(np.isin(vectors.contents, list(own)))
    told = [own[content] for content in vectors.contents[rows].tolist()]
    names = tuple(sorted({one.label for one in told}))
    codes = np.array([names.index(one.label) for one in told], dtype=np.int64)
    given = np.array([one.origin == "given" for one in told], dtype=np.bool_)
    examples = Examples(_floats(vectors, rows), codes, _units(store, vectors, rows, given))
    with threadpool_limits(1, "blas"):
        return vectors, own, learn_labels(examples, names), names


def _units(store: Store, vectors: Vectors, rows: Keys, given: NDArray[np.bool_]) -> Keys:
    """What is held out together: images that got their label as one cluster; else each alone."""
    words = store.derived("cluster")
    called = [words.get(content, ("",))[0] for content in vectors.contents[rows].tolist()]
    numbers = np.unique(called, return_inverse=True)[1]
    units: Keys = np.where(given, len(numbers) + np.arange(len(rows)), numbers)
    return units


def _predicted(learned: Propagator, vectors: Vectors, rows: Keys) -> tuple[Keys, Doubles]:
    codes, chances = np.empty(len(rows), np.int64), np.empty(len(rows), np.float64)
    with threadpool_limits(1, "blas"):
        for start in range(0, len(rows), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            said = learned.predict(_floats(vectors, rows[part]))
            codes[part], chances[part] = said.codes, said.chances
    return codes, chances


def _floats(vectors: Vectors, rows: Keys) -> Floats:
    return as_floats(np.asarray(vectors.rows[rows]))


def _clusters(store: Store) -> dict[str, ClusterInfo]:
    found = kept_clusters(store)
    if found is None or not found.clusters:
        raise UsageError("No clusters were found yet. Find them first: lookalike clusters")
    return {one.name: one for one in found.clusters}


def _read(path: str) -> tuple[dict[str, str], dict[str, str]]:
    """Labels of images by id, and of clusters by name; of several the last one counts."""
    form = table_format(path)
    if form is None:
        raise SourceError(f"{path} is no table: labels come as .csv, .tsv, .jsonl or .parquet.")
    images: dict[str, str] = {}
    clusters: dict[str, str] = {}
    for row in form.rows(path):
        where = f"{path}, {form.unit} {row.number}"
        if row.problem:
            raise SourceError(f"{where}: {row.problem}.")
        cells = row.cells
        if "label" not in cells or not {"id", "cluster"} & set(cells):
            raise SourceError(f"{path} has other columns than `id` or `cluster`, and `label`.")
        label = "" if cells["label"] is None else str(cells["label"]).strip()
        if label and cells.get("id") not in (None, ""):
            images[str(cells["id"]).removeprefix("id:")] = label
        elif label and cells.get("cluster") not in (None, ""):
            clusters[str(cells["cluster"])] = label
    return images, clusters


def _check_column(store: Store, column: str) -> None:
    if column in store.label_names():
        return
    if not column.strip() or column != column.strip():
        raise UsageError(f"A column needs a name, not {column!r}.")
    taken = {field.name for field in store.column_cache.fields()} & set(columns_of(column))
    if taken:
        raise UsageError(
            f"There is a column {min(taken)!r} already, and labels would be taken for it. Choose "
            "another name."
        )


def _known(store: Store, column: str) -> None:
    names = store.label_names()
    if column not in names:
        raise UsageError(
            f"Nothing is labelled in {column!r} yet. Begin with clusters: lookalike clusters, "
            f"then lookalike label {column} --assign 3=dress"
            + (f". Columns with labels: {', '.join(names)}." if names else "")
        )


def _checked(label: str) -> str:
    if not label.strip() or not label.isprintable():
        raise UsageError(f"{label!r} is no label.")
    return label.strip()
