"""The `lookalike` command: gathers the commands and turns errors into exit codes.

0 done, 1 failed, 2 wrong usage, 3 done but some inputs were rejected, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy
from pathlib import Path
from typing import Annotated

import typer

from lookalike.cli import (
    calibrate,
    classify,
    clean,
    clusters,
    columns,
    demo,
    doctor,
    duplicates,
    embed,
    evaluate,
    export,
    fetch,
    import_,
    index,
    info,
    judge,
    label,
    map_,
    merge,
    models,
    neighbours,
    outliers,
    pack,
    publish,
    recommend,
    registry,
    rejects,
    remove,
    run,
    search,
    serve,
    show,
    space,
    split,
    teach,
    train,
)
from lookalike.cli.config import load_config
from lookalike.cli.interrupt import Interruptible
from lookalike.cli.output import drop_output, prepare_streams, say
from lookalike.errors import FilterError, LookalikeError, UsageError

app = typer.Typer(
    name="lookalike",
    cls=Interruptible,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "LOOKALIKE", "help_option_names": ["-h", "--help"]},
)
for command in (index, search, neighbours, show, info, rejects, remove, embed, fetch, doctor, demo):
    app.command()(getattr(command, command.__name__.rpartition(".")[2]))
app.command()(clean.clean)
app.command()(split.split)
app.command()(evaluate.evaluate)
app.command()(judge.judge)
app.command()(label.label)
app.command()(calibrate.calibrate)
app.command()(clusters.clusters)
app.command("map")(map_.map_)
app.command()(merge.merge)
app.command()(duplicates.duplicates)
app.command()(outliers.outliers)
app.command()(pack.pack)
app.command()(publish.publish)
app.command()(recommend.recommend)
app.command()(teach.teach)
app.command()(train.train)
app.command()(run.run)
app.command()(serve.serve)
app.command("import")(import_.import_)
app.add_typer(space.space, name="space")
app.add_typer(columns.columns, name="columns")
app.add_typer(classify.classify, name="classify")
models.models.command()(registry.register)
models.models.command()(registry.registered)
models.models.command()(registry.alias)
app.add_typer(models.models, name="models")
app.add_typer(export.export, name="export")


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"lookalike {version('lookalike')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(help="Settings for the commands. Default: lookalike.yml, if it is here."),
    ] = None,
    version: Annotated[  # noqa: ARG001
        bool,
        typer.Option(
            "--version",
            callback=_version,
            is_eager=True,
            allow_from_autoenv=False,
            help="Print it and exit.",
        ),
    ] = False,
) -> None:
    """Visual search for any pile of images: offline, fast, and nothing is lost.

    Every option is also a variable, such as LOOKALIKE_INDEX_LIMIT=100,
    and a key in a YAML file: `index: {limit: 100}`.
    """
    context.default_map = load_config(config, app)


def main() -> None:
    """Run the command line; the process exits with the code its errors stand for."""
    prepare_streams()
    try:
        try:
            only_named(sys.argv[1:])()
        finally:
            sys.stdout.flush()
    except FilterError as error:
        _fail(error.lines[0], 2, error.lines[1:])
    except UsageError as error:
        _fail(error, 2)
    except LookalikeError as error:
        _fail(error, 1)
    except BrokenPipeError:
        drop_output()
        sys.exit(1)
    except OSError as error:
        drop_output()
        _fail(f"{error.filename or 'Reading or writing failed'}: {error.strerror}.", 1)
    except KeyboardInterrupt:
        say("Interrupted.")
        sys.exit(130)


def only_named(words: Sequence[str]) -> typer.Typer:
    """The app with the one command that is asked for: preparing all takes as long as a search."""
    wanted = words[0] if words else ""
    found = [
        info
        for info in app.registered_commands
        if info.callback is not None and wanted == (info.name or info.callback.__name__)
    ]
    if not found:
        return app
    small = copy(app)
    small.registered_commands, small.registered_groups = found, []
    return small


def _fail(error: LookalikeError | str, code: int, more: Sequence[str] = ()) -> None:
    say(f"Error: {error}")
    for line in more:
        say(line)
    sys.exit(code)
