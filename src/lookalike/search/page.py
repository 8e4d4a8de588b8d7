"""A standalone web page: style, pictures and script inside, nothing loaded from anywhere."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files

from lookalike.types import readable

_UNSEEN = {code: chr(0x2400 + code) for code in range(0x20)} | {
    code: f"\\u{code:04x}"
    for code in (0x7F, *range(0x80, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}
_MARK = (
    '<svg class="mark" viewBox="0 0 26 17" aria-hidden="true">'
    '<circle cx="9" cy="8.5" r="7"/><circle cx="17" cy="8.5" r="7"/></svg>'
)


def standalone_page(
    title: str, summary: str, sections: Sequence[str], *, style: str = "", script: str = ""
) -> str:
    """A complete HTML page of sections of HTML: pictures inlined, nothing loaded from anywhere.

    `style` is added to that of contact sheets. The page forbids itself everything but its own
    style, its own script and `data:` pictures,
    so a hostile name or label stays text even if it were to slip through the escaping.
    """
    style = files(__package__).joinpath("sheet.css").read_text("utf-8") + style
    policy = (
        f"default-src 'none'; img-src data:; style-src '{_digest(style)}'; "
        + (f"script-src '{_digest(script)}'; " if script else "")
        + "base-uri 'none'; form-action 'none'"
    )
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
            f"<title>{text_html(title)}</title>",
            f"<style>{style}</style>",
            "</head>",
            "<body>",
            '<header class="top">',
            f'<div class="brand">{_MARK}Lookalike</div>',
            f"<h1>{wrapped_html(title)}</h1>",
            f'<p class="count">{text_html(summary)}</p>',
            "</header>",
            "<main>",
            *sections,
            "</main>",
            *([f"<script>{script}</script>"] if script else []),
            "</body>",
            "</html>",
            "",
        ]
    )


def _digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def text_html(text: str) -> str:
    """`text` escaped for HTML, with what controls lines or the direction of text made visible."""
    return escape(readable(text).translate(_UNSEEN))


def wrapped_html(text: str) -> str:
    """`text_html`, free to break after a slash or an underscore as paths need it."""
    breakable = re.sub("([/_])", r"\1<wbr>", text_html(text))
    return f"<bdi>{breakable}</bdi>"
