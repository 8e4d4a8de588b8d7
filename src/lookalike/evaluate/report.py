"""The report of an evaluation as one web page, with the worst queries as pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.resources import files
from typing import TypeAlias

from lookalike.evaluate.evaluation import Contender, Evaluation
from lookalike.evaluate.truth import MISSING
from lookalike.search.page import standalone_page, text_html, wrapped_html
from lookalike.search.sheet import picture_html

Picture: TypeAlias = Callable[[str], bytes | None]
"""A small WebP of an image by its id, None where there is none."""
Cell: TypeAlias = "str | float | int"

SHOWN_QUERIES = 12
SHOWN_HUBS = 10


def report_page(evaluation: Evaluation, picture: Picture) -> str:
    """A complete page: figures, comparisons, classes, confusions, hubs, and failures."""
    sections = [
        section_html("Figures", _figures(evaluation), _notes(evaluation)),
        section_html("Comparisons", _comparisons(evaluation)) if evaluation.comparisons else "",
        *(part for one in evaluation.contenders for part in _contender(evaluation, one, picture)),
    ]
    return standalone_page(
        f"How good are the answers? {evaluation.truth}",
        f"{evaluation.queries:,} queries · gallery of {evaluation.gallery:,} · {evaluation.split}",
        [section for section in sections if section],
        style=page_style(),
    )


def page_style() -> str:
    """The style of reports, beside that of every page."""
    return files(__package__).joinpath("report.css").read_text("utf-8")


def interval(value: float, low: float, high: float) -> str:
    """A figure with its interval, as people read it."""
    return f"{value:.4f} ({low:.3f} to {high:.3f})"


def _figures(evaluation: Evaluation) -> str:
    names = list(evaluation.contenders[0].figures)
    rows = [
        [
            name,
            *(
                interval(f.value, f.low, f.high)
                for c in evaluation.contenders
                if (f := c.figures[name])
            ),
        ]
        for name in names
    ]
    return table_html(["metric", *(one.name for one in evaluation.contenders)], rows)


def _notes(evaluation: Evaluation) -> list[str]:
    notes = [f"In brackets: the {evaluation.level:.0%} interval, by bootstrap over queries."]
    if evaluation.unanswerable:
        notes.append(
            "Queries without a match in the gallery, which count as 0: "
            f"{evaluation.unanswerable:,}."
        )
    if evaluation.weights is not None:
        mix = " ".join(f"{name}={weight:.3g}" for name, weight in evaluation.weights.items())
        notes.append(f"tuned is {mix}; its weights were found on other queries than these.")
    return [*notes, *evaluation.warnings]


def _comparisons(evaluation: Evaluation) -> str:
    rows = [
        [
            f"{one.second} against {one.first}",
            one.metric,
            f"{one.difference.value:+.4f} "
            f"({one.difference.low:+.3f} to {one.difference.high:+.3f})",
            f"{one.p:.4f}",
            "real" if one.real else "may be chance",
        ]
        for one in evaluation.comparisons
    ]
    return table_html(["comparison", "metric", "difference", "p, corrected", ""], rows)


def _contender(evaluation: Evaluation, one: Contender, picture: Picture) -> Iterable[str]:
    if one.classes:
        columns = ["class", "queries", f"precision@{evaluation.k}", "map", "kNN accuracy"]
        rows: list[list[Cell]] = [
            [row.name, row.queries, row.precision, row.average_precision, row.accuracy]
            for row in one.classes
        ]
        yield section_html(f"{one.name}: classes, the hardest first", table_html(columns, rows))
        confused: list[list[Cell]] = [[row.name, row.other, row.share] for row in one.confusions]
        yield section_html(
            f"{one.name}: what is taken for what",
            table_html(["class", "neighbours of class", "share"], confused),
        )
    hubs = one.hubs
    yield section_html(
        f"{one.name}: hubs",
        "",
        [
            f"Skewness of how often images are found: {hubs.skewness:.2f}. "
            f"{hubs.never:,} of {hubs.gallery:,} images are found by no query."
        ],
    )
    most = [
        _card(place, evaluation.ids[row], f"found {times:,} times", picture)
        for place, (row, times) in enumerate(zip(hubs.rows, hubs.counts, strict=True), start=1)
    ]
    yield f'<ol class="matches">{"".join(most[:SHOWN_HUBS])}</ol>'
    yield section_html(
        f"{one.name}: the worst queries", "", ["What they found, best first: right or wrong."]
    )
    for place in one.worst[:SHOWN_QUERIES]:
        yield _failure(evaluation, one, place, picture)


def _failure(evaluation: Evaluation, one: Contender, place: int, picture: Picture) -> str:
    """A query beside what it found; each card says whether it is right."""
    query = int(one.measured.queries[place])
    label, id_ = evaluation.labels[query], evaluation.ids[query]
    precision = one.measured.values[f"precision@{evaluation.k}"][place]
    cards = []
    for rank, row in enumerate(one.measured.top[place], start=1):
        if row != MISSING:
            word = "right" if one.measured.right[place, rank - 1] else "wrong"
            said = f"{word}: {evaluation.labels[row] or 'no label'}"
            cards.append(_card(rank, evaluation.ids[row], said, picture))
    return (
        f'<section class="group"><figure class="query">{picture_html(picture(id_), id_)}'
        f"<figcaption><h2>{text_html(str(label or id_))}</h2>"
        f'<p class="count">precision {precision:.2f}</p><p class="count">{wrapped_html(id_)}</p>'
        f'</figcaption></figure><ol class="matches">{"".join(cards)}</ol></section>'
    )


def _card(rank: int, id_: str, said: str, picture: Picture) -> str:
    return (
        f'<li class="item"><figure class="card">{picture_html(picture(id_), id_)}'
        f'<span class="rank">{rank}</span><figcaption class="about">'
        f'<p class="name">{wrapped_html(id_)}</p><p class="label">{text_html(said)}</p>'
        "</figcaption></figure></li>"
    )


def section_html(title: str, table: str, notes: Sequence[str] = ()) -> str:
    """A part of a page: a heading, notes, and HTML."""
    lines = [f"<p>{text_html(note)}</p>" for note in notes]
    heading = f"<h2>{text_html(title)}</h2>"
    return f'<section class="plain">{heading}{"".join(lines)}{table}</section>'


def table_html(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    """A table of texts and numbers."""
    head = "".join(f"<th>{text_html(column)}</th>" for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<div class="wide"><table class="figures"><tr>{head}</tr>{body}</table></div>'


def _cell(cell: Cell) -> str:
    if isinstance(cell, str):
        return f"<td>{text_html(cell)}</td>"
    text = f"{cell:,}" if isinstance(cell, int) else f"{cell:.3f}"
    return f'<td class="number">{text}</td>'
