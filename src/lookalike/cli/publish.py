"""`lookalike publish`: mirror a space into PostgreSQL or Milvus, and keep it in step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.engine import memory_bytes
from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import count, print_json, print_line, say
from lookalike.cli.progress import steps_bar

if TYPE_CHECKING:
    from lookalike.library.publishing import PublishReport


def publish(
    url: Annotated[
        str,
        typer.Argument(
            help="postgresql://user@host:5432/database or milvus://host:19530/database; #name "
            "at the end names the table. Default: lookalike_ and the space's name."
        ),
    ],
    library: LibraryOption = None,
    space: Annotated[str | None, typer.Option(help="The space. Default: the default one.")] = None,
    metric: Annotated[
        str | None, typer.Option(help="What the index compares by. Default: the space's metric.")
    ] = None,
    index: Annotated[
        str | None, typer.Option(help="hnsw, or none: vectors are scanned. Default: hnsw.")
    ] = None,
    m: Annotated[
        int | None, typer.Option("-m", "--m", help="Links a node of the index. Default: 16.")
    ] = None,
    ef_construction: Annotated[
        int | None, typer.Option(help="Candidates for the links of a node. Default: 100.")
    ] = None,
    recall: Annotated[
        float, typer.Option(help="The share of true neighbours that searches have to find.")
    ] = 0.95,
    memory: Annotated[
        str | None,
        typer.Option(help="What PostgreSQL may build the index in, as 2G. Default: its own."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Throw away what is there under that name.")
    ] = False,
    shards: Annotated[
        str | None,
        typer.Option(help="Send the shards in this folder instead, without a library."),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Mirror a space into a database server: ids, vectors and columns to filter by.

    Run again, it sends what changed and removes what is gone. After a break it goes on where it
    stopped. Search there with `lookalike search ... --engine URL`.
    """
    import lookalike

    room = None if memory is None else memory_bytes(memory)
    if shards is not None:
        report = _publish_shards(
            shards, url, metric=metric, index=index, m=m, width=ef_construction, memory=room,
            replace=replace,
        )  # fmt: skip
        _tell(report, json=json)
        return
    with (
        lookalike.open(library, create=False) as opened,
        stop_on_interrupt() as stop,
        steps_bar() as advance,
    ):
        report = opened.publish(
            url,
            space=space,
            metric=metric,
            index=index,
            m=m,
            ef_construction=ef_construction,
            recall=recall,
            memory=room,
            replace=replace,
            on_step=advance,
            stop=stop,
        )
    _tell(report, json=json)
    if report.reach and report.recall < recall and report.rows:
        say(
            f"Recall {recall:g} was not reached. Try --m 32 --ef-construction 200; "
            "search --exact scans all rows in PostgreSQL."
        )


def _publish_shards(
    shards: str,
    url: str,
    *,
    metric: str | None,
    index: str | None,
    m: int | None,
    width: int | None,
    memory: int | None,
    replace: bool,
) -> PublishReport:
    from lookalike.library.publishing import Publishing
    from lookalike.library.publishing_shards import publish_shards
    from lookalike.types import known_metric

    by = None if metric is None else known_metric(metric)
    how = Publishing(by, index, m, width, memory=memory, replace=replace)
    with stop_on_interrupt() as stop, steps_bar() as advance:
        return publish_shards(shards, url, how, advance, stop)


def _tell(report: PublishReport, *, json: bool) -> None:
    if json:
        print_json(report.as_dict())
    else:
        print_line(
            f"{report.table}: {count(report.sent, 'row')} sent, {report.removed:,} removed, "
            f"{report.rows:,} there"
        )
        if report.reach:
            say(f"Recall@10 {report.recall:.3f} with a search effort of {report.reach}.")
    if report.interrupted:
        say("Interrupted: run the same command again to go on.")
        raise typer.Exit(130)
