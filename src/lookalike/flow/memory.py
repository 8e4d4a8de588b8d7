"""What is remembered of each step that succeeded: a JSON file beside the configuration."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lookalike.store.cache import replace_file

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Success:
    """Of what a step was made when it last succeeded: marks by name, and how long it took."""

    options: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]
    seconds: float
    code: int


class Memory:
    """The successes of a configuration's steps, by name; every change is on disk at once."""

    def __init__(self, config: Path) -> None:
        self.path = config.with_name(f".{config.name}.state.json")
        self._steps = _read(self.path)

    def get(self, step: str) -> Success | None:
        """The last success of a step that has not been begun anew since."""
        return self._steps.get(step)

    def keep(self, step: str, success: Success) -> None:
        """Remember a success. Raises OSError."""
        self._steps[step] = success
        self._write()

    def forget(self, step: str) -> None:
        """A step is begun: what it made before no longer counts. Raises OSError."""
        if self._steps.pop(step, None) is not None:
            self._write()

    def _write(self) -> None:
        known = {name: asdict(success) for name, success in self._steps.items()}
        data = json.dumps({"format": FORMAT, "steps": known}, indent=1).encode()
        replace_file(self.path, lambda file: _put(file, data))


def _put(file: Any, data: bytes) -> None:
    file.write(data)


def _read(path: Path) -> dict[str, Success]:
    """What is on disk; nothing where it is missing, damaged or of another version."""
    try:
        found = json.loads(path.read_bytes())
        if found["format"] != FORMAT:
            return {}
        return {str(name): Success(**known) for name, known in found["steps"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}
