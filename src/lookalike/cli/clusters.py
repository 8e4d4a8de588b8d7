"""`lookalike clusters`: groups of images that look alike, which a person can name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import count, print_json, print_table, say
from lookalike.cli.progress import steps_bar
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.library.clustering import Clusters


def clusters(
    library: LibraryOption = None,
    space: Annotated[
        str | None, typer.Option(help="The space to group. Default: the library's own.")
    ] = None,
    k: Annotated[
        int | None, typer.Option("-k", min=1, help="How many. Default: the best silhouette.")
    ] = None,
    method: Annotated[
        str | None, typer.Option(help="kmeans, or density, which leaves strays out.")
    ] = None,
    smallest: Annotated[
        int | None, typer.Option(min=2, help="The smallest cluster, by density.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another may give other clusters.")] = 0,
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Find them anew; given names are kept.")
    ] = False,
    name: Annotated[
        list[str] | None, typer.Option(help="3=dresses: cluster 3 is called dresses from now on.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page of contact sheets.", callback=writable)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Group images; the column `cluster` then works in filters: --where 'cluster = "dresses"'."""
    import lookalike

    names = [_pair(text) for text in name or []]
    with lookalike.open(library, create=False) as opened, steps_bar() as advance:
        for old, new in names:
            opened.name_cluster(old, new)
        found = opened.clusters(
            space,
            method=method,
            k=k,
            smallest=smallest,
            seed=seed,
            refresh=refresh,
            on_step=advance,
        )
        if html is not None:
            html.write_text(opened.clusters_html(found), encoding="utf-8")
    if json:
        print_json(found.as_dict())
    else:
        _print(found)
    for lost in found.lost:
        say(f"No cluster is like {lost!r} any more: its name is free.")
    if html is not None:
        say(f"Written: {html}")


def _pair(text: str) -> tuple[str, str]:
    old, equals, new = text.partition("=")
    if not equals:
        raise UsageError(f"--name takes OLD=NEW, such as 3=dresses, not {text!r}.")
    return old, new


def _print(found: Clusters) -> None:
    print_table(
        ("cluster", "images", "cohesion", "most central", "words"),
        [
            (
                one.name,
                one.images,
                f"{one.cohesion:.3f}",
                one.central[0] if one.central else "",
                "; ".join(one.words[:3]),
            )
            for one in found.clusters
        ],
    )
    parts = [f"{count(len(found.clusters), 'cluster')} of space {found.space} by {found.method}"]
    parts.append(count(found.strays, "stray"))
    if found.assigned:
        parts.append(f"{count(found.assigned, 'new image')} joined")
    if found.agreement is not None:
        parts.append(f"mutual information with the labels {found.agreement:.3f}")
    say(", ".join(parts))
    if found.curve:
        shown = ", ".join(f"{k}: {value:.3f}" for k, value in found.curve.items())
        say(f"Silhouette by k: {shown}")
