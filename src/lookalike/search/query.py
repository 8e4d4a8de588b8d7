"""What to look for: an id, a file, bytes, a picture, an array or a vector, as one vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from lookalike.embed.embedder import Embedder
from lookalike.embed.way import unit_length
from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.decode import decode, to_rgb
from lookalike.images.fingerprint import sha256
from lookalike.images.preprocess import to_input
from lookalike.images.read import read_bytes
from lookalike.images.thumbnail import LONG_SIDE, thumbnail
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import REASONS, Bits, File, Floats, Stored

if TYPE_CHECKING:
    from os import PathLike

QueryItem: TypeAlias = "str | PathLike[str] | bytes | Image.Image | NDArray[Any]"
ID_PREFIX = "id:"


@dataclass(frozen=True, slots=True)
class Query:
    """A query as a float32 vector (dim,), or packed bits, comparable with those of a space.

    `key` is the stored image it is, which is no answer to itself; `picture` makes a
    small WebP of it.
    """

    name: str
    vector: Floats | Bits
    key: int | None = None
    picture: Callable[[], bytes] | None = None


def resolve(item: QueryItem, store: Store, space: Space, embedder: Callable[[], Embedder]) -> Query:
    """The query that an item stands for; the network is opened only when it is needed.

    An image of content that the library holds is looked up, not embedded again.
    Raises `UnknownIdError`, `ImageRejectedError` or `UsageError`.
    """
    if isinstance(item, np.ndarray) and item.ndim == 1:
        return Query("vector", _given_vector(item, space))
    if isinstance(item, str) and item.startswith(ID_PREFIX):
        image = store.image(item.removeprefix(ID_PREFIX))
        return Query(item, _widened(store.vector(space, image.key)), image.key)
    if isinstance(item, Image.Image | np.ndarray):
        picture = item if isinstance(item, Image.Image) else _picture_of(item)
        return _embedded("picture", to_rgb(picture), embedder)
    if isinstance(item, bytes):
        return _of_bytes("bytes", item, store, space, embedder)
    path = Path(item)
    try:
        return _of_bytes(str(path), read_bytes(File(str(path))), store, space, embedder)
    except ImageRejectedError as error:
        detail = error.detail or REASONS[error.reason]
        raise ImageRejectedError(error.reason, f"{path}: {detail}") from error


def _of_bytes(
    name: str, data: bytes, store: Store, space: Space, embedder: Callable[[], Embedder]
) -> Query:
    known = store.vector_of_content(space, sha256(data))
    if known is not None:
        rgb = decode(data, shorter_side=LONG_SIDE).rgb
        return Query(name, _widened(known), None, partial(thumbnail, rgb))
    side = embedder().preprocessing.decode_side
    return _embedded(name, decode(data, shorter_side=side).rgb, embedder)


def _embedded(name: str, rgb: Image.Image, embedder: Callable[[], Embedder]) -> Query:
    opened = embedder()
    vector = opened.embed(to_input(rgb, opened.preprocessing))
    return Query(name, vector, None, partial(thumbnail, rgb))


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
            f"A query vector of {item.shape[0]} values for space {space.name!r}, "
            f"whose vectors have {space.dim}."
        )
    vector: Floats = item.astype(np.float32)
    if not (np.isfinite(vector).all() and vector.any()):
        raise UsageError("The query vector is zero or has values that are not finite.")
    return unit_length(vector[None])[0] if space.metric == "cosine" else vector


def _picture_of(array: NDArray[Any]) -> Image.Image:
    if array.dtype != np.uint8 or array.ndim not in (2, 3):
        raise UsageError(
            f"An image array is uint8 (height, width[, channels]); this one is {array.dtype} "
            f"{array.shape}. A vector is one-dimensional."
        )
    return Image.fromarray(array)
