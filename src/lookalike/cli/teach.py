"""`lookalike teach`: labels or verdicts become a space in which what is meant alike is near."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import (
    JsonOption,
    LibraryOption,
    TrackOption,
    WhereOption,
    asked,
    say_where,
)
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar

if TYPE_CHECKING:
    from lookalike.library.teaching import TaughtSpace


def teach(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The space to be made.")],
    library: LibraryOption = None,
    source: Annotated[str, typer.Option("--from", help="labels, groups or judgements.")] = "labels",
    space: Annotated[
        str | None, typer.Option(help="The space to learn from. Default: the library's own.")
    ] = None,
    column: Annotated[
        str | None, typer.Option(help="Column of the label or group. Default: label.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of what belongs together, such as a sender.")
    ] = None,
    drop_label: Annotated[
        list[str] | None, typer.Option(help="A label that teaches nothing, such as Other.")
    ] = None,
    where: WhereOption = None,
    judgements: Annotated[
        str, typer.Option(help="A csv, a TREC qrels file, or `library`: its own verdicts.")
    ] = "library",
    threshold: Annotated[float, typer.Option(help="The verdict from which on it matches.")] = 1.0,
    method: Annotated[str, typer.Option(help="auto, discriminant or contrastive.")] = "auto",
    dimension: Annotated[int, typer.Option(min=1, help="At most so many values.")] = 256,
    replace: Annotated[
        bool, typer.Option("--replace", help="Take the place of a space of that name.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Keep it even if it is no better than before.")
    ] = False,
    track: TrackOption = None,
    json: JsonOption = False,
) -> None:
    """Learn from labels or verdicts what is similar, in seconds, on the stored vectors.

    Nothing is embedded again. The new space is refused if it does no better on held-out data.
    """
    import lookalike

    with (
        lookalike.open(library, create=False) as opened,
        opened.tracked(track, "teach", name, asked(context)) as tracker,
        steps_bar() as advance,
    ):
        taught = opened.teach(
            name,
            source,
            space=space,
            column=column,
            group=group,
            drop=drop_label or (),
            method=method,
            dimension=dimension,
            judgements=judgements,
            threshold=threshold,
            where=where,
            force=force,
            replace=replace,
            on_step=lambda done, of: advance("learning", done, of),
        )
        if track is not None:
            from lookalike.library.tracking import record_teaching

            record_teaching(tracker, taught)
            say_where(track)
    for warning in taught.warnings:
        say(f"Warning: {warning}")
    if json:
        print_json(taught.as_dict())
    else:
        _print(taught)


def _print(taught: TaughtSpace) -> None:
    lesson = taught.lesson
    what = "verdict" if taught.source == "judgements" else "labelled image"
    say(
        f"Learned from {count(taught.examples, what)}; figures are of "
        f"{count(lesson.held_out, 'verdict' if what == 'verdict' else 'query', _many(what))} held "
        "out of the learning."
    )
    print_table(
        ("space", lesson.figure),
        [(taught.parent, f"{lesson.before:.3f}"), (taught.space, f"{lesson.after:.3f}")],
    )
    change = lesson.difference
    print_line(
        f"{change.value:+.3f} (95 % between {change.low:+.3f} and {change.high:+.3f}, "
        f"p = {change.p:.2g})"
    )
    print_line(
        f"Space {taught.space}: {count(taught.dimension, 'value')} an image, by "
        f"{lesson.setting.method} of strength {lesson.setting.strength:g}, "
        f"{count(taught.report.embedded, 'vector')}, in {taught.seconds:.1f} s"
    )
    say(f"Search it: lookalike search ... --space {taught.space}")


def _many(what: str) -> str:
    return "verdicts" if what == "verdict" else "queries"
