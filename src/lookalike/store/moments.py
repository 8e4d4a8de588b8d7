"""Dates and times as they are written in ISO 8601, as microseconds since 1970 in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

NO_MOMENT = -(2**63)
"""Stands in an array of moments where a text is none."""

Span: TypeAlias = tuple[int, int]
"""The first microsecond of a year, month, day, minute or second, and that after its last."""

_MOMENT = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6}))?)?)?)?)?"
    r"(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def moment(text: str) -> int | None:
    """The first microsecond of a day or a time of day, None for any other text.

    Without an offset it is in UTC.
    """
    found = _MOMENT.fullmatch(text)
    if found is None or found[3] is None or (found[8] and found[4] is None):
        return None
    span = _span(found)
    return None if span is None else span[0]


def span(text: str) -> Span | None:
    """What a year, month, day, minute or second covers, None for any other text."""
    found = _MOMENT.fullmatch(text)
    if found is None or (found[8] and found[4] is None):
        return None
    return _span(found)


def written(at: int) -> str:
    """Microseconds since 1970 as ISO 8601, shortest form."""
    time = _EPOCH + at * _MICROSECOND
    if at % 86_400_000_000 == 0:
        return time.date().isoformat()
    return time.isoformat().removesuffix("+00:00") + "Z"


def _span(found: re.Match[str]) -> Span | None:
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        start = datetime(
            int(year), int(month or 1), int(day or 1), int(hour or 0), int(minute or 0),
            int(second or 0), int((fraction or "").ljust(6, "0")), tzinfo=UTC,
        )  # fmt: skip
        if offset and offset != "Z":
            east = timedelta(hours=int(offset[1:3]), minutes=int(offset[-2:]))
            start -= east if offset[0] == "+" else -east
        if fraction:
            end = start + timedelta(microseconds=10 ** (6 - len(fraction)))
        elif day:
            unit = "seconds" if second else "minutes" if hour else "days"
            end = start + timedelta(**{unit: 1})
        elif month:
            end = (start + timedelta(days=31)).replace(day=1)
        else:
            end = start.replace(year=start.year + 1)
    except (ValueError, OverflowError):
        return None
    return (start - _EPOCH) // _MICROSECOND, (end - _EPOCH) // _MICROSECOND
