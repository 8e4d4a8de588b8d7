"""Joins the stages: plan, fetch and decode ahead, embed in batches, give outcomes in order.

Decoding runs in processes, networks on threads, and the caller stores what is yielded; the
three overlap. What waits between stages is bounded by the number of decode slots.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from lookalike.embed.catalog import Catalog
from lookalike.embed.embedder import BAD_VECTOR, Embedder, Vectors
from lookalike.embed.fetched import fetched
from lookalike.embed.plan import CHUNK, ToDecode, held_bytes, plan
from lookalike.errors import ImageRejectedError, LookalikeError
from lookalike.images.pool import Decoded, DecodePool, SameContent
from lookalike.types import (
    Blob,
    Duplicate,
    Embedded,
    Outcome,
    ParquetCell,
    Pixels,
    Reference,
    Rejected,
    Stop,
    Unchanged,
    Web,
    location_uri,
)

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy

GROUP = 32
"""Outcomes that took work, in one transaction."""
CHEAP_GROUP = 1024
"""Outcomes of any kind in one transaction."""
REMEMBERED = 2 * (CHUNK + CHEAP_GROUP)
"""Contents of this run that later images are held against before the library knows them."""
HELD_BYTES = 64 * 2**20
"""Bytes of images that exist only in memory, such as members of a compressed tar."""
AHEAD = 2
"""Batches that wait for each stream, so that none runs dry."""


@dataclass(slots=True)
class _Entry:
    """A reference on its way; settled once `outcome` is there."""

    outcome: Outcome | None = None
    task: ToDecode | None = None
    decoding: Future[Decoded | SameContent] | None = None
    decoded: Decoded | None = None
    batch: _Batch | None = None
    row: int = 0
    twin: _Entry | None = None


@dataclass(slots=True)
class _Batch:
    """Images that go through the network together."""

    pixels: Pixels
    count: int = 0
    vectors: Future[Vectors] | None = field(default=None)


class Pipeline:
    """One run from references to outcomes; the network is opened for the first new image.

    `policy` says what images on the web may cost and where they may be.
    """

    def __init__(
        self,
        pool: DecodePool,
        embedder: Callable[[], Embedder],
        catalog: Catalog,
        policy: FetchPolicy | None = None,
    ) -> None:
        self._policy = policy
        self._pool = pool
        self._open_embedder = embedder
        self._catalog = catalog
        self._decoding: deque[_Entry] = deque()
        self._waiting: deque[_Entry] = deque()
        self._inferring: deque[_Batch] = deque()
        self._fresh: OrderedDict[bytes, _Entry] = OrderedDict()
        self._open: _Batch | None = None
        self._held = 0

    def run(
        self, offered: Iterable[Reference | Rejected], stop: Stop = lambda: False
    ) -> Iterator[list[Outcome]]:
        """Groups of outcomes, in the order offered; store each before asking for the next.

        When `stop` turns true, nothing more is begun, and what is under way is still given.
        When the source fails, all that it gave before is embedded, then its error is raised.
        """
        decisions = fetched(plan(offered, self._catalog), self._catalog, self._policy)
        failure: LookalikeError | None = None
        more = True
        while more or self._decoding or self._waiting:
            try:
                more = more and not stop() and self._look_ahead(decisions)
            except LookalikeError as error:
                failure, more = error, False
            if self._decoding:
                self._waiting.append(self._collect(self._decoding.popleft()))
            if not self._decoding:
                self._close_batch()
            full = len(self._waiting) >= CHEAP_GROUP
            idle = not self._decoding and (full or not more)
            yield from self._settled(at_end=idle)
        if failure is not None:
            raise failure

    def _look_ahead(self, decisions: Iterator[ToDecode | Unchanged | Rejected]) -> bool:
        """Begin as much as there is room for; False at the end of the source."""
        room = CHEAP_GROUP - len(self._decoding) - len(self._waiting)
        while room > 0 and self._pool.free_slots and self._held < HELD_BYTES:
            decision = next(decisions, None)
            if decision is None:
                return False
            if isinstance(decision, ToDecode):
                future = self._pool.submit(decision.reference.location, decision.digests)
                self._decoding.append(_Entry(task=decision, decoding=future))
                self._held += held_bytes(decision.reference)
            else:
                self._decoding.append(_Entry(outcome=decision))
            room -= 1
        return True

    def _collect(self, entry: _Entry) -> _Entry:
        """Wait for one decoded image and put it into a batch."""
        task, future = entry.task, entry.decoding
        if task is None or future is None:
            return entry
        try:
            result = future.result()
        except ImageRejectedError as error:
            self._let_go(entry, task)
            entry.outcome = _rejected(task, error.reason, error.detail)
            return entry
        task = self._let_go(entry, task)
        if isinstance(result, SameContent):
            same_image = task.known is not None and task.known.sha256 == result.sha256
            entry.outcome = (
                Unchanged(task.reference, task.stamp)
                if same_image
                else Duplicate(task.reference, task.stamp, result.sha256)
            )
            return entry
        entry.decoded = result
        entry.twin = self._fresh.get(result.content.sha256)
        if entry.twin is None:
            self._fresh[result.content.sha256] = entry
            if len(self._fresh) > REMEMBERED:
                self._fresh.popitem(last=False)
            self._add_to_batch(entry, result)
        self._pool.release(result)
        return entry

    def _let_go(self, entry: _Entry, task: ToDecode) -> ToDecode:
        """The same task without the image's bytes, which are not needed once it is decoded."""
        location = task.reference.location
        if isinstance(location, Blob | ParquetCell | Web):
            self._held -= held_bytes(task.reference)
            reference = replace(task.reference, location=replace(location, data=b""))
            task = replace(task, reference=reference)
        entry.task, entry.decoding = task, None
        return task

    def _add_to_batch(self, entry: _Entry, decoded: Decoded) -> None:
        pixels = self._pool.pixels(decoded)
        if self._open is None:
            size = self._open_embedder().batch
            self._open = _Batch(np.empty((size, *pixels.shape), np.uint8))
        batch = self._open
        batch.pixels[batch.count] = pixels
        entry.batch, entry.row = batch, batch.count
        batch.count += 1
        if batch.count == len(batch.pixels):
            self._close_batch()

    def _close_batch(self) -> None:
        """Send the batch at hand to the network, waiting for room."""
        batch, self._open = self._open, None
        if batch is None:
            return
        embedder = self._open_embedder()
        while len(self._inferring) >= embedder.streams * AHEAD:
            oldest = self._inferring.popleft()
            if oldest.vectors is not None:
                oldest.vectors.result()
        batch.vectors = embedder.submit(batch.pixels[: batch.count])
        self._inferring.append(batch)

    def _settled(self, *, at_end: bool) -> Iterator[list[Outcome]]:
        """Whole groups from the front of the line; at the end, whatever is there."""
        while self._waiting:
            group, worked = [], 0
            for entry in self._waiting:
                if not at_end and not _is_ready(entry):
                    break
                group.append(entry)
                worked += entry.decoded is not None
                if worked >= GROUP or len(group) >= CHEAP_GROUP:
                    break
            if not at_end and worked < GROUP and len(group) < CHEAP_GROUP // 2:
                return
            yield [_settle(entry) for entry in group]
            for _ in group:
                self._waiting.popleft()


