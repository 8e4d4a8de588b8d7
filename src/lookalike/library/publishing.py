"""Publishes a space to a server and keeps it in step: only what changed goes."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from lookalike.errors import RecipeMismatchError, UnknownNameError, UsageError
from lookalike.index.remote.address import Address, parse_address
from lookalike.index.remote.connect import connect
from lookalike.index.remote.mirror import (
    Graph,
    Mirror,
    MirrorColumn,
    OnStep,
    Published,
    mirror_column,
)
from lookalike.library.remote_tuning import tuned
from lookalike.library.sending import Sender
from lookalike.search.filters.resolve import kind_among
from lookalike.search.remote import Remote
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Metric, Stop, check_metric

_INDEXES = ("hnsw", "none")
_M = 16
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Publishing:
    """How to publish. `index` says whether vectors get one: "hnsw", with `m` links a node.

    What is None stays as it was published before, at first the space's metric, "hnsw", 16 and
    100. `recall` is what searching has to reach; `memory` is bytes that the server may use to
    build the index; `replace` throws away what is there under that name.
    """

    metric: Metric | None = None
    index: str | None = None
    m: int | None = None
    ef_construction: int | None = None
    recall: float = 0.95
    memory: int | None = None
    replace: bool = False

    def __post_init__(self) -> None:
        if self.index not in {None, *_INDEXES}:
            raise UnknownNameError("index of a server", str(self.index), _INDEXES)
        if not 0 < self.recall <= 1:
            raise UsageError(f"The recall lies above 0 and up to 1; {self.recall} does not.")

    def graph(self, metric: Metric, before: Published | None) -> Graph | None:
        """The index that is wanted, None for none. Raises `UsageError`."""
        old = None if before is None else before.graph
        if self.index == "none" or (self.index is None and before is not None and old is None):
            return None
        m = self.m or (old.m if old else _M)
        width = self.ef_construction or (old.ef_construction if old else max(_WIDTH, 2 * m))
        if not 2 <= m <= 100:
            raise UsageError(f"m runs from 2 to 100; {m} does not.")
        if not 2 * m <= width <= 1000:
            raise UsageError(
                f"ef_construction runs from twice m, {2 * m}, to 1000; {width} does not."
            )
        return Graph(metric, m, width)


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What became of a publish: `sent` rows and `removed` ones, `rows` there in the end.

    `server` is the URL without its secrets, `table` the table or collection; `columns` maps
    the library's columns to theirs. `recall` at 10 was measured with the search effort
    `reach`, against exact search; both are 0 without an index.
    """

    space: str
    server: str
    table: str
    columns: dict[str, str]
    sent: int
    removed: int
    rows: int
    recall: float
    reach: int
    seconds: float
    interrupted: bool

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def publish(
    store: Store,
    space: Space,
    url: str,
    how: Publishing,
    on_step: OnStep = lambda _step, _done, _of: None,
    stop: Stop = lambda: False,
) -> PublishReport:
    """Bring what a server holds of a space up to the library as it is now.

    After a break it goes on where it stopped. Raises `UsageError`, `ServerError`,
    `MissingExtraError`, and `RecipeMismatchError` where something else lies under that name.
    """
    began = time.perf_counter()
    address = parse_address(url)
    table = address.table(space.name)
    mirror = connect(address, table)
    try:
        mirror.claim()
        before = None if how.replace else mirror.published()
        if before is not None:
            _refuse_another(store, space, before, table)
        now = store.data_version()  # before the columns: what is written meanwhile goes next time
        state = _begun(store, space, mirror, how, before)
        sender = Sender(store, space, mirror, on_step, stop)
        state = sender.send(state, now)
        if not sender.interrupted:
            mirror.finish(state, how.memory, on_step)
            state = tuned(store, space, mirror, state, how.recall, on_step)
            mirror.keep(state)
        rows = mirror.rows()
    finally:
        mirror.close()
    return report_of(
        address,
        space.name,
        state,
        sent=sender.sent,
        removed=sender.removed,
        rows=rows,
        began=began,
        interrupted=sender.interrupted,
    )


