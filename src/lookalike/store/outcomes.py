"""One batch of the pipeline's outcomes becomes rows: all of them or none."""

from __future__ import annotations

from collections.abc import Iterable

from lookalike.errors import LibraryError
from lookalike.store import contents, images, rejects, thumbnails, vectors
from lookalike.store.database import Transaction
from lookalike.store.records import Space
from lookalike.types import Duplicate, Embedded, Outcome, Rejected, Unchanged


def write(
    transaction: Transaction,
    space: Space,
    source: int,
    outcomes: Iterable[Outcome],
    checked_ns: int,
) -> None:
    """Store the outcomes of one batch of a source.

    A reject of an id that is stored is noted and the stored image stays. Raises LibraryError
    for a duplicate of a content that is not stored, ModelError for a vector that cannot be.
    """
    for outcome in outcomes:
        if isinstance(outcome, Rejected):
            rejects.put(transaction, source, outcome, checked_ns)
            continue
        reference, stamp = outcome.reference, outcome.stamp
        match outcome:
            case Embedded():
                content = contents.add(transaction, outcome.content)
                vectors.add(transaction, space, content, outcome.vector)
                if outcome.thumbnail is not None:
                    thumbnails.put(transaction, content, outcome.thumbnail)
                images.put(
                    transaction, source, reference, stamp, content=content, checked_ns=checked_ns
                )
            case Duplicate():
                content = _content_of(transaction, outcome)
                images.put(
                    transaction, source, reference, stamp, content=content, checked_ns=checked_ns
                )
            case Unchanged():
                images.update(transaction, source, reference, stamp, checked_ns)
        rejects.delete(transaction, reference.id)


def _content_of(transaction: Transaction, outcome: Duplicate) -> int:
    content = contents.find(transaction.connection, outcome.sha256)
    if content is None:
        raise LibraryError(
            f"The content that {outcome.reference.id!r} repeats was removed from the library "
            "meanwhile. Run the same command again."
        )
    return content
