"""What is odd in a library as one web page: the images of each fault, and doubtful labels."""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from lookalike.explore.outliers import Doubt
from lookalike.search.page import standalone_page, text_html, wrapped_html
from lookalike.store.records import ImageRecord

SHOWN = 120
"""Images of one fault on the page."""

TITLES: Mapping[str, str] = {
    "unlike": "Far from every other",
    "cut-short": "Cut short: grey where data is missing",
    "blank": "Blank",
    "dark": "Dark",
    "bright": "Washed out",
    "blurred": "Blurred",
    "tiny": "Tiny",
}

Picture = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class Odd:
    """An image with what is wrong with it, its outlier factor (NaN: unknown), its measures."""

    image: ImageRecord
    faults: list[str]
    outlier: float
    measures: Mapping[str, float]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON; what is not known is None."""
        numbers = {"outlier": self.outlier, **self.measures}
        shown = {name: round(v, 4) if math.isfinite(v) else None for name, v in numbers.items()}
        return {"id": self.image.id, "faults": self.faults, **shown}


def outliers_page(
    images: int, odd: Sequence[Odd], doubts: Sequence[tuple[str, Doubt]], picture: Picture
) -> str:
    """The page; needs no script and no network. `picture` gives a small WebP for an id."""
    sections = []
    for fault, title in TITLES.items():
        some = [one for one in odd if fault in one.faults]
        if some:
            cards = [_card(one.image.id, _said(one, fault), picture) for one in _first(some, fault)]
            sections.append(_section(fault, title, len(some), cards))
    if doubts:
        cards = [
            _card(
                id_,
                f"labelled {doubt.label}; its neighbours say {doubt.suggested} "
                f"({doubt.probability:.0%})",
                picture,
            )
            for id_, doubt in doubts[:SHOWN]
        ]
        sections.append(_section("labels", "Labels in doubt", len(doubts), cards))
    summary = f"{images:,} images · {len(odd):,} odd · {len(doubts):,} labels in doubt"
    style = files(__package__).joinpath("duplicates.css").read_text("utf-8")
    nothing = ['<p class="none">Nothing stands out.</p>']
    return standalone_page("Outliers and quality", summary, sections or nothing, style=style)


def _first(some: Sequence[Odd], fault: str) -> Sequence[Odd]:
    key: Callable[[Odd], float] = {
        "unlike": lambda one: -one.outlier,
        "blurred": lambda one: one.measures["sharpness"],
        "dark": lambda one: one.measures["brightness"],
        "cut-short": lambda one: -one.measures["missing"],
    }.get(fault, lambda one: float(one.image.key))
    return sorted(some, key=key)[:SHOWN]


def _said(one: Odd, fault: str) -> str:
    content = one.image.content
    return {
        "unlike": f"outlier factor {one.outlier:.2f}",
        "cut-short": f"{one.measures['missing']:.0%} of the rows are grey",
        "blank": f"contrast {one.measures['contrast']:.3f}",
        "dark": f"brightness {one.measures['brightness']:.2f}",
        "bright": f"contrast {one.measures['contrast']:.3f}",
        "blurred": f"sharpness {one.measures['sharpness']:.1f}",
        "tiny": f"{content.width} × {content.height}",
    }[fault]


def _section(name: str, title: str, count: int, cards: Sequence[str]) -> str:
    shown = f", {len(cards)} shown" if len(cards) < count else ""
    return (
        f'<section class="group" id="{name}"><h2>{title} ({count:,}{shown})</h2>'
        f'<ol class="matches">\n{"".join(cards)}\n</ol></section>'
    )


def _card(id_: str, said: str, picture: Picture) -> str:
    small = picture(id_)
    shown = '<span class="missing">No picture</span>'
    if small is not None:
        source = b64encode(small).decode()
        shown = (
            f'<img class="picture" alt="{text_html(id_)}" src="data:image/webp;base64,{source}">'
        )
    return (
        f'<li class="item"><figure class="card"><div class="frame">{shown}</div><figcaption>'
        f'<p class="name">{wrapped_html(id_)}</p><p class="reason">{text_html(said)}</p>'
        "</figcaption></figure></li>"
    )
