"""What the service answers, as records named and shaped as its OpenAPI says."""

from __future__ import annotations

from array import array
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from sys import byteorder
from typing import Any, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True)
class Thing:
    """An image. `url` is where it is on the web, if it is from there."""

    id: str
    label: str | None
    meta: dict[str, Scalar]
    url: str | None


@dataclass(frozen=True)
class Hit(Thing):
    """A match. `similarity`: higher is better; `match`, 0..1: how sure it is one."""

    rank: int
    similarity: float
    distance: float
    copies: int
    width: int
    height: int
    match: float | None


@dataclass(frozen=True)
class Hits:
    """The matches, best first; `next_offset` is where the next page begins."""

    space: str
    metric: str
    hits: list[Hit]
    next_offset: int | None

    @property
    def ids(self) -> list[str]:
        """The ids of the matches."""
        return [hit.id for hit in self.hits]

    @property
    def scores(self) -> list[float]:
        """The similarities of the matches."""
        return [hit.similarity for hit in self.hits]

    @property
    def distances(self) -> list[float]:
        """The distances of the matches."""
        return [hit.distance for hit in self.hits]

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __getitem__(self, position: int) -> Hit:
        return self.hits[position]


@dataclass(frozen=True)
class Image(Thing):
    """What is known of one image; `added` in Unix seconds."""

    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    added: int


@dataclass(frozen=True)
class Images:
    """Images in the order in which they were added; `next` goes on as `after`."""

    images: list[Image]
    next: int | None


@dataclass(frozen=True)
class Judgement:
    """What a person said of an image as an answer to another."""

    query: str
    image: str
    verdict: float | None


@dataclass(frozen=True)
class Named:
    """A library of the service, and the path below which it answers."""

    name: str
    path: str
    images: int
    default: bool


@dataclass(frozen=True)
class Job:
    """Long work: `done` of `total` of a `step`; `result` or `problem` in the end."""

    id: str
    kind: str
    state: str
    step: str
    done: int
    total: int
    rate: float
    made: float
    started: float | None
    ended: float | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state in {"done", "failed", "cancelled"}


@dataclass(frozen=True)
class Health:
    """That the service lives, and which one it is."""

    status: str
    version: str
    python: str


@dataclass(frozen=True)
class Ready:
    """That questions are answered at once, and how many images there are."""

    status: str
    images: int


def floats(text: str) -> list[float]:
    """Little-endian float32 in base64, as numbers."""
    values = array("f", b64decode(text))
    if byteorder == "big":
        values.byteswap()
    return values.tolist()
