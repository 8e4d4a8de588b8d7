"""Contact sheets: queries and their matches as one web page that needs nothing but itself."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from lookalike.search.page import standalone_page, text_html, wrapped_html

_INLINE: Mapping[str, str] = {
    "group": "display:flex;flex-wrap:wrap;gap:12px;align-items:flex-start;font-size:13px;"
    "line-height:1.4;color:inherit",
    "query": "width:168px;margin:0",
    "parts": "display:grid;grid-template-columns:repeat(2,1fr);gap:6px",
    "part": "position:relative",
    "sign": "position:absolute;top:4px;left:4px;min-width:20px;padding:0 5px;"
    "box-sizing:border-box;border-radius:10px;background:rgba(20,20,22,.78);color:#fff;"
    "font-size:12px;font-weight:600;line-height:20px;text-align:center",
    "eyebrow": "margin:6px 0 0;font-size:11px;font-weight:600;text-transform:uppercase;"
    "letter-spacing:.07em;opacity:.75",
    "caption": "margin:0;font-size:14px;font-weight:600;overflow-wrap:anywhere",
    "count": "margin:0;opacity:.75",
    "matches": "flex:1 1 320px;display:grid;grid-template-columns:repeat(auto-fill,"
    "minmax(132px,1fr));gap:10px;margin:0;padding:0;list-style:none",
    "item": "margin:0;padding:0",
    "card": "position:relative;height:100%;margin:0;overflow:hidden;box-sizing:border-box;"
    "border:1px solid rgba(127,127,127,.35);border-radius:10px",
    "about": "padding:8px 10px 10px",
    "frame": "display:grid;place-items:center;aspect-ratio:1;overflow:hidden;border-radius:8px;"
    "background:rgba(127,127,127,.12)",
    "picture": "display:block;width:100%;height:100%;margin:0;object-fit:contain",
    "missing": "opacity:.75;font-size:12px",
    "rank": "position:absolute;top:6px;left:6px;min-width:22px;padding:0 6px;box-sizing:border-box;"
    "border-radius:11px;background:rgba(20,20,22,.78);color:#fff;font-size:11px;font-weight:600;"
    "line-height:22px;text-align:center",
    "meter": "display:block;width:100%;height:4px",
    "track": "fill:rgba(127,127,127,.25)",
    "level": "fill:#1a9c8c",
    "scores": "display:flex;flex-wrap:wrap;justify-content:space-between;align-items:baseline;"
    "gap:0 8px;margin:6px 0 0;font-size:11px",
    "similarity": "font-size:14px;font-weight:600",
    "folder": "margin:4px 0 0;font-size:11px;opacity:.75;overflow:hidden;text-overflow:ellipsis;"
    "white-space:nowrap",
    "name": "margin:2px 0 0;font-size:12px;line-height:1.35;overflow-wrap:anywhere",
    "label": "width:fit-content;margin:6px 0 0;padding:1px 8px;border-radius:9px;font-size:11px;"
    "overflow-wrap:anywhere;background:rgba(127,127,127,.2)",
    "note": "margin:6px 0 0;font-size:11px;opacity:.75;overflow-wrap:anywhere",
    "none": "margin:0;opacity:.75",
}

_Look: TypeAlias = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One item of a question; `weight` is below 0 if it is disliked; `picture` as a match's."""

    name: str
    weight: float = 1.0
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class SheetQuery:
    """What was looked for: one item with its `picture` (a small JPEG, PNG or WebP), or `parts`."""

    caption: str
    picture: bytes | None = None
    parts: Sequence[SheetPart] = ()


@dataclass(frozen=True, slots=True)
class SheetMatch:
    """One match as a card; without a `picture` (JPEG, PNG or WebP) the card says so.

    `note` is a line more, such as why the match is shown.
    """

    rank: int
    id: str
    label: str | None
    similarity: float
    distance: float
    picture: bytes | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """A query with its matches, best first."""

    query: SheetQuery
    matches: Sequence[SheetMatch]


def contact_sheet(title: str, groups: Sequence[SheetGroup]) -> str:
    """A complete HTML page of queries and their matches, which loads nothing from anywhere."""
    matches = sum(len(group.matches) for group in groups)
    count = f"{_counted(len(groups), 'query', 'queries')} · {_counted(matches, 'match', 'matches')}"
    sections = [_group(group, "h2", _by_class) for group in groups]
    return standalone_page(title, count, sections or ['<p class="none">Nothing to show.</p>'])


