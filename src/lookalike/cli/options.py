"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from lookalike.cli.output import say
from lookalike.errors import UsageError, without_password
from lookalike.types import Scalar


def writable(context: typer.Context, file: Path | None) -> Path | None:
    """A file that is to be written, as the callback of its option. Raises `UsageError`.

    What cannot be written is told before the work, not after it.
    """
    if file is None or context.resilient_parsing:
        return file
    folder = file.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"There is no folder {str(file.parent)!r} to write {file.name!r} into.")
    if file.is_dir():
        raise UsageError(f"{str(file)!r} is a folder: name a file to write.")
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise UsageError(f"{str(file)!r} may not be written: permission denied.")
    return file


LibraryOption = Annotated[
    Path | None,
    typer.Option(
        "--library",
        "-L",
        envvar="LOOKALIKE_LIBRARY",
        help="The library, or the folder it is in. Default: found upward from here.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ModelOption = Annotated[
    str | None, typer.Option(help="The model, by name. Default: the library's own.")
]
RuntimeOption = Annotated[str, typer.Option(help="What runs the network: auto, onnx or openvino.")]
DeviceOption = Annotated[str, typer.Option(help="Where torch models run: auto, cpu, cuda.")]
AllowHostOption = Annotated[
    list[str] | None,
    typer.Option("--allow-host", help="A host of URLs that may have any address and port."),
]
AllowPrivateOption = Annotated[
    bool, typer.Option("--allow-private", help="Fetch URLs from private addresses too.")
]
PrecisionOption = Annotated[str, typer.Option(help="What it computes in: auto, fp32 or bf16.")]
WhereOption = Annotated[
    str | None,
    typer.Option(help="Only images of which this holds: label = Dress and price < 50."),
]
TrackOption = Annotated[
    Literal["mlflow"] | None,
    typer.Option(help="Keep a record of the run: mlflow, at MLFLOW_TRACKING_URI or ./mlflow.db."),
]


def asked(context: typer.Context) -> dict[str, Scalar]:
    """The options of a command that were given or have a default, for the record of a run."""
    found: dict[str, Scalar] = {}
    for name, value in context.params.items():
        if name in {"json", "track"} or value in (None, [], False):
            continue
        if isinstance(value, list | tuple):
            found[name] = ", ".join(map(str, value))
        else:
            found[name] = value if isinstance(value, int | float) else without_password(str(value))
    return found


def say_where(track: str) -> None:
    """Say where the record of a run is kept."""
    from lookalike.models.mlflow_store import store_address

    say(f"Recorded by {track} in {store_address()}")
