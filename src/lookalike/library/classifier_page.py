"""The report of a classifier as one web page: figures, curves, classes, confusions, recipe."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence

from lookalike.evaluate.report import Cell, page_style, section_html, table_html
from lookalike.learn.classifier_figures import Figures
from lookalike.learn.classifier_picture import classifier_picture
from lookalike.library.classifying import KeptClassifier
from lookalike.search.page import standalone_page


def classifier_page(found: KeptClassifier) -> str:
    """A complete page that loads nothing."""
    recipe, figures = found.recipe, found.figures
    notes = ["Each image was asked of a classifier that had not seen it, nor its group."]
    if recipe["threshold"]:
        notes.append(f"It answers where the chance is {recipe['threshold']:.3f} or more.")
    data = b64encode(classifier_picture(figures)).decode()
    picture = (
        f'<img src="data:image/png;base64,{data}" width="915" height="490" '
        'alt="Accuracy against coverage, and reliability">'
    )
    return standalone_page(
        f"Classifier {found.name}",
        f"{recipe['column']} from space {recipe['space']}, by {recipe['method']} · "
        f"{recipe['images']:,} labelled images · {len(recipe['classes'])} classes",
        [
            section_html("Held out", _means(figures), notes),
            section_html("Surest answers first, and how sure they sound", picture),
            section_html("Abstention", _abstention(figures)),
            section_html("Classes, the hardest first", _classes(figures)),
            section_html(
                "Confusion", _confusion(figures), ["Rows are what is true, columns what is said."]
            ),
            section_html("What was tried", _tried(found), ["Log loss, held out; less is better."]),
        ],
        style=page_style(),
    )


def _means(figures: Figures) -> str:
    rows: list[Sequence[Cell]] = [
        [name, one.value, f"{one.low:.3f} to {one.high:.3f}"] for name, one in figures.means.items()
    ]
    rows.append(["calibration error", figures.calibration_error, ""])
    return table_html(["figure", "value", "95 % interval"], rows)


def _abstention(figures: Figures) -> str:
    rows: list[Sequence[Cell]] = [
        [f"{one.coverage:.0%}", one.accuracy, one.threshold] for one in figures.at_coverages()
    ]
    return table_html(["answered", "accuracy", "from chance"], rows)


def _classes(figures: Figures) -> str:
    rows: list[Sequence[Cell]] = [
        [
            row.name,
            row.images,
            "never said" if row.precision is None else row.precision,
            row.recall,
            figures.taken_for(row.name) or "",
        ]
        for row in figures.classes
    ]
    return table_html(["class", "images", "precision", "recall", "taken for"], rows)


def _confusion(figures: Figures) -> str:
    rows: list[Sequence[Cell]] = [
        [name, *(count or "" for count in counts)]
        for name, counts in zip(figures.names, figures.confusion, strict=True)
    ]
    return table_html(["", *figures.names], rows)


def _tried(found: KeptClassifier) -> str:
    rows: list[Sequence[Cell]] = [
        [one["method"], f"{one['strength']:g}", one["log_loss"]]
        for one in sorted(found.recipe["tried"], key=lambda one: float(one["log_loss"]))
    ]
    return table_html(["method", "strength", "log loss"], rows)
