"""`lookalike label`: a label on a cluster, what follows for the rest, and the doubts first."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.library.library import Library


def label(
    column: Annotated[str, typer.Argument(metavar="COLUMN", help="The column of the labels.")],
    library: LibraryOption = None,
    assign: Annotated[
        list[str] | None,
        typer.Option(help="CLUSTER=LABEL, such as 3=dress: for its most central images."),
    ] = None,
    give: Annotated[
        list[str] | None, typer.Option(help="ID=LABEL, for one image, whatever was said before.")
    ] = None,
    take: Annotated[
        Path | None, typer.Option(help="Take labels from a table: id or cluster, and label.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last act back.")] = False,
    propagate: Annotated[
        bool, typer.Option("--propagate", help="Label the others, where that is sure enough.")
    ] = False,
    sure: Annotated[float, typer.Option(help="The least chance with which to propagate.")] = 0.9,
    review: Annotated[
        Path | None,
        typer.Option(help="Write a page with the images least sure of.", callback=writable),
    ] = None,
    clusters: Annotated[
        Path | None,
        typer.Option(help="Write a page on which to label the clusters.", callback=writable),
    ] = None,
    number: Annotated[int, typer.Option("--count", "-n", min=1, help="Review so many.")] = 50,
    space: Annotated[
        str | None, typer.Option(help="The space in which to propagate. Default: the library's.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Label clusters and images, propagate to those like them, review the unsure ones first.

    What was given is never overwritten. Filter by it: --where 'kind = dress and kind_p > 0.95'.
    """
    import lookalike

    with lookalike.open(library, create=False) as opened:
        if undo:
            origin, taken = opened.undo_labels(column)
            say(f"Undone: {count(taken, 'label')}, {origin}.")
        if assign:
            named = dict(
                _pair(text, "--assign takes CLUSTER=LABEL, such as 3=dress") for text in assign
            )
            done = opened.label(column, clusters=named)
            say(f"{count(len(named), 'cluster')} labelled, by {count(done, 'central image')}.")
        if give:
            named = dict(_pair(text, "--give takes ID=LABEL, such as a.jpg=dress") for text in give)
            opened.label(column, named)
            say(f"{count(len(named), 'image')} labelled.")
        if take is not None:
            _take(opened, column, take)
        if propagate:
            _propagate(opened, column, sure, space)
        if clusters is not None:
            _cluster_page(opened, column, clusters)
        if review is not None:
            _review_page(opened, column, number, space, review)
        more = assign or give or take or propagate or review
        if (undo or clusters is not None) and not more:
            return
        standing = opened.labels(column)
    if json:
        print_json({"column": column, "unlabelled": standing.unlabelled, "labels": standing.counts})
        return
    origins = ("given", "cluster", "propagated")
    rows = [
        (name, *(f"{by.get(origin, 0):,}" for origin in origins))
        for name, by in standing.counts.items()
    ]
    print_table((column, *origins), rows)
    say(f"Without a label: {count(standing.unlabelled, 'image')}.")


def _pair(text: str, usage: str) -> tuple[str, str]:
    name, equals, value = text.rpartition("=")
    if not equals or not name:
        raise UsageError(f"{usage}; not {text!r}.")
    return name, value


def _take(opened: Library, column: str, path: Path) -> None:
    taken = opened.take_labels(column, path)
    say(f"{count(taken.images, 'image')} and {count(taken.clusters, 'cluster')} labelled.")
    if taken.unknown:
        shown = ", ".join(taken.unknown[:5])
        say(f"Note: {count(len(taken.unknown), 'id')} not in the library: {shown}.")


def _propagate(opened: Library, column: str, sure: float, space: str | None) -> None:
    done = opened.propagate_labels(column, sure=sure, space=space)
    say(
        f"{count(done.answered, 'image')} labelled from {done.learned_from:,}; not sure enough of "
        f"{done.unsure:,}."
    )
    say(
        f"Of {count(done.held_out, 'label')} held out and as sure, {done.right:,} were right."
        if done.held_out
        else "No label that was held out was as sure: give more labels to know how right it is."
    )


def _cluster_page(opened: Library, column: str, path: Path) -> None:
    from lookalike.learn.label_page import Card, label_page

    cards = [
        Card(one.name, one.central, "" if one.name.isdigit() else one.name)
        for one in opened.clusters().clusters
    ]
    page = label_page(cards, [], "cluster", column, opened.thumbnail)
    path.write_text(page, encoding="utf-8")
    say(f"Written: {path}. Then: lookalike label {column} --take labels.csv")


def _review_page(opened: Library, column: str, number: int, space: str | None, path: Path) -> None:
    from lookalike.learn.label_page import Card, label_page

    found = opened.label_doubts(column, number, space=space)
    cards = [Card(one.id, [one.id], one.guess, one.chance) for one in found]
    names = list(opened.labels(column).counts)
    path.write_text(label_page(cards, names, "id", column, opened.thumbnail), encoding="utf-8")
    say(f"Written: {path}. Then: lookalike label {column} --take labels.csv")
