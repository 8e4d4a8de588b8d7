"""Decides, without opening an image, what is to be done about each reference."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike.embed.catalog import Catalog
from lookalike.errors import DuplicateIdError, ImageRejectedError, LookalikeError
from lookalike.images.read import stamp
from lookalike.types import (
    Blob,
    Known,
    ParquetCell,
    Reference,
    Rejected,
    Stamp,
    Unchanged,
    Web,
    location_uri,
)

CHUNK = 256
CHUNK_BYTES = 16 * 2**20
RACY_NS = 2_000_000_000
"""A file changed this shortly before it was read may have changed again unseen."""


@dataclass(frozen=True, slots=True)
class ToDecode:
    """A reference whose bytes must be read; `digests` are contents that need no decoding."""

    reference: Reference
    stamp: Stamp
    known: Known | None
    digests: tuple[bytes, ...]


def plan(
    offered: Iterable[Reference | Rejected], catalog: Catalog
) -> Iterator[ToDecode | Unchanged | Rejected]:
    """One decision for each reference, in order; the library is asked once a chunk.

    What came from the web is not asked for again under the same URL.

    Raises `DuplicateIdError` when an id stands for another file that is still there.
    """
    for chunk in _chunks(offered):
        stamped = [_stamped(item) for item in chunk]
        found = [item for item in stamped if not isinstance(item, Rejected)]
        known = catalog.known([reference.id for reference, _ in found])
        digests = catalog.digests_of_size({now.size for _, now in found})
        for item in stamped:
            if isinstance(item, Rejected):
                yield item
                continue
            reference, now = item
            before = known.get(reference.id)
            if before is not None:
                check_claim(reference, before)
                reference = with_what_was_told(reference, before)
                if isinstance(reference.location, Web):
                    if before.uri == reference.location.url and not before.missing_vector:
                        yield Unchanged(reference, before.stamp)
                        continue
                elif _surely_unchanged(before, now):
                    yield Unchanged(reference, now)
                    continue
            yield ToDecode(reference, now, before, tuple(digests.get(now.size, ())))


def _chunks(offered: Iterable[Reference | Rejected]) -> Iterator[list[Reference | Rejected]]:
    """Runs of references, bounded in number and in the bytes they bring along.

    When the source fails, what it gave before still comes, then its error.
    """
    chunk: list[Reference | Rejected] = []
    held = 0
    try:
        for item in offered:
            chunk.append(item)
            held += held_bytes(item)
            if len(chunk) >= CHUNK or held >= CHUNK_BYTES:
                yield chunk
                chunk, held = [], 0
    except LookalikeError:
        yield chunk
        raise
    yield chunk


def held_bytes(item: Reference | Rejected) -> int:
    """Bytes of image data that a reference itself keeps in memory."""
    if isinstance(item, Reference) and isinstance(item.location, Blob | ParquetCell | Web):
        return len(item.location.data)
    return 0


def _stamped(item: Reference | Rejected) -> tuple[Reference, Stamp] | Rejected:
    if isinstance(item, Rejected):
        return item
    try:
        return item, stamp(item.location)
    except ImageRejectedError as error:
        return Rejected(item.id, location_uri(item.location), error.reason, error.detail)


def _surely_unchanged(before: Known, now: Stamp) -> bool:
    racy = before.checked_ns - before.stamp.mtime_ns < RACY_NS
    return before.stamp == now and not before.missing_vector and not racy


def with_what_was_told(reference: Reference, before: Known) -> Reference:
    """The label and the metadata that an earlier source gave, where this one says nothing."""
    return replace(
        reference,
        label=reference.label if reference.tells_label else before.label,
        meta=reference.meta if reference.tells_meta else before.meta,
    )


def check_claim(reference: Reference, before: Known) -> None:
    """Raise `DuplicateIdError` when an id stands for another file that is still there."""
    uri = location_uri(reference.location)
    if uri != before.uri and _still_there(before.uri) and not _same_file(uri, before.uri):
        raise DuplicateIdError(
            f"Two files claim the id {reference.id!r}: {before.uri} (in the library) and {uri}. "
            "Give one source a prefix (--id-prefix NAME/), or another --id-column."
        )


def _same_file(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return False


def _still_there(uri: str) -> bool:
    """Whether a file, or the archive of an `archive!member`, exists."""
    parts = uri.split("!")
    paths = ("!".join(parts[:end]) for end in range(1, len(parts) + 1))
    return any(os.path.isfile(path) for path in paths)  # noqa: PTH113  a long name is no error
