"""`lookalike recommend`: what would somebody like who liked these, or each of many users?"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli.options import JsonOption, LibraryOption, WhereOption, writable
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.library.histories import Trial
    from lookalike.library.library import Library
    from lookalike.search.query import Item

LISTS = {".csv", ".tsv", ".txt"}


def recommend(
    liked: Annotated[
        list[str] | None,
        typer.Option(
            help="An item: an id, a file, a URL, text:...; or a .txt, .csv or .tsv of them, or - "
            "for stdin. Several, the newest last."
        ),
    ] = None,
    disliked: Annotated[list[str] | None, typer.Option(help="The same, of what is not.")] = None,
    seen: Annotated[
        list[str] | None, typer.Option(help="A file of ids, one a line, not to be recommended.")
    ] = None,
    histories: Annotated[
        Path | None,
        typer.Option(help="A table of many users: user, item, and maybe time and verdict."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="With --histories: the csv to write, for every user.", callback=writable),
    ] = None,
    evaluate: Annotated[
        bool,
        typer.Option("--evaluate", help="With --histories: look for what each user liked last."),
    ] = False,
    hold_out: Annotated[
        float, typer.Option(help="So many of the last likes of each, or a fraction below 1.")
    ] = 1,
    threshold: Annotated[
        float, typer.Option(help="The verdict in --histories from which on it is liked.")
    ] = 1.0,
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many recommendations.")] = 10,
    tastes: Annotated[
        str, typer.Option(help="How many tastes the likes are: a number, or auto.")
    ] = "auto",
    recency: Annotated[
        str | None,
        typer.Option(help="After how many items a like counts half; in histories also 36h, 30d."),
    ] = None,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="Prefer what is unlike what comes before it.")
    ] = 0.0,
    popularity: Annotated[
        str | None, typer.Option(help="A column of numbers: what is higher is preferred.")
    ] = None,
    popularity_weight: Annotated[
        float, typer.Option(min=0, max=1, help="What the highest value adds to a score.")
    ] = 0.1,
    where: WhereOption = None,
    space: Annotated[
        str | None, typer.Option(help="Recommend by this space instead of the default one.")
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with each taste and what is for it.", callback=writable),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Recommend images by what was liked and disliked, and say which liked one each is like.

    What was liked, disliked or seen is never recommended, nor are its copies.
    """
    import lookalike

    options = {
        "k": k,
        "tastes": tastes if tastes == "auto" else _number(tastes),
        "recency": recency,
        "diversity": diversity,
        "popularity": popularity,
        "popularity_weight": popularity_weight,
        "where": where,
        "space": space,
    }
    if histories is None and (out is not None or evaluate):
        raise UsageError("--out and --evaluate belong to --histories.")
    if histories is not None:
        if liked or disliked or seen or html:
            raise UsageError(
                "--histories say what was liked: leave the other items, and --html, out."
            )
        if (out is None) == (not evaluate):
            raise UsageError("With --histories goes either --out FILE.csv or --evaluate.")
    with lookalike.open(library, create=False) as opened:
        if histories is None:
            _one(opened, liked or [], disliked or [], seen or [], options, html, json=json)
        elif out is not None:
            _everybody(opened, histories, out, threshold, options, json=json)
        else:
            _trial(opened, histories, hold_out, threshold, options, json=json)


def _one(
    opened: Library,
    liked: list[str],
    disliked: list[str],
    seen: list[str],
    options: Mapping[str, Any],
    html: Path | None,
    *,
    json: bool,
) -> None:
    found = opened.recommend(
        _items(liked),
        _items(disliked),
        seen=[id_ for path in seen for id_ in _lines(path)],
        **options,
    )
    if json:
        print_json(found.as_dict())
    else:
        rows = [
            (
                one.rank,
                one.image.id,
                one.image.label,
                f"{one.score:.4f}",
                one.because,
                "" if one.similarity is None else f"{one.similarity:.4f}",
                one.taste,
            )
            for one in found.found
        ]
        print_table(("rank", "id", "label", "score", "because", "similarity", "taste"), rows)
    if len(found.tastes) > 1:
        sizes = ", ".join(f"{len(taste):,}" for taste in found.tastes)
        say(f"{len(found.tastes)} tastes, of {sizes} liked items.")
    if found.unknown:
        named = ", ".join(found.unknown[:5])
        say(f"{count(len(found.unknown), 'seen id')} not in the library, as {named}.")
    if not len(found):
        say("Nothing is left to recommend: all that there is was seen, or the filter leaves none.")
    if html is not None:
        found.show(html)
        say(f"Written: {html}") if json else print_line(str(html))


