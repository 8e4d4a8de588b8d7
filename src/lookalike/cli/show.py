"""`lookalike show`: all that is known of one image."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lookalike.cli.options import JsonOption, LibraryOption, writable
from lookalike.cli.output import print_json, print_table, say
from lookalike.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDS = 4


def show(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The image's id.")],
    library: LibraryOption = None,
    space: Annotated[
        str | None, typer.Option(help="The vector of this space instead of the default one.")
    ] = None,
    vector: Annotated[
        bool, typer.Option("--vector", help="Print the whole vector (with --json: add it).")
    ] = False,
    vector_image: Annotated[
        Path | None,
        typer.Option(help="Draw the vector into this picture, as vector.png.", callback=writable),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Print where an image lies, what it is, its metadata and its vector."""
    import lookalike

    with lookalike.open(library, create=False) as opened:
        image = opened.get(id_)
        name = space or opened.space.name
        values = opened.vector(image.id, name)
    if vector_image is not None:
        _draw(values, vector_image)
    facts: dict[str, Any] = {
        "id": image.id,
        "file": image.uri,
        "source": image.source,
        "label": image.label,
        "format": image.content.format,
        "width": image.content.width,
        "height": image.content.height,
        "bytes": image.content.size,
        "sha256": image.content.sha256.hex(),
        "perceptual_hash": f"{image.content.phash:016x}",
        "added": datetime.fromtimestamp(image.added, UTC).isoformat(),
        "meta": dict(image.meta),
        "space": name,
        "vector_shape": list(values.shape),
        "vector_dtype": str(values.dtype),
    }
    if json:
        print_json(facts | ({"vector": values.tolist()} if vector else {}))
        return
    facts |= {f"meta.{name}": value for name, value in facts.pop("meta").items()}
    shown = values if vector else values[:ENDS]
    facts["vector"] = " ".join(f"{value:.4f}" for value in shown) + ("" if vector else " ...")
    print_table(("fact", "value"), facts.items())


def _draw(values: NDArray[Any], file: Path) -> None:
    from lookalike.images.vector_picture import vector_picture

    try:
        vector_picture(values).save(file)
    except (OSError, ValueError) as error:
        raise UsageError(f"The picture {file} cannot be written: {error}.") from error
    say(f"Drawn: {file}")
