"""The curl commands of the page on serving run, and show every route."""

import asyncio
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import lookalike
from lookalike.api.app import openapi
from serving import served
from shell import photo, picture
from web import Web, answer

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"
COMMANDS = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL))
CURL = 'curl() { command curl -sS --fail-with-body "$@"; }\nset -eux\n'


def test_every_route_is_shown() -> None:
    shown = set(re.findall(r"127\.0\.0\.1:8765(/[\w/$]*)", COMMANDS))
    routes = {re.sub(r"\{\w+\}", "$JOB", path) for path in openapi()["paths"]}
    assert routes - shown == set()


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_command_of_the_page_succeeds(album, tmp_path):
    folder = tmp_path / "clothes"
    shutil.copytree(album / "in", folder / "in")
    picture(0).resize((72, 54)).save(folder / "in" / "hats" / "0 small.jpg", quality=90)
    with lookalike.open(folder) as library:
        library.add(folder / "in", label_from="folder")
    photo(folder / "dress.jpg", 70)
    photo(folder / "hat.jpg", 71)

    async def handle(request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer((folder / "dress.jpg").read_bytes()))

    with Web(handle) as web, served(folder, "--allow-host", "127.0.0.1") as server:
        here = COMMANDS.replace("127.0.0.1:8765", f"{server.host}:{server.port}")
        done = subprocess.run(
            ["sh", "-c", CURL + here.replace("http://images.example.org", web.url(""))],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    assert (folder / "small.webp").read_bytes()[8:12] == b"WEBP"
    assert done.stdout.count("event: end") == 4
