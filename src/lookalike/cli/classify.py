"""`lookalike classify`: from labels to a column of predictions, with chances and abstention."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import (
    JsonOption,
    LibraryOption,
    TrackOption,
    WhereOption,
    asked,
    say_where,
    writable,
)
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.types import Rejected

if TYPE_CHECKING:
    from lookalike.learn.classifier_figures import Figures
    from lookalike.library.classifying import KeptClassifier
    from lookalike.library.library import Library
    from lookalike.library.predicting import Guess

classify = typer.Typer(no_args_is_help=True, help="Classifiers of stored vectors.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The classifier.")]


@classify.command()
def fit(
    context: typer.Context,
    name: NameArgument,
    library: LibraryOption = None,
    column: Annotated[str, typer.Option(help="Column of the label to be told.")] = "label",
    space: Annotated[
        str | None, typer.Option(help="The space to learn from. Default: the library's own.")
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of what belongs together, such as a sender.")
    ] = None,
    drop_label: Annotated[
        list[str] | None, typer.Option(help="A label that teaches nothing, such as Other.")
    ] = None,
    where: WhereOption = None,
    method: Annotated[str, typer.Option(help="auto, logistic, knn or prototypes.")] = "auto",
    accuracy: Annotated[
        float | None, typer.Option(help="Answer only where so many answers are right: 0.95.")
    ] = None,
    coverage: Annotated[
        float | None, typer.Option(help="Answer for so many images, the surest: 0.8.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Fit one of that name again; its column is renewed.")
    ] = False,
    track: TrackOption = None,
    json: JsonOption = False,
) -> None:
    """Learn to tell labels from stored vectors, and say how good that is on held-out images."""
    import lookalike

    with (
        lookalike.open(library, create=False) as opened,
        opened.tracked(track, "classify fit", name, asked(context)) as tracker,
        steps_bar() as advance,
    ):
        fitted = opened.fit_classifier(
            name,
            column,
            space=space,
            where=where,
            group=group,
            drop=drop_label or (),
            method=method,
            accuracy=accuracy,
            coverage=coverage,
            replace=replace,
            on_step=lambda done, of: advance("learning", done, of),
        )
        if track is not None:
            from lookalike.library.tracking import record_classifier

            record_classifier(tracker, fitted)
            say_where(track)
        if fitted.target is not None:
            opened.apply_classifier(name, on_step=advance)
            say(f"Column {fitted.target} is renewed.")
    for warning in fitted.warnings:
        say(f"Note: {warning}")
    if json:
        print_json(fitted.as_dict())
        return
    _print(fitted)
    if fitted.target is None:
        say(f"Make a column of it: lookalike classify apply {name}")


@classify.command("apply")
def apply_(
    name: NameArgument,
    files: Annotated[
        list[str] | None,
        typer.Argument(help="Image files to be classified instead; - reads paths from stdin."),
    ] = None,
    library: LibraryOption = None,
    to: Annotated[
        str | None, typer.Option("--to", help="The column. Default: named as the classifier.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a column of predictions, or print those of image files.

    Beside the column KIND comes KIND_p, the chance that it is right. Images added later get
    theirs at once. With --json, files give a line of JSON each.
    """
    import lookalike
    from lookalike.errors import UsageError

    if files and to is not None:
        raise UsageError("Files get no column: leave --to out, or add them with lookalike index.")
    with lookalike.open(library, create=False) as opened:
        if files:
            if _classify_files(opened, name, files, json=json):
                raise typer.Exit(3)
            return
        with stop_on_interrupt() as stop, steps_bar() as advance:
            applied = opened.apply_classifier(name, to, on_step=advance, stop=stop)
            stopped = stop()
    if stopped:
        say("Interrupted: nothing was changed.")
        raise typer.Exit(130)
    for warning in applied.warnings:
        say(f"Note: {warning}")
    if json:
        print_json(
            {
                "classifier": name,
                "column": applied.column,
                "answered": applied.answered,
                "abstained": applied.abstained,
                "counts": applied.counts,
            }
        )
        return
    ranked = sorted(applied.counts.items(), key=lambda item: -item[1])
    print_table((applied.column, "images"), [(word, f"{number:,}") for word, number in ranked])
    say(f"Not sure enough: {count(applied.abstained, 'image')}.")
    say(f"Filter by it: --where '{applied.column} = ... and {applied.column}_p > 0.9'")


