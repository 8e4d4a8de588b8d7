"""`lookalike judge`: verdicts of a person, few of them, and what they say of the answers."""

from __future__ import annotations

import csv
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_line, print_table, printable, say
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.library.judging import Proposal, Standing
    from lookalike.library.library import Library

QUESTION = "Is the right one a match for the left one?"
_ANSWERS = {"y": 1.0, "yes": 1.0, "n": 0.0, "no": 0.0}


def judge(
    query: Annotated[str | None, typer.Argument(help="Judge this pair: the id of a query,")] = None,
    image: Annotated[str | None, typer.Argument(help="the id of an image,")] = None,
    verdict: Annotated[
        str | None, typer.Argument(help="and yes, no, a number, or `none` to take it back.")
    ] = None,
    library: LibraryOption = None,
    space: Annotated[str | None, typer.Option(help="The space whose answers are judged.")] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many answers of each query.")] = 10,
    number: Annotated[
        int, typer.Option("--count", "-n", min=1, help="Propose so many pairs.")
    ] = 50,
    width: Annotated[float, typer.Option(help="The interval wanted, +/- this much.")] = 0.03,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page on which to judge the pairs.", callback=writable),
    ] = None,
    ask: Annotated[bool, typer.Option("--ask", help="Ask here: y, n, s (cannot say), q.")] = False,
    read: Annotated[
        Path | None, typer.Option(help="Take verdicts from a csv or a TREC qrels file.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write all verdicts as a csv.", callback=writable)
    ] = None,
    status: Annotated[
        bool, typer.Option("--status", help="Only say what the verdicts say by now.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Propose the pairs that tell most of precision@k, take verdicts, say what they say."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        if query is not None:
            _judge_one(opened, query, image, verdict)
        if read is not None:
            _read(opened, read)
        if export is not None:
            _export(opened, export)
        if (query is not None or export is not None) and read is None and not status:
            return
        proposals: list[Proposal] = []
        if query is None and read is None and not status:
            proposals = opened.propose(number, space=space, k=k)
        if ask:
            _ask(opened, proposals)
        if html is not None:
            from lookalike.evaluate.judge_page import judge_page

            pairs = [(one.query, one.image) for one in proposals]
            html.write_text(judge_page(pairs, opened.thumbnail, QUESTION), encoding="utf-8")
        standing = opened.standing(space=space, k=k, width=width)
    if json:
        print_json({"standing": asdict(standing), "proposals": [asdict(one) for one in proposals]})
    else:
        if proposals and not ask:
            columns = ("query", "image", "similarity", "guess")
            print_table(
                columns,
                [(p.query, p.image, f"{p.similarity:.4f}", f"{p.guess:.2f}") for p in proposals],
            )
        (say if proposals and not ask else print_line)(_said(standing))
    if html is not None:
        say(f"Written: {html}. Then: lookalike judge --read verdicts.csv")


def _judge_one(opened: Library, query: str, image: str | None, verdict: str | None) -> None:
    if image is None or verdict is None:
        raise UsageError("A verdict is: lookalike judge QUERY IMAGE yes, by the ids of both.")
    from lookalike.evaluate.judgement_files import verdict_of

    opened.judge(query, image, None if verdict == "none" else verdict_of(verdict))
    say("The verdict is taken back." if verdict == "none" else "The verdict is kept.")


def _read(opened: Library, path: Path) -> None:
    taken = opened.read_judgements(path)
    say(f"{count(taken.kept, 'verdict')} taken, {taken.replaced:,} of them instead of others.")
    for warning in taken.warnings:
        say(f"Note: {warning}")


def _export(opened: Library, path: Path) -> None:
    verdicts = opened.judgements()
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("query", "image", "verdict"))
        writer.writerows((one.query, one.image, f"{one.verdict:g}") for one in verdicts)
    say(f"Written: {path}, {count(len(verdicts), 'verdict')}.")


def _ask(opened: Library, proposals: list[Proposal]) -> None:
    say(f"{QUESTION} y, n, s: cannot say, q: enough for now.")
    for place, one in enumerate(proposals, start=1):
        while True:
            left, right = (printable(opened.get(id_).uri) for id_ in (one.query, one.image))
            sys.stderr.write(f"{place}/{len(proposals)}  {left}  {right}  ? ")
            sys.stderr.flush()
            line = sys.stdin.readline()
            word = line.strip().lower()
            if not line or word in {"q", "quit"}:
                sys.stderr.write("\n")
                return
            if word in {"s", "skip"}:
                break
            if word in _ANSWERS:
                opened.judge(one.query, one.image, _ANSWERS[word])
                break


def _said(standing: Standing) -> str:
    if standing.judged + standing.others == 0:
        return (
            f"Nothing is judged yet of {standing.pairs:,} pairs. About {min(700, standing.pairs)} "
            f"verdicts say precision@{standing.k} to +/- 0.03."
        )
    found = standing.precision
    half = (found.high - found.low) / 2
    more = (
        f"An interval of +/- {standing.width:g} takes about {standing.needed:,} more."
        if standing.needed
        else f"That is within +/- {standing.width:g}."
    )
    return (
        f"precision@{standing.k} of {standing.space}: {found.value:.3f} ({found.low:.3f} to "
        f"{found.high:.3f}, +/- {half:.3f}) from {count(standing.judged, 'verdict')} on drawn "
        f"pairs and {standing.others:,} on others. {more}"
    )
