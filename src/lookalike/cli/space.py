"""`lookalike space`: further ways of seeing the same images, kept side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import (
    DeviceOption,
    JsonOption,
    LibraryOption,
    PrecisionOption,
    RuntimeOption,
    writable,
)
from lookalike.cli.output import count, print_json, print_line, print_table, say
from lookalike.cli.progress import progress_bar

if TYPE_CHECKING:
    from lookalike.library.comparing import Comparison

space = typer.Typer(no_args_is_help=True, help="Further ways of seeing the same images.")

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The space's name.")]


@space.command()
def add(
    name: NameArgument,
    spec: Annotated[
        str, typer.Argument(metavar="SPEC", help="As efficientnet-lite0|centre|pca:64.")
    ],
    library: LibraryOption = None,
    metric: Annotated[str, typer.Option(help="cosine, l2, l1 or ip.")] = "cosine",
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Decoder processes. Default: one a core.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Give every image a vector in a further space; run again, it goes on where it stopped."""
    import lookalike

    with (
        lookalike.open(
            library,
            create=False,
            runtime=runtime,
            precision=precision,
            workers=workers,
            device=device,
        ) as opened,
        stop_on_interrupt() as stop,
        progress_bar() as advance,
    ):
        report = opened.add_space(name, spec, metric=metric, on_progress=advance, stop=stop)
    if json:
        print_json(report.as_dict())
    else:
        print_line(
            f"Space {name}: {count(report.embedded, 'new vector')}, {report.duplicate:,} shared, "
            f"{report.rejected:,} rejected, in {report.seconds:.1f} s"
        )
        for note in report.notes:
            say(f"Note: {note}")
        for reject in report.rejects[:10]:
            say(f"  {reject.id}: {reject.reason} {reject.detail}".rstrip())
    if report.interrupted:
        say("Interrupted. Run the same command to go on.")
        raise typer.Exit(130)
    if report.rejected:
        raise typer.Exit(3)


@space.command("list")
def list_spaces(library: LibraryOption = None, json: JsonOption = False) -> None:
    """Print the spaces with what made them."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        default, vectors = opened.space.name, opened.info().spaces
        rows = [
            {
                "name": one.name,
                "default": one.name == default,
                "vectors": vectors.get(one.name, 0),
                "dimension": one.dim,
                "metric": one.metric,
                "spec": one.spec,
                "fingerprint": one.fingerprint,
            }
            for one in opened.spaces()
        ]
    if json:
        print_json(rows)
        return
    columns = ("name", "default", "vectors", "dimension", "metric", "spec")
    marked = [{**row, "default": "*" if row["default"] else ""} for row in rows]
    print_table(columns, [[row[column] for column in columns] for row in marked])


@space.command()
def default(name: NameArgument, library: LibraryOption = None, json: JsonOption = False) -> None:
    """Add to and search this space from now on; the others are kept."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        before = opened.space.name
        opened.default_space(name)
    if json:
        print_json({"default": name, "before": before})
    else:
        say(f"{name} is the default space now; {before} is kept.")


@space.command()
def drop(
    name: NameArgument,
    library: LibraryOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove a space and its vectors; the images and the other spaces stay."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        vectors = opened.drop_space(name, dry_run=dry_run)
    if json:
        print_json({"space": name, "vectors": vectors, "dry_run": dry_run})
    elif dry_run:
        print_line(f"Space {name} with {count(vectors, 'vector')} would be removed.")
    else:
        say(f"Space {name} and its {count(vectors, 'vector')} are removed.")


@space.command()
def compare(
    one: Annotated[str, typer.Argument(metavar="A", help="A space.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another.")],
    library: LibraryOption = None,
    k: Annotated[int, typer.Option("-k", min=1, help="Neighbours looked at.")] = 10,
    sample: Annotated[int, typer.Option(min=2, help="Images used as queries.")] = 1000,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with example queries side by side.", callback=writable),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print dimension, seconds an image, shared neighbours and label precision of two spaces."""
    import lookalike
    from lookalike.library.comparing import compare_spaces

    with lookalike.open(library, create=False) as opened:
        found = compare_spaces(opened, one, other, k, sample)
        if html is not None:
            html.write_text(found.html(), encoding="utf-8")
    if json:
        print_json(
            {
                "k": found.k,
                "queries": found.queries,
                "overlap": round(found.overlap, 4),
                "spaces": [
                    {
                        "name": seen.name,
                        "dimension": seen.dimension,
                        "metric": seen.metric,
                        "seconds_an_image": seen.seconds,
                        "label_precision": seen.precision,
                    }
                    for seen in found.spaces
                ],
            }
        )
        return
    _print(found)
    if html is not None:
        say(f"Written: {html}")


def _print(found: Comparison) -> None:
    columns = ("space", "dimension", "metric", "ms an image", f"label precision@{found.k}")
    rows = [
        (
            seen.name,
            seen.dimension,
            seen.metric,
            "" if seen.seconds is None else f"{seen.seconds * 1000:.1f}",
            "" if seen.precision is None else f"{seen.precision:.3f}",
        )
        for seen in found.spaces
    ]
    print_table(columns, rows)
    print_line(
        f"{found.overlap:.1%} of the {found.k} nearest are the same, over "
        f"{count(found.queries, 'query', 'queries')}."
    )
