"""Runs the real command in a process of its own, and draws the small photos it is run on."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import forking

STORED = re.compile(r"^(embedded|duplicate|unchanged|rejected): (.*)$", re.MULTILINE)
SECONDS = 100
"""After these a command that does not end is killed."""


@dataclass(frozen=True)
class Done:
    """What a finished command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def rows(self) -> list[list[str]]:
        """The lines of a table, without the one that names the columns."""
        return [line.split("\t") for line in self.out.splitlines()[1:]]

    @property
    def reported(self) -> list[tuple[str, str]]:
        """(outcome, id) of each image that `index -v` said was stored."""
        return STORED.findall(self.err)


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "lookalike", *map(str, arguments)]


def environment(extra: Mapping[str, str]) -> dict[str, str]:
    """This one without settings of the person who runs the tests, but where models are kept."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("LOOKALIKE_") or name == "LOOKALIKE_CACHE"
    }
    return kept | dict(extra)


def run(folder: Path, *arguments: object, stdin: bytes = b"", **variables: str) -> Done:
    """Run `lookalike ARGUMENTS` in a folder; a traceback is never an answer."""
    started = environment(variables)
    if forking.starts_alike(started):
        request = forking.Request(str(folder.absolute()), [*map(str, arguments)], started)
        code, printed, said = forking.run(request, stdin, SECONDS)
    else:
        done = subprocess.run(
            command(*arguments),
            cwd=folder,
            input=stdin,
            capture_output=True,
            env=started,
            timeout=SECONDS,
            check=False,
        )
        code, printed, said = done.returncode, done.stdout, done.stderr
    out, err = printed.decode(), said.decode()
    assert "Traceback" not in err, err
    assert "Warning" not in err, err
    return Done(code, out, err)


def start(
    folder: Path, *arguments: object, variables: Mapping[str, str] = {}, **options: Any
) -> "subprocess.Popen[bytes]":
    """Start `lookalike ARGUMENTS` as the leader of a process group of its own."""
    return subprocess.Popen(
        command(*arguments),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(variables),
        bufsize=0,  # or what is read line by line is lost to `communicate`
        start_new_session=True,
        **options,
    )


def index(folder: Path, *arguments: object, expect: int = 0, stdin: bytes = b"") -> dict[str, Any]:
    """The one report of `lookalike index ARGUMENTS --json`; its four outcomes add up."""
    done = run(folder, "index", *arguments, "--json", stdin=stdin)
    assert done.code == expect, done.err
    (report,) = done.json
    outcomes = ("embedded", "unchanged", "duplicate", "rejected")
    assert sum(report[outcome] for outcome in outcomes) == report["offered"]
    return dict(report)


def outcomes(report: Mapping[str, Any]) -> tuple[int, int, int, int]:
    """embedded, unchanged, duplicate, rejected."""
    return (report["embedded"], report["unchanged"], report["duplicate"], report["rejected"])


def picture(seed: int, width: int = 96, height: int = 72) -> Image.Image:
    """A smooth pattern of colours, another for each seed."""
    colours = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC)


def photo(path: Path, seed: int, **options: Any) -> Path:
    """Write `picture(seed)` where its name says, in the format that its name says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture(seed).save(path, **options)
    return path


def photos(folder: Path, seeds: Iterable[int]) -> list[str]:
    """Write 000.jpg, 001.jpg, ... and give their names."""
    return [photo(folder / f"{seed:03d}.jpg", seed).name for seed in seeds]


def age(folder: Path, seconds: int = 3600) -> None:
    """Set all files' times back, past the moment in which a change may go unseen."""
    for path in folder.rglob("*"):
        if path.is_file() and ".lookalike" not in path.parts:
            then = path.stat().st_mtime_ns - seconds * 10**9
            os.utime(path, ns=(then, then))
