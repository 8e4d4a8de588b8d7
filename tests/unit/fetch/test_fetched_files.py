"""Files from the web come whole or not at all, and only from where images may come from."""

import pytest

from lookalike.errors import SourceError
from lookalike.fetch.files import fetch_file, fetch_text
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy
from web import Web, answer

LOCAL = FetchPolicy(allow_private=True)
DATA = bytes(range(256)) * 40_000


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch):
    monkeypatch.setattr("lookalike.fetch.files.Pace", lambda: Pace(first_wait=0.01, retries=2))


def test_a_large_file_is_whole(tmp_path):
    async def serve(_, writer):
        writer.write(answer(DATA))

    with Web(serve) as web:
        fetch_file(web.url("/a"), tmp_path / "in" / "a.bin", LOCAL)

    assert (tmp_path / "in" / "a.bin").read_bytes() == DATA
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["a.bin"]


def test_what_breaks_off_is_asked_for_again_from_the_start(tmp_path):
    answers = [answer(status=503), answer(DATA[:1000], length=5000), answer(DATA[:3000])]

    async def serve(_, writer):
        writer.write(answers.pop(0))
        writer.close()

    with Web(serve) as web:
        fetch_file(web.url("/a"), tmp_path / "a.bin", LOCAL)

    assert (tmp_path / "a.bin").read_bytes() == DATA[:3000]


def test_what_cannot_be_had_leaves_nothing(tmp_path):
    async def serve(request, writer):
        writer.write(answer(b"\xff\xfe") if request.path == "/text" else answer(status=404))

    with Web(serve) as web:
        with pytest.raises(SourceError, match="404"):
            fetch_file(web.url("/a"), tmp_path / "a.bin", LOCAL)
        with pytest.raises(SourceError, match="forbidden"):
            fetch_file(web.url("/a"), tmp_path / "a.bin", FetchPolicy())
        with pytest.raises(SourceError, match="not UTF-8"):
            fetch_text(web.url("/text"), LOCAL)
    assert not list(tmp_path.iterdir())