def report_of(
    address: Address,
    space: str,
    state: Published,
    *,
    sent: int,
    removed: int,
    rows: int,
    began: float,
    interrupted: bool,
) -> PublishReport:
    """What became of a publish that `began` at that `time.perf_counter()` and ended now."""
    return PublishReport(
        space=space,
        server=replace(address, name="").shown,
        table=address.table(space),
        columns={f"{one.field.origin}.{one.field.name}": one.name for one in state.columns},
        sent=sent,
        removed=removed,
        rows=rows,
        recall=round(state.recall, 4),
        reach=state.reach,
        seconds=round(time.perf_counter() - began, 3),
        interrupted=interrupted,
    )


def open_remote(store: Store, space: Space, address: Address) -> Remote:
    """A published space, ready to be asked. Raises `UsageError` where there is none."""
    table = address.table(space.name)
    mirror = connect(address, table)
    try:
        published = mirror.published()
        if published is None or not (published.version or published.target):
            raise UsageError(
                f"Space {space.name!r} is not published there as {table!r}. "
                f"Run: lookalike publish {address.shown}"
            )
        _refuse_another(store, space, published, table)
    except BaseException:
        mirror.close()
        raise
    return remote_now(store, mirror, published, address.shown)


def remote_now(store: Store, mirror: Mirror, published: Published, shown: str) -> Remote:
    """A published space beside the library as it is now."""
    behind = store.data_version() - published.version
    gone = store.died_since(published.version) if behind else np.empty(0, np.int64)
    return Remote(mirror, published, shown, behind, gone)


def _begun(
    store: Store, space: Space, mirror: Mirror, how: Publishing, before: Published | None
) -> Published:
    """The state to go on from."""
    metric = how.metric or (before.metric if before else space.metric)
    check_metric(metric, bits=space.of_bits)
    state = Published(
        library=store.history(),
        fingerprint=space.fingerprint,
        dim=space.dim,
        bits=space.of_bits,
        metric=metric,
        columns=_columns(store),
        graph=how.graph(metric, before),
    )
    if before is not None and not _in_history(store, before):
        before = None  # a backup that went another way: what it lacks cannot be told
    if before is not None:
        state = replace(
            state,
            version=before.version,
            token=before.token,
            target=before.target,
            target_token=before.target_token,
            after=before.after,
        )
    if mirror.begin(state, before):
        if before is not None:
            mirror.remove(store.lost_since(space, before.version))
        state = replace(state, version=0, token="", target=0, target_token="", after=0)
        mirror.keep(state)
    return state


def _columns(store: Store) -> tuple[MirrorColumn, ...]:
    cache = store.column_cache
    return tuple(
        mirror_column(field, kind_among(field, cache.parts([field], keep=False)))
        for field in cache.fields()
    )


def _in_history(store: Store, state: Published) -> bool:
    """Whether what was published is a state of this very library, not of a copy that went on."""
    reached = [(state.version, state.token), (state.target, state.target_token)]
    return all(store.token(version) == token for version, token in reached if version)


def _refuse_another(store: Store, space: Space, there: Published, table: str) -> None:
    """Raise `RecipeMismatchError` where the server holds something else."""
    what = None
    if there.dim != space.dim or there.bits != space.of_bits:
        what = f"vectors of {there.dim} {'bits' if there.bits else 'dimensions'}, not {space.dim}"
    elif there.fingerprint != space.fingerprint:
        what = "vectors that were made in another way"
    elif there.library != store.history():
        what = "another library's images"
    if what is not None:
        raise RecipeMismatchError(
            f"{table!r} on the server holds {what}. Choose another name, by #name at the end of "
            "the URL, or publish with --replace."
        )
