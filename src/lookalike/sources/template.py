"""Path templates such as `images/{image}.jpg`: a column's name in braces, nothing more."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lookalike.errors import ImageRejectedError, UsageError
from lookalike.sources.columns import as_text
from lookalike.types import Scalar

TOKEN = re.compile(r"\{\{|\}\}|\{[^{}]*\}|[{}]|[^{}]+")


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """Pieces of literal text, each with the column whose value follows it (None at the end)."""

    pieces: tuple[tuple[str, str | None], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns whose values make the path."""
        return tuple(column for _, column in self.pieces if column is not None)

    def fill(self, cells: Mapping[str, Scalar]) -> str:
        """The path of one row; raises `ImageRejectedError` where a value it needs is empty."""
        path = ""
        for literal, column in self.pieces:
            path += literal
            if column is not None:
                value = cells.get(column)
                if value is None or value == "":
                    raise ImageRejectedError("bad-row", f"column {column!r} is empty")
                path += as_text(value)
        return path


def column_template(column: str) -> PathTemplate:
    """The path is what the column holds."""
    return PathTemplate((("", column),))


def parse_template(template: str) -> PathTemplate:
    """Read a template; `{{` and `}}` stand for braces.

    What stands in braces is a column's whole name: no attributes, indexes or formats.
    Raises `UsageError` for a stray brace or a template without a column.
    """
    pieces: list[tuple[str, str | None]] = []
    literal = ""
    for token in TOKEN.findall(template):
        if token in {"{{", "}}"}:
            literal += token[0]
        elif token in {"{", "}", "{}"}:
            raise UsageError(
                f"The path template {template!r} has {token!r} without a column's name. "
                "Write a column in braces, as in 'images/{image}.jpg'; write {{ for a brace."
            )
        elif token.startswith("{"):
            pieces.append((literal, token[1:-1]))
            literal = ""
        else:
            literal += token
    if not pieces:
        raise UsageError(
            f"The path template {template!r} names no column. "
            "Write a column in braces, as in 'images/{image}.jpg'."
        )
    return PathTemplate((*pieces, (literal, None)))
