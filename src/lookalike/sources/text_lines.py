"""The lines of a text file, plain or gzipped, each of bounded length."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, cast

from lookalike.errors import SourceError
from lookalike.types import readable

LINE_LIMIT = 16 * 2**20
"""Characters that one line, or one cell of a table, may have."""


def text_lines(path: str) -> Iterator[str]:
    """Lines of UTF-8 text with their ends as they are; a byte order mark is dropped.

    Raises `SourceError` when the file cannot be read, is not UTF-8 or has a longer line.
    """
    name, number = repr(readable(path)), 0
    opener = gzip.open if path.lower().endswith(".gz") else open
    try:
        with (
            cast("BinaryIO", opener(Path(path), "rb")) as raw,
            TextIOWrapper(raw, encoding="utf-8-sig", newline="") as text,
        ):
            while line := text.readline(LINE_LIMIT + 1):
                number += 1
                if len(line) > LINE_LIMIT:
                    raise SourceError(
                        f"{name}: line {number} has more than {LINE_LIMIT:,} characters. "
                        "Is it a table, with its lines ended by newlines?"
                    )
                yield line
    except UnicodeDecodeError as error:
        raise SourceError(
            f"{name} is not UTF-8: byte 0x{error.object[error.start]:02x} after line {number}. "
            "Save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')."
        ) from error
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{name} cannot be read: {reason}.") from error
