"""Packs images into a few large files: in shards, each written whole, none written twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import IO, Any

from lookalike.errors import ImageRejectedError, LibraryBusyError, UnknownNameError, UsageError
from lookalike.images.decode import header
from lookalike.images.read import read_bytes
from lookalike.share.pack_formats import FORMATS, PackFormat, Sample, check_format
from lookalike.share.pack_plan import PackPlan, Planned, make_plan, planned
from lookalike.sources.source import Source
from lookalike.store.cache import replace_file
from lookalike.store.lock import WriterLock
from lookalike.types import Rejected, Stop, location_uri

STATE = ".pack"
CLASSES = "classes.txt"
OnImages = Callable[[int, int], None]


@dataclass(slots=True)
class PackReport:
    """What was written: `kept` of the shards were there already, from an earlier run."""

    directory: Path
    shards: int = 0
    kept: int = 0
    images: int = 0
    bytes: int = 0
    rejects: list[Rejected] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """All of it as JSON."""
        rejects = [asdict(reject) for reject in self.rejects]
        return {**asdict(self), "directory": str(self.directory), "rejects": rejects}


def pack(
    source: Source,
    out: Path,
    format_: str,
    *,
    shards: int | None = None,
    shard_images: int = 10_000,
    on_images: OnImages = lambda _done, _of: None,
    stop: Stop = lambda: False,
) -> PackReport:
    """Write the images of `source`, byte for byte, into `out` as tar, tfrecord or parquet.

    Run again, it writes the shards that are missing, and those of which an image changed. An
    image that cannot be read, or is none by its first bytes, is left out and reported. The
    same source gives the same files. `classes.txt` has the labels by number, a line each.

    Raises `UnknownNameError`, `UsageError` where `out` holds something else,
    `MissingExtraError`, and what the source raises.
    """
    if format_ not in FORMATS:
        raise UnknownNameError("format", format_, FORMATS)
    check_format(format_)
    began = time.monotonic()
    report = PackReport(out)
    plan = make_plan(source, report.rejects, shards, shard_images)
    names = [f"images-{n:05d}-of-{plan.shards:05d}" for n in range(plan.shards)]
    chosen = FORMATS[format_]
    _check_room(out, {f"{name}.{chosen.suffix}" for name in names})
    (out / STATE).mkdir(parents=True, exist_ok=True)
    with _alone(out):
        _write_classes(out, plan)
        images = planned(source)
        done = 0
        for name, part in zip(names, plan.ranges(), strict=True):
            if stop():
                report.interrupted = True
                break
            some = islice(images, len(part))
            facts = _shard(out, name, chosen, plan, part, some, report, on_images)
            done += len(part)
            report.shards += 1
            report.images += facts["images"]
            report.bytes += facts["bytes"]
            report.rejects += [Rejected(**reject) for reject in facts["rejects"]]
            on_images(done, plan.count)
    report.seconds = time.monotonic() - began
    return report


def _shard(
    out: Path,
    name: str,
    format_: PackFormat,
    plan: PackPlan,
    part: range,
    images: Iterator[Planned],
    report: PackReport,
    on_images: OnImages,
) -> dict[str, Any]:
    """Write one shard, or see that it is there; what is known of it."""
    path, note = out / f"{name}.{format_.suffix}", out / STATE / f"{name}.json"
    print_ = plan.print_of(part)
    before = _noted(note)
    if before is not None and before["print"] == print_ and _size(path) == before["bytes"]:
        report.kept += 1
        for _ in images:
            pass
        return before
    rejects: list[Rejected] = []
    written = 0

    def samples() -> Iterator[Sample]:
        nonlocal written
        for number, item in enumerate(images):
            sample = _sample(item, plan)
            if isinstance(sample, Rejected):
                rejects.append(sample)
            else:
                written += 1
                yield sample
            on_images(part.start + number + 1, plan.count)

    note.unlink(missing_ok=True)
    replace_file(path, lambda file: format_.write(file, samples(), plan))
    facts = {
        "print": print_,
        "images": written,
        "bytes": path.stat().st_size,
        "rejects": [asdict(reject) for reject in rejects],
    }
    _replace(note, json.dumps(facts).encode())
    return facts


def _sample(item: Planned, plan: PackPlan) -> Sample | Rejected:
    reference = item.reference
    try:
        data = read_bytes(reference.location)
        width, height, format_ = header(data)
    except ImageRejectedError as error:
        uri = location_uri(reference.location)
        return Rejected(reference.id, uri, error.reason, error.detail)
    label = reference.label
    number = None if label is None else plan.classes.get(label)
    meta = plan.meta(reference)
    return Sample(reference.id, item.name, data, format_, width, height, label, number, meta)


def _write_classes(out: Path, plan: PackPlan) -> None:
    if plan.classes:
        lines = "".join(" ".join(label.splitlines()) + "\n" for label in plan.classes)
        _replace(out / CLASSES, lines.encode("utf-8", "backslashreplace"))


def _replace(path: Path, data: bytes) -> None:
    def write(file: IO[bytes]) -> None:
        file.write(data)

    replace_file(path, write)


def _check_room(out: Path, names: set[str]) -> None:
    """Refuse a folder with a pack of other shards, whose files would be taken for this one's."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"{str(out)!r} is a file. Name a folder for the pack.")
    others = sorted(path.name for path in out.glob("images-*-of-*.*") if path.name not in names)
    others = [name for name in others if not name.endswith(".tmp")]
    if others:
        raise UsageError(
            f"{str(out)!r} holds another pack ({others[0]}). Name a new folder, or empty this one."
        )
    for left in out.glob("images-*.tmp"):
        left.unlink(missing_ok=True)


@contextmanager
def _alone(out: Path) -> Iterator[None]:
    lock = WriterLock(out / STATE / "lock")
    try:
        lock.acquire()
    except LibraryBusyError as error:
        raise LibraryBusyError(
            f"Another process is packing into {str(out)!r}. Wait for it."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _noted(note: Path) -> dict[str, Any] | None:
    try:
        facts: dict[str, Any] = json.loads(note.read_bytes())
        return facts
    except (OSError, ValueError):
        return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
