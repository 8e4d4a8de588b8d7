"""Histories: which images many users liked, disliked or saw, in the order in which they did."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import Literal

import numpy as np

from lookalike.errors import SourceError, UsageError
from lookalike.sources.columns import as_text
from lookalike.sources.rows import Row
from lookalike.sources.table_formats import CSV, table_format
from lookalike.store.moments import moment
from lookalike.types import Keys, Scalar

LIKED, SEEN, DISLIKED = 1, 0, -1
COLUMNS = ("user", "item", "time", "verdict")
UNTIMED = -(2**63)
"""Stands where a row says no time: it is taken to be older than all that do."""
NAMED = 5
"""Rows with a problem that are told one by one; the others are counted."""
_WORDS = {
    "liked": LIKED, "like": LIKED, "yes": LIKED, "true": LIKED, "+": LIKED, "": LIKED,
    "disliked": DISLIKED, "dislike": DISLIKED, "no": DISLIKED, "false": DISLIKED, "-": DISLIKED,
    "seen": SEEN,
}  # fmt: skip
_SECOND = 1_000_000
_MOST_SECONDS = 2**43
_STEP = 10_000
_COMPARED = 100_000

Problem = Literal["no user", "no item", "unknown item", "no verdict", "not a row"]
OnStep = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Histories:
    """What each of `users` did: user u's are `starts[u]` to `starts[u + 1]`, the oldest first.

    `items` (r,) are numbers of items, `verdicts` (r,) `LIKED`, `SEEN` or `DISLIKED`, `times`
    (r,) microseconds, or `UNTIMED`; each item comes once a user, as it came last. `timed` says
    whether there is a column of times, and `untimed` how many rows lack theirs; `repeated`
    rows named an item of their user again; `problems` are rows that could not be used.
    """

    users: list[str]
    starts: Keys
    items: Keys
    verdicts: Keys
    times: Keys
    rows: int
    timed: bool
    untimed: int
    repeated: int
    problems: Mapping[Problem, int]
    examples: tuple[str, ...]


def read_histories(
    path: str, numbers: Mapping[str, int], *, threshold: float = 1.0, on_step: OnStep | None = None
) -> Histories:
    """The histories in a table with columns `user`, `item`, and maybe `time` and `verdict`.

    `numbers` are those of the items by id. A verdict is a number, liked from `threshold` on,
    or a word: liked, disliked, seen; without one it is liked. A time is ISO 8601 or seconds.
    Memory grows by some 140 bytes a row at its height, names of users and all.
    Raises `SourceError` for a file that is none or has no row to use.
    """
    rows = (table_format(path) or CSV).rows(path)
    names: dict[str, int] = {}
    users, items, times, verdicts = array("q"), array("q"), array("q"), array("b")
    problems: Counter[Problem] = Counter()
    examples: list[str] = []
    count, timed = 0, False
    for count, row in enumerate(rows, 1):
        if count == 1 and not row.problem:
            _check_columns(row, path)
            timed = "time" in row.cells
        read = _read(row, numbers, threshold)
        if isinstance(read, str):
            problems[read] += 1
            if len(examples) < NAMED:
                examples.append(_told(row, read, numbers))
        else:
            name, number, when, said = read
            users.append(names.setdefault(name, len(names)))
            items.append(number)
            times.append(when)
            verdicts.append(said)
        if on_step is not None and count % _STEP == 0:
            on_step("reading histories", count, 0)
    if not users:
        first = f" The first: {examples[0]}" if examples else ""
        raise SourceError(f"No row of {Path(path).name!r} can be used, of {count:,}.{first}")
    whole = [
        np.frombuffer(cells, cells.typecode).astype(np.int64)
        for cells in (users, items, times, verdicts)
    ]
    order, repeated = _in_order(whole[0], whole[1], whole[2])
    user, item, time, verdict = (column[order] for column in whole)
    return Histories(
        users=list(names),
        starts=np.searchsorted(user, np.arange(len(names) + 1)),
        items=item,
        verdicts=verdict,
        times=time,
        rows=count,
        timed=timed,
        untimed=int((time == UNTIMED).sum()) if timed else 0,
        repeated=repeated,
        problems=problems,
        examples=tuple(examples),
    )


def ages(histories: Histories, *, by_time: bool) -> Keys:
    """How far back each row (r,) lies behind the last of its user.

    In rows, or `by_time` in microseconds; a row without a time is as old as its user's oldest.
    """
    lasts = np.repeat(histories.starts[1:], np.diff(histories.starts)) - 1
    if not by_time:
        return lasts - np.arange(len(lasts))
    times = histories.times
    known = np.where(times == UNTIMED, np.iinfo(np.int64).max, times)
    oldest = np.minimum.reduceat(known, histories.starts[:-1])[_owners(histories)]
    found = times[lasts] - np.maximum(times, oldest)
    found[times[lasts] == UNTIMED] = 0
    return found


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Histories without their ends, and what was liked in those: `items` (h,) of `owners` (h,).

    `users` (u,) are the numbers, in the whole histories, of the users that are left: those
    that liked something before.
    """

    before: Histories
    users: Keys
    owners: Keys
    items: Keys


