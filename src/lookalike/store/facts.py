"""Some columns of all images at once, row by row: labels, ids, and what their tables said."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UnknownNameError
from lookalike.store import derived
from lookalike.store.cells import meta_from
from lookalike.types import Keys, Scalar

OWN = ("id", "label")


@dataclass(frozen=True, slots=True)
class Facts:
    """Values of images by column, in the order of `keys` (n,), which rise.

    `contents` (n,) are equal for images of the same bytes.
    """

    keys: Keys
    contents: Keys
    ids: list[str]
    values: Mapping[str, list[Scalar]]

    def only(self, keys: Keys) -> Facts:
        """The same of those images that are among `keys`."""
        kept = np.flatnonzero(np.isin(self.keys, keys))
        return Facts(
            self.keys[kept],
            self.contents[kept],
            [self.ids[row] for row in kept],
            {name: [values[row] for row in kept] for name, values in self.values.items()},
        )


def read(connection: sqlite3.Connection, names: Iterable[str]) -> Facts:
    """The columns of these names: `id`, `label`, of a table, or made from what images show.

    Several words of one image become one, with commas. Raises UnknownNameError.
    """
    wanted = list(dict.fromkeys(names))
    tables = [name for name in wanted if name not in OWN]
    keys, contents, ids = [], [], []
    values: dict[str, list[Scalar]] = {name: [] for name in wanted}
    seen: set[str] = set()
    rows = connection.execute("SELECT key, content, id, label, meta FROM images ORDER BY key")
    for key, content, id_, label, meta in rows:
        keys.append(key)
        contents.append(content)
        ids.append(id_)
        own = {"id": id_, "label": label}
        cells = meta_from(meta) if tables else {}
        seen.update(cells)
        for name in wanted:
            values[name].append(own[name] if name in own else cells.get(name))
    made = derived.counts(connection)
    for name in tables:
        if name not in seen and name not in made:
            raise UnknownNameError("column", name, [*OWN, *seen, *made])
        if name not in seen:
            words = derived.plain(connection, name)
            values[name] = [words.get(content) for content in contents]
    return Facts(np.array(keys, np.int64), np.array(contents, np.int64), ids, values)
