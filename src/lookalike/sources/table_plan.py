"""Which columns of a table make the path, the id, the label and the metadata of its images."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePath

from lookalike.errors import (
    ImageRejectedError,
    SourceError,
    UsageError,
    some_of,
    without_password,
)
from lookalike.sources.columns import Kind, as_text, convert
from lookalike.sources.naming import folder_label, path_id
from lookalike.sources.source import LabelFrom
from lookalike.sources.template import PathTemplate, column_template, parse_template
from lookalike.types import File, Location, Reference, Scalar, Web, readable

PATH_COLUMNS = frozenset(
    {"image", "path", "file", "filename", "file_name", "filepath", "file_path", "image_path"}
)
"""Names, in lower case, of which a table may have one to need no `path_column`."""
URL_COLUMNS = frozenset(
    {"url", "image_url", "imageurl", "img_url", "image_link", "image_uri", "uri", "link"}
)
"""Names, in lower case, of which a table may have one to need no `url_column`."""


@dataclass(frozen=True, slots=True)
class TableOptions:
    """What the user says of a table's columns; raises `UsageError` on a contradiction."""

    path_column: str | None = None
    path_template: str | None = None
    url_column: str | None = None
    id_column: str | None = None
    label_column: str | None = None
    label_from: LabelFrom | None = None

    def __post_init__(self) -> None:
        if self.path_column is not None and self.path_template is not None:
            raise UsageError("Give a path column or a path template, not both.")
        if self.url_column is not None and (self.path_column or self.path_template):
            raise UsageError("Give a URL column or a path, not both.")
        if self.url_column is not None and self.label_from is not None:
            raise UsageError("An image on the web lies in no folder to take a label from.")
        if self.label_column is not None and self.label_from is not None:
            raise UsageError("Take the label from a column or from the folder, not both.")


@dataclass(frozen=True, slots=True)
class RowPlan:
    """Turns the cells of a row into a reference; `folder` is where the table lies.

    `meta` gives the kind of each metadata column: all but those of the path, the id and
    the label. Columns used in a template are metadata too, unless one is the id or label.
    """

    folder: PurePath
    template: PathTemplate
    id_column: str | None
    label_column: str | None
    label_from: LabelFrom | None
    meta: Mapping[str, Kind | None]
    on_web: bool = False

    def reference(self, cells: Mapping[str, Scalar]) -> Reference:
        """The image of one row; raises `ImageRejectedError` (bad-row)."""
        written = self.template.fill(cells)
        if self.on_web:
            return self._web(written.strip(), cells)
        path = PurePath(self.folder, written)
        _check_path(path)
        id_ = path_id(PurePath(written)) if self.id_column is None else self.id(cells)
        return self._reference(id_, File(str(path)), self._label(cells, path), cells)

    def _web(self, url: str, cells: Mapping[str, Scalar]) -> Reference:
        """The image at a URL, which is its id where no column gives one, but for a password."""
        id_ = without_password(readable(url)) if self.id_column is None else self.id(cells)
        return self._reference(id_, Web(readable(url)), self._label(cells, PurePath()), cells)

    def _reference(
        self, id_: str, location: Location, label: str | None, cells: Mapping[str, Scalar]
    ) -> Reference:
        if not id_:
            raise ImageRejectedError("bad-row", f"column {self.id_column!r} (the id) is empty")
        meta = {column: convert(cells.get(column), kind) for column, kind in self.meta.items()}
        return Reference(id_, location, label, meta)

    def id(self, cells: Mapping[str, Scalar]) -> str:
        """What the id column holds; an empty text where there is none."""
        return readable(as_text(cells.get(self.id_column))) if self.id_column else ""

    def _label(self, cells: Mapping[str, Scalar], path: PurePath) -> str | None:
        if self.label_from == "folder":
            return folder_label(path)
        if self.label_column is None:
            return None
        return readable(as_text(cells.get(self.label_column))) or None


def make_plan(
    options: TableOptions, kinds: Mapping[str, Kind | None], table: str, unread: Collection[str]
) -> RowPlan:
    """Check the options against the columns of the table at path `table`.

    Raises `SourceError` for a column that is not there or when the path's cannot be told,
    `UsageError` for a wrong template.
    """
    folder, name = PurePath(table).parent, readable(PurePath(table).name)
    if options.path_template is not None:
        template = parse_template(options.path_template)
    else:
        column = options.url_column or options.path_column
        template = column_template(column or _guessed_path_column(kinds, name))
    used = (*template.columns, options.id_column, options.label_column)
    for column in used:
        if column is not None and column not in kinds:
            raise SourceError(_no_such_column(column, kinds, name, unread))
    taken = {options.id_column, options.label_column}
    if options.path_template is None:
        taken.update(template.columns)
    meta = {column: kind for column, kind in kinds.items() if column not in taken}
    return RowPlan(
        folder,
        template,
        options.id_column,
        options.label_column,
        options.label_from,
        meta,
        on_web=options.url_column is not None,
    )


def _guessed_path_column(columns: Collection[str], name: str) -> str:
    likely = [column for column in columns if column.lower() in PATH_COLUMNS]
    if len(likely) == 1:
        return likely[0]
    raise SourceError(
        f"Which column of {name!r} names the image file? Say it with --path-column, or with "
        f"--path-template 'images/{{image}}.jpg'; URLs with --url-column. {_listed(columns)}"
    )


def _no_such_column(
    column: str, columns: Collection[str], name: str, unread: Collection[str]
) -> str:
    if column in unread:
        return f"Column {column!r} of {name!r} holds bytes, lists or structures, not plain values."
    by_lower = {known.lower(): known for known in columns}
    near = get_close_matches(column.lower(), by_lower, n=1, cutoff=0.5)
    hint = f"Did you mean {by_lower[near[0]]!r}? " if near else ""
    return f"{name!r} has no column {column!r}. {hint}{_listed(columns)}"


def _listed(columns: Collection[str]) -> str:
    return f"Its columns: {some_of([*map(repr, columns)], 20)}."


def _check_path(path: PurePath) -> None:
    text = str(path)
    if "\0" in text:
        raise ImageRejectedError("bad-row", "the path holds a NUL character")
    try:
        os.fsencode(text)
    except UnicodeEncodeError as error:
        raise ImageRejectedError("bad-row", "the path is not valid Unicode") from error
