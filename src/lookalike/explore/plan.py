"""Which of a group of near-duplicates stays and which may go, with the reason for each."""

from __future__ import annotations

import csv
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass, fields
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Literal, get_args

from lookalike.errors import UnknownNameError, UsageError
from lookalike.explore.duplicates import LEVELS, Group
from lookalike.store.records import ImageRecord
from lookalike.types import File

Keep = Literal["best", "first", "largest", "newest"]
KEEPS: tuple[Keep, ...] = get_args(Keep)
Action = Literal["keep", "move"]
SHARED = "its file has another id too"
_ANY_NAME = "surrogateescape"
"""Names of files that are no UTF-8 go into a table, and come out of it, as the bytes they are."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One image of a plan: what is to become of it, why, and what it was when that was decided.

    `match` is the id of the image that stays in its place, empty for one that stays.
    """

    group: int
    id: str
    action: Action
    reason: str
    level: str
    match: str
    path: str
    sha256: str
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Plan:
    """All images of all groups, in their order; nothing is moved before it is applied."""

    entries: list[Entry]

    @property
    def moves(self) -> list[Entry]:
        """The images that are to go."""
        return [entry for entry in self.entries if entry.action == "move"]

    @property
    def digest(self) -> str:
        """Tells this plan from any other."""
        data = json.dumps([asdict(entry) for entry in self.entries]).encode()
        return hashlib.sha256(data).hexdigest()


Rank = Callable[[ImageRecord], tuple[int, ...]]
_RANKS: dict[Keep, tuple[Rank, str]] = {
    "best": (
        lambda image: (
            -image.content.width * image.content.height,
            -image.content.size,
            image.added,
            image.key,
        ),
        "most pixels, then most bytes",
    ),
    "first": (lambda image: (image.key,), "indexed first"),
    "largest": (lambda image: (-image.content.size, image.key), "largest file"),
    "newest": (lambda image: (-image.stamp.mtime_ns, image.key), "newest file"),
}


def make_plan(
    groups: Sequence[Group],
    keep: str,
    protect: Sequence[str] = (),
    drop: Collection[str] = (),
) -> Plan:
    """Keep one image of each group by a rule: best, first, largest or newest.

    `protect` are patterns of ids or paths that always stay; ids in `drop` stay only where
    nothing else of their group does. An image goes only when it was
    verified against one that stays, and when its file has no other id, which a table or a link
    may give it; one that is in several groups gets one answer. Raises `UnknownNameError` for
    another rule.
    """
    rule = next((name for name in KEEPS if name == keep), None)
    if rule is None:
        raise UnknownNameError("rule", keep, KEEPS)
    rank, why = _RANKS[rule]
    gone: set[str] = set()
    kept: set[str] = set()
    entries = []
    for number, group in enumerate(groups, start=1):
        files = Counter(os.path.realpath(image.uri) for image in group.images)
        shared = {image.id for image in group.images if files[os.path.realpath(image.uri)] > 1}
        order = sorted(
            range(len(group.images)),
            key=lambda place: (
                not _protected(group.images[place], protect),
                group.images[place].id in drop,
                *rank(group.images[place]),
            ),
        )
        for place in order:
            image = group.images[place]
            if image.id in gone:
                continue
            entry = _entry(number, group, place, kept, shared, protect, why)
            (gone if entry.action == "move" else kept).add(image.id)
            entries.append(entry)
    return Plan(entries)


def _protected(image: ImageRecord, protect: Sequence[str]) -> bool:
    return any(fnmatch(image.id, one) or fnmatch(image.uri, one) for one in protect)


def _entry(
    number: int,
    group: Group,
    place: int,
    kept: set[str],
    shared: set[str],
    protect: Sequence[str],
    why: str,
) -> Entry:
    image = group.images[place]
    standing = [
        (LEVELS.index(edge.level), -edge.score, edge, group.images[other])
        for pair, edge in group.edges.items()
        if place in pair
        and group.images[other := pair[0] if pair[1] == place else pair[1]].id in kept
    ]
    action: Action = "keep"
    level, match = "", ""
    if image.id in kept:
        reason = "stays by another group"
    elif _protected(image, protect):
        reason = "protected"
    elif not standing:
        reason = (
            why
            if not any(other.id in kept for other in group.images)
            else ("none that stays is close enough")
        )
    elif not isinstance(image.location, File):
        reason = "inside an archive, which is left as it is"
    elif image.id in shared:
        reason = SHARED
    else:
        *_, edge, stays = min(standing, key=lambda one: one[:2])
        action, level, match = "move", edge.level, stays.id
        reason = f"same as {stays.id}: {edge.how}"
    return Entry(
        group=number,
        id=image.id,
        action=action,
        reason=reason,
        level=level,
        match=match,
        path=image.uri,
        sha256=image.content.sha256.hex(),
        size=image.stamp.size,
        mtime_ns=image.stamp.mtime_ns,
    )


def write_plan(plan: Plan, path: Path) -> None:
    """Write a plan as .csv or .json; raises `UsageError` for another name, OSError."""
    match path.suffix.lower():
        case ".json":
            rows = [asdict(entry) for entry in plan.entries]
            path.write_text(json.dumps({"plan": 1, "entries": rows}, indent=1), "utf-8")
        case ".csv":
            with path.open("w", newline="", encoding="utf-8", errors=_ANY_NAME) as file:
                writer = csv.DictWriter(file, [field.name for field in fields(Entry)])
                writer.writeheader()
                writer.writerows(asdict(entry) for entry in plan.entries)
        case _:
            raise UsageError(f"A plan is written as .csv or .json, not as {path.name!r}.")


def read_plan(path: Path) -> Plan:
    """The plan of a .csv or .json file; lines taken out of it are left alone.

    Raises `UsageError` for a file that is no plan.
    """
    try:
        if path.suffix.lower() == ".csv":
            with path.open(newline="", encoding="utf-8-sig", errors=_ANY_NAME) as file:
                rows: list[dict[str, Any]] = list(csv.DictReader(file))
        else:
            rows = json.loads(path.read_text("utf-8"))["entries"]
        return Plan([_read_entry(row) for row in rows])
    except (ValueError, KeyError, TypeError, UnicodeError) as error:
        raise UsageError(
            f"{path} is no plan: {type(error).__name__}: {error}. "
            "Make one with: lookalike duplicates --plan plan.csv"
        ) from error


def _read_entry(row: dict[str, Any]) -> Entry:
    if row["action"] not in get_args(Action):
        raise ValueError(f"the action {row['action']!r} is neither keep nor move")
    text = {name: str(row[name]) for name in ("id", "reason", "level", "match", "path", "sha256")}
    numbers = {name: int(row[name]) for name in ("group", "size", "mtime_ns")}
    return Entry(action=row["action"], **numbers, **text)  # type: ignore[arg-type]
