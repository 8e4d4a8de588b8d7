"""What a question stands for in a space: each item looked up or embedded, then one vector."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from os import fspath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.embed.crowd import CrowdEmbedder
from lookalike.embed.embedder import Embedder
from lookalike.embed.way import Way
from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.decode import decode, to_rgb
from lookalike.images.fingerprint import sha256
from lookalike.images.preprocess import to_input
from lookalike.images.read import read_bytes
from lookalike.images.thumbnail import LONG_SIDE, thumbnail
from lookalike.models.network import TextTower
from lookalike.reduce.unit import unit_length
from lookalike.search.combine import combine
from lookalike.search.query import Item, Query
from lookalike.search.results import QueryPart
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import REASONS, Bits, File, Floats, Stored

_MOST = np.finfo(np.float16).max


@dataclass(frozen=True, slots=True)
class Eyes:
    """A space and what sees in it: its network and text tower, opened when they are needed.

    `picture` gives a small WebP of a stored image, `fetch` the bytes at a URL.
    """

    store: Store
    space: Space
    embedder: Callable[[], Embedder | CrowdEmbedder]
    tower: Callable[[], tuple[Way, TextTower]]
    picture: Callable[[str], bytes | None]
    fetch: Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question in one space: float32 (dim,), or packed bits, comparable with its vectors.

    `keys` are the stored images that its items are; `parts` show them.
    """

    space: str
    name: str
    vector: NDArray[Any]
    keys: tuple[int, ...]
    parts: tuple[QueryPart, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    vector: Floats | Bits
    keys: tuple[int, ...] = ()
    picture: Callable[[], bytes | None] | None = None


def resolve(query: Query, eyes: Eyes) -> Asked:
    """The vector of a question. Content that the library holds is looked up, not embedded again.

    Raises `UnknownIdError`, `ImageRejectedError` or `UsageError`.
    """
    liked = [_seen(item, eyes) for item in query.positive]
    disliked = [_seen(item, eyes) for item in query.negative]
    vector = combine(
        [(seen.vector, item.weight) for seen, item in zip(liked, query.positive, strict=True)],
        [(seen.vector, item.weight) for seen, item in zip(disliked, query.negative, strict=True)],
        eyes.space,
    )
    everything = [*zip(query.positive, liked, "+" * len(liked), strict=True)]
    everything += zip(query.negative, disliked, "-" * len(disliked), strict=True)
    return Asked(
        eyes.space.name,
        query.name,
        vector,
        tuple(key for _, seen, _ in everything for key in seen.keys),
        tuple(
            QueryPart(item.name, item.weight if sign == "+" else -item.weight, seen.picture)
            for item, seen, sign in everything
        ),
    )


def _seen(item: Item, eyes: Eyes) -> _Seen:
    if item.vector is not None:
        return _Seen(_given_vector(np.asarray(item.vector), eyes.space))
    if item.text is not None:
        return _Seen(_of_text(item.text, eyes))
    if item.id is not None:
        return _stored(item, item.id, eyes)
    if item.image is not None:
        if isinstance(item.image, bytes):
            return _of_bytes(item.image, item, eyes)
        whole = item.image if isinstance(item.image, Image.Image) else _picture_of(item.image)
        return _embedded(_cropped(to_rgb(whole), item), eyes)
    name = item.url or fspath(item.file or "")
    try:
        data = read_bytes(File(name)) if item.url is None else eyes.fetch(item.url)
        seen = _of_bytes(data, item, eyes)
    except ImageRejectedError as error:
        if error.reason == "missing" and not os.path.splitext(name)[1]:  # noqa: PTH122
            hint = f"{error.detail}. Words are asked for as 'text:{name}'"
            raise ImageRejectedError("missing", f"{name}: {hint}") from error
        raise _rejection_of(name, error) from error
    # an image of the library is found where it was found before, links followed or not
    places = [item.url] if item.url else [os.path.abspath(name), os.path.realpath(name)]  # noqa: PTH100
    digest = sha256(data)
    keys = {key: None for place in places for key in eyes.store.keys_at(place, digest)}
    return _Seen(seen.vector, tuple(keys), seen.picture)


def _stored(item: Item, id_: str, eyes: Eyes) -> _Seen:
    """An image of the library: its vector, or its file where a part of it is meant."""
    image = eyes.store.image(id_)
    if item.box is None:
        vector = _widened(eyes.store.vector(eyes.space, image.key))
        return _Seen(vector, (image.key,), partial(eyes.picture, image.id))
    try:
        data = read_bytes(image.location)
        if sha256(data) != image.content.sha256:
            raise ImageRejectedError("unreadable", "changed since it was indexed: index it again")
        seen = _of_bytes(data, item, eyes)
    except ImageRejectedError as error:
        raise _rejection_of(image.uri, error) from error
    return _Seen(seen.vector, (image.key,), seen.picture)


def _of_bytes(data: bytes, item: Item, eyes: Eyes) -> _Seen:
    show = partial(_shown, data, item)
    if item.box is None:
        known = eyes.store.vector_of_content(eyes.space, sha256(data))
        if known is not None:
            return _Seen(_widened(known), (), show)
    return _Seen(eyes.embedder().see(data, item.box), (), show)


def _shown(data: bytes, item: Item) -> bytes:
    if item.box is not None:
        return thumbnail(_cropped(decode(data).rgb, item))
    return thumbnail(decode(data, shorter_side=LONG_SIDE).rgb)


def _embedded(rgb: Image.Image, eyes: Eyes) -> _Seen:
    opened = eyes.embedder()
    vector = opened.embed(to_input(rgb, opened.preprocessing))
    return _Seen(vector, (), partial(thumbnail, rgb))


def _of_text(text: str, eyes: Eyes) -> Floats | Bits:
    way, tower = eyes.tower()
    vector: Floats | Bits = way.reduce(tower.embed([text]))[0]
    if vector.dtype != np.uint8 and not (np.isfinite(vector).all() and vector.any()):
        raise UsageError(f"The model gives no usable vector for the text {text!r}.")
    return vector


def _cropped(rgb: Image.Image, item: Item) -> Image.Image:
    return rgb if item.box is None else rgb.crop(item.box.box(*rgb.size))


def _rejection_of(path: str, error: ImageRejectedError) -> ImageRejectedError:
    return ImageRejectedError(error.reason, f"{path}: {error.detail or REASONS[error.reason]}")


def _widened(stored: Stored) -> Floats | Bits:
    return stored if stored.dtype == np.uint8 else stored.astype(np.float32)


def _given_vector(item: NDArray[Any], space: Space) -> Floats | Bits:
    if space.of_bits:
        if item.dtype != np.uint8 or item.shape != (-(-space.dim // 8),):
            raise UsageError(
                f"A query of {item.dtype} {item.shape} for space {space.name!r}, whose vectors "
                f"are {space.dim} bits, packed into uint8 ({-(-space.dim // 8)},)."
            )
        return item
    if item.shape != (space.dim,):
        raise UsageError(
            f"A query vector of shape {item.shape} for space {space.name!r}, "
            f"whose vectors are of ({space.dim},)."
        )
    try:
        with np.errstate(over="ignore"):
            vector: Floats = item.astype(np.float32)
    except (TypeError, ValueError) as error:
        raise UsageError(f"The query vector is no numbers: {error}") from error
    if not (np.isfinite(vector).all() and vector.any()):
        raise UsageError(
            "The query vector is zero or has values that are not finite as 32-bit floats."
        )
    if space.metric == "cosine":
        scaled: Floats = unit_length(vector[None])[0]
        return scaled
    if np.abs(vector).max() > _MOST:
        raise UsageError(
            f"The query vector has a value of {np.abs(vector).max():.3g}; space {space.name!r}, "
            f"which compares by {space.metric}, holds none beyond {_MOST:.0f}."
        )
    return vector


def _picture_of(array: NDArray[Any]) -> Image.Image:
    if not isinstance(array, np.ndarray) or array.dtype != np.uint8 or array.ndim not in {2, 3}:
        kind = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else type(array)
        raise UsageError(
            f"An image array is uint8 (height, width[, channels]); this one is {kind}. "
            "A vector is one-dimensional."
        )
    try:
        return Image.fromarray(array)
    except TypeError as error:
        raise UsageError(
            f"An image array has 1, 3 or 4 channels; this one is of shape {array.shape}."
        ) from error
