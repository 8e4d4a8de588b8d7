"""The demo: draw or take a pile of images, index it, search it, and measure the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lookalike.demo.garments import draw_catalogue
from lookalike.embed.report import Report
from lookalike.index.exact import top_k
from lookalike.index.halves import as_floats
from lookalike.library import opening
from lookalike.library.library import Library
from lookalike.search.results import Hits
from lookalike.search.sheet import contact_sheet

QUERIES = 6
MATCHES = 5


@dataclass(slots=True)
class DemoResult:
    """What the demo found; `precision` by label and over all, `seconds` by step."""

    report: Report
    hits: list[Hits] = field(default_factory=list)
    precision: dict[str, float] = field(default_factory=dict)
    overall: float | None = None
    seconds: dict[str, float] = field(default_factory=dict)


def run_demo(
    folder: Path,
    page: Path,
    *,
    draw: bool,
    on_progress: Callable[[Report], None] | None = None,
    runtime: str = "auto",
) -> DemoResult:
    """Index `folder` (drawn first with `draw`), search it, and write a contact sheet to `page`.

    The library goes into the folder. Labels are the garments' kinds, or the names of the
    user's sub-folders.
    """
    seconds: dict[str, float] = {}
    table = None
    if draw:
        with _timed(seconds, "draw"):
            table = draw_catalogue(folder)
    with opening.open(folder, runtime=runtime) as library:
        with _timed(seconds, "index"):
            report = (
                library.add(
                    table, path_column="image", label_column="kind", on_progress=on_progress
                )
                if table is not None
                else library.add(folder, label_from="folder", on_progress=on_progress)
            )
        result = DemoResult(report, seconds=seconds)
        ids = library.ids
        if ids:
            with _timed(seconds, "search"):
                chosen = ids[:: max(1, len(ids) // QUERIES)][:QUERIES]
                result.hits = library.search_many([f"id:{id_}" for id_ in chosen], MATCHES)
            with _timed(seconds, "measure"):
                result.precision, result.overall = precision_at(library, MATCHES)
            with _timed(seconds, "write the page"):
                title = "What looks like it?"
                sheet = contact_sheet(title, [hits.sheet() for hits in result.hits])
                page.write_text(sheet, encoding="utf-8")
    return result


def precision_at(library: Library, k: int) -> tuple[dict[str, float], float | None]:
    """Precision@k by label, and over all labelled images; each is a query to all others.

    Labels of a single image, and images without a label, are no queries. None when nothing
    can be measured.
    """
    ids = library.ids
    labels = np.array([library.get(id_).label or "" for id_ in ids])
    names, counts = np.unique(labels, return_counts=True)
    usable = np.isin(labels, names[(counts > 1) & (names != "")])
    if not usable.any() or len(names) < 2:
        return {}, None
    matrix = library.matrix()
    _, rows = top_k(matrix, as_floats(matrix[usable]), k + 1, "cosine", unit=True)
    own = np.flatnonzero(usable)
    shares = []
    for query, found in zip(own, rows, strict=True):
        others = found[found != query][:k]
        shares.append(float(np.mean(labels[others] == labels[query])))
    share = np.array(shares)
    by_label = {
        str(name): float(share[labels[usable] == name].mean()) for name in np.unique(labels[usable])
    }
    return by_label, float(share.mean())


@contextmanager
def _timed(seconds: dict[str, float], step: str) -> Iterator[None]:
    start = time.perf_counter()
    yield
    seconds[step] = time.perf_counter() - start
