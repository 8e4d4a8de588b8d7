"""Does `match` hold? Its error on queries it was not fitted on, and what it tells apart.

    python -m benchmarks.matching LIBRARY --drop 'Not sure' --drop Other --drop Skip \\
        --svg docs/images/reliability.svg

A match has the label of its query. The curve is fitted on the ten nearest of half the queries
and held against the ten nearest of the other half, for ten halves.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import lookalike
from benchmarks.report import Cell, Table
from lookalike.evaluate.reliability import calibration_error, reliability, reliability_svg
from lookalike.library.matching import LANDMARKS, stranger_curve
from lookalike.search.isotonic import rising_curve
from lookalike.search.match import Background, background, surprise

K = 10
HALVES = 10


def auc(scores: NDArray[Any], matches: NDArray[np.bool_]) -> float:
    """The chance that a match has a higher score than another pair; ties count half."""
    _, numbers, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[numbers]
    right = int(matches.sum())
    above = ranks[matches].sum() - right * (right + 1) / 2
    return float(above / (right * (len(matches) - right)))


def main() -> None:
    """Read the options, measure, print, draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("library")
    parser.add_argument("--drop", action="append", default=[], help="a label to leave out")
    parser.add_argument("--svg", type=Path, help="write the reliability diagram")
    options = parser.parse_args()
    with lookalike.open(options.library, create=False) as library:
        images = [library.get(id_) for id_ in library.ids]
        kept = [i for i, image in enumerate(images) if image.label not in {None, *options.drop}]
        matrix = np.asarray(library.matrix())[kept]
        labels = np.array([images[i].label for i in kept])
    unit = matrix.astype(np.float32)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    scores = unit @ unit.T
    np.fill_diagonal(scores, -np.inf)
    generator = np.random.default_rng(0)
    marks = np.sort(generator.permutation(len(matrix))[:LANDMARKS])
    around = background(matrix, matrix[marks], "cosine")
    columns = Background(around.middles[:, None], around.spreads[:, None])
    surprises = surprise(scores, columns, around)
    (places, heights), _ = stranger_curve(matrix, marks, "cosine")
    chances = np.interp(surprises, places, heights)
    order = np.argsort(-scores, axis=1, kind="stable")
    same = labels[order] == labels[:, None]
    rows: list[list[Cell]] = []
    for depth in (K, 50, len(labels) - 1):
        top, right = order[:, :depth], same[:, :depth].ravel()
        raw, match = (np.take_along_axis(s, top, axis=1).ravel() for s in (scores, chances))
        rows.append([depth, f"{auc(raw, right):.3f}", f"{auc(match, right):.3f}"])
    title = "AUC against the same label, without labels"
    print(Table(title, ["nearest", "similarity", "match"], rows).markdown())

    errors, said = [], []
    near = np.take_along_axis(surprises, order[:, :K], axis=1)
    right = same[:, :K].astype(np.float64)
    for seed in range(HALVES):
        half = np.random.default_rng(seed).permutation(len(labels)) % 2 == 0
        curve = rising_curve(near[half].ravel(), right[half].ravel())
        said = reliability(np.interp(near[~half].ravel(), *curve), right[~half].ravel())
        errors.append(calibration_error(said))
    alone = reliability(np.interp(near.ravel(), places, heights), right.ravel())
    print(
        Table(
            f"Expected calibration error, {K} nearest",
            ["calibrated on", "mean", "worst"],
            [
                ["labels of half the queries", f"{np.mean(errors):.3f}", f"{max(errors):.3f}"],
                ["the background alone", f"{calibration_error(alone):.3f}", ""],
            ],
        ).markdown()
    )
    if options.svg is not None:
        picture = reliability_svg([("on labels, other half", said), ("on background", alone)])
        options.svg.write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
