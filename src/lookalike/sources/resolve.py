"""Finds out what a target is (folder, archive, table, image) and opens it as a source."""

from __future__ import annotations

import os
from collections.abc import Iterable
from difflib import get_close_matches
from itertools import islice
from pathlib import Path

from lookalike.errors import SourceError, UsageError
from lookalike.sources.archive import ARCHIVE_SUFFIXES, ArchiveSource
from lookalike.sources.extensions import is_image_name
from lookalike.sources.folder import FolderSource
from lookalike.sources.parquet_images import ParquetImagesSource, image_layout
from lookalike.sources.paths import PathsSource
from lookalike.sources.source import LabelFrom, Source
from lookalike.sources.table import TableSource
from lookalike.sources.table_formats import PARQUET, TABLE_SUFFIXES, table_format
from lookalike.sources.table_plan import TableOptions
from lookalike.sources.tfrecord import TfrecordSource
from lookalike.sources.tfrecord_frames import is_tfrecord_name
from lookalike.types import readable


def open_source(
    target: str,
    *,
    path_column: str | None = None,
    path_template: str | None = None,
    url_column: str | None = None,
    id_column: str | None = None,
    label_column: str | None = None,
    label_from: LabelFrom | None = None,
) -> Source:
    """The source at a path, told by its kind and its name.

    The first five options are for tables: the column that holds the path, or a template
    that makes it (`images/{image}.jpg`), or the column that holds a URL; the columns of the
    id and of the label.
    `label_from="folder"` takes the name of the folder that holds an image as its label.
    Nothing is read yet.

    Raises `SourceError` when the target is not there or of no known kind, `UsageError` when
    an option does not fit it.
    """
    options = TableOptions(
        path_column, path_template, url_column, id_column, label_column, label_from
    )
    if not os.path.lexists(target):
        raise SourceError(_not_there(target))
    if Path(target).exists() and not (Path(target).is_dir() or Path(target).is_file()):
        raise SourceError(f"{readable(target)!r} is a pipe, a socket or a device, not a file.")
    if not Path(target).is_dir() and (format_ := table_format(target)) is not None:
        elsewhere = path_column or path_template or url_column or label_from
        if format_ is PARQUET and not elsewhere and (layout := image_layout(target)) is not None:
            return ParquetImagesSource(target, layout, id_column, label_column)
        return TableSource(target, format_, options)
    given = {
        "--path-column": path_column,
        "--path-template": path_template,
        "--url-column": url_column,
        "--id-column": id_column,
        "--label-column": label_column,
    }
    misplaced = [option for option, value in given.items() if value is not None]
    if misplaced:
        raise UsageError(
            f"{', '.join(misplaced)}: for tables only, and {readable(target)!r} is none "
            f"({', '.join(TABLE_SUFFIXES)})."
        )
    if Path(target).is_dir():
        return FolderSource(target, label_from)
    if target.lower().endswith(ARCHIVE_SUFFIXES):
        return ArchiveSource(target, label_from)
    if is_tfrecord_name(target):
        return TfrecordSource(target)
    if is_image_name(target):
        return paths_source([target], label_from=label_from)
    raise SourceError(
        f"{readable(target)!r} is not a folder, nor an image, a table "
        f"({', '.join(TABLE_SUFFIXES)}), a .tfrecord or an archive "
        f"({', '.join(ARCHIVE_SUFFIXES)}) by its name. A list of paths goes to "
        "standard input, with - as the target."
    )


def paths_source(
    lines: Iterable[str],
    base: str | None = None,
    *,
    label_from: LabelFrom | None = None,
    repeated: bool = False,
) -> Source:
    """The images at these paths, relative ones from `base` (the working folder by default).

    With `repeated`, one that is named again is offered again.
    """
    return PathsSource(lines, base or str(Path.cwd()), label_from, repeated=repeated)


def is_quick_to_list(source: Source) -> bool:
    """Whether a second pass over the source, only to count it, costs little."""
    return isinstance(source, FolderSource | TableSource)


def _not_there(target: str) -> str:
    path = Path(target)
    try:
        names = [entry.name for entry in islice(path.parent.iterdir(), 10_000)]
    except OSError:
        names = []
    near = get_close_matches(path.name, names, n=1)
    hint = f"Did you mean {readable(str(path.parent / near[0]))!r}?" if near else "Check the path."
    return f"There is no {readable(target)!r}. {hint}"
