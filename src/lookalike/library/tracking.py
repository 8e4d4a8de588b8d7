"""What is kept of a run on a library: which images it saw, its figures, what it learned."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping

import numpy as np

from lookalike.evaluate.evaluation import Evaluation
from lookalike.evaluate.intervals import Estimate
from lookalike.evaluate.report import report_page
from lookalike.learn.tracker import Tracker
from lookalike.learn.tracking import DATA_DIGEST, write_artifact
from lookalike.library.classifier_page import classifier_page
from lookalike.library.classifying import KeptClassifier
from lookalike.library.teaching import TaughtSpace
from lookalike.store.store import Store
from lookalike.types import Scalar


def data_facts(store: Store) -> dict[str, Scalar]:
    """What tells the images of a library from others, as parameters of a run.

    `data.images_sha256` is of ids and bytes, `data.columns_sha256` of ids, labels and metadata;
    `data.library` names the library and its copies, `data.version` the last write to it.
    """
    images, columns = store.digests()
    return {
        "data.library": store.history(),
        "data.version": store.data_version(),
        "data.images": store.counts().images,
        DATA_DIGEST: images,
        "data.columns_sha256": columns,
    }


def record_teaching(tracker: Tracker, taught: TaughtSpace) -> None:
    """Keep how a space was taught: the figure before and after, every setting, the map."""
    lesson = taught.lesson
    difference = lesson.difference
    tracker.metrics(
        1,
        {
            f"{lesson.figure}/before": lesson.before,
            f"{lesson.figure}/after": lesson.after,
            f"{lesson.figure}/difference": difference.value,
            f"{lesson.figure}/p": difference.p,
            "examples": taught.examples,
            "seconds": taught.seconds,
        },
    )
    _document(tracker, "taught.json", taught.as_dict())
    content = io.BytesIO()
    np.savez(content, mean=lesson.map.mean, weights=lesson.map.weights)
    write_artifact(tracker, "map.npz", content.getvalue())


def record_classifier(tracker: Tracker, fitted: KeptClassifier) -> None:
    """Keep a classifier's figures, its recipe and its report."""
    figures = fitted.figures
    tracker.metrics(
        1, {**_estimates(figures.means), "calibration error": figures.calibration_error}
    )
    _document(tracker, "classifier.json", fitted.as_dict())
    write_artifact(tracker, "report.html", classifier_page(fitted))


def record_evaluation(
    tracker: Tracker, found: Evaluation, picture: Callable[[str], bytes | None]
) -> None:
    """Keep every figure of every contender with its interval, and the report."""
    for contender in found.contenders:
        prefix = f"{contender.name}/" if len(found.contenders) > 1 else ""
        tracker.metrics(1, _estimates(contender.figures, prefix))
    _document(tracker, "evaluation.json", found.as_dict())
    write_artifact(tracker, "report.html", report_page(found, picture))


def _estimates(figures: Mapping[str, Estimate], prefix: str = "") -> dict[str, float]:
    told: dict[str, float] = {}
    for name, one in figures.items():
        told |= {
            f"{prefix}{name}": one.value,
            f"{prefix}{name}/low": one.low,
            f"{prefix}{name}/high": one.high,
        }
    return told


def _document(tracker: Tracker, name: str, content: Mapping[str, object]) -> None:
    write_artifact(tracker, name, json.dumps(content, indent=2, default=str))
