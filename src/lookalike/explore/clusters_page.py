"""Clusters as contact sheets: of each the words, the most central and the most diverse images."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lookalike.search.page import standalone_page, text_html, wrapped_html

_STYLE = """
.cluster { padding: 22px 0; border-top: 1px solid var(--line); }
.cluster h2 { font-size: 20px; }
.cluster h3 { margin: 14px 0 8px; font-size: 13px; color: var(--muted); font-weight: 600; }
.facts { color: var(--muted); }
.words { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 8px; padding: 0; list-style: none; }
.words li { padding: 1px 9px; border-radius: 999px; font-size: 13px; }
.words li { background: var(--accent-soft); }
.strip { display: grid; grid-template-columns: repeat(auto-fill, minmax(92px, 1fr)); gap: 10px; }
.strip figure { overflow: hidden; border-radius: 10px; }
.strip .picture { aspect-ratio: 1; background: var(--frame); }
.curve { width: min(460px, 100%); height: auto; color: var(--muted); font-size: 11px; }
.curve polyline { fill: none; stroke: var(--accent); stroke-width: 2; }
.curve circle { fill: var(--accent); }
.curve text { fill: currentColor; text-anchor: middle; }
"""
_WIDTH, _HEIGHT, _EDGE = 460, 150, 28


@dataclass(frozen=True, slots=True)
class Section:
    """A cluster on the page: its name, facts in a sentence, words, and ids to be shown."""

    name: str
    facts: str
    words: Sequence[str]
    central: Sequence[str]
    diverse: Sequence[str]


def clusters_page(
    summary: str,
    sections: Sequence[Section],
    curve: Mapping[int, float],
    thumbnail: Callable[[str], bytes | None],
) -> str:
    """The page; `thumbnail` gives the WebP of an id, `curve` the silhouettes by k, if any."""
    parts = [_curve(curve)] if len(curve) > 1 else []
    parts += [_section(section, thumbnail) for section in sections]
    parts = parts or ['<p class="none">No clusters.</p>']
    return standalone_page("Clusters", summary, parts, style=_STYLE)


def _section(section: Section, thumbnail: Callable[[str], bytes | None]) -> str:
    words = "".join(f"<li>{wrapped_html(word)}</li>" for word in section.words)
    return (
        f'<section class="cluster"><h2>{wrapped_html(section.name)}</h2>'
        f'<p class="facts">{text_html(section.facts)}</p>'
        + (f'<ul class="words">{words}</ul>' if words else "")
        + f'<h3>Most central</h3><div class="strip">{_strip(section.central, thumbnail)}</div>'
        f'<h3>Most diverse</h3><div class="strip">{_strip(section.diverse, thumbnail)}</div>'
        "</section>"
    )


def _strip(ids: Sequence[str], thumbnail: Callable[[str], bytes | None]) -> str:
    figures = []
    for id_ in ids:
        picture = thumbnail(id_)
        name = text_html(id_)
        if picture is None:
            inside = f'<div class="frame"><span class="missing">{name}</span></div>'
        else:
            source = f"data:image/webp;base64,{b64encode(picture).decode()}"
            inside = f'<img class="picture" alt="{name}" src="{source}">'
        figures.append(f'<figure title="{name}">{inside}</figure>')
    return "".join(figures)


def _curve(curve: Mapping[int, float]) -> str:
    """The silhouettes over k, drawn as a line; every k at the same distance from the last."""
    tried = sorted(curve)
    low, high = min(curve.values()), max(curve.values())
    spread = (high - low) or 1.0
    step = (_WIDTH - 2 * _EDGE) / (len(tried) - 1)
    places = [
        (_EDGE + i * step, _HEIGHT - _EDGE - (curve[k] - low) / spread * (_HEIGHT - 2 * _EDGE))
        for i, k in enumerate(tried)
    ]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    best = max(tried, key=lambda k: curve[k])
    x, y = places[tried.index(best)]
    marks = "".join(
        f'<text x="{place[0]:.1f}" y="{_HEIGHT - 8}">{k}</text>'
        for k, place in zip(tried, places, strict=True)
    )
    return (
        f'<figure><figcaption class="facts">Mean silhouette by number of clusters; the best, '
        f"{curve[best]:.3f}, at {best}</figcaption>"
        f'<svg class="curve" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="Silhouette by number of clusters"><polyline points="{line}"/>'
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4"/>{marks}</svg></figure>'
    )
