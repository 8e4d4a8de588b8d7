"""Output: data on stdout, talk on stderr, nothing in either that could fool a terminal."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from lookalike.errors import without_password
from lookalike.types import readable


def prepare_streams() -> None:
    """Make stdin, stdout and stderr usable whatever they are, so that writing never surprises.

    One that is closed becomes the null device: no other file then takes its number. What an
    encoding lacks is escaped.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            null = Path(os.devnull).open(mode, encoding="utf-8")  # noqa: SIM115  for good
            setattr(sys, name, null)
        elif mode == "w" and isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def drop_output() -> None:
    """Send what stdout still holds nowhere: who read it is gone, or the disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def say(text: str) -> None:
    """Talk to the person at the keyboard, without the passwords of URLs."""
    sys.stderr.write(f"{printable(without_password(text))}\n")


def print_line(text: str) -> None:
    """One line of data."""
    sys.stdout.write(f"{printable(text)}\n")


def print_paths(paths: Iterable[str], *, null: bool) -> None:
    """Paths for another program: one a line, or as they are, each ended by NUL."""
    for path in paths:
        if null:
            sys.stdout.buffer.write(os.fsencode(path) + b"\0")
        else:
            print_line(path)


def print_json(data: Any) -> None:
    """One JSON document of data."""
    sys.stdout.write(json.dumps(data, indent=2, default=str) + "\n")


def print_json_line(data: Any) -> None:
    """One JSON document on a line of its own, among others."""
    sys.stdout.write(json.dumps(data, default=str) + "\n")


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, header: bool = True
) -> None:
    """Rows for a person: a drawn table on a terminal, tab-separated lines elsewhere.

    Without `header` the lines go on with a table that was begun before.
    """
    cells = [[printable("" if cell is None else str(cell)) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        named = [list(columns)] if header else []
        sys.stdout.writelines("\t".join(row) + "\n" for row in [*named, *cells])
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        if column in NUMBERS:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    for row in cells:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


NUMBERS = frozenset(
    {"rank", "similarity", "distance", "copies", "images", "bytes", "dimension", "vectors"}
)


def printable(text: str) -> str:
    """`text` on one line, with control characters and odd code points made visible."""
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in readable(text)
    )


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 image`, `2,000 images`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(number: int) -> str:
    """Bytes as a person reads them."""
    value = float(number)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"