@classify.command("list")
def list_classifiers(library: LibraryOption = None, json: JsonOption = False) -> None:
    """Print every classifier with how good it is."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        found = opened.classifiers()
    if json:
        print_json([one.as_dict() for one in found])
        return
    header = ("classifier", "of", "space", "classes", "images", "accuracy", "coverage", "column")
    print_table(
        header,
        [
            (
                one.name,
                one.recipe["column"],
                one.recipe["space"],
                len(one.recipe["classes"]),
                f"{one.recipe['images']:,}",
                f"{one.figures.means['accuracy'].value:.3f}",
                f"{one.figures.means['coverage'].value:.3f}",
                one.target,
            )
            for one in found
        ],
    )


@classify.command()
def show(
    name: NameArgument,
    library: LibraryOption = None,
    html: Annotated[
        Path | None,
        typer.Option(
            help="Write a report: figures, classes, confusions, curves.", callback=writable
        ),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(help="Write accuracy against coverage, and reliability.", callback=writable),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print how a classifier was made and how good it is on images that were held out."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        found = opened.classifier(name)
    if html is not None:
        from lookalike.library.classifier_page import classifier_page

        html.write_text(classifier_page(found), encoding="utf-8")
    if png is not None:
        from lookalike.learn.classifier_picture import classifier_picture

        png.write_bytes(classifier_picture(found.figures))
    if json:
        print_json(found.as_dict())
    else:
        _print(found)
    for written in (html, png):
        if written is not None:
            say(f"Written: {written}")


@classify.command()
def drop(
    name: NameArgument,
    library: LibraryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove a classifier and the columns that it filled."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        columns = opened.drop_classifier(name, dry_run=dry_run)
    if json:
        print_json({"classifier": name, "columns": columns, "dry_run": dry_run})
        return
    with_columns = f" with its columns {' and '.join(columns)}" if columns else ""
    say(f"Classifier {name}{with_columns} {'would be' if dry_run else 'is'} removed.")


def _classify_files(opened: Library, name: str, files: list[str], *, json: bool) -> bool:
    """Print a line a file; tells whether some were rejected."""
    import sys

    from lookalike.cli.output import print_json_line
    from lookalike.sources import split_paths

    paths = split_paths(sys.stdin.buffer, b"\n") if files == ["-"] else files
    rejected, begun = False, False
    for one in opened.classify(name, paths):
        if isinstance(one, Rejected):
            rejected = True
            say(f"Rejected {one.id}: {one.reason} {one.detail}".rstrip())
            if json:
                print_json_line({"id": one.id, "reason": one.reason, "detail": one.detail})
        elif json:
            facts = {"id": one.path, "label": one.label, "chance": one.chance}
            print_json_line({**facts, "chances": one.chances})
        else:
            print_table(("image", "class", "chance"), [_row(one)], header=not begun)
            begun = True
    return rejected


def _row(guess: Guess) -> tuple[str, str, str]:
    label = guess.label or f"not sure ({next(iter(guess.chances))}?)"
    return guess.path, label, f"{guess.chance:.3f}"


def _print(found: KeptClassifier) -> None:
    recipe, figures = found.recipe, found.figures
    print_line(
        f"Classifier {found.name}: {recipe['column']} from space {recipe['space']}, by "
        f"{recipe['method']}{_strength(recipe['method'], recipe['strength'])}, "
        f"{count(len(recipe['classes']), 'class', 'classes')}, "
        f"{count(recipe['images'], 'labelled image')}"
    )
    print_table(
        ("held out", "value", "95 % interval"),
        [
            (name, f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}")
            for name, one in figures.means.items()
        ]
        + [("calibration error", f"{figures.calibration_error:.3f}", "")],
    )
    if recipe["threshold"]:
        print_line(f"It answers where the chance is {recipe['threshold']:.3f} or more.")
    _print_tables(figures)


def _print_tables(figures: Figures) -> None:
    print_line("")
    print_table(
        ("class", "images", "precision", "recall", "taken for"),
        [
            (
                row.name,
                f"{row.images:,}",
                "" if row.precision is None else f"{row.precision:.3f}",
                f"{row.recall:.3f}",
                figures.taken_for(row.name) or "",
            )
            for row in figures.classes
        ],
    )
    print_line("")
    print_table(
        ("if answered", "accuracy", "from chance"),
        [
            (f"{one.coverage:.0%}", f"{one.accuracy:.3f}", f"{one.threshold:.3f}")
            for one in figures.at_coverages()
        ],
    )


def _strength(method: str, strength: float) -> str:
    words = {"logistic": f" of strength {strength:g}", "knn": f" of {strength:g} neighbours"}
    return words.get(method, "")
