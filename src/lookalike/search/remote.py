"""Search on a server: it names candidates among what it mirrors, the stored vectors decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.index.engine import ANN_METRICS
from lookalike.index.exact import check_queries
from lookalike.index.remote.mirror import Mirror, Published, Where
from lookalike.search.engine import nearest
from lookalike.search.filters.milvus import to_milvus
from lookalike.search.filters.postgres import to_postgres
from lookalike.search.filters.typed import Condition, leaves
from lookalike.store.fields import Field
from lookalike.store.matrix import MatrixView
from lookalike.types import Floats, Keys, Metric


@dataclass(frozen=True, slots=True)
class Remote:
    """A mirror to ask: what it holds, `shown` as people may see it, how far it is `behind`.

    `gone` (n,) are keys that it holds and the library no more, or with another vector.
    """

    mirror: Mirror
    published: Published
    shown: str
    behind: int
    gone: Keys

    def told(self, *, exact: bool) -> str:
        """What is searched, in words."""
        how = "HNSW" if self.published.graph and not exact else "a scan"
        late = f"; {self.behind:,} writes behind the library, publish again" if self.behind else ""
        return f"{how} on {self.shown}{late}"


def compiled(remote: Remote, condition: Condition) -> Where:
    """A filter in the words of the server. Raises `UsageError` where it cannot be asked there."""
    columns = {column.field: column for column in remote.published.columns}
    for leaf in leaves(condition):
        column = columns.get(leaf.field)
        kind = getattr(leaf, "kind", None)
        if column is None or (kind is not None and kind != column.kind):
            raise UsageError(
                f"Column {leaf.field.name!r} is new or of another kind since the space was "
                "published. Publish it again, then filter by it there."
            )

    def named(field: Field) -> str:
        return columns[field].name

    if remote.mirror.language == "milvus":
        return to_milvus(condition, named), []
    return to_postgres(condition, lambda field: f'"{named(field)}"')


def nearest_remote(
    remote: Remote,
    view: MatrixView,
    queries: NDArray[Any],
    k: int,
    metric: Metric,
    *,
    unit: bool,
    without: Sequence[Collection[int]],
    where: Where | None,
    exact: bool,
) -> list[tuple[Keys, Floats]]:
    """As `search.engine.nearest`, with candidates from a server. Raises `ServerError` too."""
    if view.space.of_bits and queries.dtype != np.uint8:
        raise UsageError(
            "A server compares bits with bits: ask with one item, or search in the library."
        )
    if not view.space.of_bits:
        check_queries(view.matrix, queries, k, metric)
    published = remote.published
    by = _metric_there(published, metric)
    count = 2 * k + 10  # the server compares at half precision, which the stored vectors put right
    hidden = [np.union1d(np.fromiter(keys, np.int64), remote.gone) for keys in without]
    reach = None if exact or published.graph is None else published.reach
    found = remote.mirror.nearest(published, queries, count, by, where, hidden, reach)
    return [
        nearest(
            view,
            queries[number : number + 1],
            k,
            metric,
            unit=unit,
            without=[without[number]],
            allowed=np.sort(candidates),
        )[0]
        for number, candidates in enumerate(found)
    ]


def _metric_there(published: Published, metric: Metric) -> Metric:
    """The metric to ask by: vectors of length 1 are ranked alike by several."""
    alike = published.metric == "cosine" and metric in ANN_METRICS
    return published.metric if alike else metric
