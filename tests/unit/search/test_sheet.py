import hashlib
import io
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from PIL import Image

from lookalike.search.sheet import (
    SheetGroup,
    SheetMatch,
    SheetPart,
    SheetQuery,
    contact_sheet,
    grid_html,
)

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(1)</script>",
    "a & b &amp; c",
    "emoji \U0001f457 and \u0641\u0633\u062a\u0627\u0646",
    "javascript:alert(1)",
    "folder/sub_folder/e\u0301.jpg",
]
VOID = {"meta", "img", "wbr"}
ALLOWED = VOID | {
    *("html", "head", "title", "style", "body", "header", "main", "section", "div"),
    *("figure", "figcaption", "h1", "h2", "p", "span", "b", "bdi", "ol", "li"),
    *("svg", "circle", "rect"),
}


class Page(HTMLParser):
    """What a browser would see: tags, attributes, text by class, and whether tags nest."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.style = ""
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        assert len(attributes) == len(attrs), "an attribute twice"
        self.tags.append((tag, attributes))
        if tag in {"p", "h1", "h2", "span", "b", "div", "title"}:
            self.texts.append((attributes.get("class") or tag, ""))
        if tag not in VOID:
            self.open.append((tag, attributes.get("class") or ""))

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "style":
            self.style += data
        elif self.texts and data != "\n":
            name, text = self.texts[-1]
            self.texts[-1] = (name, text + data)

    def text(self, name: str) -> list[str]:
        return [text.strip() for found, text in self.texts if found == name]

    def attributes(self, name: str) -> list[str]:
        return [
            value or "" for _, found in self.tags for key, value in found.items() if key == name
        ]


def picture(kind: str = "WEBP", size=(16, 12)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(file, kind)
    return file.getvalue()


def match(rank=1, name="a.jpg", label=None, similarity=0.5, distance=0.5, image=None):
    return SheetMatch(rank, name, label, similarity, distance, image)


def group(*matches: SheetMatch, caption="query.jpg", image=None) -> SheetGroup:
    return SheetGroup(SheetQuery(caption, image), matches)


def sheet(*matches: SheetMatch, **query) -> Page:
    return Page(contact_sheet("Title", [group(*matches, **query)]))


@pytest.mark.parametrize("text", HOSTILE)
def test_names_labels_and_titles_are_text_and_nothing_else(text):
    html = contact_sheet(text, [group(match(name=text, label=text, image=picture()), caption=text)])
    page = Page(html)
    assert {tag for tag, _ in page.tags} <= ALLOWED
    assert not any(key.startswith("on") for _, found in page.tags for key in found)
    folder, slash, name = text.rpartition("/")
    assert page.text("title") == [text]
    assert page.text("h1") == page.text("caption") == page.text("label") == [text]
    assert page.text("name") == [name]
    assert page.text("folder") == ([folder + slash] if slash else [])
    assert page.attributes("alt") == [f"Match 1: {text}"]
    assert text in page.attributes("title")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("two\nlines\t.jpg", "two\u240alines\u2409.jpg"),
        ("nul\x00.jpg", "nul\u2400.jpg"),
        ("photo\u202egpj.exe", "photo\\u202egpj.exe"),
        ("\u2066isolate\u2069", "\\u2066isolate\\u2069"),
        ("caf\udce9.jpg", "caf\\xe9.jpg"),
    ],
)
def test_what_would_bend_the_line_is_made_visible(text, shown):
    html = contact_sheet(text, [group(match(name=text), caption=text)])
    html.encode("utf-8")
    page = Page(html)
    assert page.text("name") == page.text("caption") == page.text("title") == [shown]


def test_the_page_allows_itself_only_its_own_style_and_inlined_pictures():
    page = sheet(match(image=picture()), image=picture("JPEG"))
    (policy,) = [
        found["content"]
        for tag, found in page.tags
        if tag == "meta" and found.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    digest = b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": f"'sha256-{digest}'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert page.attributes("style") == []


def test_nothing_outside_the_page_is_named():
    html = contact_sheet("Title", [group(match(image=picture()), image=picture())])
    page = Page(html)
    assert all(source.startswith("data:image/") for source in page.attributes("src"))
    assert not page.attributes("href")
    assert not re.search(r"url\(|@import|expression\(|//", page.style)
    assert "http:" not in html
    assert "https:" not in html


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_are_inlined_byte_for_byte(kind):
    image = picture(kind)
    for html in (
        contact_sheet("", [group(match(image=image))]),
        grid_html(group(match(image=image))),
    ):
        (source,) = Page(html).attributes("src")
        head, _, body = source.partition(",")
        assert head == f"data:image/{kind.lower()};base64"
        assert b64decode(body, validate=True) == image


@pytest.mark.parametrize("image", [None, b"", b"<svg onload=alert(1)>", b"RIFF1234WAVE"])
def test_a_card_without_a_usable_picture_says_so(image):
    page = sheet(match(image=image), image=picture())
    assert page.text("missing") == ["No picture"]
    assert len(page.attributes("src")) == 1


def test_figures_are_read_as_written():
    page = sheet(
        match(1, similarity=0.98765, distance=0.01235),
        match(2, similarity=-1e-9, distance=-1e-9),
        match(3, similarity=-0.25, distance=1234.5678),
    )
    assert page.text("similarity") == ["0.988 similarity", "0.000 similarity", "-0.250 similarity"]
    assert [text for text in page.text("span") if "distance" in text] == [
        "0.012 distance",
        "0.000 distance",
        "1235 distance",
    ]
    assert page.text("rank") == ["1", "2", "3"]


def test_bars_only_where_the_scale_ends_at_one():
    def bars(*similarities):
        page = sheet(*(match(similarity=value) for value in similarities))
        return [found["width"] for _, found in page.tags if found.get("class") == "level"]

    assert bars(1.0000001, 0.5, -0.5) == ["100.0", "50.0", "0.0"]
    assert bars(12.5, 0.5) == []
    assert bars(-3.0) == []


def test_headings_lead_through_the_page():
    page = Page(
        contact_sheet(
            "Two",
            [group(match(), match(2), caption="first"), group(caption="second")],
        )
    )
    assert page.text("h1") == ["Two"]
    assert page.text("caption") == ["first", "second"]
    assert [tag for tag, _ in page.tags if tag in {"h1", "h2"}] == ["h1", "h2", "h2"]
    assert page.text("count") == ["2 queries · 2 matches", "2 matches", "0 matches"]
    assert page.text("none") == ["No matches."]
    assert ("html", {"lang": "en"}) in page.tags


def test_a_page_of_nothing_says_so():
    page = Page(contact_sheet("Empty", []))
    assert page.text("none") == ["Nothing to show."]
    assert page.text("count") == ["0 queries · 0 matches"]


def test_a_fragment_brings_no_page_and_leaks_no_style():
    fragment = grid_html(group(*(match(name=text, label=text) for text in HOSTILE), caption="<b>"))
    page = Page(fragment)
    tags = {tag for tag, _ in page.tags}
    assert tags <= ALLOWED - {"html", "head", "meta", "title", "style", "body", "h1", "h2"}
    assert page.attributes("class") == []
    assert page.attributes("id") == []
    assert not re.search(r"url\(|fixed|sticky", " ".join(page.attributes("style")))


def test_every_part_has_its_style_in_both_looks():
    several = SheetGroup(SheetQuery("a + b", parts=[SheetPart("a"), SheetPart("b")]), [])
    explained = replace(match(label="x", image=picture(), name="a/b"), note="why")
    html = contact_sheet("Title", [group(explained), group(), several])
    css = files("lookalike.search").joinpath("sheet.css").read_text("utf-8")
    used = {name for names in Page(html).attributes("class") for name in names.split()}
    unstyled = used - set(re.findall(r"\.([a-z]+)", css))
    assert unstyled <= {"item", "about", "caption"}
    assert set(re.findall(r"\.([a-z]+)", css)) <= used | {"missing"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_question_of_several_items_shows_each_with_its_sign(text):
    parts = [
        SheetPart("a.jpg", 2.0, picture()),
        SheetPart(text, -1.0, picture("JPEG")),
        SheetPart("text:a hat", 0.5),
    ]
    page = Page(contact_sheet("Title", [SheetGroup(SheetQuery("all", parts=parts), [])]))
    assert page.text("sign") == ["+2", "\u2212", "+0.5"]
    assert page.attributes("alt") == ["+2 a.jpg", f"\u2212 {text}"]
    assert page.text("missing") == ["No picture"]
    fragment = Page(grid_html(SheetGroup(SheetQuery("all", parts=parts), [])))
    assert fragment.attributes("class") == []


def test_a_sheet_weighs_little_more_than_its_pictures():
    image = picture(size=(256, 256))
    many = [match(i, f"folder/{i:05d}.jpg", "label", image=image) for i in range(1, 201)]
    html = contact_sheet("Big", [group(*many)])
    empty = contact_sheet("Big", [group()])
    assert len(empty) < 8_000
    assert len(html) - len(empty) < 200 * (len(image) * 4 / 3 + 1_200)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("dark", [False, True])
def test_text_stands_out_from_its_ground_as_wcag_aa_asks(dark):
    css = files("lookalike.search").joinpath("sheet.css").read_text("utf-8")
    palettes = re.findall(r":root \{([^}]*)\}", css)
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", palettes[dark]))
    pairs = [(text, ground) for text in ("text", "muted") for ground in ("page", "card", "frame")]
    for text, ground in [*pairs, ("accent", "page"), ("text", "accent-soft")]:
        light, shade = sorted((luminance(colours[text]), luminance(colours[ground])), reverse=True)
        assert (light + 0.05) / (shade + 0.05) >= 4.5, (text, ground)
