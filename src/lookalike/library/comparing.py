"""Two spaces of one library side by side: size, speed, shared neighbours, agreement with labels."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from lookalike.errors import LookalikeError, UsageError
from lookalike.images.decode import decode
from lookalike.images.preprocess import to_input
from lookalike.images.read import read_bytes
from lookalike.library.library import Library
from lookalike.search.results import Hits
from lookalike.search.sheet import SheetGroup, SheetQuery, contact_sheet

TIMED_IMAGES = 16
"""Images that are decoded and embedded to time a space."""
SHOWN_QUERIES = 10
SEED = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """One space, measured. `seconds` an image is None where no model can be run."""

    name: str
    dimension: int
    metric: str
    seconds: float | None
    precision: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two spaces; `overlap` is the mean share of the k nearest that both agree on."""

    k: int
    queries: int
    spaces: tuple[Seen, Seen]
    overlap: float
    examples: tuple[tuple[Hits, Hits], ...]

    def html(self) -> str:
        """The examples as one page: each query in both spaces."""
        groups = []
        for pair in self.examples:
            for hits in pair:
                group = hits.sheet()
                caption = f"{hits.query} in {hits.space}"
                groups.append(SheetGroup(SheetQuery(caption, group.query.picture), group.matches))
        first, second = self.spaces
        return contact_sheet(f"{first.name} beside {second.name}", groups)


def compare_spaces(library: Library, one: str, other: str, k: int, sample: int) -> Comparison:
    """Compare two spaces on up to `sample` images drawn at random, always the same ones.

    Raises `UnknownNameError`, and `UsageError` for a library of fewer than two images.
    """
    ids = library.ids
    if len(ids) < 2:
        raise UsageError("There is nothing to compare: the library has fewer than two images.")
    generator = np.random.default_rng(SEED)
    chosen = generator.permutation(len(ids))[:sample]
    queries = [f"id:{ids[row]}" for row in np.sort(chosen)]
    answers = [library.search_many(queries, k, space=name) for name in (one, other)]
    shares = [
        len(set(first.ids) & set(second.ids)) / max(1, min(k, len(first.ids)))
        for first, second in zip(*answers, strict=True)
    ]
    seen = [_seen(library, name, hits) for name, hits in zip((one, other), answers, strict=True)]
    return Comparison(
        k=k,
        queries=len(queries),
        spaces=(seen[0], seen[1]),
        overlap=float(np.mean(shares)),
        examples=tuple(zip(answers[0][:SHOWN_QUERIES], answers[1][:SHOWN_QUERIES], strict=True)),
    )


def _seen(library: Library, name: str, answers: list[Hits]) -> Seen:
    space = next(space for space in library.spaces() if space.name == name)
    return Seen(
        name, space.dim, space.metric, _seconds(library, name), _precision(library, answers)
    )


def _precision(library: Library, answers: list[Hits]) -> float | None:
    """Mean share of neighbours that carry the query's label; None when nothing is labelled."""
    shares = []
    for hits in answers:
        label = library.get(hits.query.removeprefix("id:")).label
        if label is not None and len(hits):
            shares.append(np.mean([found == label for found in hits.labels]))
    return float(np.mean(shares)) if shares else None


def _seconds(library: Library, name: str) -> float | None:
    """Seconds to decode and embed an image on one core, over a few images."""
    try:
        way, embedder = library.opened_way(name)
    except LookalikeError:
        return None
    taken = []
    for image in library.head(TIMED_IMAGES + 1):
        start = time.perf_counter()
        try:
            side = way.model.preprocessing.decode_side
            rgb = decode(read_bytes(image.location), shorter_side=side).rgb
            embedder.embed(to_input(rgb, way.model.preprocessing))
        except LookalikeError:
            continue
        taken.append(time.perf_counter() - start)
    embedder.close()
    return float(np.mean(taken[1:])) if len(taken) > 1 else None
