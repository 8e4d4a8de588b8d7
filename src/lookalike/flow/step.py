"""A step of a configuration, and the order in which steps are run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from lookalike.datasets.names import is_dataset
from lookalike.errors import UnknownNameError, UsageError
from lookalike.flow.entries import Plain
from lookalike.flow.kinds import Kind

Options = Mapping[str, Plain | list[Plain]]
Perform = Callable[[Options], int]
"""Runs a command with these options; gives its exit code."""


@dataclass(frozen=True, slots=True)
class Step:
    """A command with its options, by parameter. `place` is where the configuration has it."""

    name: str
    command: str
    options: Options
    place: str
    kind: Kind
    perform: Perform
    after: tuple[str, ...] = ()

    @property
    def reads(self) -> list[str]:
        """The files and folders that it reads; a library's own verdicts and data sets are none."""
        named = [(one, text) for one in self.kind.reads for text in self.texts(one)]
        return [
            text
            for one, text in named
            if (one, text) != ("judgements", "library") and not is_dataset(text)
        ]

    @property
    def writes(self) -> list[str]:
        """The files and folders that it makes."""
        said = [text for one in self.kind.writes for text in self.texts(one)]
        return said if "out" in self.options else [*said, *self.kind.beside(self.options)]

    def texts(self, parameter: str) -> list[str]:
        """What one parameter holds, as texts."""
        value = self.options.get(parameter)
        if value is None:
            return []
        return [str(each) for each in (value if isinstance(value, list) else [value])]

    def text(self, parameter: str) -> str | None:
        """What one parameter holds, None without it."""
        return next(iter(self.texts(parameter)), None)


def in_order(steps: Sequence[Step]) -> list[Step]:
    """The steps as they are written, but each behind those it is `after`.

    Raises `UnknownNameError` for a step that does not exist, `UsageError` for a circle.
    """
    by_name = {step.name: step for step in steps}
    for step in steps:
        for name in step.after:
            if name not in by_name:
                raise UnknownNameError(f"step in {step.place}, after", name, by_name)
    sorter = TopologicalSorter({step.name: step.after for step in steps})
    try:
        sorter.prepare()
    except CycleError as error:
        circle = " after ".join(f"`{name}`" for name in reversed(error.args[1]))
        place = by_name[error.args[1][0]].place
        raise UsageError(f"{place}: steps wait for each other: {circle}.") from error
    written = {step.name: place for place, step in enumerate(steps)}
    ready = list(sorter.get_ready())
    found: list[Step] = []
    while ready:
        ready.sort(key=written.__getitem__)
        name = ready.pop(0)
        found.append(by_name[name])
        sorter.done(name)
        ready.extend(sorter.get_ready())
    return found
