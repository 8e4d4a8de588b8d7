"""A page on which a person labels images or clusters, by a click or typed; it saves a csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files

from lookalike.search.page import standalone_page, text_html, wrapped_html
from lookalike.search.sheet import picture_html

SHOWN_LABELS = 40


@dataclass(frozen=True, slots=True)
class Card:
    """What gets one label: `name` of an image or a cluster, the ids shown, what is guessed."""

    name: str
    ids: Sequence[str]
    guess: str = ""
    chance: float | None = None


def label_page(
    cards: Sequence[Card],
    labels: Sequence[str],
    kind: str,
    column: str,
    picture: Callable[[str], bytes | None],
) -> str:
    """A complete page; `kind` is `id` or `cluster`: the first column of the file it saves.

    Enter takes the guess or what was typed, s skips, b goes back.
    """
    choices = "".join(
        f'<button type="button" data-label="{text_html(label)}">{text_html(label)}</button>'
        for label in labels[:SHOWN_LABELS]
    )
    options = "".join(f'<option value="{text_html(label)}">' for label in labels)
    bar = (
        f'<section class="bar"><p id="left" aria-live="polite"></p>'
        '<div><input id="typed" list="known" autocomplete="off" aria-label="Label" '
        'placeholder="Label, then Enter">'
        f'<datalist id="known">{options}</datalist>'
        '<button type="button" id="skip">Cannot say</button>'
        '<button type="button" id="back">Back</button>'
        f'<button type="button" id="save">Save labels.csv</button></div><div>{choices}</div>'
        "</section>"
    )
    style = files("lookalike.evaluate").joinpath("judge.css").read_text("utf-8")
    return standalone_page(
        f"What is {column} here?",
        f"{len(cards):,} to label. Then: lookalike label {column} --take labels.csv",
        [bar, *(_card(card, picture) for card in cards)],
        style=style + _file("label.css"),
        script=_file("label.js").replace("KIND", kind),
    )


def _card(card: Card, picture: Callable[[str], bytes | None]) -> str:
    shown = "".join(
        f"<figure>{picture_html(picture(id_), id_)}<figcaption>{wrapped_html(id_)}</figcaption>"
        "</figure>"
        for id_ in card.ids
    )
    guess = f"{card.guess} ({card.chance:.0%})" if card.chance is not None else card.guess
    return (
        f'<section class="pair" data-name="{text_html(card.name)}" '
        f'data-guess="{text_html(card.guess)}" data-shown="{text_html(guess)}">{shown}</section>'
    )


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
