"""What changed in an open store since a data version."""

from __future__ import annotations

from collections.abc import Sequence

from lookalike.store import changes
from lookalike.store.changes import KnownRows
from lookalike.store.fields import Field
from lookalike.store.parts.opened import Opened
from lookalike.store.records import Space
from lookalike.types import Keys


class Changes(Opened):
    """What changed in an open store since a data version."""

    def token(self, version: int) -> str:
        """What tells a data version from that of a copy that went another way."""
        with self._database.reading() as connection:
            return changes.token(connection, version)

    def history(self) -> str:
        """What names this library and its copies, and no other."""
        with self._database.reading() as connection:
            return changes.history(connection)

    def changed_since(self, space: Space, version: int) -> Keys:
        """Keys, rising, of images of a space of which anything was written since a version."""
        with self._database.reading() as connection:
            return changes.changed(connection, space, version)

    def lost_since(self, space: Space, version: int) -> Keys:
        """Keys, rising, that a space had at a data version and has no more."""
        with self._database.reading() as connection:
            return changes.lost(connection, space, version)

    def known_rows(self, space: Space, keys: Keys, columns: Sequence[Field]) -> KnownRows:
        """Vectors and values of some images as they are now, by key."""
        with self._database.reading() as connection:
            return changes.known(connection, space, keys, columns)
