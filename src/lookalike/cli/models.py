"""`lookalike models`: what models there are, what one is, and how to try and carry it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli.options import JsonOption, LibraryOption, PrecisionOption, RuntimeOption
from lookalike.cli.output import count, print_json, print_line, print_table, say, size

models = typer.Typer(invoke_without_command=True, help="List, describe, check and carry models.")

SpecArgument = Annotated[
    str, typer.Argument(metavar="SPEC", help="As efficientnet-lite0 or onnx:net.onnx#pool@avg.")
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE.onnx", help="The file to write.")]


@models.callback()
def list_models(context: typer.Context, json: JsonOption = False) -> None:
    """Print the catalogue; any spec can stand where one of its names can."""
    if context.invoked_subcommand is not None:
        return
    from lookalike.models.catalog import catalog
    from lookalike.models.loaders import LOADERS

    rows = [
        {
            "name": row.name,
            "dimension": row.dimension,
            "needs": row.weights,
            "licence": row.licence,
            "advice": row.advice,
        }
        for row in sorted(catalog().values(), key=lambda row: row.name)
    ]
    if json:
        print_json(rows)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows])
        say(f"Any other: {', '.join(f'{name}:NAME' for name in LOADERS)}")


@models.command()
def show(
    spec: SpecArgument,
    json: JsonOption = False,
) -> None:
    """Print what a model is: its layers with shapes, parameters, preprocessing, licence."""
    from lookalike.models.model import find_model
    from lookalike.models.trying import layers_of

    model = find_model(spec)
    layers = layers_of(model)
    parameters = sum(layer.parameters for layer in layers)
    taken = sum(layer.bytes for layer in layers)
    facts = {
        "name": model.name,
        "revision": model.revision,
        "vector": " x ".join(map(str, model.shape)),
        "head": model.head,
        "parameters": parameters if layers else None,
        "bytes": taken if layers else None,
        "licence": model.licence,
        "weights_sha256": model.weights_sha256,
        **model.preprocessing.as_recipe(),
        "note": model.note,
    }
    if json:
        listed = [
            {
                "name": one.name,
                "kind": one.kind,
                "shape": one.shape,
                "parameters": one.parameters,
                "bytes": one.bytes,
            }
            for one in layers
        ]
        print_json(facts | {"layers": listed})
        return
    if layers:
        facts |= {"parameters": f"{parameters:,}", "bytes": size(taken)}
    print_table(("fact", "value"), [fact for fact in facts.items() if fact[1] not in {None, ""}])
    print_line("")
    rows = [
        (
            one.name,
            one.kind,
            " x ".join("n" if length is None else str(length) for length in one.shape),
            f"{one.parameters:,}" if one.parameters else "",
        )
        for one in layers
    ]
    print_table(("layer", "kind", "shape", "parameters"), rows)


@models.command()
def check(
    spec: SpecArgument,
    runtime: RuntimeOption = "auto",
    precision: PrecisionOption = "auto",
    json: JsonOption = False,
) -> None:
    """Load a model and run it: dimension, time, the same vectors in any batch; exit 1 if not."""
    from lookalike.models.model import find_model
    from lookalike.models.trying import BATCH, try_out

    model = find_model(spec)
    tried = try_out(model, runtime=runtime, precision=precision)
    facts = {
        "name": model.name,
        "well": tried.well,
        "vector": " x ".join(map(str, tried.shape)),
        "runtime": tried.runtime,
        "precision": tried.precision,
        "seconds_to_open": round(tried.seconds_to_open, 3),
        "ms_an_image": round(1000 * tried.seconds_an_image, 2),
        f"cosine_of_{BATCH}_together_to_one_at_a_time": round(tried.cosine, 6),
    }
    print_json(facts) if json else print_table(("fact", "value"), facts.items())
    if model.note:
        say(model.note)
    if not tried.well:
        say("The model does not give the vectors it promises.")
        raise typer.Exit(1)


@models.command()
def export(spec: SpecArgument, file: FileArgument, json: JsonOption = False) -> None:
    """Write a model as an ONNX file, its preprocessing inside, and check it against the model."""
    from lookalike.models.model import find_model
    from lookalike.models.trying import export as write

    same = write(find_model(spec), file)
    if json:
        told = {"cosine": same.cosine, "difference": same.difference}
        print_json({"file": str(file), "bytes": file.stat().st_size, **told})
        return
    print_line(
        f"{file}: {size(file.stat().st_size)}, cosine to the original {same.cosine:.6f}, "
        f"largest difference {same.difference:.1e}"
    )
    say(f"Use it as: onnx:{file}")


@models.command()
def quantize(
    spec: SpecArgument,
    file: FileArgument,
    library: LibraryOption = None,
    images: Annotated[
        int, typer.Option(min=20, help="Images of the library to calibrate and judge on.")
    ] = 400,
    min_overlap: Annotated[
        float, typer.Option(min=0, max=1, help="Write the file from this overlap@10 on.")
    ] = 0.8,
    json: JsonOption = False,
) -> None:
    """Write a model in int8, if it still finds what it found: judged on the library's images."""
    import lookalike
    from lookalike.library.quantize import K
    from lookalike.library.quantize import quantize as write
    from lookalike.models.model import find_model

    with lookalike.open(library, create=False) as opened:
        found = write(opened, find_model(spec), file, images=images, min_overlap=min_overlap)
    judged = {"fp32": found.original, "int8": found.int8}
    if json:
        print_json(
            {
                "accepted": found.accepted,
                "calibrated_on": found.calibrated_on,
                "judged_on": found.judged_on,
                "cosine": found.cosine,
                f"overlap_at_{K}": found.overlap,
                "times_as_fast": round(found.faster, 2),
                "networks": {
                    name: {
                        "images_a_second": one.images_a_second,
                        f"label_precision_at_{K}": one.precision,
                    }
                    for name, one in judged.items()
                },
            }
        )
    else:
        rows = [
            (
                name,
                f"{one.images_a_second:.0f}",
                "" if one.precision is None else f"{one.precision:.4f}",
            )
            for name, one in judged.items()
        ]
        print_table(("network", "images/s", f"label precision@{K}"), rows)
        print_line(
            f"Mean cosine {found.cosine:.4f}, overlap@{K} {found.overlap:.3f}, on "
            f"{count(found.judged_on, 'image')}; calibrated on {found.calibrated_on:,} others. "
            f"{found.faster:.2f} times as fast, both by ONNX Runtime, taking turns."
        )
    if not found.accepted:
        say(f"Not written: overlap@{K} is below {min_overlap}. Lower it with --min-overlap.")
        raise typer.Exit(1)
    say(f"Written. Use it as onnx:{file}; it is run by ONNX Runtime.")
