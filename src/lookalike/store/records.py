"""What the store hands out: frozen records, one for each noun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from lookalike.types import Content, Location, Metric, Scalar, Stamp, check_metric


@dataclass(frozen=True, slots=True)
class Space:
    """A named way of seeing: what made its vectors, their length and how they are compared.

    `key` is internal; `fingerprint` names the recipe; `dim` counts values, or bits; `created`
    is in Unix seconds. Raises `UsageError` for a metric that its vectors do not have.
    """

    key: int
    name: str
    recipe: Mapping[str, object]
    fingerprint: str
    dim: int
    metric: Metric
    created: int

    def __post_init__(self) -> None:
        check_metric(self.metric, bits=self.of_bits)

    @property
    def of_bits(self) -> bool:
        """Whether the vectors are packed bits instead of float16."""
        return self.recipe.get("dtype") == "bits"

    @property
    def spec(self) -> str:
        """The model and the reducers, as they are written."""
        steps = self.recipe["reducers"]
        written = [str(step["spec"]) for step in steps] if isinstance(steps, list) else []
        return "|".join([str(self.recipe["model"]), *written])


@dataclass(frozen=True, slots=True)
class ImageRecord:
    """One stored image. `key` and `content_key` are internal; `added` is in Unix seconds.

    A `Blob` location comes back without its data: those bytes could be had only once.
    """

    key: int
    id: str
    uri: str
    location: Location
    source: str
    stamp: Stamp
    label: str | None
    meta: Mapping[str, Scalar]
    content_key: int
    content: Content
    added: int


@dataclass(frozen=True, slots=True)
class RejectRecord:
    """One image that was offered and could not be used; `seen_ns` is when, in Unix ns."""

    id: str
    source: str
    uri: str
    reason: str
    detail: str
    seen_ns: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of an image as an answer to another, by id: 0 is no match."""

    query: str
    image: str
    verdict: float


@dataclass(frozen=True, slots=True)
class Draw:
    """A pair that was drawn to be judged, and the chance it had of being drawn."""

    query: str
    image: str
    chance: float


@dataclass(frozen=True, slots=True)
class ClassifierRecord:
    """A stored classifier: how it was made, how good it is, and the column that it fills.

    `target` is None for one that was never applied; `made` is in Unix seconds.
    """

    name: str
    recipe: Mapping[str, object]
    figures: Mapping[str, object]
    target: str | None
    made: int


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a library holds; `spaces` maps a name to its number of vectors."""

    images: int
    contents: int
    thumbnails: int
    rejects: Mapping[str, int]
    spaces: Mapping[str, int]
    database_bytes: int
    cache_bytes: int


@dataclass(frozen=True, slots=True)
class Finding:
    """Something `doctor` found wrong; `repairable` says whether `repair` can put it right."""

    kind: Literal["database", "reference", "content", "vector", "thumbnail", "cache"]
    message: str
    repairable: bool
