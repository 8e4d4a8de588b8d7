"""Fills the Parquet file of a shard with rows, a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, Any

from lookalike.scale.files import footer
from lookalike.scale.rows import PLAIN, schema, to_table
from lookalike.store.records import Space
from lookalike.types import Outcome

ROWS = 256
"""Rows of a row group: what a merge has to hold of each shard."""


class ShardRows:
    """The rows of a shard on their way into its file, a row group at a time."""

    def __init__(self, writer: Any, space: Space) -> None:
        self._writer = writer
        self._space = space
        self._waiting: list[tuple[int, Outcome]] = []

    def add(self, placed: Sequence[tuple[int, Outcome]]) -> None:
        """Take outcomes with the place of each in the source."""
        self._waiting += placed
        while len(self._waiting) >= ROWS:
            self._write(self._waiting[:ROWS])
            del self._waiting[:ROWS]

    def end(self, facts: Mapping[str, object]) -> None:
        """Write what is left, and what is to stand at the end of the file."""
        self._write(self._waiting)
        self._writer.add_key_value_metadata(footer(facts))

    def _write(self, placed: Sequence[tuple[int, Outcome]]) -> None:
        if placed:
            self._writer.write_table(to_table(placed, self._space))


@contextmanager
def shard_rows(file: IO[bytes], space: Space) -> Iterator[ShardRows]:
    """A new shard in an open file; it is whole when `end` was called and the block is over."""
    from pyarrow.parquet import ParquetWriter

    with ParquetWriter(
        file, schema(space), compression="zstd", use_dictionary=PLAIN, write_page_checksum=True
    ) as writer:
        yield ShardRows(writer, space)
