"""Settings from a YAML file: a key for each command, in it a key for each option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lookalike.errors import UnknownNameError, UsageError

DEFAULT_FILE = Path("lookalike.yml")


def load_config(path: Path | None, app: typer.Typer) -> dict[str, Any]:
    """Defaults by command and parameter; raises `UsageError` naming the key that is wrong."""
    if path is None and not DEFAULT_FILE.is_file():
        return {}
    import yaml

    chosen = path or DEFAULT_FILE
    try:
        settings = yaml.safe_load(chosen.read_text("utf-8")) or {}
    except OSError as error:
        raise UsageError(f"The settings {chosen} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"The settings {chosen} are not YAML: {error}") from error
    if not isinstance(settings, dict):
        raise UsageError(f"The settings {chosen} must be `command: {{option: value}}`.")
    return _checked(chosen, "", settings, typer.main.get_command(app))


def _checked(file: Path, path: str, values: Any, group: Any) -> dict[str, Any]:
    """The settings of a group of commands: a key for each command and group within it."""
    checked = {}
    for key, inner in values.items():
        name = str(key)
        if name not in group.commands:
            kind = f"command of `{path}` in {file}" if path else f"command in {file}"
            raise UnknownNameError(kind, name, group.commands)
        command = group.commands[name]
        if not isinstance(inner, dict):
            raise UsageError(f"In {file}, `{name}:` must hold `option: value` lines.")
        within = f"{path} {name}".strip()
        if hasattr(command, "commands"):
            checked[name] = _checked(file, within, inner, command)
        else:
            checked[name] = _options(file, within, inner, command)
    return checked


def options_of(command: Any) -> dict[str, str]:
    """The parameters of a command by the names that a file may use: `path-column`."""
    return {
        flag.lstrip("-"): parameter.name
        for parameter in command.params
        for flag in [*parameter.opts, f"--{parameter.name}"]
        if flag.startswith("--")
    }


def _options(file: Path, name: str, values: dict[Any, Any], command: Any) -> dict[str, Any]:
    """Values by parameter; options are named as they are written."""
    options = options_of(command)
    for key in values:
        if str(key) not in options:
            raise UnknownNameError(f"option of `{name}` in {file}", str(key), options)
    return {options[str(key)]: value for key, value in values.items()}
