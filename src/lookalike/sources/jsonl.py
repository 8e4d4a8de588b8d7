"""The rows of a JSON Lines table: one object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator

from lookalike.sources.columns import plain
from lookalike.sources.rows import Row
from lookalike.sources.text_lines import text_lines
from lookalike.types import readable


def jsonl_rows(path: str) -> Iterator[Row]:
    """Rows with the types JSON gives them; a line that is not an object has a problem.

    Blank lines are passed over. Raises `SourceError`.
    """
    for number, line in enumerate(text_lines(path), 1):
        if line.isspace():
            continue
        try:
            value = json.loads(line)
            if isinstance(value, dict):
                cells = {readable(column): plain(cell) for column, cell in value.items()}
                yield Row(number, cells)
            else:
                yield Row(number, problem="not a JSON object")
        except (ValueError, RecursionError) as error:
            yield Row(number, problem=f"not valid JSON: {error}")
