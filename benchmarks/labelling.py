"""How few labels a person types: clusters first, then the images least sure of, propagated.

    python -m benchmarks.labelling LIBRARY [--column label] [--clusters 20] [--rounds 3]

The truth in a column plays the person: a cluster is called what most of its central images
are, an image what it is. Beside it as many images drawn at random, from the same learning.
"""

from __future__ import annotations

import argparse
from collections import Counter

import numpy as np

import lookalike
from lookalike.library.library import Library

NAME = "benchmark_of_labelling"
REVIEWED = 40


def main() -> None:
    """Print a line a round: labels typed, accuracy over all images, what was propagated."""
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("--column", default="label")
    parser.add_argument("--clusters", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with lookalike.open(asked.library, create=False) as library:
        facts = library._store.facts([asked.column])
        truth = dict(zip(facts.ids, map(str, facts.values[asked.column]), strict=True))
        print("labels typed\tright of all\tpropagated at 0.8\tright\tpropagated at 0.9\tright")
        for name in (f"{NAME}_a", f"{NAME}_b"):
            try:
                _by_clusters(library, truth, asked, name) if name[-1] == "a" else _at_random(
                    library, truth, asked, name
                )
            finally:
                while library._store.undo_labels(name) is not None:
                    pass


def _by_clusters(
    library: Library, truth: dict[str, str], asked: argparse.Namespace, name: str
) -> None:
    found = library.clusters(k=asked.clusters)
    called = {
        one.name: Counter(truth[id_] for id_ in one.central).most_common(1)[0][0]
        for one in found.clusters
    }
    library.label(name, clusters=called)
    typed = len(called)
    _told(library, truth, name, typed, "clusters")
    for _ in range(asked.rounds):
        doubts = library.label_doubts(name, REVIEWED)
        library.label(name, {one.id: truth[one.id] for one in doubts})
        typed += len(doubts)
        _told(library, truth, name, typed, "unsure first")


def _at_random(
    library: Library, truth: dict[str, str], asked: argparse.Namespace, name: str
) -> None:
    ids = list(truth)
    order = np.random.default_rng(0).permutation(len(ids))
    done = 0
    for typed in (asked.clusters, *(asked.clusters + REVIEWED * (n + 1) for n in range(3))):
        library.label(name, {ids[row]: truth[ids[row]] for row in order[done:typed]})
        done = typed
        _told(library, truth, name, typed, "at random")


def _told(library: Library, truth: dict[str, str], name: str, typed: int, how: str) -> None:
    kept = {sure: _propagated(library, truth, name, sure) for sure in (1e-9, 0.8, 0.9)}
    cells = [f"{kept[sure][1]}\t{kept[sure][2]:.3f}" for sure in (0.8, 0.9)]
    print("\t".join([f"{typed} ({how})", f"{kept[1e-9][0]:.3f}", *cells]), flush=True)


def _propagated(
    library: Library, truth: dict[str, str], name: str, sure: float
) -> tuple[float, int, float]:
    """Right of all images, how many were propagated, and how many of those are right."""
    library.propagate_labels(name, sure=sure)
    facts = library._store.facts(())
    labels = library._store.labels(name)
    pairs = [
        (labels[content], truth[id_])
        for content, id_ in zip(facts.contents.tolist(), facts.ids, strict=True)
        if content in labels
    ]
    right = sum(one.label == true for one, true in pairs) / len(facts.ids)
    spread = [one.label == true for one, true in pairs if one.origin == "propagated"]
    return right, len(spread), float(np.mean(spread)) if spread else 0.0


if __name__ == "__main__":
    main()
