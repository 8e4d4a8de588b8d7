"""`lookalike info`: how much the library holds, and what made its vectors."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli.columns import HEADER
from lookalike.cli.engine import in_words
from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import print_json, print_line, print_table, size

if TYPE_CHECKING:
    from lookalike.store.records import ImageRecord


def info(
    library: LibraryOption = None,
    head: Annotated[int, typer.Option(min=0, help="Also print the first N images as a table.")] = 0,
    recheck: Annotated[
        bool, typer.Option("--recheck", help="First measure the indexes again.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Print counts, rejects by reason, spaces, sizes, and how good the indexes are."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        counts = opened.info()
        space = opened.space
        directory = opened.directory
        first = opened.head(head)
        told = [column for column in opened.columns(("meta", "derived")) if column.distinct]
        names = [one.name for one in opened.spaces()]
        sound = [name for name in names if opened.index_is_sound(space=name)]
        look = opened.recheck_index if recheck else opened.index_report
        indexes = {name: report for name in sound if (report := look(space=name)) is not None}
    damaged = [name for name in names if name not in sound]
    facts: dict[str, Any] = {
        "library": str(directory),
        "images": counts.images,
        "contents": counts.contents,
        "thumbnails": counts.thumbnails,
        "rejects": dict(counts.rejects),
        "spaces": dict(counts.spaces),
        "space": space.name,
        "dimension": space.dim,
        "metric": space.metric,
        "fingerprint": space.fingerprint,
        "recipe": dict(space.recipe),
        "database_bytes": counts.database_bytes,
        "cache_bytes": counts.cache_bytes,
        "indexes": {name: report.as_dict() for name, report in indexes.items()},
        "damaged_indexes": damaged,
        "columns": [column.as_dict() for column in told],
    }
    if json:
        print_json(facts | ({"head": [_row(image) for image in first]} if head else {}))
        return
    rejects = ", ".join(f"{reason} {number:,}" for reason, number in counts.rejects.items())
    vectors = ", ".join(f"{name} {number:,}" for name, number in counts.spaces.items())
    rows = [
        ("library", facts["library"]),
        ("images", f"{counts.images:,} ({counts.contents:,} different contents)"),
        ("rejects", rejects or "none"),
        ("vectors by space", vectors),
        ("space", f"{space.name}: {space.dim} values, {space.metric}, {space.fingerprint}"),
        ("recipe", json_module.dumps(facts["recipe"])),
        ("thumbnails kept", f"{counts.thumbnails:,}"),
        ("database", size(counts.database_bytes)),
        ("caches", size(counts.cache_bytes)),
        *((f"index of {name}", in_words(report)) for name, report in indexes.items()),
        *(
            (f"index of {name}", f"DAMAGED, not used: lookalike index --refresh --space {name}")
            for name in damaged
        ),
    ]
    print_table(("fact", "value"), rows)
    if told:
        print_line("")
        print_table(HEADER, [column.row() for column in told])
    if first:
        print_line("")
        table = [_row(image) for image in first]
        columns = list(dict.fromkeys(column for row in table for column in row))
        print_table(columns, [[row.get(column) for column in columns] for row in table])


def _row(image: ImageRecord) -> dict[str, Any]:
    content = image.content
    facts = {"id": image.id, "label": image.label, "width": content.width}
    return facts | {"height": content.height, "format": content.format} | dict(image.meta)
