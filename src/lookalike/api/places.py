"""Columns that tell of the server's disks, where a table or folder lies: not for clients."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial

from lookalike.api.service import Service
from lookalike.errors import UnknownNameError
from lookalike.search.filters.names import leaves
from lookalike.search.filters.parse import parse

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


async def refuse_places_in(service: Service, where: str | None) -> None:
    """The same for a filter, from whose matches a place could be guessed letter by letter."""
    if where is not None and _SOURCE in where.casefold():
        await service.lanes.quick.run(partial(_refuse_named, service, where))


def _refuse_named(service: Service, where: str) -> None:
    refuse_places(service, [leaf.name.text for leaf in leaves(parse(where))])


def without_places(words: Iterable[str]) -> list[str]:
    """What sets a cluster apart, but not where its images were listed."""
    return [word for word in words if not word.startswith(f"{_SOURCE}: ")]