def hold_out(histories: Histories, much: float) -> HeldOut:
    """Cut each history before the last things that its user liked.

    `much` is how many of them, or a fraction below 1 of each user's, at least one. Nothing
    that comes later is left in, whatever its verdict. Raises `UsageError` where no user is left.
    """
    if not much > 0 or (much >= 1 and much != int(much)):
        raise UsageError(f"Hold out a number of items, or a fraction below 1; not {much:g}.")
    owners, count = _owners(histories), len(histories.users)
    liked = histories.verdicts == LIKED
    totals = np.bincount(owners, liked, minlength=count).astype(np.int64)
    held = np.full(count, int(much)) if much >= 1 else np.maximum(1, np.rint(much * totals))
    enough = totals > held
    if not enough.any():
        raise UsageError(
            f"No user has liked more than is to be held out ({much:g}), so nothing would be left "
            "to recommend by."
        )
    ends = np.cumsum(totals)[owners]
    later = ends - np.cumsum(liked) + liked
    before = enough[owners] & ((later > held[owners]) | ((later == held[owners]) & ~liked))
    after = enough[owners] & liked & ~before
    users = np.flatnonzero(enough)
    numbers = np.cumsum(enough) - 1
    return HeldOut(
        replace(
            histories,
            users=[histories.users[user] for user in users],
            starts=np.searchsorted(numbers[owners[before]], np.arange(len(users) + 1)),
            items=histories.items[before],
            verdicts=histories.verdicts[before],
            times=histories.times[before],
        ),
        users,
        numbers[owners[after]],
        histories.items[after],
    )


def _owners(histories: Histories) -> Keys:
    """The user of each row (r,)."""
    return np.repeat(np.arange(len(histories.users)), np.diff(histories.starts))


def _in_order(users: Keys, items: Keys, times: Keys) -> tuple[Keys, int]:
    """Rows by user and time, as they come in the file where times are equal; each item once."""
    order = np.lexsort((np.arange(len(users)), times, users))
    newest = order[::-1]
    pairs = np.stack([users[newest], items[newest]])
    _, first = np.unique(pairs[0] * (int(items.max()) + 1) + pairs[1], return_index=True)
    kept = np.zeros(len(order), dtype=np.bool_)
    kept[first] = True
    return newest[kept][::-1], len(order) - len(first)


def _check_columns(row: Row, path: str) -> None:
    for column in COLUMNS[:2]:
        if column not in row.cells:
            listed = ", ".join(map(repr, islice(row.cells, 20)))
            near = get_close_matches(column, row.cells, n=1, cutoff=0.5)
            hint = f" Rename {near[0]!r}?" if near else ""
            raise UsageError(
                f"{Path(path).name!r} has no column {column!r}.{hint} Histories have the columns "
                f"user, item, and maybe time and verdict; this table has {listed}."
            )


def _read(
    row: Row, numbers: Mapping[str, int], threshold: float
) -> tuple[str, int, int, int] | Problem:
    if row.problem:
        return "not a row"
    user, item = as_text(row.cells["user"]).strip(), as_text(row.cells["item"]).strip()
    if not user:
        return "no user"
    if not item:
        return "no item"
    number = numbers.get(item)
    if number is None:
        number = numbers.get(item.removeprefix("id:"))
    if number is None:
        return "unknown item"
    verdict = _verdict(row.cells.get("verdict"), threshold)
    return (
        "no verdict" if verdict is None else (user, number, _time(row.cells.get("time")), verdict)
    )


def _verdict(cell: Scalar, threshold: float) -> int | None:
    word = as_text(cell).strip().lower()
    if word in _WORDS:
        return _WORDS[word]
    value = _number(word)
    return None if value is None else LIKED if value >= threshold else DISLIKED


def _time(cell: Scalar) -> int:
    text = as_text(cell).strip()
    found = moment(text)
    if found is not None:
        return found
    value = _number(text)
    return UNTIMED if value is None or abs(value) > _MOST_SECONDS else round(value * _SECOND)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _told(row: Row, problem: Problem, numbers: Mapping[str, int]) -> str:
    """A row with a problem in words, with the nearest ids where the item is unknown."""
    where = f"row {row.number}"
    if problem == "unknown item":
        item = as_text(row.cells["item"]).strip()
        near = get_close_matches(item, islice(numbers, _COMPARED), n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"{where}: no image {item!r}{hint}"
    if problem == "no verdict":
        verdict = as_text(row.cells["verdict"])
        return f"{where}: {verdict!r} is no number, and not liked, disliked or seen"
    return f"{where}: {row.problem or problem}"
