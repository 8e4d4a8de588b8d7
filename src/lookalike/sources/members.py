"""What an archive reader tells of each member."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from lookalike.types import Location


@dataclass(frozen=True, slots=True)
class Member:
    """One member, not read yet.

    `offset` is where it begins in the archive. `locate()` must be called before the next
    member is asked for; it raises `ImageRejectedError` when the member cannot be used.
    """

    name: str
    offset: int
    nature: Literal["file", "folder", "link", "special"]
    locate: Callable[[], Location]
