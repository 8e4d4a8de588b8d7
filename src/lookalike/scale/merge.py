"""Takes shards into a library, in the order in which the source offered their images."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter

from lookalike.embed.plan import check_claim, with_what_was_told
from lookalike.embed.report import Report
from lookalike.errors import SourceError, some_of
from lookalike.scale.files import Shard, finished, open_shard, read_shard, refuse_another_job
from lookalike.scale.rows import from_table
from lookalike.scale.storage import Storage
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Duplicate, Embedded, Metric, Outcome, Rejected, Stop, Unchanged

_AT_ONCE = 512
_SHOWN = 10


def all_shards(storage: Storage) -> list[Shard]:
    """The shards of one job, each there once, from the first to the last.

    Raises `SourceError` where one is missing or damaged, `UsageError` where two jobs meet.
    """
    shards = [read_shard(storage, name) for name in finished(storage)]
    if not shards:
        raise SourceError(
            f"There are no shards in {storage.url!r}. Make them with: "
            "lookalike index SOURCE --shard I/N --out FOLDER"
        )
    for shard in shards:
        refuse_another_job(shards[0], shard.told, storage)
    there = {shard.number for shard in shards}
    missing = [n for n in range(1, shards[0].shards + 1) if n not in there]
    if missing:
        raise SourceError(
            f"{storage.url!r} lacks {len(missing):,} of {shards[0].shards:,} shards: "
            f"{some_of([*map(str, missing)], _SHOWN)}. Make them with --shard I/N, as the "
            "others were."
        )
    return shards


def made_with(url: str) -> tuple[str, Metric | None]:
    """The model of the shards in a folder, as a spec, and the metric of their vectors.

    The metric is None for bits, which have but one. Raises as `all_shards`.
    """
    space = all_shards(Storage(url))[0].space
    return space.spec, None if space.of_bits else space.metric


def merge_shards(
    store: Store,
    space: Space,
    url: str,
    on_progress: Callable[[Report], None] = lambda _: None,
    stop: Stop = lambda: False,
) -> Report:
    """Store what the shards in a folder hold, as one process would have that made them all.

    Keys follow the order of the source. Merged again, everything is unchanged; what the
    library has read since the shards were made stays. A row group of each shard is held.

    Raises `RecipeMismatchError` where the library's vectors are of another recipe,
    `DuplicateIdError`, and as `all_shards`; what was stored before stays.
    """
    storage = Storage(url)
    shards = all_shards(storage)
    first = shards[0]
    if first.space.fingerprint != space.fingerprint or first.space.metric != space.metric:
        made = first.space
        store.space_add(space.name, made.recipe, made.fingerprint, made.dim, made.metric)
    source = str(first.told["source"])
    report = Report(source=source, library=str(store.directory), space=space.name)
    report.total = sum(shard.counts["offered"] for shard in shards)
    began_ns = min(shard.began_ns for shard in shards)
    rows = heapq.merge(*(placed_outcomes(storage, shard) for shard in shards), key=itemgetter(0))
    with store.writing():
        number = store.source(source)
        while group := [outcome for _, outcome in islice(rows, _AT_ONCE)]:
            told, kept = _as_known(store, space, group, began_ns)
            store.write(space, number, told, began_ns)
            report.count(told + kept)
            on_progress(report)
            if stop():
                report.interrupted = True
                break
    report.notes.extend(dict.fromkeys(note for shard in shards for note in shard.counts["notes"]))
    report.finish()
    return report


def placed_outcomes(storage: Storage, shard: Shard) -> Iterator[tuple[int, Outcome]]:
    """Places and outcomes of a shard; the file is open only while a row group is read."""
    for group in range(shard.row_groups):
        with open_shard(storage, shard.name) as file:
            table = file.read_row_group(group)
        yield from from_table(table, shard.space)


def _as_known(
    store: Store, space: Space, group: Sequence[Outcome], began_ns: int
) -> tuple[list[Outcome], list[Outcome]]:
    """What to store of some outcomes, as the library sees them, and what it knows better."""
    found = [outcome for outcome in group if not isinstance(outcome, Rejected)]
    known = store.known(space, [outcome.reference.id for outcome in found])
    sizes = {outcome.content.size for outcome in found if isinstance(outcome, Embedded)}
    digests = store.shas_of_size(space, sizes)
    held = {sha256 for some in digests.values() for sha256 in some}
    told: list[Outcome] = []
    kept: list[Outcome] = []
    for outcome in group:
        if isinstance(outcome, Rejected | Unchanged):
            told.append(outcome)
            continue
        reference, stamp = outcome.reference, outcome.stamp
        sha256 = outcome.content.sha256 if isinstance(outcome, Embedded) else outcome.sha256
        before = known.get(reference.id)
        if before is not None:
            check_claim(reference, before)
            reference = with_what_was_told(reference, before)
            if before.sha256 != sha256 and before.checked_ns > began_ns:
                kept.append(Unchanged(reference, before.stamp))
                continue
            if before.sha256 == sha256 and not before.missing_vector:
                told.append(Unchanged(reference, stamp))
                continue
        told.append(
            Duplicate(reference, stamp, sha256)
            if sha256 in held
            else replace(outcome, reference=reference)
        )
        held.add(sha256)
    return told, kept
