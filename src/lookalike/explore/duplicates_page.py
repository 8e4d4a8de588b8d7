"""Near-duplicates side by side as one web page: what stays, what may go, and why."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Sequence
from importlib.resources import files
from itertools import groupby

from lookalike.explore.duplicates import Group
from lookalike.explore.plan import Entry, Plan
from lookalike.search.page import standalone_page, text_html, wrapped_html
from lookalike.store.records import ImageRecord

SHOWN = 500
"""Groups on one page; the plan's file has all."""

Picture = Callable[[str], bytes | None]


def duplicates_page(groups: Sequence[Group], plan: Plan, picture: Picture) -> str:
    """The groups of a plan with their pictures (small WebP); needs no script and no network."""
    images = {image.id: image for group in groups for image in group.images}
    numbered = [
        (number, list(entries))
        for number, entries in groupby(plan.entries, key=lambda entry: entry.group)
    ]
    moves = len(plan.moves)
    summary = (
        f"{len(numbered):,} group{'' if len(numbered) == 1 else 's'} · "
        f"{len(plan.entries) - moves:,} to stay · {moves:,} may go"
    )
    if len(numbered) > SHOWN:
        summary += f" · the first {SHOWN} groups are shown"
    sections = [
        _section(number, groups[number - 1].level, entries, images, picture)
        for number, entries in numbered[:SHOWN]
    ]
    style = files(__package__).joinpath("duplicates.css").read_text("utf-8")
    return standalone_page(
        "Near-duplicates", summary, sections or ['<p class="none">None found.</p>'], style=style
    )


_SAME = {"bytes": "the same bytes", "pixels": "the same pixels", "picture": "the same picture",
         "scene": "the same scene"}  # fmt: skip


def _section(
    number: int, level: str, entries: list[Entry], images: dict[str, ImageRecord], picture: Picture
) -> str:
    cards = "\n".join(_card(entry, images[entry.id], picture(entry.id)) for entry in entries)
    return (
        f'<section class="group" id="group-{number}"><h2>{number}. {_SAME[level]}</h2>'
        f'<ol class="matches">\n{cards}\n</ol></section>'
    )


def _card(entry: Entry, image: ImageRecord, picture: bytes | None) -> str:
    shown = '<span class="missing">No picture</span>'
    if picture is not None:
        source = b64encode(picture).decode()
        shown = (
            f'<img class="picture" alt="{text_html(entry.id)}" '
            f'src="data:image/webp;base64,{source}">'
        )
    content = image.content
    verdict = "stays" if entry.action == "keep" else "may go"
    return (
        f'<li class="item"><figure class="card {entry.action}"><div class="frame">{shown}</div>'
        f'<figcaption><p class="verdict">{verdict}</p>'
        f'<p class="name">{wrapped_html(entry.id)}</p>'
        f'<p class="facts">{content.width:,} × {content.height:,}, {content.size / 1000:,.1f} kB, '
        f"{text_html(content.format)}</p>"
        f'<p class="reason">{wrapped_html(entry.reason)}</p></figcaption></figure></li>'
    )
