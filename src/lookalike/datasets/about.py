"""What a data set says of itself before any of its images is fetched, and what it then offers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from lookalike.errors import UnknownNameError
from lookalike.types import Reference, Rejected

UNSTATED = "not stated; ask where it comes from before you use it"


@dataclass(frozen=True, slots=True)
class About:
    """Its name as the user gives it, its title, licence, where it comes from, and its splits."""

    name: str
    title: str
    licence: str
    homepage: str
    splits: tuple[str, ...] = ()

    def chosen(self, split: str | None) -> tuple[str, ...]:
        """That split, or all. Raises `UnknownNameError`."""
        if split is None:
            return self.splits
        if split not in self.splits:
            raise UnknownNameError(f"split of {self.name}", split, self.splits)
        return (split,)


class Dataset(Protocol):
    """A data set whose images can be had from files, which are fetched when they are needed."""

    @property
    def about(self) -> About:
        """What it says of itself."""

    def offers(self, split: str | None, count: int | None) -> Iterator[Reference | Rejected]:
        """Its images with their labels, the first `count` if that is given; meta has `split`.

        Raises `SourceError`, `MissingExtraError`.
        """
