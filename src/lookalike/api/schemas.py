"""What is asked and answered, as the OpenAPI describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, FiniteFloat, model_validator

from lookalike.types import Scalar

MOST = 1000
MEMBERS = 200


def narrow(value: Any) -> Any:
    """What came, unless it is an object of so many members that naming each fault takes seconds.

    Lists say `fail_fast` for the same reason: their first fault is the only one that is told.
    """
    if isinstance(value, dict) and len(value) > MEMBERS:
        raise ValueError(f"an object has at most {MEMBERS} members here, not {len(value):,}")
    return value


Id = Annotated[str, Field(min_length=1, max_length=4096)]
Four = Annotated[list[FiniteFloat], Field(min_length=4, max_length=4, fail_fast=True)]
Vector = Annotated[list[FiniteFloat], Field(min_length=1, max_length=65_536, fail_fast=True)]
Label = Annotated[str, Field(max_length=1000)]
MetaName = Annotated[str, Field(min_length=1, max_length=200)]
MetaText = Annotated[str, Field(max_length=10_000)]
MetaInt = Annotated[int, Field(ge=-(2**63), lt=2**63)]
Meta = Annotated[
    dict[MetaName, bool | MetaInt | FiniteFloat | MetaText | None],
    Field(max_length=MEMBERS),
    BeforeValidator(narrow),
]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Asked(BaseModel):
    """What a client sends: a field that is not known is an error."""

    model_config = ConfigDict(extra="forbid")
    _narrow = model_validator(mode="before")(narrow)


class SearchItem(Asked):
    """One thing that is liked or disliked: exactly one of the first five.

    `image` is the base64 of an image file. `crop` is the part that is meant: x, y, width and
    height, in pixels, or as fractions where none is above 1.
    """

    id: Id | None = None
    url: Annotated[str, Field(max_length=8000)] | None = None
    text: Annotated[str, Field(max_length=2000)] | None = None
    vector: Vector | None = None
    image: str | None = None
    crop: Four | None = None
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0


class How(Asked):
    """Which of the nearest are wanted."""

    k: Annotated[int, Field(ge=1, le=MOST)] = 10
    offset: Annotated[int, Field(ge=0, le=100_000)] | None = None
    where: Annotated[str, Field(max_length=200_000)] | None = None
    space: Annotated[str, Field(max_length=200)] | None = None
    min_similarity: FiniteFloat | None = None
    min_match: Fraction | None = None
    diversity: Fraction = 0.0
    group_duplicates: bool = False
    include_query: bool = False


class SearchRequest(How):
    """A question: what the answers should look like, and what they should not look like."""

    positive: Annotated[list[SearchItem], Field(max_length=32, fail_fast=True)] = []
    negative: Annotated[list[SearchItem], Field(max_length=32, fail_fast=True)] = []
    weights: Annotated[dict[str, FiniteFloat], Field(max_length=16), BeforeValidator(narrow)] = {}


class ImageForm(How):
    """An image file and which of the nearest are wanted."""

    image: Annotated[list[UploadFile], Field(min_length=1, max_length=1)]
    crop: Annotated[str, Field(max_length=100, description="x,y,width,height")] | None = None


class AddForm(Asked):
    """An image file to be added. Without `id` it gets one made of its bytes."""

    image: Annotated[list[UploadFile], Field(min_length=1, max_length=1)]
    id: Id | None = None
    label: Label | None = None
    meta: Annotated[str, Field(max_length=100_000, description="A JSON object.")] | None = None


class AddUrl(Asked):
    """An image on the web to be added. Without `id` its id is the URL."""

    url: Annotated[str, Field(max_length=8000)]
    id: Id | None = None
    label: Label | None = None
    meta: Meta = {}


class Change(Asked):
    """What is changed of an image: a label of null is none, metadata of null is taken away."""

    label: Label | None = None
    meta: Meta = {}


class Judgement(Asked):
    """What a person said of an image as an answer to another: 0 no match, 1 one, null unsaid."""

    query: Id
    image: Id
    verdict: Annotated[FiniteFloat, Field(ge=0, le=100)] | None


class JudgementsAnswer(BaseModel):
    """All verdicts."""

    judgements: list[Judgement]


class Thing(BaseModel):
    """An image of the library. `url` is where it is on the web, if it is from there."""

    id: str
    label: str | None
    meta: dict[str, Scalar]
    url: str | None = None


class HitOut(Thing):
    """A match. `similarity`: higher is better; `match`, 0..1: how sure it is one.

    `width` and `height` are those of the upright picture.
    """

    rank: int
    similarity: float
    distance: float
    copies: int
    width: int
    height: int
    match: float | None = None


class SearchAnswer(BaseModel):
    """The matches, best first; `next_offset` is where the next page begins."""

    space: str
    metric: str
    hits: list[HitOut]
    next_offset: int | None


class ImageOut(Thing):
    """What is known of one image."""

    width: int
    height: int
    format: str
    bytes: int
    sha256: str
    added: int


class ImagesAnswer(BaseModel):
    """Images in the order in which they were added; `next` goes on as `after`."""

    images: list[ImageOut]
    next: int | None


class IndexOut(BaseModel):
    """An approximate index: its engine, the vectors in it, and its recall at `k` as measured."""

    engine: str
    vectors: int
    recall: float
    k: int
    wanted_recall: float


class SpaceOut(BaseModel):
    """A way of seeing. `default` is the one that is meant when none is named.

    `words` says whether a text can be asked for, `calibrated` whether answers have a match,
    `mapped` whether there is a map.
    Without an `index` every vector is compared.
    """

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
    index: IndexOut | None


class SpacesAnswer(BaseModel):
    """All spaces, oldest first."""

    spaces: list[SpaceOut]


class Health(BaseModel):
    """Whether the service lives, and which one it is."""

    status: Literal["ok"]
    version: str
    python: str


class Ready(BaseModel):
    """That questions are answered at once, and how many images there are."""

    status: Literal["ready"]
    images: int
