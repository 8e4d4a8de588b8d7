"""Marks of files: short texts that change whenever what a step reads does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from lookalike.flow.step import Step
from lookalike.models.loaders import PATH_LOADERS
from lookalike.models.spec import parse_spec
from lookalike.sources import LabelFrom, open_source
from lookalike.sources.archive import ArchiveSource
from lookalike.types import File, Reference, location_uri

GONE = "gone"


def mark_of_path(path: Path) -> str:
    """Size and time of a file, those of all files of a folder, or `gone`."""
    if path.is_dir():
        return _digest(_tree(path))
    return _stamp(str(path))


def mark_of_output(path: Path) -> str:
    """As `mark_of_path`, but a folder has only to be there: later steps may add to it."""
    return "folder" if path.is_dir() else mark_of_path(path)


def mark_of_source(step: Step, target: str) -> str:
    """Which images a source of `index` offers, and the size and time of each.

    Raises `SourceError`, `UsageError`.
    """
    if not Path(target).exists():
        return GONE
    source = open_source(
        target,
        path_column=step.text("path_column"),
        path_template=step.text("path_template"),
        url_column=step.text("url_column"),
        id_column=step.text("id_column"),
        label_column=step.text("label_column"),
        label_from=_label_from(step),
    )
    own = _stamp(target) if Path(target).is_file() else "folder"
    if isinstance(source, ArchiveSource):
        return own
    limit = step.options.get("limit")
    offered = islice(source.references(), limit if isinstance(limit, int) else None)
    return f"{own} {_digest(_seen(each) for each in offered if isinstance(each, Reference))}"


def mark_of_model(spec: str) -> str:
    """The file that a spec such as `keras:PATH#LAYER` names; "" where it names none."""
    parsed = parse_spec(spec)
    if parsed.loader not in PATH_LOADERS:
        return ""
    return mark_of_path(Path(parsed.name).expanduser())


def _label_from(step: Step) -> LabelFrom | None:
    return "folder" if step.text("label_from") == "folder" else None


def _seen(reference: Reference) -> str:
    uri = location_uri(reference.location)
    stamp = _stamp(uri) if isinstance(reference.location, File) else ""
    return f"{reference.id}\0{uri}\0{stamp}"


def _tree(folder: Path) -> Iterator[str]:
    for parent, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files):
            path = Path(parent) / name
            yield f"{path}\0{_stamp(str(path))}"


def _stamp(path: str) -> str:
    try:
        found = Path(path).stat()
    except OSError:
        return GONE
    return f"{found.st_size} {found.st_mtime_ns}"


def _digest(lines: Iterator[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for line in lines:
        digest.update(line.encode("utf-8", "surrogateescape") + b"\n")
    return digest.hexdigest()
