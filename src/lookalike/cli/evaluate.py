"""`lookalike evaluate`: how good are the answers, and is one way of searching better?"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import (
    JsonOption,
    LibraryOption,
    ModelOption,
    TrackOption,
    WhereOption,
    asked,
    say_where,
    writable,
)
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.cli.table_options import (
    IdColumnOption,
    LabelColumnOption,
    LabelFromOption,
    PathColumnOption,
    PathTemplateOption,
)
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.evaluate.evaluation import Evaluation

SHOWN_CLASSES = 10


def evaluate(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(help="With --dry-run: the folder, table or archive to be indexed."),
    ] = None,
    library: LibraryOption = None,
    truth: Annotated[
        list[str] | None,
        typer.Option(help="Column in which matches agree; several: in all. Default: label."),
    ] = None,
    judgements: Annotated[
        str | None,
        typer.Option(help="Judge by verdicts: a csv, a TREC qrels file, or `library`."),
    ] = None,
    graded: Annotated[
        bool, typer.Option("--graded", help="nDCG counts how many of the columns agree.")
    ] = False,
    threshold: Annotated[float, typer.Option(help="The verdict from which on it matches.")] = 1.0,
    spaces: Annotated[
        str | None,
        typer.Option(
            help="Set against each other: main,colour,main=1+colour=0.4,main:index,main[price < 9]"
        ),
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, help="How many answers are looked at.")] = 10,
    metric: Annotated[
        str, typer.Option(help="The metric that comparisons and tuning are about.")
    ] = "precision",
    split: Annotated[
        str | None,
        typer.Option(help="Queries: a fraction as 0.2, or COLUMN=VALUE. Default: leave one out."),
    ] = None,
    group: Annotated[
        str | None, typer.Option(help="Column of what belongs together, such as a sender.")
    ] = None,
    drop_label: Annotated[
        list[str] | None, typer.Option(help="Leave out images with this value of the truth.")
    ] = None,
    where: WhereOption = None,
    queries: Annotated[
        int, typer.Option(min=1, help="Ask at most so many queries, drawn at random.")
    ] = 20_000,
    tune_weights: Annotated[
        bool,
        typer.Option("--tune-weights", help="Find weights on half the queries, use the rest."),
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a report with the worst queries as pictures.", callback=writable),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--csv", help="Write every metric of every query.", callback=writable),
    ] = None,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Run all on a sample of SOURCE; predict the whole run."),
    ] = False,
    sample: Annotated[int, typer.Option(min=1, help="Images of SOURCE to try.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Another seed draws another sample.")] = 0,
    model: ModelOption = None,
    path_column: PathColumnOption = None,
    path_template: PathTemplateOption = None,
    id_column: IdColumnOption = None,
    label_column: LabelColumnOption = None,
    label_from: LabelFromOption = None,
    track: TrackOption = None,
    json: JsonOption = False,
) -> None:
    """Print how good the answers are, each figure with the interval it can be trusted to."""
    import lookalike
    from lookalike.evaluate.contenders import split_mixes

    if dry_run != (source is not None):
        raise UsageError("--dry-run goes with the source to try: lookalike evaluate --dry-run DIR")
    if source is not None:
        from lookalike.cli.forecast import try_source
        from lookalike.sources import open_source

        opened_source = open_source(
            source,
            path_column=path_column,
            path_template=path_template,
            id_column=id_column,
            label_column=label_column,
            label_from=label_from,
        )
        try_source(opened_source, sample, model, seed, k, json=json)
        return
    with (
        lookalike.open(library, create=False) as opened,
        opened.tracked(track, "evaluate", spaces or "evaluate", asked(context)) as tracker,
        steps_bar() as advance,
    ):
        found = opened.evaluate(
            truth or "label",
            judgements=judgements,
            graded=graded,
            threshold=threshold,
            spaces=() if spaces is None else split_mixes(spaces),
            k=k,
            metric=metric,
            split=_fraction(split),
            group=group,
            drop=drop_label or (),
            where=where,
            queries=queries,
            tune_weights=tune_weights,
            progress=lambda done, of: advance("measuring", done, of),
        )
        if track is not None:
            from lookalike.library.tracking import record_evaluation

            record_evaluation(tracker, found, opened.thumbnail)
            say_where(track)
        if html is not None:
            from lookalike.evaluate.report import report_page

            html.write_text(report_page(found, opened.thumbnail), encoding="utf-8")
    if out is not None:
        _write_csv(found, out)
    for warning in found.warnings:
        say(f"Note: {warning}")
    if json:
        print_json(found.as_dict())
    else:
        _print(found)
    for written in (html, out):
        if written is not None:
            say(f"Written: {written}")


def _fraction(split: str | None) -> str | float | None:
    try:
        return None if split is None else float(split)
    except ValueError:
        return split


def _print(found: Evaluation) -> None:
    from lookalike.evaluate.report import interval

    say(
        f"A match: {found.truth}. {count(found.queries, 'query', 'queries')} against "
        f"{count(found.gallery, 'image')}, {found.split}. {found.left_out:,} images left out."
    )
    if found.unanswerable:
        say(f"Queries without a match in the gallery, which count as 0: {found.unanswerable:,}.")
    if found.weights is not None:
        say("tuned: " + " ".join(f"{name}={weight:.3g}" for name, weight in found.weights.items()))
    names = list(found.contenders[0].figures)
    figures = [
        [
            interval(c.figures[name].value, c.figures[name].low, c.figures[name].high)
            for c in found.contenders
        ]
        for name in names
    ]
    columns = ("metric", *(one.name for one in found.contenders))
    print_table(columns, [(name, *row) for name, row in zip(names, figures, strict=True)])
    for one in found.comparisons:
        print_line(
            f"{one.second} against {one.first}: {one.metric} {one.difference.value:+.4f} "
            f"({one.difference.low:+.3f} to {one.difference.high:+.3f}), p {one.p:.4f}: "
            f"{'a real difference' if one.real else 'may be chance'}"
        )
    first = found.contenders[0]
    if len(found.contenders) > 1 or not first.classes:
        return
    print_line("")
    print_table(
        ("hardest class", "queries", f"precision@{found.k}", "kNN accuracy", "taken for"),
        [
            (
                row.name,
                f"{row.queries:,}",
                f"{row.precision:.3f}",
                f"{row.accuracy:.3f}",
                next((c.other for c in first.confusions if c.name == row.name), ""),
            )
            for row in first.classes[:SHOWN_CLASSES]
        ],
    )
    print_line(
        f"Hubs: the most found image is among the {found.k} nearest of "
        f"{max(first.hubs.counts, default=0):,} queries; {first.hubs.never:,} images are found "
        f"by none (skewness {first.hubs.skewness:.2f})."
    )


def _write_csv(found: Evaluation, path: Path) -> None:
    rows = list(found.rows())
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
