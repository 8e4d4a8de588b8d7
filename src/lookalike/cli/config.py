"""Settings from a YAML file: a key for each command, in it a key for each option."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from lookalike.errors import UnknownNameError, UsageError

DEFAULT_FILE = Path("lookalike.yml")


def load_config(path: Path | None, app: typer.Typer) -> dict[str, dict[str, Any]]:
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
    commands = _options_by_command(app)
    return {
        str(command): _checked(chosen, str(command), values, commands)
        for command, values in settings.items()
    }


def _options_by_command(app: typer.Typer) -> dict[str, dict[str, str]]:
    """Command -> option as written (`path-column`) -> its parameter's name."""
    group: Any = typer.main.get_command(app)
    return {
        name: {
            flag.lstrip("-"): parameter.name
            for parameter in command.params
            for flag in [*parameter.opts, f"--{parameter.name}"]
            if flag.startswith("--")
        }
        for name, command in group.commands.items()
    }


def _checked(
    file: Path, command: str, values: Any, commands: dict[str, dict[str, str]]
) -> dict[str, Any]:
    if command not in commands:
        raise UnknownNameError(f"command in {file}", command, commands)
    if not isinstance(values, dict):
        raise UsageError(f"In {file}, `{command}:` must hold `option: value` lines.")
    options = commands[command]
    for key in values:
        if str(key) not in options:
            raise UnknownNameError(f"option of `{command}` in {file}", str(key), options)
    return {options[str(key)]: value for key, value in values.items()}
