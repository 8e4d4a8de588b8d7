"""A YAML file with the line of every value, so that an error can say where."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from lookalike.errors import UnknownNameError, UsageError

Plain: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A value and where it stands: a plain one, a list, a mapping, or None for an empty one."""

    value: Plain | list[Entry] | dict[str, Entry] | None
    line: int
    file: Path

    @property
    def place(self) -> str:
        """`config.yml, line 3`."""
        return f"{self.file}, line {self.line}"

    def mapping(self, what: str) -> dict[str, Entry]:
        """The entries below it. Raises `UsageError`."""
        if self.value is None:
            return {}
        if not isinstance(self.value, dict):
            raise UsageError(f"{self.place}: {what} must hold `name: value` lines.")
        return self.value

    def text(self, what: str) -> str:
        """The text. Raises `UsageError`."""
        if not isinstance(self.value, str) or not self.value:
            raise UsageError(f"{self.place}: {what} must be text{self._found()}")
        return self.value

    def switch(self, what: str) -> bool:
        """True or false. Raises `UsageError`."""
        if not isinstance(self.value, bool):
            raise UsageError(f"{self.place}: {what} must be true or false{self._found()}")
        return self.value

    def texts(self, what: str) -> list[str]:
        """One text, or a list of them. Raises `UsageError`."""
        entries = self.value if isinstance(self.value, list) else [self]
        return [entry.text(what) for entry in entries]

    def plain(self, what: str) -> Plain | list[Plain] | None:
        """A plain value or a list of them. Raises `UsageError`."""
        if isinstance(self.value, dict):
            raise UsageError(f"{self.place}: {what} is one value or a list, not a mapping.")
        if not isinstance(self.value, list):
            return self.value
        found = [entry.value for entry in self.value]
        if not all(isinstance(value, str | int | float) for value in found):
            raise UsageError(f"{self.place}: {what} is a list of plain values, nothing deeper.")
        return [value for value in found if isinstance(value, str | int | float)]

    def _found(self) -> str:
        shown = isinstance(self.value, str | int | float)
        return f", not {self.value!r}." if shown else "."


def known_keys(entries: dict[str, Entry], known: set[str], kind: str) -> None:
    """Refuse a key that nothing answers to. Raises `UnknownNameError` with its line."""
    for name, entry in entries.items():
        if name not in known:
            raise UnknownNameError(f"{kind} in {entry.place},", name, known)


def read_entries(path: Path) -> Entry:
    """The root of a YAML file. Raises `UsageError` with the line that is wrong."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"The configuration {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"The configuration {path} is not UTF-8 text.") from error
    return parse_entries(text, path)


def parse_entries(text: str, path: Path) -> Entry:
    """The root of a YAML text; `path` is what errors call it. Raises `UsageError`."""
    import yaml

    loader: Any = None
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        if node is None:
            raise UsageError(f"The configuration {path} is empty.")
        return _Reader(path, loader, {}, set()).entry(node)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else f"The configuration {path}"
        problem = getattr(error, "problem", None) or str(error)
        raise UsageError(f"{where}: this is not YAML: {problem}.") from error
    finally:
        if loader is not None:
            loader.dispose()


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns nodes into entries, each once however often an alias names it."""

    path: Path
    loader: Any
    made: dict[int, Entry]
    within: set[int]

    def entry(self, node: Any) -> Entry:
        line = node.start_mark.line + 1
        if id(node) in self.within:
            raise UsageError(f"{self.path}, line {line}: this contains itself.")
        if id(node) not in self.made:
            self.within.add(id(node))
            self.made[id(node)] = Entry(self._value(node), line, self.path)
            self.within.remove(id(node))
        return self.made[id(node)]

    def _value(self, node: Any) -> Plain | list[Entry] | dict[str, Entry] | None:
        kind = type(node).__name__
        if kind == "SequenceNode":
            return [self.entry(each) for each in node.value]
        if kind == "MappingNode":
            return self._mapping(node)
        value = self.loader.construct_object(node)
        if value is None or isinstance(value, str | int | float):
            return value
        return str(node.value)

    def _mapping(self, node: Any) -> dict[str, Entry]:
        entries: dict[str, Entry] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if type(key).__name__ != "ScalarNode":
                raise UsageError(f"{self.path}, line {line}: a name must be plain text.")
            if key.value in entries:
                raise UsageError(f"{self.path}, line {line}: {key.value!r} is there twice.")
            found = self.entry(value)
            entries[key.value] = Entry(found.value, line, self.path)
        return entries
