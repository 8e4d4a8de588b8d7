"""Every error a user can meet, as one tree; each message says what happened and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from typing import Any
from unicodedata import combining, east_asian_width


def some_of(names: Sequence[str], most: int = 5) -> str:
    """Names for a message: the first of them, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


_PASSWORD = re.compile(
    r"(?<=://)([^\s/?#@:]*):(?!\d*[/?#])[^\s@]*@(?:[^\s/?#@]*@)*",
)
"""Behind `://NAME:`, up to the last `@` before the path; not a port with a path behind it."""


def without_password(text: str) -> str:
    """`text` with `***` for the password of each URL in it."""
    return _PASSWORD.sub(r"\1:***@", text)


class LookalikeError(Exception):
    """Root of all errors raised on purpose by this package; they cross between processes.

    As text, none repeats the password of a URL.
    """

    def __str__(self) -> str:
        return without_password(super().__str__())

    def __reduce__(self) -> tuple[Callable[..., LookalikeError], tuple[Any, ...]]:
        return _again, (type(self), self.args, self.__dict__)


def _again(
    kind: type[LookalikeError], args: tuple[Any, ...], facts: dict[str, Any]
) -> LookalikeError:
    """The error that was pickled, whatever its class is made from."""
    error = kind.__new__(kind, *args)
    error.__dict__.update(facts)
    return error


class UsageError(LookalikeError):
    """The caller asked for something that cannot be (the shell exits with 2)."""


class UnknownNameError(UsageError):
    """A name that nothing answers to; the message offers the nearest ones."""

    def __init__(self, kind: str, name: str, there: Iterable[str]) -> None:
        names = sorted(there)
        near = get_close_matches(name, names, n=3, cutoff=0.5)
        known = f"Known: {', '.join(names[:20])}." if names else "There is none yet."
        hint = f"Did you mean {' or '.join(near)}?" if near else known
        super().__init__(f"Unknown {kind} {name!r}. {hint}")


class FilterError(UsageError):
    """A filter that cannot be read or does not fit the columns; a caret shows where.

    `problem` says what is wrong with characters `start` to `end` of `text`, `hint` what to do;
    `lines` is the message.
    """

    def __init__(self, problem: str, text: str, start: int, end: int, hint: str = "") -> None:
        self.problem, self.text, self.start, self.end, self.hint = problem, text, start, end, hint
        before, fault = text[max(0, start - _CONTEXT) : start], text[start:end][:_CONTEXT]
        shown = before + fault + text[start + len(fault) :][:_CONTEXT]
        caret = " " * _width(before) + "^" * max(1, _width(fault))
        lines = (problem, f"  {shown}", f"  {caret}", hint)
        self.lines = ["".join(map(_visible, line)) for line in lines if line]
        super().__init__("\n".join(self.lines))


_CONTEXT = 60


def _visible(character: str) -> str:
    return character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"


def _width(text: str) -> int:
    """How many cells of a terminal a text takes."""
    wide = sum(east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(map(bool, map(combining, text)))


class MissingExtraError(UsageError):
    """A feature whose optional dependency is not installed."""

    def __init__(self, feature: str, extra: str) -> None:
        super().__init__(f"{feature} needs an extra: pip install 'lookalike[{extra}]'")


class SourceError(LookalikeError):
    """A folder, table or archive cannot be read as a source of images."""


class LibraryError(LookalikeError):
    """Something about the library on disk."""


class LibraryNotFoundError(LibraryError):
    """No library here or above."""


class LibraryTooNewError(LibraryError):
    """The library was written by a newer version of this package."""


class LibraryBusyError(LibraryError):
    """Another process is writing to the library."""


class LibraryDamagedError(LibraryError):
    """The database itself does not hold together."""


class StorageFullError(LibraryError):
    """The disk has no room for the next transaction; what was stored before is safe."""


class RecipeMismatchError(LibraryError):
    """Vectors of two different recipes would meet in one space."""


class DuplicateIdError(LibraryError):
    """Two different files claim one id."""


class UnknownIdError(LibraryError):
    """No image of that id in the library."""


class ServerError(LookalikeError):
    """A server to which a space is published cannot be reached, refuses, or lacks something."""


class ModelError(LookalikeError):
    """A model is missing, damaged, or gives something unexpected."""


class NotBetterError(LookalikeError):
    """What was learned does no better than what there was, on data held out."""


class TrainingError(LookalikeError):
    """A training cannot go on; what it had reached is kept."""


class ImageRejectedError(LookalikeError):
    """One image cannot be used; `reason` is one of `types.REASONS`."""

    def __init__(self, reason: str, detail: str = "") -> None:
        self.reason = reason
        self.detail = without_password(detail)
        super().__init__(f"{reason}: {detail}" if detail else reason)


class FetchError(ImageRejectedError):
    """An image could not be had from the web; asking again helps where it is `transient`.

    `code` is the HTTP status, `retry_after` the seconds to wait, where the server told.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        code: int | None = None,
        transient: bool = False,
        retry_after: float | None = None,
    ) -> None:
        self.code = code
        self.transient = transient
        self.retry_after = retry_after
        super().__init__(reason, detail)