def picture_html(picture: bytes | None, alt: str) -> str:
    """A small JPEG, PNG or WebP in its frame, or a word that there is none."""
    return _frame(picture, alt, _by_class)


def grid_html(group: SheetGroup) -> str:
    """The same cards as a fragment for a notebook: styled in place, so nothing leaks out of it."""
    return _group(group, "p", _in_place)


def _group(group: SheetGroup, heading: str, look: _Look) -> str:
    caption = group.query.caption
    best = max((match.similarity for match in group.matches), default=0.0)
    metered = 0 < best < 1.001
    matches = "\n".join(_match(match, metered, look) for match in group.matches)
    return "\n".join(
        [
            f"<section {look('group')}>",
            f"<figure {look('query')}>",
            *_asked(group.query, look),
            f"<figcaption><p {look('eyebrow')}>Query</p>",
            f"<{heading} {look('caption')}>{wrapped_html(caption)}</{heading}>",
            f"<p {look('count')}>{_counted(len(group.matches), 'match', 'matches')}</p>",
            "</figcaption>",
            "</figure>",
            f"<ol {look('matches')}>\n{matches}\n</ol>"
            if matches
            else f"<p {look('none')}>No matches.</p>",
            "</section>",
        ]
    )


def _asked(query: SheetQuery, look: _Look) -> list[str]:
    """The picture of a question, or those of its items, each with its sign and weight."""
    if not query.parts:
        return [_frame(query.picture, f"Query: {query.caption}", look)]
    tiles = []
    for part in query.parts:
        sign = "+" if part.weight > 0 else "\u2212"
        weight = "" if abs(part.weight) == 1 else f"{abs(part.weight):g}"
        tiles.append(
            f"<div {look('part')}>{_frame(part.picture, f'{sign}{weight} {part.name}', look)}"
            f"<span {look('sign')}>{sign}{weight}</span></div>"
        )
    return [f"<div {look('parts')}>", *tiles, "</div>"]


def _match(match: SheetMatch, metered: bool, look: _Look) -> str:
    folder, slash, name = match.id.rpartition("/")
    lines = [
        f"<li {look('item')}><figure {look('card')}>",
        _frame(match.picture, f"Match {match.rank}: {match.id}", look),
        f"<span {look('rank')}>{match.rank}</span>",
        f"<figcaption {look('about')}>",
        _meter(match.similarity, look) if metered else "",
        f"<p {look('scores')}><span><b {look('similarity')}>{_number(match.similarity)}</b>"
        f" similarity</span> <span>{_number(match.distance)} distance</span></p>",
        f'<div title="{text_html(match.id)}">',
        f"<p {look('folder')}>{_shown(folder + slash)}</p>" if slash else "",
        f"<p {look('name')}>{wrapped_html(name)}</p>",
        "</div>",
        f"<p {look('label')}>{_shown(match.label)}</p>" if match.label is not None else "",
        f"<p {look('note')}>{_shown(match.note)}</p>" if match.note else "",
        "</figcaption></figure></li>",
    ]
    return "".join(lines)


def _frame(picture: bytes | None, alt: str, look: _Look) -> str:
    kind = _media_type(picture or b"")
    if picture is None or kind is None:
        return f"<div {look('frame')}><span {look('missing')}>No picture</span></div>"
    source = f"data:{kind};base64,{b64encode(picture).decode()}"
    return (
        f'<div {look("frame")}><img {look("picture")} alt="{text_html(alt)}" src="{source}"></div>'
    )


def _meter(similarity: float, look: _Look) -> str:
    """A bar from 0 to 1."""
    width = 100 * min(max(similarity, 0), 1)
    return (
        f'<svg {look("meter")} viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect {look("track")} width="100" height="4"/>'
        f'<rect {look("level")} width="{width:.1f}" height="4"/></svg>'
    )


def _by_class(part: str) -> str:
    return f'class="{part}"'


def _in_place(part: str) -> str:
    return f'style="{_INLINE[part]}"'


def _media_type(picture: bytes) -> str | None:
    if picture.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if picture.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if picture[:4] == b"RIFF" and picture[8:12] == b"WEBP":
        return "image/webp"
    return None


def _shown(text: str) -> str:
    """`_text` that keeps its own direction."""
    return f"<bdi>{text_html(text)}</bdi>"


def _number(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
