"""Contact sheets: queries and their matches as one web page that needs nothing but itself."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import TypeAlias

from lookalike.types import readable

_UNSEEN = {code: chr(0x2400 + code) for code in range(0x20)} | {
    code: f"\\u{code:04x}"
    for code in (0x7F, *range(0x80, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
_MARK = (
    '<svg class="mark" viewBox="0 0 26 17" aria-hidden="true">'
    '<circle cx="9" cy="8.5" r="7"/><circle cx="17" cy="8.5" r="7"/></svg>'
)
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
    """One match as a card; without a `picture` (JPEG, PNG or WebP) the card says so."""

    rank: int
    id: str
    label: str | None
    similarity: float
    distance: float
    picture: bytes | None = None


@dataclass(frozen=True, slots=True)
class SheetGroup:
    """A query with its matches, best first."""

    query: SheetQuery
    matches: Sequence[SheetMatch]


def contact_sheet(title: str, groups: Sequence[SheetGroup]) -> str:
    """A complete HTML page: pictures inlined, no script, nothing loaded from anywhere.

    The page forbids itself everything but its own style and `data:` pictures, so a hostile
    name or label stays text even if it were to slip through the escaping.
    """
    style = files(__package__).joinpath("sheet.css").read_text("utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; "
        "base-uri 'none'; form-action 'none'"
    )
    matches = sum(len(group.matches) for group in groups)
    count = f"{_counted(len(groups), 'query', 'queries')} · {_counted(matches, 'match', 'matches')}"
    sections = [_group(group, "h2", _by_class) for group in groups]
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{_text(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            '<header class="top">',
            f'<div class="brand">{_MARK}Lookalike</div>',
            f"<h1>{_wrapped(title)}</h1>",
            f'<p class="count">{count}</p>',
            "</header>",
            "<main>",
            *(sections or ['<p class="none">Nothing to show.</p>']),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


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
            f"<{heading} {look('caption')}>{_wrapped(caption)}</{heading}>",
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
        f'<div title="{_text(match.id)}">',
        f"<p {look('folder')}>{_shown(folder + slash)}</p>" if slash else "",
        f"<p {look('name')}>{_wrapped(name)}</p>",
        "</div>",
        f"<p {look('label')}>{_shown(match.label)}</p>" if match.label is not None else "",
        "</figcaption></figure></li>",
    ]
    return "".join(lines)


def _frame(picture: bytes | None, alt: str, look: _Look) -> str:
    kind = _media_type(picture or b"")
    if picture is None or kind is None:
        return f"<div {look('frame')}><span {look('missing')}>No picture</span></div>"
    source = f"data:{kind};base64,{b64encode(picture).decode()}"
    return f'<div {look("frame")}><img {look("picture")} alt="{_text(alt)}" src="{source}"></div>'


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


def _text(text: str) -> str:
    """`text` escaped for HTML, with what controls lines or the direction of text made visible."""
    return escape(readable(text).translate(_UNSEEN))


def _shown(text: str) -> str:
    """`_text` that keeps its own direction."""
    return f"<bdi>{_text(text)}</bdi>"


def _wrapped(text: str) -> str:
    """`_shown`, free to break after a slash or an underscore as paths need it."""
    breakable = re.sub("([/_])", r"\1<wbr>", _text(text))
    return f"<bdi>{breakable}</bdi>"


def _number(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}" if abs(value) < 1000 else f"{value:.4g}"


def _counted(count: int, one: str, many: str) -> str:
    return f"{count:,} {one if count == 1 else many}"
