"""The Python page names everything that is public."""

import re
from dataclasses import fields
from pathlib import Path

import lookalike

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "python.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", re.sub("```", "`", PAGE))
NAMED = set(re.findall(r"\w+", " ".join(CODE)))


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def test_every_public_name_is_on_the_page() -> None:
    assert set(lookalike.__all__) <= NAMED


def test_every_method_and_field_is_on_the_page() -> None:
    for kind in (lookalike.Library, lookalike.Hits, lookalike.Hit, lookalike.Report):
        assert public(kind) - NAMED == set(), kind
    assert {field.name for field in fields(lookalike.Limits)} <= NAMED


def test_every_option_of_add_and_open_is_on_the_page() -> None:
    for function in (lookalike.open, lookalike.Library.add, lookalike.embed_files):
        names = set(function.__annotations__) - {"return", "resources"}
        assert names - NAMED == set(), function
