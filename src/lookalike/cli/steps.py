"""The steps of a configuration, from its entries: commands with their options, checked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lookalike.cli.config import options_of
from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.output import count, say
from lookalike.cli.progress import progress_bar
from lookalike.errors import UnknownNameError, UsageError
from lookalike.flow.entries import Entry, Plain, known_keys
from lookalike.flow.kinds import KINDS
from lookalike.flow.step import Options, Perform, Step, in_order

if TYPE_CHECKING:
    from lookalike.flow.old import Modern

OWN_KEYS = ("command", "after")


def read_configuration(config: Path) -> tuple[list[Step], Modern | None]:
    """The steps of a configuration, and what an old one is today. Raises as `read_steps`."""
    from lookalike.cli.main import app
    from lookalike.flow.entries import parse_entries, read_entries
    from lookalike.flow.old import modernised

    root = read_entries(config)
    modern = modernised(root)
    if modern is not None:
        root = parse_entries(modern.text(), Path(f"{config} as steps"))
    return read_steps(root, app), modern


def read_steps(root: Entry, app: typer.Typer) -> list[Step]:
    """The steps of a configuration in the order in which they are run.

    Raises `UsageError` with the line of what is wrong, `UnknownNameError` with the nearest.
    """
    entries = root.mapping("a configuration")
    known_keys(entries, {"library", "steps"}, "key")
    if "steps" not in entries:
        raise UsageError(f"{root.file} has no `steps:`.")
    library = entries["library"].text("`library`") if "library" in entries else None
    written = entries["steps"].mapping("`steps:`")
    if not written:
        raise UsageError(f"{entries['steps'].place}: `steps:` names no step.")
    commands = _commands(typer.main.get_command(app))
    steps = [_step(name, entry, commands, library) for name, entry in written.items()]
    return in_order(steps)


def _commands(app: Any) -> dict[str, Any]:
    """Every command that can be a step, by its words: `space add`."""
    found = dict(app.commands)
    for group, commands in app.commands.items():
        inner = getattr(commands, "commands", {})
        found |= {f"{group} {name}": command for name, command in inner.items()}
    return {name: command for name, command in found.items() if name in KINDS}


def _step(name: str, entry: Entry, commands: Mapping[str, Any], library: str | None) -> Step:
    settings = entry.mapping(f"step `{name}`")
    named = settings["command"].text("`command:`") if "command" in settings else name
    if named not in commands:
        place = settings["command"].place if "command" in settings else entry.place
        raise UnknownNameError(f"command of a step in {place},", named, commands)
    command = commands[named]
    after = settings["after"].texts("`after:`") if "after" in settings else []
    options = _options(name, settings, command)
    parameters = {parameter.name: parameter for parameter in command.params}
    kind = KINDS[named]
    if library is not None and "library" in parameters and not kind.own_library:
        options.setdefault("library", library)
    for parameter in parameters.values():
        if parameter.required and parameter.name not in options:
            wanted = str(parameter.name).replace("_", "-")
            raise UsageError(f"{entry.place}: step `{name}` needs `{wanted}`.")
    return Step(name, named, options, entry.place, kind, _perform(command, named), tuple(after))


def _options(name: str, settings: Mapping[str, Entry], command: Any) -> dict[str, Any]:
    """The options by parameter, each of the type that its parameter takes."""
    known = options_of(command)
    parameters = {parameter.name: parameter for parameter in command.params}
    found: dict[str, Any] = {}
    for key, entry in settings.items():
        if key in OWN_KEYS:
            continue
        if key not in known:
            names = {each.replace("_", "-") for each in known} | set(OWN_KEYS)
            raise UnknownNameError(f"option of `{name}` in {entry.place},", key, names)
        if known[key] in found:
            raise UsageError(f"{entry.place}: `{key}` is there twice.")
        value = _checked(entry, key, parameters[known[key]], command)
        if value is not None:
            found[known[key]] = value
    return found


def _checked(entry: Entry, key: str, parameter: Any, command: Any) -> Plain | list[Plain] | None:
    """The value as a parameter takes it. Raises `UsageError`."""
    if getattr(parameter, "is_flag", False):
        return None if entry.value is None else entry.switch(f"`{key}`")
    value = entry.plain(f"`{key}`")
    many = getattr(parameter, "multiple", False) or parameter.nargs == -1
    if value is None:
        return None
    if isinstance(value, list) and not many:
        raise UsageError(f"{entry.place}: `{key}` takes one value, not a list.")
    values = value if isinstance(value, list) else [value]
    for each in values:
        if isinstance(each, bool):
            raise UsageError(
                f"{entry.place}: `{key}` is not true or false. A word such as yes or no is text "
                "only in quotes."
            )
        if each == "-":
            raise UsageError(f"{entry.place}: `{key}` cannot be -: a step has no standard input.")
    texts = [str(each) for each in values]
    try:
        # resilient: what is to be written may lie in a folder that an earlier step makes
        context = command.context_class(command, info_name=key, resilient_parsing=True)
        parameter.process_value(context, texts if many else texts[0])
    except typer.BadParameter as error:
        raise UsageError(f"{entry.place}: `{key}`: {error.message}") from error
    return list(values) if many else value


def _perform(command: Any, name: str) -> Perform:
    """Runs the command in this process; what it prints as data is talk here."""

    def perform(options: Options) -> int:
        if name == "index":
            code = _follow(options)
            if code:
                return code
        with redirect_stdout(sys.stderr):
            try:
                context = command.make_context(name, [], default_map=dict(options))
                with context:
                    command.invoke(context)
            except typer.Exit as ended:
                return int(ended.exit_code)
        return 0

    return perform


def _follow(options: Options) -> int:
    """Where `index` is to use another model than before, its space is made first."""
    from lookalike.flow.follow_model import follow_model, other_model

    library, model, metric = (options.get(name) for name in ("library", "model", "metric"))
    before = other_model(_text(library), _text(model), _text(metric))
    if before is None:
        return 0
    say(f"The model was {before}: {model} gets a space of its own, and the old one is kept.")
    workers = options.get("workers")
    with stop_on_interrupt() as stop, progress_bar() as advance:
        report = follow_model(
            _text(library),
            str(model),
            _text(metric),
            workers if isinstance(workers, int) else None,
            advance,
            stop,
        )
    if report is not None:
        say(f"Space {report.space}: {count(report.embedded, 'new vector')}")
    return 130 if report is not None and report.interrupted else 0


def _text(value: object) -> str | None:
    return None if value is None else str(value)
