"""The built page: whole, small, without inline script; served openly, cached by its names."""

import gzip
import re

import pytest
from fastapi import FastAPI

from lookalike.api.guard import OPEN, OPEN_BELOW
from lookalike.web import page
from serving import served

DOCUMENT = (page.BUILT / "index.html").read_text()
NAMED = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', DOCUMENT)


def imported(name, seen):
    """The files that one loads at once, itself too."""
    if name in seen:
        return seen
    seen.add(name)
    text = (page.BUILT / name).read_text()
    for other in re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', text):
        imported(f"assets/{other}", seen)
    return seen


def test_the_document_names_files_that_are_there_and_runs_nothing_of_its_own():
    assert len(NAMED) >= 2
    assert all((page.BUILT / name).is_file() for name in NAMED)
    assert re.findall(r"<script[^>]*>([^<]+)</script>", DOCUMENT) == []
    assert not re.search(r"\son\w+=|<style|style=|https?://", DOCUMENT)


def test_search_is_small_and_the_map_comes_later():
    scripts = set()
    search = next((page.BUILT / "assets").glob("search-*.js")).name
    for name in [*NAMED, f"assets/{search}"]:
        if name.endswith(".js"):
            imported(name, scripts)
    packed = sum(len(gzip.compress((page.BUILT / name).read_bytes())) for name in scripts)
    assert packed < 150_000
    assert not [name for name in scripts if re.search(r"/(map|clusters|duplicates|library)-", name)]


def test_the_page_is_there_without_a_key_and_the_library_is_not(tmp_path):
    import lookalike

    lookalike.open(tmp_path).close()
    with served(tmp_path, "--api-key", "one-two/three%20four") as server:
        document = server.get("/")
        policy = document.headers["content-security-policy"]
        assert document.status == 200
        assert document.body.decode() == DOCUMENT
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert document.headers["x-content-type-options"] == "nosniff"
        assert document.headers["cache-control"] == "no-cache"
        again = server.ask("GET", "/", headers={"If-None-Match": document.headers["etag"]})
        assert again.status == 304
        for name in NAMED:
            asset = server.get(f"/{name}")
            assert asset.status == 200
            assert asset.body == (page.BUILT / name).read_bytes()
            assert "immutable" in asset.headers["cache-control"]
            assert asset.headers["content-type"].split(";")[0] in {"text/javascript", "text/css"}
        for path in ("..%2Fpage.py", "%2e%2e/page.py", "..\\page.py", "index.html", "x.js", "%00"):
            assert server.get(f"/assets/{path}").status == 404
        assert server.get("/v1/spaces").status == 401
        cookie = {"Cookie": "other=1; lookalike-key=one-two%2Fthree%2520four"}
        assert server.ask("GET", "/v1/spaces", headers=cookie).status == 200
        wrong = {"Cookie": "lookalike-key=one-two"}
        assert server.ask("GET", "/v1/spaces", headers=wrong).status == 401


def test_the_page_is_no_part_of_the_described_service():
    app = FastAPI()
    app.include_router(page.router)
    assert app.openapi()["paths"] == {}
    assert "/" in OPEN
    assert OPEN_BELOW == "/assets/"


@pytest.mark.parametrize("name", sorted(file.name for file in (page.BUILT / "assets").iterdir()))
def test_names_carry_a_hash_of_what_is_in_them(name):
    assert re.fullmatch(r"\w+-[\w-]{8}\.(js|css)", name)
