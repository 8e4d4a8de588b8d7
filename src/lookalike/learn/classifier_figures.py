"""How good a classifier is on what was held out: figures, classes, confusions, two curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lookalike.evaluate.intervals import Estimate, bootstrap
from lookalike.evaluate.reliability import ReliabilityBin, calibration_error, reliability
from lookalike.learn.chances import CurvePoint, abstention_curve, log_losses
from lookalike.learn.classifier import likeliest
from lookalike.learn.fitting import HeldOut
from lookalike.learn.from_classes import Classes
from lookalike.types import Keys

SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.3, 0.1)


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """One class: its images, how many answers name it rightly, how many of it are found."""

    name: str
    images: int
    precision: float | None
    recall: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured on `images` that were held out.

    `means`: accuracy, macro accuracy (the mean recall of the classes), log loss, coverage (the
    share of answers at or above the threshold) and answered accuracy (of those). `confusion`
    (c, c) counts images: rows are true classes, columns answers, in the order of `names`.
    """

    images: int
    means: Mapping[str, Estimate]
    calibration_error: float
    names: Sequence[str]
    classes: Sequence[ClassFigures]
    confusion: Sequence[Sequence[int]]
    curve: Sequence[CurvePoint]
    reliability: Sequence[ReliabilityBin]

    def taken_for(self, name: str) -> str | None:
        """What images of a class are most often called wrongly, None where they never are."""
        code = self.names.index(name)
        wrong = [0 if i == code else count for i, count in enumerate(self.confusion[code])]
        most = max(wrong)
        return self.names[wrong.index(most)] if most else None

    def at_coverages(self) -> list[CurvePoint]:
        """The points of the curve that are nearest to `SHARES`, the widest first."""
        found = [min(self.curve, key=lambda one: abs(one.coverage - share)) for share in SHARES]
        return list(dict.fromkeys(found))

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Figures:
        """What `as_dict` was made of."""
        return cls(
            data["images"],
            {name: Estimate(**one) for name, one in data["means"].items()},
            data["calibration_error"],
            data["names"],
            [ClassFigures(**one) for one in data["classes"]],
            data["confusion"],
            [CurvePoint(**one) for one in data["curve"]],
            [ReliabilityBin(**one) for one in data["reliability"]],
        )


def figures_of(classes: Classes, names: Sequence[str], held: HeldOut) -> Figures:
    """Hold the chances of held-out images against their classes.

    Intervals are of a bootstrap over groups (`evaluate.intervals`).
    """
    codes, groups = classes.codes[held.rows], classes.groups[held.rows]
    answers = likeliest(held.chances)
    right = answers.codes == codes
    answered = answers.chances >= held.thresholds
    sizes = np.bincount(codes, minlength=len(names))
    weights = len(codes) / (np.count_nonzero(sizes) * sizes[codes])
    columns = (right, right * weights, log_losses(held.chances, codes), answered)
    labels = ("accuracy", "macro accuracy", "log loss", "coverage")
    values = np.stack([np.asarray(column, np.float64) for column in columns], axis=1)
    means = dict(zip(labels, bootstrap(values, groups), strict=True))
    if answered.any():
        kept = right[answered].astype(np.float64)[:, None]
        (means["answered accuracy"],) = bootstrap(kept, groups[answered])
    confusion = _confusion(codes, answers.codes, len(names))
    bins = reliability(answers.chances, right)
    return Figures(
        images=len(codes),
        means=means,
        calibration_error=calibration_error(bins),
        names=list(names),
        classes=_classes(confusion, names),
        confusion=confusion.tolist(),
        curve=abstention_curve(answers.chances, right),
        reliability=bins,
    )


def _confusion(true: Keys, said: Keys, count: int) -> Keys:
    table = np.zeros((count, count), dtype=np.int64)
    np.add.at(table, (true, said), 1)
    return table


def _classes(confusion: Keys, names: Sequence[str]) -> list[ClassFigures]:
    rows = []
    for code, name in enumerate(names):
        hits, images, said = confusion[code, code], confusion[code].sum(), confusion[:, code].sum()
        if images:
            precision = float(hits / said) if said else None
            rows.append(ClassFigures(name, int(images), precision, float(hits / images)))
    return sorted(rows, key=lambda row: row.recall)
