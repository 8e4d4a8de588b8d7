"""`lookalike info`: how much the library holds, and what made its vectors."""

from __future__ import annotations

import json as json_module
from typing import Any

from lookalike.cli.options import JsonOption, LibraryOption
from lookalike.cli.output import print_json, print_table, size


def info(library: LibraryOption = None, json: JsonOption = False) -> None:
    """Print counts, rejects by reason, spaces and sizes."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        counts = opened.info()
        space = opened.space
        directory = opened.directory
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
    }
    if json:
        print_json(facts)
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
    ]
    print_table(("fact", "value"), rows)
