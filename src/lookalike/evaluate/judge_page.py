"""A page on which a person judges pairs: two pictures, three answers, verdicts as a csv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.resources import files

from lookalike.search.page import standalone_page, text_html, wrapped_html
from lookalike.search.sheet import picture_html


def judge_page(
    pairs: Sequence[tuple[str, str]], picture: Callable[[str], bytes | None], question: str
) -> str:
    """A complete page for pairs of ids; its script keeps answers and saves them, no more.

    Answers are given by click or by the keys y, n and s (cannot say), and saved as
    verdicts.csv, which `lookalike judge --read` takes.
    """
    cards = [_card(query, image, picture) for query, image in pairs]
    buttons = "".join(
        f'<button type="button" data-verdict="{verdict}">{word} <kbd>{key}</kbd></button>'
        for verdict, word, key in (("1", "Yes", "y"), ("0", "No", "n"), ("", "Cannot say", "s"))
    )
    bar = (
        f'<section class="bar"><p id="left" aria-live="polite"></p><div>{buttons}'
        '<button type="button" id="back">Back <kbd>b</kbd></button>'
        '<button type="button" id="save">Save verdicts.csv</button></div></section>'
    )
    return standalone_page(
        question,
        f"{len(pairs):,} pairs. Then: lookalike judge --read verdicts.csv",
        [bar, *cards],
        style=_file("judge.css"),
        script=_file("judge.js"),
    )


def _card(query: str, image: str, picture: Callable[[str], bytes | None]) -> str:
    sides = "".join(
        f"<figure>{picture_html(picture(id_), id_)}<figcaption>{wrapped_html(id_)}</figcaption>"
        "</figure>"
        for id_ in (query, image)
    )
    names = f'data-query="{text_html(query)}" data-image="{text_html(image)}"'
    return f'<section class="pair" {names}>{sides}</section>'


def _file(name: str) -> str:
    return files(__package__).joinpath(name).read_text("utf-8")
