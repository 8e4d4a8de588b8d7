"""Columns that tell of the server's disks, where a table or folder lies: not for clients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lookalike.api.service import Service
from lookalike.errors import UnknownNameError

_SOURCE = "source"
_FULL = f"image.{_SOURCE}"


def refuse_places(service: Service, names: Sequence[str]) -> None:
    """Raise `UnknownNameError` if one of these columns says where an image was listed."""
    columns = service.columns()
    hidden = {one.name for one in columns if one.origin == "image"} & {_SOURCE, _FULL}
    others = [one.name for one in columns if one.name not in hidden]
    for name in names:
        if name not in others and name.casefold() in {*hidden, _FULL}:
            raise UnknownNameError("column", name, others)


def without_places(words: Iterable[str]) -> list[str]:
    """What sets a cluster apart, but not where its images were listed."""
    return [word for word in words if not word.startswith(f"{_SOURCE}: ")]