def _is_ready(entry: _Entry) -> bool:
    if entry.outcome is not None:
        return True
    source = entry.twin or entry
    if source.outcome is not None:
        return True
    batch = source.batch
    return batch is not None and batch.vectors is not None and batch.vectors.done()


def _settle(entry: _Entry) -> Outcome:
    """The outcome of an entry; waits for its vector."""
    if entry.outcome is not None:
        return entry.outcome
    task, decoded = entry.task, entry.decoded
    if task is None or decoded is None:
        raise LookalikeError("An image was lost on its way through the pipeline.")
    if entry.twin is not None:
        first = _settle(entry.twin)
        entry.outcome = (
            _rejected(task, first.reason, first.detail)
            if isinstance(first, Rejected)
            else Duplicate(task.reference, task.stamp, decoded.content.sha256)
        )
        return entry.outcome
    if entry.batch is None or entry.batch.vectors is None:
        raise LookalikeError("An image was decoded and never sent through the network.")
    vectors, row = entry.batch.vectors.result(), entry.row
    entry.outcome = (
        Embedded(
            task.reference, task.stamp, decoded.content, vectors.values[row], decoded.thumbnail
        )
        if vectors.usable[row]
        else _rejected(task, "bad-vector", BAD_VECTOR)
    )
    entry.batch = None
    return entry.outcome


def _rejected(task: ToDecode, reason: str, detail: str) -> Rejected:
    return Rejected(task.reference.id, location_uri(task.reference.location), reason, detail)
