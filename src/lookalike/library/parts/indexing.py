"""The approximate indexes of an open library, its own and those on servers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from lookalike.index.choose import Wish
from lookalike.library.index_building import NOBODY, Hear
from lookalike.library.index_reports import IndexReport, index_report
from lookalike.library.indexing import build_index, is_due, recheck_index, refresh_index
from lookalike.library.parts.opened import Opened
from lookalike.types import Stop, known_metric

if TYPE_CHECKING:
    from lookalike.library.publishing import PublishReport


class Indexing(Opened):
    """The approximate indexes of an open library, its own and those on servers."""

    def build_index(
        self,
        engine: str = "auto",
        *,
        recall: float = 0.95,
        memory: int | None = None,
        latency: float = 10.0,
        space: str | None = None,
        hear: Hear = NOBODY,
    ) -> IndexReport:
        """Build an approximate index, tune it to `recall` and measure it; the old one goes.

        `engine` is auto, exact (no index), hnsw, ivf, ivfpq or rabitq; `memory` bytes that the
        build may take, `latency` milliseconds that a query may. Raises `UnknownNameError`,
        `UsageError`, `StorageFullError`.
        """
        wish = Wish(engine, recall, memory, latency)
        return build_index(self._store, self._chosen(space), wish, hear)

    def refresh_index(self, *, space: str | None = None, hear: Hear = NOBODY) -> IndexReport | None:
        """Take up what the index lacks; None when nothing is missing, or there is none."""
        return refresh_index(self._store, self._chosen(space), hear)

    def recheck_index(self, *, space: str | None = None) -> IndexReport | None:
        """Measure the index again, against exact search; None when there is none."""
        return recheck_index(self._store, self._chosen(space))

    def index_is_due(self) -> bool:
        """Whether the default space has outgrown exact search, and has no index."""
        return is_due(self._store, self._space)

    def index_report(self, *, space: str | None = None) -> IndexReport | None:
        """What was measured of the index; None when there is none."""
        return index_report(self._store, self._chosen(space))

    def index_is_sound(self, *, space: str | None = None) -> bool:
        """Whether all of the index is as it was written, as when it is opened; so is none."""
        return self._store.indexes.is_sound(self._chosen(space))

    def publish(
        self,
        url: str,
        *,
        space: str | None = None,
        metric: str | None = None,
        index: str | None = None,
        m: int | None = None,
        ef_construction: int | None = None,
        recall: float = 0.95,
        memory: int | None = None,
        replace: bool = False,
        on_step: Callable[[str, int, int], None] = lambda _step, _done, _of: None,
        stop: Stop = lambda: False,
    ) -> PublishReport:
        """Mirror a space into PostgreSQL or Milvus; run again, only what changed goes.

        `url` is postgresql://user@host/database or milvus://host:19530, `#name` at its end the
        table. `index` is "hnsw", with `m` links a node and `ef_construction` candidates, or
        "none"; `recall` what its searches reach; `memory` bytes that PostgreSQL may build it in.
        `replace` throws away what is there under that name. After a break it goes on.

        Raises `UsageError`, `ServerError`, `MissingExtraError`, `RecipeMismatchError`.
        """
        from lookalike.library.publishing import Publishing, publish

        by = None if metric is None else known_metric(metric)
        how = Publishing(by, index, m, ef_construction, recall, memory, replace)
        return publish(self._store, self._chosen(space), url, how, on_step, stop)
