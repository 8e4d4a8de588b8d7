"""Sets `lookalike classify` beside scikit-learn's logistic regression, on the same splits.

    python -m benchmarks.classify LIBRARY --column label --group sender_id --drop Other

Needs `lookalike[explore]`. Every image is held out once, groups together; both choose their
strength on inner folds of the same groups, and scikit-learn's chances are its own.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegressionCV
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

from lookalike.evaluate.reliability import calibration_error, reliability
from lookalike.learn.chances import log_losses
from lookalike.learn.fitting import METHODS, Wish, fit_classifier
from lookalike.learn.folds import folds
from lookalike.learn.from_classes import Classes
from lookalike.library.labelled import Choice, labelled
from lookalike.store.store import Store


def ours(learning: Classes, asked: Classes, count: int, methods: tuple[str, ...]) -> NDArray[Any]:
    names = tuple(map(str, range(count)))
    return fit_classifier(learning, names, methods, Wish()).classifier.chances(asked.vectors)


def theirs(learning: Classes, asked: Classes, count: int) -> NDArray[Any]:
    model = LogisticRegressionCV(
        Cs=[1, 3, 10, 30, 100, 300],
        cv=GroupKFold(3).split(learning.vectors, learning.codes, learning.units),
        scoring="accuracy",
        max_iter=2000,
        use_legacy_attributes=False,
        l1_ratios=(0,),
    ).fit(learning.vectors, learning.codes)
    chances = np.zeros((len(asked.codes), count))
    chances[:, model.classes_] = model.predict_proba(asked.vectors)
    return chances


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--column", default="label")
    parser.add_argument("--group")
    parser.add_argument("--drop", action="append", default=[])
    arguments = parser.parse_args()
    import lookalike

    with lookalike.open(arguments.library, create=False) as library:
        store = Store.open(library.directory)
        choice = Choice(arguments.column, arguments.group, arguments.drop)
        classes, names = labelled(store, library.space, choice, 100_000, [])
        store.close()
    sizes = np.bincount(classes.codes, minlength=len(names))
    classes = classes.only(sizes[classes.codes] > 1)
    contestants: dict[str, Callable[[Classes, Classes, int], NDArray[Any]]] = {
        "scikit-learn": theirs,
        **{name: partial(ours, methods=(name,)) for name in METHODS},
        "auto": partial(ours, methods=METHODS),
    }
    print("contestant\taccuracy\tmacro\tlog loss\tcalibration error\tseconds")
    with threadpool_limits(1, "blas"):
        for name, contestant in contestants.items():
            began = time.perf_counter()
            rows, parts = [], []
            for held in folds(classes.units, 4):
                learning, asked = classes.only(~held), classes.only(held)
                parts.append(contestant(learning, asked, len(names)))
                rows.append(np.flatnonzero(held))
            codes, chances = classes.codes[np.concatenate(rows)], np.concatenate(parts)
            seconds = time.perf_counter() - began
            right = chances.argmax(axis=1) == codes
            macro = np.mean([right[codes == code].mean() for code in np.unique(codes)])
            error = calibration_error(reliability(chances.max(axis=1), right))
            loss = log_losses(chances, codes).mean()
            print(
                f"{name}\t{right.mean():.4f}\t{macro:.4f}\t{loss:.4f}\t{error:.4f}\t{seconds:.1f}"
            )


if __name__ == "__main__":
    main()
