"""What the service answers, as records named and shaped as its OpenAPI says."""

from __future__ import annotations

from array import array
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
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
class Index:
    """An approximate index: its engine, the vectors in it, and its recall at `k` as measured."""

    engine: str
    vectors: int
    recall: float
    k: int
    wanted_recall: float


@dataclass(frozen=True)
class Space:
    """A way of seeing: with `words` texts can be asked for, `calibrated` ones tell a `match`."""

    name: str
    model: str
    dim: int
    metric: str
    bits: bool
    vectors: int
    default: bool
    words: bool
    calibrated: bool
    mapped: bool
    index: Index | None


@dataclass(frozen=True)
class Reason:
    """How many images were rejected for a reason, and what it means."""

    reason: str
    meaning: str
    images: int


@dataclass(frozen=True)
class Column:
    """A column by the name that filters use."""

    name: str
    origin: str
    kind: str
    distinct: int
    missing: int
    examples: list[str]


@dataclass(frozen=True)
class Versions:
    """Of the program, of Python, and of what the library holds."""

    lookalike: str
    python: str
    library: str


@dataclass(frozen=True)
class Held:
    """What a library holds; `compared`: near-duplicates were looked for."""

    name: str
    images: int
    contents: int
    rejects: list[Reason]
    spaces: list[Space]
    columns: list[Column]
    database_bytes: int
    cache_bytes: int
    compared: bool
    versions: Versions


@dataclass(frozen=True)
class Named:
    """A library of the service, and the path below which it answers."""

    name: str
    path: str
    images: int
    default: bool


@dataclass(frozen=True)
class Reject:
    """An image that could not be used; `seen` in Unix seconds."""

    id: str
    url: str | None
    reason: str
    meaning: str
    seen: int


@dataclass(frozen=True)
class Rejects:
    """Rejects by id; `next` goes on as `after`."""

    rejects: list[Reject]
    next: str | None


@dataclass(frozen=True)
class Value:
    """A value of a column, and how many images have it."""

    value: str
    images: int


@dataclass(frozen=True)
class Facet:
    """A column's values among some images; `bins` are counts between `low` and `high`."""

    name: str
    kind: str
    distinct: int
    missing: int
    values: list[Value]
    low: float | str | None
    high: float | str | None
    bins: list[int]


@dataclass(frozen=True)
class Facets:
    """How many images there are, and what values they have."""

    images: int
    facets: list[Facet]


@dataclass(frozen=True)
class Colour:
    """A column as kinds of a map's points: names, and for each point the number of its name."""

    name: str
    names: list[str]
    codes: str
    ordered: bool
    kinds: int

    @cached_property
    def numbers(self) -> list[int]:
        """For each point, which of `names` it has."""
        return list(b64decode(self.codes))


@dataclass(frozen=True)
class Map:
    """A map: where each image lies in the plane; `made` in Unix seconds."""

    space: str
    method: str
    made: int
    unplaced: int
    ids: list[str]
    x: str
    y: str
    colours: list[Colour]

    @cached_property
    def points(self) -> list[tuple[float, float]]:
        """Where each of `ids` lies."""
        return list(zip(floats(self.x), floats(self.y), strict=True))


@dataclass(frozen=True)
class Cluster:
    """A group of images that look alike; `central` and `diverse` are ids."""

    name: str
    images: int
    cohesion: float
    words: list[str]
    central: list[str]
    diverse: list[str]


@dataclass(frozen=True)
class Clusters:
    """The clusters of a space, and how many images are in none."""

    space: str
    method: str
    strays: int
    clusters: list[Cluster]


@dataclass(frozen=True)
class ClusterNamed:
    """A cluster under its new name."""

    name: str
    contents: int


@dataclass(frozen=True)
class Pair:
    """Two images of a group by their places, how alike they are, and what says so."""

    first: int
    second: int
    level: str
    score: float
    how: str


@dataclass(frozen=True)
class Group:
    """Near-duplicates, the pairs that make them so, and what differs."""

    level: str
    images: list[Image]
    pairs: list[Pair]
    differs: list[str]


@dataclass(frozen=True)
class Duplicates:
    """Groups of near-duplicates; `current` unless the library changed since they were `made`."""

    level: str
    made: int
    current: bool
    total: int
    decided: int
    groups: list[Group]


@dataclass(frozen=True)
class Entry:
    """What a plan does with an image, and why."""

    group: int
    id: str
    action: str
    reason: str
    level: str
    match: str


@dataclass(frozen=True)
class Plan:
    """What would go; `digest` is what `apply` is given."""

    digest: str
    moves: int
    bytes: int
    entries: list[Entry]


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
