"""Where the answers fail: by class, by confused classes, by query, and by hubs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.evaluate.measure import Measured
from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.truth import MISSING
from lookalike.types import Keys

_LISTED = 20
_HUBS = 10


@dataclass(frozen=True, slots=True)
class ClassRow:
    """One class: its queries, what they found, and the share its neighbours voted it."""

    name: str
    queries: int
    precision: float
    average_precision: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """The share of a class's neighbours that are of another class."""

    name: str
    other: str
    share: float


@dataclass(frozen=True, slots=True)
class Hubs:
    """How often images are found: the most found, and how many nobody finds.

    `skewness` of the k-occurrence is about 0 where all images are found alike, and well above
    1 where a few are everybody's neighbour (Radovanovic, Nanopoulos and Ivanovic, "Hubs in
    Space", 2010).
    """

    rows: tuple[int, ...]
    counts: tuple[int, ...]
    skewness: float
    never: int
    gallery: int


def class_rows(measured: Measured, classes: Keys, names: Sequence[str]) -> list[ClassRow]:
    """One row for each class among the queries, the worst precision first."""
    of_query = classes[measured.queries]
    precision = measured.values[f"precision@{measured.k}"]
    rows = []
    for number in np.unique(of_query[of_query != MISSING]):
        mine = of_query == number
        right = measured.values["knn-accuracy"][mine]
        rows.append(
            ClassRow(
                names[number],
                int(mine.sum()),
                float(precision[mine].mean()),
                float(measured.values["map"][mine].mean()),
                float(right.mean()),
            )
        )
    return sorted(rows, key=lambda row: (row.precision, row.name))


def macro_rows(measured: Measured, classes: Keys) -> Doubles:
    """kNN accuracy of each query (q,), weighted so that every class counts as much: its mean
    over the queries is the mean of the classes' accuracies."""
    of_query = classes[measured.queries]
    _, numbers, sizes = np.unique(of_query, return_inverse=True, return_counts=True)
    weights = len(of_query) / (len(sizes) * sizes[numbers])
    found: Doubles = measured.values["knn-accuracy"] * weights
    return found


def confusions(measured: Measured, classes: Keys, names: Sequence[str]) -> list[Confusion]:
    """The classes whose queries find another class most often, the highest share first."""
    mine = np.repeat(classes[measured.queries], measured.top.shape[1])
    found = np.where(measured.top == MISSING, MISSING, classes[measured.top]).ravel()
    both = (mine != MISSING) & (found != MISSING)
    counts = np.zeros((len(names), len(names)), dtype=np.int64)
    np.add.at(counts, (mine[both], found[both]), 1)
    shares = counts / counts.sum(axis=1, keepdims=True).clip(1)
    np.fill_diagonal(shares, 0)
    order = np.argsort(-shares, axis=None, kind="stable")[:_LISTED]
    return [
        Confusion(names[i], names[j], float(shares[i, j]))
        for i, j in zip(*np.unravel_index(order, shares.shape), strict=True)
        if shares[i, j] > 0
    ]


def worst_queries(measured: Measured) -> list[int]:
    """Places of the queries with the least precision, then the least average precision."""
    precision, average = measured.values[f"precision@{measured.k}"], measured.values["map"]
    return [int(place) for place in np.lexsort((average, precision))[:_LISTED]]


def hubs(measured: Measured, gallery: Keys) -> Hubs:
    """How often each image of the gallery is among the k nearest of the queries."""
    found = measured.top[measured.top != MISSING]
    rows, counts = np.unique(found, return_counts=True)
    every = np.zeros(len(gallery))
    every[np.searchsorted(gallery, rows)] = counts
    spread = every.std()
    skewness = float((((every - every.mean()) / spread) ** 3).mean()) if spread > 0 else 0.0
    first = np.argsort(-counts, kind="stable")[:_HUBS]
    return Hubs(
        tuple(map(int, rows[first])),
        tuple(map(int, counts[first])),
        skewness,
        int((every == 0).sum()),
        len(gallery),
    )
