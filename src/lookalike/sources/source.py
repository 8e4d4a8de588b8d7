"""What a source is: it offers references to images and says what it passed over."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol, TypeAlias

from lookalike.types import Reference, Rejected

LabelFrom: TypeAlias = Literal["folder"]


class Source(Protocol):
    """A pile of images. Nothing is opened here but listings, tables and archives.

    `references()` may be called again; it then starts over, in the same order. Within one
    source an id comes once: a second claim on it from another place raises `DuplicateIdError`.
    """

    @property
    def uri(self) -> str:
        """Where it is: an absolute path, or `paths:FOLDER` for a list of paths."""

    @property
    def notes(self) -> list[str]:
        """What was passed over and why, in sentences; complete when `references()` has ended."""

    @property
    def complete(self) -> bool:
        """False when a part, such as a folder below, could not be read when it was listed."""

    def references(self) -> Iterator[Reference | Rejected]:
        """Every image on offer, in a fixed order.

        Raises `SourceError` where the source cannot be read, or cannot be read on; what was
        offered before that stands.
        """
