"""`lookalike models register`, `registered`, `alias`: models that an MLflow store keeps."""

from __future__ import annotations

from typing import Annotated

import typer

from lookalike.cli.models import SpecArgument
from lookalike.cli.options import JsonOption
from lookalike.cli.output import print_json, print_line, print_table, say
from lookalike.errors import UsageError

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="The registered model.")]


def register(
    spec: SpecArgument,
    name: NameArgument,
    alias: Annotated[
        list[str] | None, typer.Option(help="A name for this version, such as champion.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Keep a model, as ONNX, as the next version of a registered one in the MLflow store."""
    from lookalike.learn.registered import register as write

    made = write(spec, name, alias or ())
    if json:
        print_json(made.as_dict())
        return
    print_line(made.spec)
    for one in made.aliases:
        say(f"Also: mlflow:models:/{name}@{one}")


def registered(json: JsonOption = False) -> None:
    """Print the models registered in the MLflow store, with their versions and aliases."""
    from lookalike.learn.registered import registered as read
    from lookalike.models.mlflow_store import store_address

    found = read()
    if json:
        print_json([one.as_dict() for one in found])
        return
    rows = [(one.model, one.version, ", ".join(one.aliases), one.spec) for one in found]
    print_table(("model", "version", "aliases", "spec"), rows)
    say(f"Store: {store_address()}")


def alias(
    name: NameArgument,
    alias: Annotated[str, typer.Argument(metavar="ALIAS", help="Such as champion.")],
    version: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", help="The version it stands for.")
    ] = None,
    drop: Annotated[bool, typer.Option("--drop", help="Take the alias away.")] = False,
    json: JsonOption = False,
) -> None:
    """Let an alias of a registered model stand for a version; spaces made before keep theirs."""
    from lookalike.learn.registered import drop_alias, set_alias

    if drop == (version is not None):
        raise UsageError("Name the version that the alias stands for, or --drop.")
    if version is None:
        drop_alias(name, alias)
    else:
        set_alias(name, alias, version)
    if json:
        print_json({"model": name, "alias": alias, "version": version})
    elif version is None:
        say(f"Dropped: {alias}")
    else:
        print_line(f"mlflow:models:/{name}@{alias}")
