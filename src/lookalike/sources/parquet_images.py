"""A Parquet table with the bytes of images in a column, as Hugging Face's data sets have them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from lookalike.errors import DuplicateIdError, MissingExtraError, SourceError
from lookalike.sources.columns import as_text
from lookalike.sources.naming import absolute
from lookalike.sources.parquet import is_scalar, microseconds, open_parquet, scalar
from lookalike.sources.seen import Seen
from lookalike.sources.skips import Skips
from lookalike.types import File, Location, ParquetCell, Reference, Rejected, Scalar, readable

BATCH_ROWS = 64
BYTES_COLUMNS = ("image", "img", "jpg", "jpeg", "png", "webp", "image_bytes", "bytes", "content")
ID_COLUMNS = ("id", "__key__", "key")
LABEL_COLUMN = "label"


@dataclass(frozen=True, slots=True)
class Layout:
    """Which column holds the images: bytes, or a structure of `bytes` and `path`."""

    image: str
    struct: bool

    @property
    def leaf(self) -> str:
        """The path of the column of bytes itself."""
        return f"{self.image}.bytes" if self.struct else self.image


def image_layout(path: str) -> Layout | None:
    """Where a table keeps the bytes of images; None where it does not, or cannot be read."""
    try:
        with open_parquet(path) as (pa, file):
            return _layout(pa, file.schema_arrow)
    except (SourceError, MissingExtraError):
        return None


def _layout(pa: Any, schema: Any) -> Layout | None:
    def is_bytes(type_: Any) -> bool:
        return bool(pa.types.is_binary(type_) or pa.types.is_large_binary(type_))

    for field in schema:
        if pa.types.is_struct(field.type):
            index = field.type.get_field_index("bytes")
            if index >= 0 and is_bytes(field.type.field(index).type):
                return Layout(field.name, struct=True)
    for name in BYTES_COLUMNS:
        if name in schema.names and is_bytes(schema.field(name).type):
            return Layout(name, struct=False)
    return None


class ParquetImagesSource:
    """The images in a table, one a row; other plain columns become metadata.

    The id is a column's (by default `id`, `__key__` or `key`), else the image's own path, else
    `NAME:ROW`; a label that is a number of a Hugging Face `ClassLabel` becomes its name.
    """

    complete = True

    def __init__(
        self, path: str, layout: Layout, id_column: str | None, label_column: str | None
    ) -> None:
        self._path = absolute(path)
        self._name = readable(PurePath(self._path).name)
        self._layout = layout
        self._id_column = id_column
        self._label_column = label_column
        self._skips = Skips()
        self.uri = readable(self._path)

    @property
    def notes(self) -> list[str]:
        """What was passed over and why."""
        return self._skips.sentences()

    def references(self) -> Iterator[Reference | Rejected]:
        """Every row; raises `SourceError`, `DuplicateIdError`, `MissingExtraError`."""
        self._skips = Skips()
        with open_parquet(self._path) as (pa, file), closing(Seen()) as seen:
            schema = file.schema_arrow
            plain = [field.name for field in schema if is_scalar(pa, field.type)]
            self._id = self._column(self._id_column, plain, ID_COLUMNS)
            self._label = self._column(self._label_column, plain, (LABEL_COLUMN,))
            self._names = _class_names(schema, self._label)
            for field in schema:
                if field.name not in plain and field.name != self._layout.image:
                    self._skips.fault(f"column {field.name!r} left out: bytes, lists or structures")
            number = 0
            columns = [*plain, self._layout.image]
            for batch in file.iter_batches(BATCH_ROWS, columns=columns):
                for cells in _cells(pa, batch, plain, self._layout.image):
                    number += 1
                    yield self._checked(self._offer(number, *cells), number, seen)

    def _column(self, chosen: str | None, columns: list[str], usual: tuple[str, ...]) -> str | None:
        if chosen is not None and chosen not in columns:
            raise SourceError(f"{self._name!r} has no column {chosen!r}; it has {columns}.")
        return chosen or next((name for name in usual if name in columns), None)

    def _offer(self, number: int, cells: Mapping[str, Scalar], image: Any) -> Reference | Rejected:
        data, path = (image, None) if not self._layout.struct else _parts(image)
        own = as_text(cells[self._id]) if self._id is not None else path
        id_ = readable(own) if own else f"{self._name}:{number}"
        location: Location
        if data is not None:
            location = ParquetCell(self._path, id_, self._layout.leaf, number - 1, len(data), data)
        elif path:
            location = File(str(PurePath(PurePath(self._path).parent, path)))
        else:
            detail = f"row {number}: no image in column {self._layout.image!r}"
            return Rejected(id_, f"{self.uri}:{number}", "bad-row", detail)
        used = {self._id, self._label}
        meta = {name: cell for name, cell in cells.items() if name not in used}
        return Reference(id_, location, self._labelled(cells), meta)

    def _labelled(self, cells: Mapping[str, Scalar]) -> str | None:
        cell = None if self._label is None else cells[self._label]
        if self._names and isinstance(cell, int):
            return self._names[cell] if 0 <= cell < len(self._names) else None
        return readable(as_text(cell)) or None

    def _checked(
        self, offer: Reference | Rejected, number: int, seen: Seen
    ) -> Reference | Rejected:
        earlier = seen.earlier(offer.id, number, str(number))
        if earlier is not None:
            raise DuplicateIdError(
                f"{self._name!r}: rows {earlier.number} and {number} have the same id "
                f"{offer.id!r}. Choose another column with --id-column."
            )
        return offer


def _cells(
    pa: Any, batch: Any, plain: list[str], image: str
) -> Iterator[tuple[Mapping[str, Scalar], Any]]:
    """Plain cells and the image of each row."""
    some = batch.select(plain)
    rows = some.cast(microseconds(pa, some.schema), safe=False).to_pylist()
    for cells, picture in zip(rows, batch.column(image), strict=True):
        yield {name: scalar(cell) for name, cell in cells.items()}, picture.as_py()


def _parts(image: Any) -> tuple[bytes | None, str | None]:
    if image is None:
        return None, None
    path = image.get("path")
    return image["bytes"], path if isinstance(path, str) else None


def _class_names(schema: Any, label: str | None) -> list[str]:
    """The names of a `ClassLabel`, as Hugging Face's `datasets` keeps them with the table."""
    try:
        info = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        names = info["info"]["features"][label]["names"]
    except (ValueError, LookupError, TypeError):
        return []
    return [readable(str(name)) for name in names] if isinstance(names, list) else []
