"""The approximate indexes of a library: one for each space at most, each of them a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import IO, Any

from lookalike.store import index_files
from lookalike.store.database import Database
from lookalike.store.index_files import IndexFiles
from lookalike.store.matrix import cache_directory
from lookalike.store.records import Space
from lookalike.types import Keys


class IndexCache:
    """The index files of one library. What writes asks for no lock, and raises OSError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._directory = cache_directory(database)

    def load(self, space: Space) -> IndexFiles | None:
        """The index of a space; None when there is none, or a damaged one."""
        with self._database.reading() as connection:
            return index_files.load(self._directory, space, connection)

    def is_sound(self, space: Space) -> bool:
        """Whether every byte of the index of a space is as it was written; so is none."""
        with self._database.reading() as connection:
            return index_files.is_sound(self._directory, space, connection)

    def stamp(self, space: Space) -> str | None:
        """What tells the present index of a space from another; None without one."""
        return index_files.read_stamp(self._directory, space)

    def facts(self, space: Space) -> Mapping[str, Any] | None:
        """What was measured of the index of a space when it was made; None without one."""
        return index_files.read_facts(self._directory, space)

    def save(
        self,
        space: Space,
        version: int,
        keys: Keys,
        facts: Mapping[str, Any],
        write: Callable[[IO[bytes]], None],
    ) -> None:
        """Keep an index of `keys` as of a data version, in the place of the one before."""
        with self._database.reading() as connection:
            index_files.save(self._directory, space, connection, version, keys, facts, write)

    def update(self, space: Space, facts: Mapping[str, Any]) -> None:
        """Put other facts beside the index of a space."""
        index_files.update_facts(self._directory, space, facts)

    def discard(self, space: Space) -> None:
        """Delete the index of a space."""
        index_files.discard(self._directory, space)
