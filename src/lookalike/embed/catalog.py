"""What the pipeline asks of a library; the store answers."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from lookalike.types import Known


class Catalog(Protocol):
    """The library's memory of images, seen from one space."""

    def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        """What is stored under these ids."""
        ...

    def digests_of_size(self, sizes: Collection[int]) -> Mapping[int, Sequence[bytes]]:
        """sha256 digests of stored contents with a vector, by their size in bytes."""
        ...
