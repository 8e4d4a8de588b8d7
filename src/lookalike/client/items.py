"""What is asked for, as the service takes it: ids, files, URLs, texts, vectors, bytes."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from lookalike.errors import SourceError, UsageError

if TYPE_CHECKING:
    from lookalike.search.query import Item

QueryItem: TypeAlias = "str | PathLike[str] | bytes | Sequence[float] | Mapping[str, Any] | Item"
_URLS = ("http://", "https://")


def item(value: QueryItem) -> dict[str, Any]:
    """An item of a question, as `Library.search` understands it, in the words of the service.

    A string is `id:...`, `text:...`, a URL or else a path; bytes are an image file, numbers a
    vector; a mapping has the service's own fields, with `weight` and `crop`, and `file` for a
    path. A `lookalike.Item` will do as well.
    """
    if isinstance(value, Mapping):
        return _made(value)
    if isinstance(value, bytes):
        return {"image": b64encode(value).decode()}
    if isinstance(value, str):
        if _is_path(value):
            return _file(value)
        kind, _, rest = value.partition(":")
        return {"url": value} if is_url(value) else {kind: rest}
    if isinstance(value, PathLike):
        return _file(value)
    if isinstance(value, Iterable):
        return {"vector": [float(one) for one in value]}
    names = ("id", "file", "url", "text", "vector", "image", "crop", "weight")
    given = {name: getattr(value, name, None) for name in names}
    if given["crop"] is not None and not isinstance(given["crop"], Sequence):
        box = given["crop"]
        given["crop"] = [box.x, box.y, box.width, box.height]
    return _made(given)


def items(values: QueryItem | Iterable[QueryItem]) -> list[dict[str, Any]]:
    """The items of one or several values."""
    if isinstance(values, list | tuple) and not _is_vector(values):
        return [item(one) for one in values]
    return [item(values)]  # type: ignore[arg-type]


@dataclass(frozen=True)
class Upload:
    """An image file on its own; `crop` is the part that is meant, as a form says it."""

    name: str
    data: bytes
    crop: str | None = None


def upload_of(value: QueryItem) -> Upload | None:
    """The image file that a question is, None where it is something else or has a weight."""
    if isinstance(value, bytes):
        return Upload("image", value)
    if isinstance(value, PathLike) or (isinstance(value, str) and _is_path(value)):
        return Upload(*image_file(value))
    if isinstance(value, Mapping) and set(value) <= {"image", "file", "crop"}:
        image = value.get("image", value.get("file"))
        if not isinstance(image, bytes | str | PathLike):
            return None
        crop = value.get("crop")
        box = None if crop is None else ",".join(f"{float(side):.10g}" for side in crop)
        return Upload(*image_file(image), box)
    return None


def image_file(value: str | PathLike[str] | bytes) -> tuple[str, bytes]:
    """The name and bytes of an image file. Raises `SourceError`."""
    if isinstance(value, bytes):
        return "image", value
    try:
        return Path(value).name, Path(value).read_bytes()
    except OSError as error:
        raise SourceError(f"{fspath(value)} cannot be read: {error.strerror}.") from error


def is_url(value: object) -> bool:
    """Whether a value is a URL."""
    return isinstance(value, str) and value.lower().startswith(_URLS)


def _is_path(value: str) -> bool:
    return not (value.startswith(("id:", "text:")) or is_url(value))


def _made(fields: Mapping[str, Any]) -> dict[str, Any]:
    made = {name: value for name, value in fields.items() if value is not None}
    if "file" in made:
        made |= _file(made.pop("file"))
    if isinstance(made.get("image"), bytes):
        made["image"] = b64encode(made["image"]).decode()
    elif not isinstance(made.get("image", ""), str):
        raise UsageError("An image is the bytes of an image file.")
    for name in ("vector", "crop"):
        if name in made:
            made[name] = [float(one) for one in made[name]]
    return made


def _file(path: str | PathLike[str]) -> dict[str, Any]:
    return {"image": b64encode(image_file(path)[1]).decode()}


def _is_vector(values: Sequence[Any]) -> bool:
    return bool(values) and all(isinstance(one, int | float) for one in values)
