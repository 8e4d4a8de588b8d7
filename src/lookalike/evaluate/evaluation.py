"""What an evaluation found, as one record: figures, comparisons, tables, warnings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from lookalike.evaluate.intervals import Difference, Estimate
from lookalike.evaluate.measure import Measured
from lookalike.evaluate.tables import ClassRow, Confusion, Hubs
from lookalike.types import Scalar

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Contender:
    """One way of searching: its figures with their intervals, and where it fails.

    `worst` are places of queries in `measured`, the worst first.
    """

    name: str
    measured: Measured
    figures: Mapping[str, Estimate]
    classes: Sequence[ClassRow]
    confusions: Sequence[Confusion]
    hubs: Hubs
    worst: Sequence[int]


@dataclass(frozen=True, slots=True)
class Comparison:
    """The second contender against the first in one metric; `p` is corrected for all tests."""

    first: str
    second: str
    metric: str
    difference: Difference
    p: float

    @property
    def real(self) -> bool:
        """Whether chance alone would hardly make such a difference (p < 0.05)."""
        return self.p < SIGNIFICANT


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How good the answers of a library are.

    `truth` and `split` say in words what counts as a match and who asks; `unanswerable` counts
    queries that have no match in the gallery, which count as 0; `ids` and `labels` are by row.
    """

    k: int
    truth: str
    split: str
    queries: int
    gallery: int
    left_out: int
    unanswerable: int
    level: float
    warnings: Sequence[str]
    contenders: Sequence[Contender]
    comparisons: Sequence[Comparison]
    weights: Mapping[str, float] | None
    ids: Sequence[str]
    labels: Sequence[Scalar]

    def __getitem__(self, metric: str) -> Estimate:
        """A figure of the first contender, as `evaluation["precision@10"]`."""
        return self.contenders[0].figures[metric]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        facts = ("k", "truth", "split", "queries", "gallery", "left_out", "unanswerable", "level")
        return {
            **{name: getattr(self, name) for name in facts},
            "warnings": list(self.warnings),
            "weights": None if self.weights is None else dict(self.weights),
            "contenders": [self._contender(one) for one in self.contenders],
            "comparisons": [
                {
                    "first": one.first,
                    "second": one.second,
                    "metric": one.metric,
                    **asdict(one.difference),
                    "p_corrected": one.p,
                    "real": one.real,
                }
                for one in self.comparisons
            ],
        }

    def rows(self) -> Iterator[dict[str, Scalar]]:
        """One row for each query of each contender, with every metric, for a csv."""
        for one in self.contenders:
            for place, query in enumerate(one.measured.queries):
                values = {name: float(v[place]) for name, v in one.measured.values.items()}
                yield {
                    "contender": one.name,
                    "query": self.ids[query],
                    "label": self.labels[query],
                    "matches": int(one.measured.relevant[place]),
                    **values,
                }

    def _contender(self, one: Contender) -> dict[str, Any]:
        return {
            "name": one.name,
            "figures": {name: asdict(figure) for name, figure in one.figures.items()},
            "classes": [asdict(row) for row in one.classes],
            "confusions": [asdict(row) for row in one.confusions],
            "hubs": {
                "most_found": [
                    {"id": self.ids[row], "times": times}
                    for row, times in zip(one.hubs.rows, one.hubs.counts, strict=True)
                ],
                "skewness": one.hubs.skewness,
                "never_found": one.hubs.never,
                "gallery": one.hubs.gallery,
            },
            "worst": [self.ids[one.measured.queries[place]] for place in one.worst],
        }
