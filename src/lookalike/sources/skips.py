"""Counts what a source passes over, and says it in sentences."""

from __future__ import annotations

from lookalike.types import readable

MAX_FAULTS = 20

HIDDEN = "{n} dot-file{s} or dot-folder{s}"
NOT_AN_IMAGE = "{n} file{s} without an image extension"
SPECIAL = "{n} special file{s} (pipes, sockets, devices, sparse files)"
LINKS = "{n} link{s} inside the archive"
VISITED = "{n} link{s} to folders that were listed already"
REPEATED_PATHS = "{n} repeated path{s}"
REPEATED_ROWS = "{n} duplicate row{s}"
OTHER_VALUES = "{n} row{s} for an id that an earlier row has with other values"


class Skips:
    """A tally by kind with one example each, and the first faults in full."""

    def __init__(self) -> None:
        self._tally: dict[str, tuple[int, str]] = {}
        self._faults: list[str] = []
        self._more_faults = 0

    def add(self, kind: str, example: str) -> None:
        """Count one thing; `kind` is a phrase with `{n}` and `{s}` for number and plural."""
        count, first = self._tally.get(kind, (0, example))
        self._tally[kind] = (count + 1, first)

    def fault(self, sentence: str) -> None:
        """Keep a sentence about something that could not be read."""
        if len(self._faults) < MAX_FAULTS:
            self._faults.append(readable(sentence))
        else:
            self._more_faults += 1

    @property
    def faulty(self) -> bool:
        """Whether there is any fault."""
        return bool(self._faults)

    def sentences(self) -> list[str]:
        """All of it, in the order in which each kind was first met."""
        said = [
            f"{kind.format(n=count, s='' if count == 1 else 's')} skipped"
            f"{':' if count == 1 else ', such as'} {readable(example)}"
            for kind, (count, example) in self._tally.items()
        ]
        more = [f"{self._more_faults} more such faults"] if self._more_faults else []
        return said + self._faults + more
