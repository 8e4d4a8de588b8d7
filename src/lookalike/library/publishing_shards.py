"""Publishes shards to a server as they are, without a library between: for more than one disk."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lookalike.errors import RecipeMismatchError
from lookalike.index.remote.address import parse_address
from lookalike.index.remote.connect import connect
from lookalike.index.remote.mirror import (
    Mirror,
    MirrorColumn,
    OnStep,
    Published,
    Rows,
    mirror_column,
    of_kind,
)
from lookalike.library.publishing import Publishing, PublishReport, report_of
from lookalike.scale.files import Shard, open_shard
from lookalike.scale.merge import all_shards, placed_outcomes
from lookalike.scale.storage import Storage
from lookalike.sources.columns import ColumnKinds
from lookalike.sources.columns import Kind as CellKind
from lookalike.store.column import Kind, Value
from lookalike.store.fields import Field
from lookalike.types import (
    Duplicate,
    Embedded,
    Outcome,
    Stop,
    Stored,
    check_metric,
    location_uri,
    readable,
)

_ALWAYS: dict[str, Kind] = {"id": "text", "label": "text", "uri": "text", "size": "number"}
_KINDS: dict[CellKind | None, Kind] = {
    "bool": "boolean", "int": "number", "float": "number", "text": "text", None: "empty"
}  # fmt: skip
_AT_ONCE = 1_000


def publish_shards(
    folder: str,
    url: str,
    how: Publishing,
    on_step: OnStep = lambda _step, _done, _of: None,
    stop: Stop = lambda: False,
) -> PublishReport:
    """Send all images of the shards in a folder to a server, shard by shard.

    The key of a row is the place of its image in the source. The table is asked by the
    server's own means. After a break it goes on with the shard at hand; vectors of contents
    that several images of one shard share are held meanwhile. Raises as `publish` and
    `scale.merge.all_shards` do.
    """
    began = time.perf_counter()
    storage = Storage(folder)
    shards = all_shards(storage)
    space = shards[0].space
    address = parse_address(url)
    table = address.table(space.name)
    mirror = connect(address, table)
    sent = 0
    interrupted = False
    try:
        mirror.claim()
        before = None if how.replace else mirror.published()
        state = _state(storage, shards, how, before)
        if before is not None and (before.library, before.dim) != (state.library, state.dim):
            raise RecipeMismatchError(
                f"{table!r} on the server holds something else than these shards. Choose another "
                "name, by #name at the end of the URL, or publish with --replace."
            )
        mirror.begin(state, before)
        for done, shard in enumerate(shards):
            if state.version or shard.number <= state.after:
                continue
            interrupted = stop()
            if interrupted:
                break
            on_step("sending", done, len(shards))
            sent += _send(mirror, storage, shard, state)
            state = replace(state, after=shard.number)
            mirror.keep(state)
        if not interrupted:
            state = state.done() if state.target else state
            mirror.finish(state, how.memory, on_step)
            mirror.keep(state)
        rows = mirror.rows()
    finally:
        mirror.close()
    return report_of(
        address,
        space.name,
        state,
        sent=sent,
        removed=0,
        rows=rows,
        began=began,
        interrupted=interrupted,
    )


def _state(
    storage: Storage, shards: Sequence[Shard], how: Publishing, before: Published | None
) -> Published:
    """What is to be there, or what is under way already."""
    space = shards[0].space
    metric = how.metric or space.metric
    check_metric(metric, bits=space.of_bits)
    job = hashlib.sha256(json.dumps(shards[0].told, sort_keys=True).encode()).hexdigest()[:32]
    state = Published(
        library=f"shards:{job}",
        fingerprint=space.fingerprint,
        dim=space.dim,
        bits=space.of_bits,
        metric=metric,
        columns=_columns(storage, shards),
        graph=how.graph(metric, before),
        target=1,
        target_token=job,
    )
    if before is None or before.library != state.library:
        return state
    return replace(
        state,
        version=before.version,
        token=before.token,
        target=before.target,
        target_token=before.target_token,
        after=before.after,
    )


def _columns(storage: Storage, shards: Sequence[Shard]) -> tuple[MirrorColumn, ...]:
    """The columns that every image has, and those of its source, by reading these alone."""
    kinds = ColumnKinds(typed=True)
    for shard in shards:
        with open_shard(storage, shard.name) as file:
            for batch in file.iter_batches(_AT_ONCE, columns=["meta"]):
                for cell in batch.column("meta").to_pylist():
                    kinds.observe(json.loads(cell or "{}"))
    told = {name: _KINDS[kind] for name, kind in sorted(kinds.kinds.items())}
    return (
        *(mirror_column(Field("image", name), kind) for name, kind in _ALWAYS.items()),
        *(mirror_column(Field("meta", name), kind) for name, kind in told.items()),
    )


def _send(mirror: Mirror, storage: Storage, shard: Shard, state: Published) -> int:
    """Send the images of one shard; how many there were."""
    shared = _shared(storage, shard)
    vectors: dict[bytes, Stored] = {}
    sent = 0
    for group in _groups(storage, shard):
        keys, rows, images = [], [], []
        for place, outcome in group:
            match outcome:
                case Embedded(content=content, vector=vector):
                    if content.sha256 in shared:
                        vectors[content.sha256] = vector
                case Duplicate(sha256=sha256):
                    vector = vectors[sha256]
                case _:
                    continue
            keys.append(place)
            rows.append(vector)
            images.append(outcome)
        if keys:
            values = [[_value(image, one) for image in images] for one in state.columns]
            mirror.put(Rows(np.array(keys, np.int64), np.stack(rows), values), state)
            sent += len(keys)
    return sent


def _groups(storage: Storage, shard: Shard) -> Iterator[list[tuple[int, Outcome]]]:
    group: list[tuple[int, Outcome]] = []
    for placed in placed_outcomes(storage, shard):
        group.append(placed)
        if len(group) == _AT_ONCE:
            yield group
            group = []
    yield group


def _shared(storage: Storage, shard: Shard) -> set[bytes]:
    """The contents of a shard that more than one of its images has."""
    with open_shard(storage, shard.name) as file:
        table = file.read(columns=["outcome", "sha256"]).to_pylist()
    return {row["sha256"] for row in table if row["outcome"] == "duplicate"}


def _value(image: Embedded | Duplicate, column: MirrorColumn) -> Value:
    reference = image.reference
    if column.field.origin == "meta":
        return of_kind(reference.meta.get(column.field.name), column.kind)
    told: dict[str, Value] = {
        "id": reference.id,
        "label": reference.label,
        "uri": readable(location_uri(reference.location)),
        "size": image.stamp.size,
    }
    return of_kind(told[column.field.name], column.kind)
