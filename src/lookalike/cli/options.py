"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