def _everybody(
    opened: Library,
    histories: Path,
    out: Path,
    threshold: float,
    options: Mapping[str, Any],
    *,
    json: bool,
) -> None:
    with steps_bar() as advance:
        written = opened.recommend_to_all(
            histories, out, threshold=threshold, on_step=advance, **options
        )
    told = written.as_dict()
    if json:
        print_json(told | {"out": str(out)})
    else:
        print_line(str(out))
        users, rows = len(written.histories.users), written.histories.rows
        say(
            f"{count(written.recommended, 'recommendation')} for {count(users, 'user')} "
            f"of {count(rows, 'row')}."
        )
    if written.without:
        say(
            f"{count(written.without, 'user')} got fewer than {options['k']}, {written.nothing:,} "
            "of them none: too little is left that they have not seen, or nothing was liked."
        )
    _problems(told)


def _trial(
    opened: Library,
    histories: Path,
    hold_out: float,
    threshold: float,
    options: Mapping[str, Any],
    *,
    json: bool,
) -> None:
    with steps_bar() as advance:
        found = opened.evaluate_recommendations(
            histories, hold_out=hold_out, threshold=threshold, on_step=advance, **options
        )
    told = found.as_dict()
    if json:
        print_json(told)
    else:
        _print_trial(found)
        order = "time" if found.histories.timed else "the order of the rows, since there is no time"
        say(
            f"{count(found.users, 'user')} of {len(found.histories.users):,} liked enough to hold "
            f"out {found.held_out:,} of their last likes, by {order}; "
            f"{count(found.catalogue, 'image')} could be recommended."
        )
    _problems(told)


def _print_trial(found: Trial) -> None:
    names = list(found.ways[0].estimates)
    rows: list[tuple[object, ...]] = []
    for way in found.ways:
        cells = [
            f"{one.value:.3f} ({one.low:.3f}-{one.high:.3f})" for one in way.estimates.values()
        ]
        against = "" if way.against is None else f"{way.against.value:+.3f} (p {way.against.p:.2g})"
        rows.append((way.name, *cells, f"{way.coverage:.1%}", against))
    print_table(("way", *names, "coverage", "ndcg against the first"), rows)


def _problems(told: Mapping[str, Any]) -> None:
    """Say what of the histories was not as it should be; exit with 3 if rows were left out."""
    if told["repeated"]:
        say(f"{count(told['repeated'], 'row')} named an item of their user again: the last counts.")
    if told["untimed"]:
        say(
            f"{count(told['untimed'], 'row')} had no time, and counted as older than those that do."
        )
    for problem, number in told["problems"].items():
        say(f"{count(number, 'row')} left out: {problem}.")
    for example in told["examples"]:
        say(f"  {example}")
    if told["problems"]:
        raise typer.Exit(3)


def _items(words: list[str]) -> list[Item]:
    """The items that words name, or the lines of files that they name."""
    from lookalike.search.batch import questions_in, questions_of
    from lookalike.search.grammar import parse_item

    found: list[Item] = []
    for word in words:
        if word != "-" and Path(word).suffix.lower() not in LISTS:
            found.append(parse_item(word))
            continue
        for written in questions_of(sys.stdin.buffer) if word == "-" else questions_in(word):
            if written.query is None or len(written.query.positive) != 1 or written.query.negative:
                raise UsageError(
                    f"{word}: {written.text!r} is not one item. {written.problem}".rstrip()
                )
            found += written.query.positive
    return found


def _lines(path: str) -> list[str]:
    """The ids in a file or on stdin, one a line, or those of a table's column `id` or `item`."""
    from lookalike.errors import SourceError
    from lookalike.sources.delimited import delimited_rows
    from lookalike.sources.text_lines import text_lines

    suffix = Path(path).suffix.lower()
    if suffix not in {".csv", ".tsv"}:
        lines = sys.stdin if path == "-" else text_lines(path)
        return [line.strip() for line in lines if line.strip()]
    rows = delimited_rows(path, "," if suffix == ".csv" else "\t")
    found = [str(row.cells.get("id", row.cells.get("item", ""))).strip() for row in rows]
    if not all(found):
        raise SourceError(f"{path!r}: every row of it needs an id, in a column `id` or `item`.")
    return found


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UsageError(f"Tastes are a number or auto, not {text!r}.") from error
