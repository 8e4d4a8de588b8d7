"""`lookalike search --batch`: many questions, answered a few dozen at a time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import typer

from lookalike.cli.output import (
    count,
    print_json_line,
    print_line,
    print_paths,
    print_table,
    say,
)
from lookalike.errors import FilterError, ImageRejectedError, UnknownIdError, UsageError

if TYPE_CHECKING:
    from lookalike.search.batch import Written
    from lookalike.search.explanation import Explanation
    from lookalike.search.query import Query
    from lookalike.search.results import Hits
    from lookalike.search.sheet import SheetGroup

    Answer: TypeAlias = Callable[[Sequence[Query]], list[Hits]]

AT_ONCE = 64


def answer_batch(
    source: str,
    answer: Answer,
    *,
    null: bool,
    paths: bool,
    copies: bool,
    html: Path | None,
    json: bool,
    explain: bool,
) -> None:
    """Print the answers to all questions; what is no question is named and passed over.

    Raises `typer.Exit` with 3 when there was such.
    """
    from lookalike.search.batch import questions_in, questions_of

    answer([])  # options that cannot be are refused once, not for each question
    stdin = sys.stdin.buffer
    questions = questions_of(stdin, null=null) if source == "-" else questions_in(source)
    failed, header = 0, True
    sheets: list[SheetGroup] = []
    told: Explanation | None = None
    while some := list(islice(questions, AT_ONCE)):
        for text, found in _answered(some, answer):
            if isinstance(found, str):
                failed += 1
                say(f"No answer to {text}: {found}")
                continue
            how = found.explanation if explain else None
            if json:
                print_json_line(found.as_dict() | ({"explanation": how.as_dict()} if how else {}))
            elif paths:
                print_paths(found.uris, null=null)
            else:
                columns, rows = table(found, copies=copies)
                asked = [(found.query, *row) for row in rows]
                print_table(("query", *columns), asked, header=header)
                header = False
            if how is not None and how != told and not json:
                for line in how.lines():
                    say(line)
                told = how  # those that are asked together share it
            if html is not None:
                sheets.append(found.sheet())
    if html is not None:
        from lookalike.search.sheet import contact_sheet

        html.write_text(contact_sheet("What looks like these?", sheets), encoding="utf-8")
        say(f"Written: {html}") if json or paths else print_line(str(html))
    if failed:
        say(f"{count(failed, 'question')} had no answer.")
        raise typer.Exit(3)


def _answered(some: Sequence[Written], answer: Answer) -> Iterator[tuple[str, Hits | str]]:
    """Each question with its answer, or with what is wrong with it."""
    whole = [written.query for written in some if written.query is not None]
    try:
        together = iter(answer(whole))
    except FilterError:
        raise
    except (UnknownIdError, ImageRejectedError, UsageError):
        together = None
    for written in some:
        if written.query is None:
            yield written.text, written.problem
        elif together is not None:
            yield written.text, next(together)
        else:
            yield written.text, _alone(written.query, answer)


def _alone(query: Query, answer: Answer) -> Hits | str:
    try:
        return answer([query])[0]
    except (UnknownIdError, ImageRejectedError, UsageError) as error:
        return str(error)


def table(hits: Hits, *, copies: bool) -> tuple[tuple[str, ...], list[tuple[object, ...]]]:
    """Columns and rows for people."""
    columns: tuple[str, ...] = ("rank", "id", "label", "similarity", "distance")
    rows: list[tuple[object, ...]] = [
        (hit.rank, hit.id, hit.label, f"{hit.similarity:.4f}", f"{hit.distance:.4f}")
        for hit in hits
    ]
    if hits.matches is not None:
        columns = (*columns, "match")
        rows = [(*row, f"{match:.2f}") for row, match in zip(rows, hits.matches, strict=True)]
    if copies:
        columns = (*columns, "copies")
        rows = [(*row, number) for row, number in zip(rows, hits.copies, strict=True)]
    return columns, rows
