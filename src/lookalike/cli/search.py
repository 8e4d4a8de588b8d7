"""`lookalike search`: what looks like this file, or this stored image?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lookalike.cli.batch import answer_batch, table
from lookalike.cli.fetching import fetch_policy
from lookalike.cli.options import (
    AllowHostOption,
    AllowPrivateOption,
    DeviceOption,
    JsonOption,
    LibraryOption,
    PrecisionOption,
    RuntimeOption,
    WhereOption,
    writable,
)
from lookalike.cli.output import print_json, print_line, print_paths, print_table, say
from lookalike.cli.weights import read_weights
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from lookalike.search.query import Query
    from lookalike.search.results import Hits


def search(
    query: Annotated[
        list[str] | None,
        typer.Argument(
            help="An image file, id:... of an image in the library, text:... or a URL; "
            "several with + and - between them."
        ),
    ] = None,
    library: LibraryOption = None,
    k: Annotated[
        int | None, typer.Option("-k", min=1, help="How many matches. Default: 10.")
    ] = None,
    text: Annotated[
        list[str] | None, typer.Option(help="Words to look for, where the model knows words.")
    ] = None,
    crop: Annotated[
        str,
        typer.Option(
            help="x,y,width,height: the part of the first picture that is meant, in pixels, "
            "or in fractions where none is above 1."
        ),
    ] = "",
    batch: Annotated[
        str | None,
        typer.Option(help="Many questions: a file with one a line, a csv, or - for stdin."),
    ] = None,
    null: Annotated[
        bool,
        typer.Option("--null", "-0", help="Lines of --batch and --paths end in NUL, not newline."),
    ] = False,
    paths: Annotated[
        bool, typer.Option("--paths", help="Print only where the matches lie, one a line.")
    ] = False,
    where: WhereOption = None,
    space: Annotated[
        str | None, typer.Option(help="Search this space instead of the default one.")
    ] = None,
    weight: Annotated[
        list[str] | None,
        typer.Option(help="NAME=W, for several spaces at once: --weight main=1 --weight c=0.4."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="cosine, l2, l1 or ip. Default: the library's own.")
    ] = None,
    min_similarity: Annotated[
        float | None, typer.Option(help="Leave out what is less similar than this.")
    ] = None,
    min_match: Annotated[
        float | None,
        typer.Option(help="Leave out what is less sure a match, 0..1; see `calibrate`."),
    ] = None,
    within: Annotated[
        float | None,
        typer.Option(help="All that is at least so similar, 1,000 at a time unless -k says."),
    ] = None,
    diversity: Annotated[
        float, typer.Option(min=0, max=1, help="Prefer what is unlike the matches before it.")
    ] = 0.0,
    group_duplicates: Annotated[
        bool, typer.Option("--group-duplicates", help="Show equal files once, with their count.")
    ] = False,
    offset: Annotated[int | None, typer.Option(min=0, help="Pass over so many matches.")] = None,
    page: Annotated[
        int | None, typer.Option(min=1, help="The first, second, ... lot of -k matches.")
    ] = None,
    include_query: Annotated[
        bool, typer.Option("--include-query", help="Let what is asked for be an answer too.")
    ] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Also say how it was searched, and in what time.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Scan all vectors, even where there is an index.")
    ] = False,
    engine: Annotated[
        str | None,
        typer.Option(help="Ask a server that the space was published to: its URL."),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(help="Write a page with the query and its matches.", callback=writable),
    ] = None,
    allow_host: AllowHostOption = None,
    allow_private: AllowPrivateOption = False,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Print the images that look most like QUERY, best first.

    QUERY is an item or several: `a.jpg + 2:b.jpg - c.jpg` looks for what is like a and,
    twice as much, b, and unlike c. `a.jpg#xywh=40,60,200,150` is a part of a picture. A file
    with another name than it seems, such as `2:a.jpg` or `+`, is `./2:a.jpg` or `./+`.
    """
    import lookalike
    from lookalike.search.arrange import RANGE, K
    from lookalike.search.grammar import parse_query

    if page is not None:
        offset = (offset or 0) + (page - 1) * (k or (K if within is None else RANGE))
    words, texts = query or [], text or []
    if batch is not None and (words or texts or crop):
        raise UsageError("--batch brings the questions: leave QUERY, --text and --crop out.")
    if batch is None and not (words or texts):
        raise UsageError("What is to be looked for? Name a file, id:..., --text or --batch.")
    if paths and (json or explain):
        raise UsageError("--paths prints nothing else: leave --json and --explain out.")
    asked = None if batch is not None else parse_query(words, texts=texts, crop=crop)
    with lookalike.open(
        library,
        create=False,
        runtime=runtime,
        precision=precision,
        device=device,
        fetch=fetch_policy(allow_host, allow_private=allow_private),
    ) as opened:

        def answer(queries: Sequence[Query]) -> list[Hits]:
            return opened.search_many(
                queries,
                k,
                space=space,
                weights=read_weights(weight or []),
                metric=metric,
                offset=offset,
                min_similarity=min_similarity,
                within=within,
                diversity=diversity,
                group_duplicates=group_duplicates,
                include_query=include_query,
                exact=exact,
                where=where,
                min_match=min_match,
                engine=engine,
            )

        if batch is not None:
            answer_batch(
                batch,
                answer,
                null=null,
                paths=paths,
                copies=group_duplicates,
                html=html,
                json=json,
                explain=explain,
            )
            return
        assert asked is not None
        (hits,) = answer([asked])
        if html is not None:
            written = hits.show(html)
    if explain and hits.explanation is not None and not json:
        for line in hits.explanation.lines():
            say(line)
    if json:
        how = {"explanation": hits.explanation.as_dict()} if explain and hits.explanation else {}
        print_json(hits.as_dict() | how)
    elif paths:
        print_paths(hits.uris, null=null)
    else:
        print_table(*table(hits, copies=group_duplicates))
    if not len(hits):
        say(
            _nothing(
                hits,
                narrowed=(min_similarity, within) != (None, None),
                unsure=min_match is not None,
                where=where,
            )
        )
    elif hits.next_offset is not None and (offset is not None or within is not None):
        say(f"There is more: --offset {hits.next_offset}")
    if html is not None:
        say(f"Written: {written}") if json or paths else print_line(str(written))


def _nothing(hits: Hits, *, narrowed: bool, unsure: bool, where: str | None) -> str:
    if hits.offset:
        return f"There is nothing after the first {hits.offset:,} matches."
    if narrowed:
        return "Nothing is that similar. Ask for less, to see what is nearest."
    if unsure:
        return "None of the nearest is so sure a match. Ask for less, to see what is nearest."
    if where is not None:
        return "No image is left by the filter. See what there is with: lookalike columns list"
    return "No other image is in the library. Add some with: lookalike index FOLDER"
