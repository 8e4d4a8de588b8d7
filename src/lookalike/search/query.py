"""What to look for: items that are liked and items that are not, each of any kind and weight."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.images.crop import Crop

if TYPE_CHECKING:
    from PIL import Image

    Picture: TypeAlias = bytes | Image.Image | NDArray[np.uint8]

ID_PREFIX = "id:"
TEXT_PREFIX = "text:"
URL_PREFIXES = ("http://", "https://")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Item:
    """One thing that is liked or disliked; exactly one of the first six says what it is.

    `id` of a stored image; `file`: a path; `url`: http or https; `text`, in spaces whose model
    embeds texts; `vector` (dim,), or packed bits; `image`: the bytes of an image file, a Pillow
    image or a uint8 array (height, width[, 3]). `weight` is above 0. `crop` is the part of the
    image that is meant; four numbers will do. Raises `UsageError`.
    """

    id: str | None = None
    file: str | PathLike[str] | None = None
    url: str | None = None
    text: str | None = None
    vector: NDArray[Any] | None = None
    image: Picture | None = None
    weight: float = 1.0
    crop: Crop | Sequence[float] | None = None

    def __post_init__(self) -> None:
        kinds = ("id", "file", "url", "text", "vector", "image")
        given = [kind for kind in kinds if getattr(self, kind) is not None]
        if len(given) != 1:
            raise UsageError(
                f"An item is exactly one of {', '.join(kinds)}; this one has "
                f"{' and '.join(given) or 'none'}."
            )
        if not (math.isfinite(self.weight) and self.weight > 0):
            raise UsageError(
                f"A weight is a number above 0, not {self.weight}: what is disliked goes among "
                "the negative items."
            )
        if self.crop is not None and given[0] in {"text", "vector"}:
            raise UsageError(f"There is nothing to crop in a {given[0]}.")
        if self.text is not None and not self.text.strip():
            raise UsageError("The text to look for is empty.")
        object.__setattr__(self, "crop", as_crop(self.crop))

    @property
    def box(self) -> Crop | None:
        """The crop, if there is one."""
        return as_crop(self.crop)

    @property
    def name(self) -> str:
        """The item as it is written, without its weight."""
        crop = f"#xywh={self.box.written}" if self.box is not None else ""
        if self.id is not None:
            return f"{ID_PREFIX}{self.id}{crop}"
        if self.text is not None:
            return TEXT_PREFIX + self.text
        if self.vector is not None:
            return "vector"
        if self.image is not None:
            return ("bytes" if isinstance(self.image, bytes) else "picture") + crop
        return (self.url or fspath(self.file or "")) + crop


QueryItem: TypeAlias = "str | PathLike[str] | bytes | Image.Image | NDArray[Any] | Item"


@dataclass(frozen=True, slots=True, init=False, eq=False)
class Query:
    """A question: what the answers should look like, and what they should not look like.

    Each of `positive` and `negative` is an `Item`, or what `as_item` makes one of; a single one
    needs no list. Raises `UsageError` when both are empty.
    """

    positive: tuple[Item, ...]
    negative: tuple[Item, ...]

    def __init__(
        self,
        positive: QueryItem | Iterable[QueryItem] = (),
        negative: QueryItem | Iterable[QueryItem] = (),
    ) -> None:
        object.__setattr__(self, "positive", as_items(positive))
        object.__setattr__(self, "negative", as_items(negative))
        if not (self.positive or self.negative):
            raise UsageError("There is nothing to look for: a question needs at least one item.")

    @property
    def name(self) -> str:
        """The question as it is written: `2:a.jpg + id:b - c.jpg`."""
        if len(self.positive) == 1 and not self.negative:
            return self.positive[0].name
        terms = [f"+ {_weighed(item)}" for item in self.positive]
        terms += [f"- {_weighed(item)}" for item in self.negative]
        return " ".join(terms).removeprefix("+ ")


Question: TypeAlias = "QueryItem | Query"


def as_query(question: Question) -> Query:
    """The question itself, or that with one item."""
    return question if isinstance(question, Query) else Query([question])


def as_item(value: QueryItem) -> Item:
    """An item of what it is: `id:...`, `text:...`, a URL, else a path, where it is a string.

    An array of one dimension is a vector. Raises `UsageError`.
    """
    if isinstance(value, Item):
        return value
    if isinstance(value, str):
        if value.startswith(ID_PREFIX):
            return Item(id=value.removeprefix(ID_PREFIX))
        if value.startswith(TEXT_PREFIX):
            return Item(text=value.removeprefix(TEXT_PREFIX))
        return Item(url=value) if value.lower().startswith(URL_PREFIXES) else Item(file=value)
    if isinstance(value, PathLike):
        return Item(file=value)
    if isinstance(value, np.ndarray) and value.ndim == 1:
        return Item(vector=value)
    return Item(image=value)


def as_crop(crop: Crop | Sequence[float] | None) -> Crop | None:
    """Four numbers as a crop."""
    if crop is None or isinstance(crop, Crop):
        return crop
    if len(crop) != 4:
        raise UsageError(f"A crop is four numbers, x, y, width and height; not {len(crop)}.")
    return Crop(*map(float, crop))


def as_items(values: QueryItem | Iterable[QueryItem]) -> tuple[Item, ...]:
    """The items of one or several values. Raises `UsageError`."""
    if isinstance(values, str | bytes | PathLike | Item | np.ndarray):
        return (as_item(values),)
    if isinstance(values, Iterable):
        return tuple(as_item(value) for value in values)
    return (as_item(values),)


def _weighed(item: Item) -> str:
    return item.name if item.weight == 1 else f"{item.weight:g}:{item.name}"
