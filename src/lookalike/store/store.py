"""The one object that stands for a library on disk: each method is one read or one write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import StorageFullError
from lookalike.store import (
    check,
    contents,
    counts,
    decisions,
    derived,
    facts,
    fields,
    filling,
    fingerprints,
    images,
    judgements,
    layouts,
    learned,
    matrix,
    outcomes,
    quarantines,
    rejects,
    sources,
    spaces,
    state,
    thumbnails,
    vectors,
    withdrawn,
)
from lookalike.store.column import Value
from lookalike.store.column_cache import ColumnCache
from lookalike.store.database import Database, data_version
from lookalike.store.facts import Facts
from lookalike.store.fields import Field
from lookalike.store.fingerprints import Fingerprints
from lookalike.store.indexes import IndexCache
from lookalike.store.layouts import Layout
from lookalike.store.learned import Arrays
from lookalike.store.matrix import MatrixView
from lookalike.store.offered import Offered
from lookalike.store.quarantines import Quarantine
from lookalike.store.records import (
    Counts,
    Draw,
    Finding,
    ImageRecord,
    RejectRecord,
    Space,
    Verdict,
)
from lookalike.types import Bits, Floats, Halves, Keys, Known, Metric, Outcome, Stored

_REMOVED_AT_ONCE = 1000
_AT_ONCE = 1024


class Store:
    """A library on disk, safe to use from several threads.

    Reading never waits. Whatever writes takes the writer lock, which several writes share
    inside `with store.writing():`; a write that returned survives the death of the process
    and of the machine. Any method may raise LibraryDamagedError or LibraryError, a writing
    one StorageFullError or LibraryBusyError too.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._database = Database(directory)
        self.column_cache = ColumnCache(self._database)
        self.indexes = IndexCache(self._database)

    @classmethod
    def create(cls, directory: Path) -> Store:
        """Make a library unless there is one, and open it; `directory` is the `.lookalike`."""
        store = cls(directory)
        store._database.create()
        return store

    @classmethod
    def open(cls, directory: Path) -> Store:
        """Open a library, migrating an older one.

        Raises LibraryNotFoundError, LibraryTooNewError, or LibraryDamagedError.
        """
        store = cls(directory)
        store._database.open()
        return store

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Writing

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the writer lock over several writes; a run of the pipeline is inside one.

        Until the last holder leaves, contents that lost their images can be taken up again.
        """
        with self._database.lock:
            yield
            if self._database.lock.holders == 1:
                with suppress(StorageFullError):  # the sweep can wait until there is room
                    self._sweep()

    def source(self, uri: str) -> int:
        """The number of a source, made if it is new."""
        with self._database.reading() as connection:
            known = sources.find(connection, uri)
        if known is not None:
            return known
        with self.writing(), self._database.transaction() as transaction:
            return sources.add(transaction, uri)

    def space_add(
        self,
        name: str,
        recipe: Mapping[str, object],
        fingerprint: str,
        dim: int,
        metric: Metric = "cosine",
    ) -> Space:
        """The space of that name, made if it is new; the first becomes the default.

        Raises RecipeMismatchError, saying what differs, if it has another recipe.
        """
        with self.writing(), self._database.transaction() as transaction:
            return spaces.add(transaction, name, recipe, fingerprint, dim=dim, metric=metric)

    def space_learned(self, space: Space, steps: Sequence[Arrays]) -> None:
        """Keep what each reducer of a new space learned."""
        with self.writing(), self._database.transaction() as transaction:
            learned.add(transaction, space, steps)

    def space_drop(self, name: str) -> None:
        """Remove a space and its vectors; raises UnknownNameError, UsageError for the default."""
        with self.writing(), self._database.transaction() as transaction:
            spaces.drop(transaction, name)

    def add_vectors(self, space: Space, vectors_: Iterable[tuple[int, Floats | Bits]]) -> None:
        """Store vectors of contents that the library holds; one that is there stays."""
        with self.writing(), self._database.transaction() as transaction:
            rows = [(content, vectors.to_blob(vector, space)) for content, vector in vectors_]
            filling.put(transaction, space, rows)

    def derive(self, name: str, words: Iterable[tuple[int, Sequence[str] | float]]) -> None:
        """Store the words of contents in a derived column."""
        with self.writing(), self._database.transaction() as transaction:
            derived.put(transaction, name, words)

    def drop_derived(self, name: str) -> None:
        """Remove a derived column."""
        with self.writing(), self._database.transaction() as transaction:
            derived.drop(transaction, name)

    def set_default_space(self, name: str) -> None:
        """Make a space the one that is meant when none is named; raises UnknownNameError."""
        with self.writing(), self._database.transaction() as transaction:
            spaces.set_default(transaction, name)

    def write(
        self, space: Space, source: int, outcomes_: Sequence[Outcome], checked_ns: int
    ) -> None:
        """Store a batch of outcomes in one transaction; `checked_ns` is when they were read.

        Raises ModelError for a vector that cannot be stored; then nothing of the batch is.
        """
        with self.writing(), self._database.transaction() as transaction:
            outcomes.write(transaction, space, source, outcomes_, checked_ns)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove images, and rejects, by their exact ids; returns how many images went."""
        removed = 0
        rest = iter(ids)
        with self.writing():
            while chunk := list(islice(rest, _REMOVED_AT_ONCE)):
                with self._database.transaction() as transaction:
                    for id_ in chunk:
                        rejects.delete(transaction, id_)
                        found = images.find(transaction.connection, id_)
                        if found is not None:
                            images.delete(transaction, *found)
                            removed += 1
        return removed

    def offered(self, source: int) -> Offered:
        """An empty set in which a run notes every id it offers, to tell what vanished."""
        return Offered(self._database, source)

    def prune(self, offered: Offered) -> int:
        """Remove what a source no longer offers; returns how many images went."""
        with self.writing():
            self.remove(offered.vanished_rejects())
            return self.remove(offered.vanished())

    def set_thumbnail(self, content_key: int, webp: bytes) -> None:
        """Keep a thumbnail; it can be made again, so the writer lock is not asked for."""
        with self._database.transaction(derived=True) as transaction:
            thumbnails.put(transaction, content_key, webp)

    def setting(self, name: str) -> str | None:
        """What was kept under a name, None if nothing was."""
        with self._database.reading() as connection:
            return state.get(connection, name)

    def set_setting(self, name: str, value: str) -> None:
        """Keep a short text under a name."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            state.put(transaction, name, value)

    def judge(self, verdicts: Iterable[Verdict]) -> int:
        """Keep verdicts of people; returns how many old ones they replaced."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.put(transaction, verdicts)

    def unjudge(self, query: str, image: str) -> bool:
        """Take a verdict back; whether there was one."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.delete(transaction, query, image)

    def add_draws(self, universe: str, draws: Iterable[Draw]) -> int:
        """Note which pairs were drawn to be judged; returns the number of the batch."""
        with self.writing(), self._database.transaction() as transaction:
            return judgements.add_draws(transaction, universe, draws)

    def set_layout(
        self, space: Space, recipe: Mapping[str, object], contents_: Keys, points: Floats
    ) -> None:
        """Keep a map of a space, contents (n,) and points (n, 2), in the place of the last."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            layouts.put(transaction, space, recipe, contents_, points)

    def add_positions(self, space: Space, contents_: Keys, points: Floats) -> None:
        """Put more contents into the map of a space."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            layouts.place(transaction, space, contents_, points, placed=True)

    def set_derived(self, name: str, words: Mapping[int, Sequence[str] | float]) -> None:
        """Make a derived column what words or numbers say of contents, and nothing else."""
        with self.writing(), self._database.transaction() as transaction:
            derived.drop(transaction, name)
            derived.put(transaction, name, words.items())

    def decide(self, verdict: str, pairs: Iterable[Sequence[str]]) -> int:
        """Keep a verdict on pairs of ids; returns how many there were in the library."""
        with self.writing(), self._database.transaction() as transaction:
            return decisions.put(transaction, verdict, pairs)

    def forget_decisions(self) -> int:
        """Take all verdicts on duplicates back; returns how many there were."""
        with self.writing(), self._database.transaction() as transaction:
            return decisions.forget(transaction)

    def note_quarantine(self, folder: Path, plan: str, state_: str) -> None:
        """Keep where files were moved by which plan, and whether that is under way or done."""
        with self.writing(), self._database.transaction(derived=True) as transaction:
            quarantines.put(transaction, folder, plan, state_)

    def withdraw(self, ids: Collection[str], file: Path) -> None:
        """Write all that is known of images into a file of its own, to be put back from there."""
        with self._database.reading() as connection:
            withdrawn.save(connection, ids, file)

    def put_back(self, file: Path) -> int:
        """Take in again what `withdraw` wrote; returns how many images came back."""
        with self.writing(), self._database.transaction() as transaction:
            return withdrawn.restore(transaction, file)

    def repair(self) -> None:
        """Take out what `check` found repairable."""
        with self.writing():
            check.repair(self._database)

    def _sweep(self) -> None:
        while True:
            with self._database.reading() as connection:
                if not contents.any_loose(connection):
                    return
            with self._database.transaction() as transaction:
                contents.sweep(transaction)

    # Reading

    def data_version(self) -> int:
        """The number of the last write: what was read at the same number is the same still."""
        with self._database.reading() as connection:
            return data_version(connection)

    def space(self, name: str | None = None) -> Space:
        """The space of that name, or the default one; raises UnknownNameError."""
        with self._database.reading() as connection:
            default = spaces.default(connection) if name is None else None
            return default or spaces.get(connection, name or "main")

    def spaces(self) -> list[Space]:
        """All spaces, oldest first."""
        with self._database.reading() as connection:
            return spaces.every(connection)

    def learned(self, space: Space, step: int) -> dict[str, NDArray[Any]]:
        """What one reducer of a space learned."""
        with self._database.reading() as connection:
            return learned.get(connection, space, step)

    def images_without(self, space: Space) -> Iterator[ImageRecord]:
        """Images that have no vector in a space, in the order in which they were added."""
        after = 0
        while keys := self._missing(space, after):
            yield from self.images_by_key(keys)
            after = keys[-1]

    def _missing(self, space: Space, after: int) -> list[int]:
        with self._database.reading() as connection:
            return filling.missing(connection, space, after, _AT_ONCE)

    def vector_blocks(self, space: Space) -> Iterator[tuple[list[int], Stored]]:
        """All vectors of a space, a block (m, ...) at a time, with the contents they are of."""
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = filling.blobs(connection, space, after, _AT_ONCE)
            if not rows:
                return
            after = rows[-1][0]
            yield [row[0] for row in rows], _stacked(space, rows)

    def unmapped_blocks(self, parent: Space, space: Space) -> Iterator[tuple[list[int], Stored]]:
        """Vectors of `parent` whose contents have none in `space`; store theirs before going on."""
        while True:
            with self._database.reading() as connection:
                rows = filling.unmapped(connection, parent, space, _AT_ONCE)
            if not rows:
                return
            yield [row[0] for row in rows], _stacked(parent, rows)

    def derived_columns(self) -> dict[str, int]:
        """The columns computed from contents, and how many contents have words in each."""
        with self._database.reading() as connection:
            return derived.counts(connection)

    def underived(self, name: str, space: Space) -> list[tuple[int, Halves]]:
        """The next contents without words in a derived column, with their vectors in a space."""
        with self._database.reading() as connection:
            rows = derived.lacking(connection, name, space, _AT_ONCE)
        return [(content, vectors.from_blob(blob, space)) for content, blob in rows]

    def count_underived(self, name: str, space: Space) -> int:
        """How many contents with a vector in a space lack words in a derived column."""
        with self._database.reading() as connection:
            return derived.count_lacking(connection, name, space)

    def known(self, space: Space, ids: Iterable[str]) -> dict[str, Known]:
        """What is stored of each id, seen from a space; ids that are not stored are left out."""
        with self._database.reading() as connection:
            return images.known(connection, space, ids)

    def shas_of_size(self, space: Space, sizes: Collection[int]) -> dict[int, list[bytes]]:
        """The sha256 of contents of each size in bytes that have a vector in `space`."""
        with self._database.reading() as connection:
            return contents.hashes_of_size(connection, space, sizes)

    def image(self, id_: str) -> ImageRecord:
        """The image of that id; raises UnknownIdError with the nearest ids."""
        with self._database.reading() as connection:
            return images.get(connection, id_)

    def images_by_key(self, keys: Iterable[int] | Keys) -> list[ImageRecord]:
        """The images of these keys, in that order; keys removed meanwhile are left out."""
        with self._database.reading() as connection:
            return images.by_keys(connection, keys)

    def keys_at(self, uri: str, sha256: bytes) -> list[int]:
        """The keys of the images with these bytes that were found there."""
        with self._database.reading() as connection:
            return images.at(connection, uri, sha256)

    def contents_of(self, keys: Keys) -> Keys:
        """The content (n,) of each image (n,): equal for equal bytes; -1 for one that is gone."""
        with self._database.reading() as connection:
            return images.contents_of(connection, keys)

    def copies_of(self, contents: Sequence[int]) -> list[int]:
        """How many images have each content."""
        with self._database.reading() as connection:
            return images.copies_of(connection, contents)

    def first_images(self, count: int) -> list[ImageRecord]:
        """The first images, in the order in which they were added."""
        with self._database.reading() as connection:
            return images.first(connection, count)

    def ids(self, keys: Sequence[int] | Keys) -> list[str | None]:
        """The id of each key, None where it was removed meanwhile."""
        with self._database.reading() as connection:
            return images.ids_of(connection, keys)

    def facts(self, names: Iterable[str]) -> Facts:
        """Columns of all images at once: `id`, `label`, or of a table; raises UnknownNameError."""
        with self._database.reading() as connection:
            return facts.read(connection, names)

    def derived_numbers(self, name: str) -> dict[int, float]:
        """The number of each content in a derived column; empty when there is none."""
        with self._database.reading() as connection:
            return derived.numbers(connection, name)

    def derived(self, name: str) -> dict[int, tuple[str, ...]]:
        """The words of each content in a derived column; empty when there is none."""
        with self._database.reading() as connection:
            return derived.get(connection, name)

    def values(self, field: Field) -> dict[int, Value]:
        """The value of every image in a column, by key."""
        with self._database.reading() as connection:
            return dict(fields.values(connection, field, "WHERE key > ?", 0))

    def layout(self, space: Space) -> Layout | None:
        """The map of a space, None when it was never laid out."""
        with self._database.reading() as connection:
            return layouts.get(connection, space)

    def judgements(self) -> list[Verdict]:
        """All verdicts of people, by query and image."""
        with self._database.reading() as connection:
            return list(judgements.every(connection))

    def draw_chances(self) -> dict[tuple[str, str], float]:
        """The chance with which each pair that was ever drawn was drawn."""
        with self._database.reading() as connection:
            return judgements.draw_chances(connection)

    def draws(self, universe: str) -> list[list[Draw]]:
        """The batches of pairs that were drawn from a universe to be judged, oldest first."""
        with self._database.reading() as connection:
            return judgements.draws(connection, universe)

    def fingerprints(self) -> Fingerprints:
        """The first image and the perceptual hash of every content."""
        with self._database.reading() as connection:
            return fingerprints.every(connection)

    def copies(self) -> dict[int, list[int]]:
        """The keys of the images of each content that has several."""
        with self._database.reading() as connection:
            return fingerprints.copies(connection)

    def decisions(self) -> dict[tuple[str, str], str]:
        """The verdicts on duplicates that still count, by pair of ids, the lower first."""
        with self._database.reading() as connection:
            return decisions.every(connection)

    def quarantines(self) -> list[Quarantine]:
        """The folders into which files were moved, oldest first."""
        with self._database.reading() as connection:
            return quarantines.every(connection)

    def rejects(self) -> Iterator[RejectRecord]:
        """All rejects, by id, as of one moment."""
        with self._database.reading() as connection:
            yield from rejects.every(connection)

    def counts(self) -> Counts:
        """How much the library holds."""
        with self._database.reading() as connection:
            return counts.counts(connection, self._database)

    def thumbnail(self, content_key: int) -> bytes | None:
        """The WebP bytes of a content's thumbnail, None if there is none yet."""
        with self._database.reading() as connection:
            return thumbnails.get(connection, content_key)

    def vector(self, space: Space, key: int) -> Stored:
        """The vector of an image; raises UnknownIdError if it has none here."""
        with self._database.reading() as connection:
            return vectors.get(connection, space, key)

    def content_key(self, sha256: bytes) -> int | None:
        """The internal key of the content with these bytes, None if there is none."""
        with self._database.reading() as connection:
            return contents.find(connection, sha256)

    def vector_of_content(self, space: Space, sha256: bytes) -> Stored | None:
        """The vector of an image with these bytes, None if none is stored."""
        with self._database.reading() as connection:
            return vectors.of_content(connection, space, sha256)

    def matrix(self, space: Space) -> MatrixView:
        """All vectors of a space as the library is now, from the cache as far as it goes."""
        return matrix.open_matrix(self._database, space)

    def refreshed(self, view: MatrixView) -> MatrixView:
        """The same view if nothing was written since, else one of now."""
        return matrix.refresh(self._database, view)

    def compact(self, space: Space) -> tuple[Stored, Keys]:
        """All vectors (n, ...) of a space and their keys (n,), in one piece."""
        return matrix.compact(self._database, space)

    def died_since(self, version: int) -> Keys:
        """Keys, rising, whose rows in any matrix or index of that data version are void."""
        with self._database.reading() as connection:
            return matrix.died_since(connection, version)

    def check(self) -> list[Finding]:
        """Everything that is wrong with the database and its caches; empty when all is well."""
        return check.check(self._database)


def _stacked(space: Space, rows: Sequence[tuple[int, bytes]]) -> Stored:
    """The vectors (m, ...) of rows of (content, blob)."""
    return np.stack([vectors.from_blob(blob, space) for _, blob in rows])
