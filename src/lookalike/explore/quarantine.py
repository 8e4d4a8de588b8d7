"""Moves the files of a plan out of the way and back; nothing is deleted, any step can be resumed.

A journal with every move is on disk before the first file moves, and so are the rows that the
library is about to lose. Whatever moment a run is killed at, where each file lies tells what
was done: applying the same plan again goes on, undoing puts everything back.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from hashlib import file_digest
from pathlib import Path

from lookalike.errors import LibraryError, UnknownIdError, UsageError
from lookalike.explore.plan import SHARED, Entry, Plan
from lookalike.store.database import sync_directory
from lookalike.store.quarantines import Quarantine
from lookalike.store.store import Store
from lookalike.types import File

FOLDER = ".lookalike-quarantine"
_JOURNAL = "journal.json"
_ROWS = "rows.db"
_SQLITE = b"SQLite format 3\0"
_NAMED = 10

Advance = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Move:
    """One file: the id it had, where it belongs, where it is put, and what it is."""

    id: str
    home: str
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Moved:
    """How many files were moved by this call, and the folder they lie in, or lay in."""

    files: int
    folder: Path


def apply_plan(
    store: Store, plan: Plan, folder: Path | None = None, advance: Advance = lambda *_: None
) -> Moved:
    """Move what a plan lets go into a new folder below `folder`, and take it out of the library.

    Raises `LibraryError`, and moves nothing, when a file or the library is not what it was when
    the plan was made, or when another plan was not finished; `UsageError` for an empty plan.
    """
    if not plan.moves:
        raise UsageError("This plan moves nothing.")
    with store.writing():
        begun = next(
            (one for one in store.quarantines() if one.state in {"moving", "undoing"}), None
        )
        if begun is not None and (begun.state == "undoing" or begun.plan != plan.digest):
            raise LibraryError(
                f"An earlier plan was not finished: its files lie in {begun.folder}. Undo it "
                "first (lookalike duplicates --undo), or apply that same plan again."
            )
        if begun is None:
            moves, place = _begin(store, plan, folder)
        else:
            moves, place = _journal(begun.folder), begun.folder
        for number, move in enumerate(moves, start=1):
            _put_away(move, place)
            advance("moved", number, len(moves))
        store.remove([move.id for move in moves])
        store.note_quarantine(place, plan.digest, "done")
    return Moved(len(moves), place)


def undo(store: Store, advance: Advance = lambda *_: None) -> Moved:
    """Bring back the files of the last plan that was applied, and what the library knew of them.

    Raises `LibraryError`, and moves nothing, when something else lies where a file belongs or
    a moved file is gone; `UsageError` when there is nothing to undo.
    """
    with store.writing():
        last = next((one for one in reversed(store.quarantines()) if one.state != "undone"), None)
        if last is None:
            raise UsageError("There is nothing to undo: no plan was applied.")
        moves = _journal(last.folder)
        problems = [said for move in moves for said in _in_the_way(move, last)]
        problems += _unreadable(last.folder / _ROWS)
        if problems:
            raise LibraryError(_listed(f"Nothing was brought back from {last.folder}", problems))
        store.note_quarantine(last.folder, last.plan, "undoing")
        for number, move in enumerate(moves, start=1):
            _bring_back(move, last.folder)
            advance("brought back", number, len(moves))
        store.put_back(last.folder / _ROWS)
        store.note_quarantine(last.folder, last.plan, "undone")
    return Moved(len(moves), last.folder)


def stale(store: Store, plan: Plan) -> list[str]:
    """What changed since a plan was made, in sentences; empty when it can be applied."""
    found = []
    for entry in plan.entries:
        said = _changed(store, entry)
        if said is not None:
            found.append(f"{entry.id}: {said}")
    homes = [entry.id for entry in plan.moves]
    if len(set(homes)) < len(homes):
        found.append("an image is to be moved twice")
    files = Counter(os.path.realpath(entry.path) for entry in plan.entries)
    found += [
        f"{entry.id}: {SHARED}, and stays"
        for entry in plan.moves
        if files[os.path.realpath(entry.path)] > 1
    ]
    kept = {entry.id for entry in plan.entries if entry.action == "keep"}
    found += [
        f"{entry.id}: {entry.match!r}, for which it goes, does not stay"
        for entry in plan.moves
        if entry.match not in kept
    ]
    return found


def _changed(store: Store, entry: Entry) -> str | None:
    try:
        image = store.image(entry.id)
    except UnknownIdError:
        return "the library has no such image now"
    if image.id != entry.id or image.content.sha256.hex() != entry.sha256:
        return "the library knows other bytes under this id now"
    if not isinstance(image.location, File):
        return "is no file of its own" if entry.action == "move" else None
    path = Path(image.location.path)
    if entry.action == "move" and len(store.keys_at(image.uri, image.content.sha256)) > 1:
        return f"{SHARED}, and stays"
    try:
        status = path.lstat()
        if entry.action == "move":
            if not stat.S_ISREG(status.st_mode):
                return "is a link or no ordinary file, and stays"
            if not _inside(path, image.source):
                return f"lies outside {image.source}, and stays"
        if path.stat().st_size != entry.size or path.stat().st_mtime_ns != entry.mtime_ns:
            return None if _sha256(path) == entry.sha256 else "the file has changed"
    except FileNotFoundError:
        return "the file is gone"
    except OSError as error:
        return f"the file cannot be read: {error.strerror}"
    return None


def _inside(path: Path, source: str) -> bool:
    """Whether a file really lies in its source; tables and lists name their files themselves."""
    root = Path(source)
    return not root.is_dir() or path.parent.resolve().is_relative_to(root.resolve())


def _begin(store: Store, plan: Plan, folder: Path | None) -> tuple[list[Move], Path]:
    """Hold the plan against what there is, then write the journal and the rows."""
    problems = stale(store, plan)
    if problems:
        raise LibraryError(_listed("Nothing was moved, for the plan is out of date", problems))
    base = folder or store.directory.parent / FOLDER
    place = base.absolute() / f"{time.strftime('%Y%m%d-%H%M%S')}-{plan.digest[:8]}"
    for count in range(1, 100):
        with suppress(FileExistsError):
            place.mkdir(parents=True)
            break
        place = place.with_name(f"{place.name.partition('~')[0]}~{count}")
    moves = [_move(store, entry, number) for number, entry in enumerate(plan.moves, start=1)]
    store.withdraw([move.id for move in moves], place / _ROWS)
    _write(place / _JOURNAL, json.dumps([asdict(move) for move in moves], indent=1))
    sync_directory(place.parent)
    store.note_quarantine(place, plan.digest, "moving")
    return moves, place


def _move(store: Store, entry: Entry, number: int) -> Move:
    location = store.image(entry.id).location
    assert isinstance(location, File)  # or the plan had been called out of date
    name = os.fsencode(f"{number:06d} {Path(location.path).name}")[:200].decode(errors="ignore")
    return Move(entry.id, location.path, name, entry.sha256)


def _journal(place: Path) -> list[Move]:
    try:
        return [Move(**move) for move in json.loads((place / _JOURNAL).read_bytes())]
    except (OSError, ValueError, TypeError) as error:
        raise LibraryError(f"The journal of {place} cannot be read: {error}.") from error


def _put_away(move: Move, place: Path) -> None:
    home, away = Path(move.home), place / move.name
    if not home.exists() and away.exists():
        return
    if not _holds(home, move):
        raise LibraryError(
            f"{home} changed while files were moved, and stays. Bring the others back with: "
            "lookalike duplicates --undo"
        )
    if away.exists():  # copied by a run that was killed before it took the original away
        if _holds(away, move):
            _take_away(home)
            return
        away.unlink()
    _carry(home, away, move.sha256)


def _bring_back(move: Move, place: Path) -> None:
    home, away = Path(move.home), place / move.name
    if not away.exists():
        return
    if home.exists():
        away.unlink()  # the same bytes: `_in_the_way` saw to that
        return
    home.parent.mkdir(parents=True, exist_ok=True)
    _carry(away, home, move.sha256)


def _in_the_way(move: Move, quarantine: Quarantine) -> list[str]:
    home, away = Path(move.home), quarantine.folder / move.name
    if not away.exists():  # it never left home, or is back: what became of it there is not ours
        whole = quarantine.state != "done" or _holds(home, move)
        return [] if whole else [f"{move.id}: neither {away} nor {home} holds it"]
    if home.exists() and not _holds(home, move):
        return [f"{move.id}: another file lies at {home}"]
    nearest = next(folder for folder in home.parents if folder.exists())
    if not nearest.is_dir():
        return [f"{move.id}: {nearest} is no folder now"]
    return [] if _holds(away, move) else [f"{move.id}: {away} has changed"]


def _unreadable(rows: Path) -> list[str]:
    try:
        with rows.open("rb") as file:
            sound = file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        return [f"{rows}: {error.strerror}"]
    return [] if sound else [f"{rows} is damaged"]


def _carry(start: Path, end: Path, sha256: str) -> None:
    """Move a file to a name that is free, also to another disk; it is whole in one of the two."""
    try:
        os.link(start, end, follow_symlinks=False)  # fails where a name is taken, unlike rename
    except OSError:
        _copy(start, end, sha256)
    sync_directory(end.parent)
    _take_away(start)


def _copy(start: Path, end: Path, sha256: str) -> None:
    part = end.with_name(f".{sha256[:32]}.part")
    with start.open("rb") as source, part.open("wb") as target:
        shutil.copyfileobj(source, target, 1 << 20)
        target.flush()
        os.fsync(target.fileno())
    shutil.copystat(start, part)
    if _sha256(part) != sha256 or end.exists():
        part.unlink()
        raise LibraryError(f"{start} could not be copied to {end}: what arrived is not the same.")
    part.rename(end)


def _take_away(path: Path) -> None:
    path.unlink()
    sync_directory(path.parent)


def _holds(path: Path, move: Move) -> bool:
    """Whether a file is there and is the one that the plan was about."""
    try:
        return _sha256(path) == move.sha256
    except OSError:
        return False


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    sync_directory(path.parent)


def _listed(what: str, problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - _NAMED:,} more" if len(problems) > _NAMED else ""
    return f"{what}: {'; '.join(problems[:_NAMED])}{more}."
