"""A filter as tokens: words, quoted texts, operators, brackets and commas, with their places."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from lookalike.errors import FilterError

MAX_LENGTH = 200_000
"""Characters of a filter."""

TokenKind = Literal["word", "quoted", "operator", "mark", "end"]

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*")
      | (?P<operator><>|<=|>=|!=|==|=|<|>)
      | (?P<mark>[(),])
      | (?P<word>[^\s'"(),=<>!]+)
    )""",
    re.VERBOSE,
)
_SAME = {"<>": "!=", "==": "="}


@dataclass(frozen=True, slots=True)
class Token:
    """One token; `text` is its meaning, `start` to `end` where it stands."""

    kind: TokenKind
    text: str
    start: int
    end: int

    def is_word(self, *words: str) -> bool:
        """Whether this is one of these words, unquoted and in any case."""
        return self.kind == "word" and self.text.lower() in words


def tokens(text: str) -> list[Token]:
    """The tokens of a filter, the last of kind `end`. Raises `FilterError`."""
    if len(text) > MAX_LENGTH:
        raise FilterError(
            f"The filter has {len(text):,} characters; at most {MAX_LENGTH:,} are read.",
            text, MAX_LENGTH, MAX_LENGTH,
        )  # fmt: skip
    found: list[Token] = []
    place = 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise _unreadable(text, place)
        found.append(_token(match))
        place = match.end()
    return [*found, Token("end", "", place, place)]


def _token(match: re.Match[str]) -> Token:
    start, end = match.span(match.lastgroup or 0)
    written = match[match.lastgroup or 0]
    match match.lastgroup:
        case "quoted":
            quote = written[0]
            return Token("quoted", written[1:-1].replace(quote * 2, quote), start, end)
        case "operator":
            return Token("operator", _SAME.get(written, written), start, end)
        case "mark":
            return Token("mark", written, start, end)
        case _:
            return Token("word", written, start, end)


def _unreadable(text: str, place: int) -> FilterError:
    start = place + len(text[place:]) - len(text[place:].lstrip())
    if text[start] in "'\"":
        return FilterError(
            "A quote is opened and not closed.", text, start, start + 1,
            f"Write a {text[start]} inside a text twice.",
        )  # fmt: skip
    return FilterError(
        f"{text[start]!r} means nothing here.", text, start, start + 1, "For unequal write !=."
    )
