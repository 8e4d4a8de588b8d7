"""Brings images from the web while others are decoded: many at once, each as it arrives."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, TypeAlias

from lookalike.embed.catalog import Catalog
from lookalike.embed.plan import ToDecode
from lookalike.errors import ImageRejectedError, LookalikeError
from lookalike.types import Rejected, Unchanged, Web, location_uri

if TYPE_CHECKING:
    from lookalike.fetch.ahead import Ahead, Arrival
    from lookalike.fetch.policy import FetchPolicy

Decision: TypeAlias = ToDecode | Unchanged | Rejected
AHEAD = 320
"""Images that are asked for, or have come, before one of them is needed."""


def fetched(
    decisions: Iterator[Decision], catalog: Catalog, policy: FetchPolicy | None
) -> Iterator[Decision]:
    """The same decisions, each image on the web with its bytes, or a rejection without.

    Those come in the order in which they arrive: a slow server holds up nobody. When
    `decisions` fails, what it gave before still comes, then its error.
    """
    under_way: dict[Future[Arrival], ToDecode] = {}
    come: SimpleQueue[Future[Arrival]] = SimpleQueue()
    ahead: Ahead | None = None
    failure: LookalikeError | None = None
    try:
        while True:
            try:
                decision = next(decisions, None)
            except LookalikeError as error:
                decision, failure = None, error
            if decision is None:
                break
            location = decision.reference.location if isinstance(decision, ToDecode) else None
            if isinstance(decision, ToDecode) and isinstance(location, Web) and location.data:
                yield _with_bytes(decision, location, catalog)
            elif isinstance(decision, ToDecode) and isinstance(location, Web):
                ahead = ahead or _opened(policy)
                future = ahead.submit(location.url)
                under_way[future] = decision
                future.add_done_callback(come.put)
            else:
                yield decision
            while under_way and (len(under_way) >= AHEAD or not come.empty()):
                future = come.get()
                yield _arrived(under_way.pop(future), future, catalog)
        while under_way:
            future = come.get()
            yield _arrived(under_way.pop(future), future, catalog)
        if failure is not None:
            raise failure
    finally:
        if ahead is not None:
            ahead.close()


def _opened(policy: FetchPolicy | None) -> Ahead:
    from lookalike.fetch.ahead import Ahead
    from lookalike.fetch.policy import FetchPolicy

    return Ahead(policy or FetchPolicy())


def _arrived(decision: ToDecode, future: Future[Arrival], catalog: Catalog) -> Decision:
    """The decision with the bytes of its image."""
    reference = decision.reference
    url = reference.location.url if isinstance(reference.location, Web) else ""
    try:
        data = future.result().read()
    except ImageRejectedError as error:
        return Rejected(reference.id, location_uri(reference.location), error.reason, error.detail)
    return _with_bytes(decision, Web(url, data), catalog)


def _with_bytes(decision: ToDecode, arrived: Web, catalog: Catalog) -> ToDecode:
    size = len(arrived.data)
    return replace(
        decision,
        reference=replace(decision.reference, location=arrived),
        stamp=replace(decision.stamp, size=size),
        digests=tuple(catalog.digests_of_size({size}).get(size, ())),
    )
