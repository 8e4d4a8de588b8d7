"""What is odd in a library: measured, kept as columns to filter by, and listed."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.embed.resources import Resources
from lookalike.errors import ImageRejectedError
from lookalike.explore.neighbours import near_rows
from lookalike.explore.outliers import (
    NEIGHBOURS,
    VOTERS,
    Doubt,
    doubted_labels,
    far,
    outlier_factors,
)
from lookalike.explore.outliers_page import Odd, outliers_page
from lookalike.explore.quality import MEASURES, PREPROCESSING, SIDE, Quality, faults, measured
from lookalike.images.pool import Decoded, SameContent
from lookalike.store.records import ImageRecord, Space
from lookalike.store.store import Store
from lookalike.types import Keys, Pixels, Stop

OUTLIER = "outlier"
FAULTS = "faults"
UNLIKE = "unlike"
COLUMNS = (*MEASURES, OUTLIER, FAULTS)
_AT_ONCE = 1024

OnStep = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Outliers:
    """What is odd in a library, the oddest first; `doubts` are labels, by id."""

    images: int
    unreadable: int
    odd: list[Odd]
    doubts: list[tuple[str, Doubt]]
    picture: Callable[[str], bytes | None]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "images": self.images,
            "unreadable": self.unreadable,
            "counts": dict(Counter(fault for odd in self.odd for fault in odd.faults)),
            "odd": [odd.as_dict() for odd in self.odd],
            "labels": [
                {
                    "id": id_,
                    "label": doubt.label,
                    "suggested": doubt.suggested,
                    "probability": round(doubt.probability, 4),
                    "own": round(doubt.own, 4),
                }
                for id_, doubt in self.doubts
            ],
        }

    def html(self) -> str:
        """One page with all of it, by fault."""
        return outliers_page(self.images, self.odd, self.doubts, self.picture)


def find_outliers(
    store: Store,
    resources: Resources,
    space: Space,
    picture: Callable[[str], bytes | None],
    on_step: OnStep,
    stop: Stop,
) -> Outliers:
    """Measure what is new, score everything, and keep the columns of `COLUMNS`."""
    nodes = store.fingerprints()
    unreadable = _measure(store, resources, nodes.keys, nodes.contents, on_step, stop)
    factors, doubts = _against_neighbours(store, space, nodes.keys, on_step)
    values = {name: store.derived_numbers(name) for name in MEASURES}
    columns = {
        name: np.array([values[name].get(int(content), np.nan) for content in nodes.contents])
        for name in MEASURES
    }
    shorter = np.array(
        [min(image.content.width, image.content.height) for image in _images(store, nodes.keys)],
        dtype=np.int64,
    )
    said = faults(columns, shorter)
    for row in np.flatnonzero(far(factors)):
        said[row].append(UNLIKE)
    if not stop():
        store.set_derived(FAULTS, {int(c): s for c, s in zip(nodes.contents, said, strict=True)})
        known = np.isfinite(factors)
        scores = zip(nodes.contents[known], factors[known], strict=True)
        store.set_derived(OUTLIER, {int(c): round(float(f), 4) for c, f in scores})
    marked = np.array([row for row, words in enumerate(said) if words], dtype=np.intp)
    odd = [
        Odd(
            image=image,
            faults=said[row],
            outlier=float(factors[row]),
            measures={name: float(columns[name][row]) for name in MEASURES},
        )
        for row, image in zip(marked, _images(store, nodes.keys[marked]), strict=False)
    ]
    odd.sort(key=lambda one: (-len(one.faults), -np.nan_to_num(one.outlier), one.image.key))
    return Outliers(len(nodes.keys), unreadable, odd, doubts, picture)


def _images(store: Store, keys: Keys) -> Iterator[ImageRecord]:
    for start in range(0, len(keys), _AT_ONCE):
        yield from store.images_by_key(keys[start : start + _AT_ONCE])


def _against_neighbours(
    store: Store, space: Space, keys: Keys, on_step: OnStep
) -> tuple[NDArray[np.float64], list[tuple[str, Doubt]]]:
    """The outlier factor of each content, and the labels in doubt, by the vectors of a space."""
    factors = np.full(len(keys), np.nan)
    if space.of_bits or len(keys) < 2:
        return factors, []
    matrix, row_keys = store.compact(space)
    here = np.isin(keys, row_keys)
    rows = np.searchsorted(row_keys, keys[here])
    places, cosines = near_rows(
        matrix,
        rows,
        max(NEIGHBOURS, VOTERS),
        lambda done, total: on_step("neighbours", done, total),
    )
    factors[here] = outlier_factors(places[:, :NEIGHBOURS], cosines[:, :NEIGHBOURS])
    images = list(_images(store, keys[here]))
    found = doubted_labels([image.label for image in images], places, cosines)
    return factors, [(images[doubt.row].id, doubt) for doubt in found]


def _measure(
    store: Store,
    resources: Resources,
    keys: Keys,
    contents: Keys,
    on_step: OnStep,
    stop: Stop,
) -> int:
    """Measure contents that never were; returns how many files could not be read."""
    done = store.derived_numbers(MEASURES[-1])
    missing = keys[[int(content) not in done for content in contents]]
    unreadable = 0
    if not len(missing):
        return 0
    with resources.pool(PREPROCESSING, thumbnails=False) as pool:
        waiting: deque[tuple[ImageRecord, Future[Decoded | SameContent]]] = deque()
        found: dict[int, Quality] = {}
        count = 0
        images = _images(store, missing)
        while not stop():
            waiting.extend(
                (image, pool.submit(image.location)) for image in islice(images, pool.free_slots)
            )
            if not waiting:
                break
            image, decoding = waiting.popleft()
            count += 1
            try:
                decoded = decoding.result()
            except ImageRejectedError:
                unreadable += 1
                continue
            assert isinstance(decoded, Decoded)
            if decoded.content.sha256 == image.content.sha256:
                rgb = _inside(np.array(pool.pixels(decoded)), decoded)
                found[image.content_key] = measured(rgb)
            pool.release(decoded)
            if len(found) >= _AT_ONCE:
                _keep(store, found)
            on_step("measured", count, len(missing))
        _keep(store, found)
    return unreadable


def _inside(square: Pixels, decoded: Decoded) -> Pixels:
    """The picture out of the middle of the square into which it was fitted."""
    longer = max(decoded.content.width, decoded.content.height)
    sides = (decoded.content.height, decoded.content.width)
    down, across = (max(1, round(length * SIDE / longer)) for length in sides)
    top, left = (SIDE - down) // 2, (SIDE - across) // 2
    return np.ascontiguousarray(square[top : top + down, left : left + across])


def _keep(store: Store, found: dict[int, Quality]) -> None:
    for name in MEASURES:
        rows: Sequence[tuple[int, float]] = [
            (content, round(getattr(quality, name), 4)) for content, quality in found.items()
        ]
        store.derive(name, rows)
    found.clear()
