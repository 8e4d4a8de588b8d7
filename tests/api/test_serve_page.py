"""The curl commands of the page on serving run."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import lookalike
from serving import served
from shell import photo

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "serve.md"
COMMANDS = [
    line
    for block in re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_every_command_of_the_page_succeeds(album, tmp_path):
    with lookalike.open(tmp_path) as library:
        library.add(album / "in", label_from="folder")
    photo(tmp_path / "dress.jpg", 70)
    assert len(COMMANDS) > 10
    with served(tmp_path) as server:
        for command in COMMANDS:
            here = command.replace("127.0.0.1:8765", f"{server.host}:{server.port}")
            done = subprocess.run(
                ["sh", "-c", here.replace("curl", "curl -sS --fail-with-body", 1)],
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    assert (tmp_path / "small.webp").read_bytes()[8:12] == b"WEBP"
