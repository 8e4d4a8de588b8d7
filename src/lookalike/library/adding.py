"""One run over a source: the pipeline's outcomes go to the store, a transaction a group."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from lookalike.embed.embedder import Embedder
from lookalike.embed.pipeline import Pipeline
from lookalike.embed.report import Report
from lookalike.errors import LookalikeError
from lookalike.images.pool import DecodePool
from lookalike.sources import Source
from lookalike.store.offered import Offered
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Known, Outcome, Reference, Rejected, Stop, readable

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy

SHOWN_PRUNED = 1000
"""Pruned ids that a report names; it counts all of them."""

OnProgress = Callable[[Report], None]
OnOutcomes = Callable[[Sequence[Outcome]], None]


@dataclass(frozen=True, slots=True)
class Adding:
    """How a source is to be added; `on_progress` and `on_outcomes` hear what was stored.

    `fetch` says what images on the web may cost and where they may be.
    """

    id_prefix: str = ""
    limit: int | None = None
    prune: bool = False
    dry_run: bool = False
    on_progress: OnProgress | None = None
    on_outcomes: OnOutcomes | None = None
    stop: Stop = lambda: False
    fetch: FetchPolicy | None = None


@dataclass(frozen=True, slots=True)
class SpaceCatalog:
    """The store as the pipeline sees it."""

    store: Store
    space: Space

    def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        """What is stored under these ids."""
        return self.store.known(self.space, ids)

    def digests_of_size(self, sizes: Collection[int]) -> Mapping[int, Sequence[bytes]]:
        """sha256 digests of stored contents with a vector, by their size in bytes."""
        return self.store.shas_of_size(self.space, sizes)


def add_source(
    store: Store,
    space: Space,
    source: Source,
    pool: DecodePool,
    embedder: Callable[[], Embedder],
    how: Adding,
    counted: Source | None = None,
) -> Report:
    """Run the pipeline over `source` and store each group of outcomes before the next.

    `counted` is the same source once more, to count what it offers meanwhile. Raises the
    source's own errors and the store's; what was stored before them stays.
    """
    report = Report(source=source.uri, library=str(store.directory), space=space.name)
    if counted is not None:
        _count_ahead(counted, how.limit, report)
    began = time.time_ns()  # what changes from now on is looked at again by the next run
    with store.writing():
        number = store.source(source.uri)
        with closing(store.offered(number)) as seen:
            references = _named(islice(source.references(), how.limit), how, seen)
            pipeline = Pipeline(pool, embedder, SpaceCatalog(store, space), how.fetch)
            for outcomes in pipeline.run(references, how.stop):
                store.write(space, number, outcomes, began)
                report.count(outcomes)
                if how.on_outcomes is not None:
                    how.on_outcomes(outcomes)
                if how.on_progress is not None:
                    how.on_progress(report)
            report.notes.extend(source.notes)
            report.interrupted = how.stop()
            if how.prune:
                _prune(store, source, seen, report, how)
    report.finish()
    return report


def _named(
    offered: Iterator[Reference | Rejected], how: Adding, seen: Offered
) -> Iterator[Reference | Rejected]:
    """The same references under their prefix; the ids are noted where that is needed."""
    prefix = readable(how.id_prefix)
    for item in offered:
        named = replace(item, id=prefix + item.id) if prefix else item
        if how.prune:
            seen.add([named.id])
        yield named


def _prune(store: Store, source: Source, seen: Offered, report: Report, how: Adding) -> None:
    """Remove, or only name, the images that the source offered before and not now."""
    if report.interrupted or how.limit is not None or not source.complete:
        report.notes.append("Nothing was pruned: not all of the source was read.")
        return
    report.vanished = list(islice(seen.vanished(), SHOWN_PRUNED))
    if not how.dry_run:
        report.pruned = store.prune(seen)


def _count_ahead(source: Source, limit: int | None, report: Report) -> None:
    """Count what the source offers in the background, so that the time left can be told."""

    def count() -> None:
        try:
            report.total = sum(1 for _ in islice(source.references(), limit))
        except LookalikeError:
            report.total = None

    threading.Thread(target=count, daemon=True).start()
