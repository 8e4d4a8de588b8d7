"""`lookalike index`: make a folder, table, archive or list of files searchable."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.engine import (
    build_engine,
    in_words,
    refresh_engine,
    refuse_another_engine,
    wish_of,
)
from lookalike.cli.fetching import fetch_policy
from lookalike.cli.forecast import say_how_it_came
from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.options import (
    AllowHostOption,
    AllowPrivateOption,
    DeviceOption,
    JsonOption,
    LibraryOption,
    ModelOption,
    PrecisionOption,
    RuntimeOption,
)
from lookalike.cli.output import print_json, print_line, say
from lookalike.cli.progress import progress_bar
from lookalike.cli.sharding import (
    AddressOption,
    CoresOption,
    GpusOption,
    OutOption,
    RunnerOption,
    ShardOption,
    ShardsOption,
    make,
    one_source,
    shards_wanted,
)
from lookalike.cli.summary import finish, summarize
from lookalike.cli.table_options import (
    IdColumnOption,
    LabelColumnOption,
    LabelFromOption,
    PathColumnOption,
    PathTemplateOption,
    UrlColumnOption,
)
from lookalike.errors import UsageError
from lookalike.types import Outcome, Rejected, outcome_kind

if TYPE_CHECKING:
    from lookalike.library.index_reports import IndexReport


def index(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="Folders, tables, archives, image files; - reads paths from stdin."),
    ] = None,
    library: LibraryOption = None,
    path_column: PathColumnOption = None,
    path_template: PathTemplateOption = None,
    url_column: UrlColumnOption = None,
    id_column: IdColumnOption = None,
    label_column: LabelColumnOption = None,
    label_from: LabelFromOption = None,
    id_prefix: Annotated[str, typer.Option(help="Put before every id of these sources.")] = "",
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take only the first N of each source.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove what this source offered before, not now.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="With --prune: index, only list what would go.")
    ] = False,
    thumbnails: Annotated[
        bool, typer.Option("--thumbnails", help="Make thumbnails now, not when first asked for.")
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths on stdin end in NUL, not newline.")
    ] = False,
    model: ModelOption = None,
    metric: Annotated[
        str | None, typer.Option(help="For a new library: cosine, l2, l1 or ip.")
    ] = None,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    workers: Annotated[
        int | None, typer.Option(min=1, help="Decoder processes. Default: one a core.")
    ] = None,
    max_pixels: Annotated[
        int, typer.Option(min=1, help="Reject images of more pixels than this.")
    ] = 100_000_000,
    timeout: Annotated[
        float, typer.Option(min=0.1, help="Seconds one image may take to decode.")
    ] = 20.0,
    engine: Annotated[
        str | None,
        typer.Option(help="What answers: auto, exact, hnsw, ivf, ivfpq or rabitq."),
    ] = None,
    recall: Annotated[
        float, typer.Option(help="The share of true neighbours an index has to find.")
    ] = 0.95,
    memory: Annotated[
        str | None, typer.Option(help="What building an index may take, as 4G or 512M.")
    ] = None,
    latency: Annotated[
        str, typer.Option(help="What a query may take before an index is made, as 10ms.")
    ] = "10ms",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Take up in the index what was added since.")
    ] = False,
    space: Annotated[
        str | None, typer.Option(help="The space that --engine and --refresh are for.")
    ] = None,
    shard: ShardOption = None,
    runner: RunnerOption = None,
    shards: ShardsOption = None,
    out: OutOption = None,
    address: AddressOption = None,
    cores: CoresOption = 1,
    gpus: GpusOption = 0.0,
    allow_host: AllowHostOption = None,
    allow_private: AllowPrivateOption = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Name every image once it is stored.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Embed every image of the sources and keep vectors and metadata in a library.

    Run again, it looks only at what is new or changed. Ctrl-C loses nothing. Without SOURCES
    only the engine that answers queries is chosen, built, tuned and measured. With --shard or
    --runner it writes shards, which `lookalike merge` makes a library of.
    """
    import lookalike
    from lookalike.images.limits import Limits
    from lookalike.library.locate import DATABASE_NAME, library_directory
    from lookalike.sources import open_source, split_paths

    if dry_run and not prune:
        raise UsageError("--dry-run shows what --prune would remove: give both.")
    targets = list(_sources(sources or []))
    if null and "-" not in targets:
        raise UsageError("-0 says how paths on stdin end: name - as a source.")
    wish = wish_of(engine, recall, memory, latency)
    directory = None if shard or runner else library_directory(library, create=True)
    is_new = directory is not None and not (directory / DATABASE_NAME).is_file()
    for target in targets:
        if isinstance(target, str) and target != "-":
            opens = open_source(  # what is wrong with it is told before a library is made
                target,
                path_column=path_column,
                path_template=path_template,
                url_column=url_column,
                id_column=id_column,
                label_column=label_column,
                label_from=label_from,
            )
            if is_new:
                next(iter(opens.references()), None)

    limits = Limits(pixels=max_pixels, seconds=timeout)
    fetch = fetch_policy(allow_host, allow_private=allow_private)
    of_a_library = {"--prune": prune, "--engine": engine, "--refresh": refresh}
    wanted = shards_wanted(
        shard, runner, shards, out, *(name for name, given in of_a_library.items() if given)
    )
    if wanted is not None:
        from lookalike.embed.resources import Resources
        from lookalike.scale.job import Job
        from lookalike.scale.workers import Workers
        from lookalike.sources.table_plan import TableOptions

        job = Job(
            source=one_source(targets),
            out=str(out),
            shards=wanted[1],
            model=model,
            metric=metric,
            table=TableOptions(
                path_column, path_template, url_column, id_column, label_column, label_from
            ),
            id_prefix=id_prefix,
            limit=limit,
            thumbnails=thumbnails,
        )
        using = Resources(runtime, precision, workers, limits, device, fetch)
        make(job, wanted[0], Workers(runner or "local", address, cores, gpus, using), json=json)
        return

    def name_outcomes(outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            id_ = outcome.id if isinstance(outcome, Rejected) else outcome.reference.id
            say(f"{outcome_kind(outcome)}: {id_}")

    reports = []
    answering: IndexReport | None = None
    with (
        lookalike.open(
            library,
            create=bool(targets),
            model=model,
            metric=metric,
            runtime=runtime,
            precision=precision,
            device=device,
            workers=workers,
            limits=limits,
            fetch=fetch,
        ) as opened,
        stop_on_interrupt() as stop,
    ):
        if refresh:
            refuse_another_engine(opened, wish, space)
        for source in targets:
            with progress_bar() as advance:
                report = opened.add(
                    split_paths(sys.stdin.buffer, b"\0" if null else b"\n")
                    if source == "-"
                    else source,
                    path_column=path_column,
                    path_template=path_template,
                    url_column=url_column,
                    id_column=id_column,
                    label_column=label_column,
                    label_from=label_from,
                    id_prefix=id_prefix,
                    limit=limit,
                    prune=prune,
                    dry_run=dry_run,
                    thumbnails=thumbnails,
                    on_progress=advance,
                    on_outcomes=name_outcomes if verbose else None,
                    stop=stop,
                )
            reports.append(report)
            if not json:
                summarize(report)
            say_how_it_came(opened, report)
            if report.interrupted:
                break
        else:
            if refresh:
                answering = refresh_engine(opened, stop, space)
            elif engine is not None or not targets or opened.index_is_due():
                answering = build_engine(opened, stop, wish, space)
    if json:
        runs = [report.as_dict() for report in reports]
        print_json(runs if targets else answering and answering.as_dict())
    elif answering is not None and not answering.interrupted:
        print_line(in_words(answering))
    if answering is not None and answering.interrupted:
        raise typer.Exit(130)
    finish(reports)


def _sources(targets: Sequence[str]) -> Iterator[str | list[str]]:
    """The targets one by one, but image files side by side as one list: one source, one run."""
    from lookalike.sources.extensions import is_image_name

    def is_image(target: str) -> bool:
        return is_image_name(target) and Path(target).is_file()

    for are_images, group in groupby(targets, is_image):
        if are_images:
            yield list(group)
        else:
            yield from group
