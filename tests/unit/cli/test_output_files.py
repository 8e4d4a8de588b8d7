"""A page or array that cannot be written is one sentence, not a traceback."""

import subprocess
import sys
from pathlib import Path

from PIL import Image


def test_an_output_file_in_no_folder(tmp_path: Path) -> None:
    Image.new("RGB", (32, 32), "red").save(tmp_path / "a.png")
    command = [sys.executable, "-m", "lookalike", "embed", "a.png", "--out", "nowhere/a.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "Error: There is no folder 'nowhere' to write 'a.npy' into.\n"
    assert "Traceback" not in done.stderr
