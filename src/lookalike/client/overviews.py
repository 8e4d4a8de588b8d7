"""What the service answers of a library as a whole: what it holds, map, clusters, duplicates."""

from __future__ import annotations

from base64 import b64decode
from dataclasses import dataclass
from functools import cached_property

from lookalike.client.answers import Image, floats


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
    """Groups of near-duplicates; `current` unless the library changed since they were `made`.

    `undoable`: a plan was applied that can be undone.
    """

    level: str
    made: int
    current: bool
    undoable: bool
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
