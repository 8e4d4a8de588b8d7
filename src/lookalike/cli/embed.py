"""`lookalike embed`: vectors of image files, on stdout or in a .npy; no library needed."""

from __future__ import annotations

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import (
    DeviceOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    RuntimeOption,
    writable,
)
from lookalike.cli.output import count, print_json, print_json_line, say
from lookalike.errors import UsageError
from lookalike.types import Rejected


def embed(
    files: Annotated[list[str], typer.Argument(help="Image files; - reads paths from stdin.")],
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A .npy for the vectors; their ids go to .ids.jsonl.",
            callback=writable,
        ),
    ] = None,
    model: ModelOption = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="As the network gives them, not of length 1.")
    ] = False,
    null: Annotated[
        bool, typer.Option("--null", "-0", help="Paths on stdin end in NUL, not newline.")
    ] = False,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    device: DeviceOption = "auto",
    json: JsonOption = False,
) -> None:
    """Print the vector of each image as a line of JSON, or write all of them as a NumPy array.

    With --json, what was rejected is a line too; with --out, the one document says what was done.
    """
    import numpy as np

    from lookalike.embed.resources import Resources
    from lookalike.library.embedding import embed_files
    from lookalike.sources import split_paths

    if out is not None and out.suffix != ".npy":
        raise UsageError(f"--out must end in .npy, not {out.name!r}.")
    paths = split_paths(sys.stdin.buffer, b"\0" if null else b"\n") if files == ["-"] else files
    resources = Resources(runtime=runtime, precision=precision, device=device)
    ids, vectors, rejected = [], [], []
    for result in embed_files(paths, model=model, normalised=not raw, resources=resources):
        if isinstance(result, Rejected):
            facts = {"id": result.id, "reason": result.reason, "detail": result.detail}
            rejected.append(facts)
            say(f"Rejected {result.id}: {result.reason}: {result.detail}".removesuffix(": "))
            if json and out is None:
                print_json_line(facts)
            continue
        id_, vector = result
        if out is None:
            print_json_line({"id": id_, "vector": [float(value) for value in vector]})
        else:
            ids.append(id_)
            vectors.append(vector)
    if out is not None:
        np.save(out, np.stack(vectors) if vectors else np.empty((0, 0), np.float32))
        beside = out.with_suffix(".ids.jsonl")
        beside.write_text("".join(json_module.dumps(id_) + "\n" for id_ in ids), encoding="utf-8")
        say(f"{count(len(ids), 'vector')} in {out}, ids in {beside}")
        if json:
            where = {"file": str(out), "ids": str(beside)}
            print_json({**where, "vectors": len(ids), "rejected": rejected})
    if rejected:
        raise typer.Exit(3)
