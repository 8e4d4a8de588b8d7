"""From the start of `lookalike serve` to the first garments on the screen, to the first answer.

    python -m benchmarks.serve_start --library demo

Seconds since the process was started, the median of so many; CPU seconds are those of the server
and its decoders until it was ready.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import quote

from benchmarks.processes import cpu_seconds, lookalike
from benchmarks.report import Cell, Table

ADDRESS = re.compile(r"on (http://[\d.]+:\d+)")
SHOWN = 24


def start_once(library: Path) -> Mapping[str, float]:
    """The seconds to each thing that a person waits for."""
    began = time.perf_counter()
    seconds: dict[str, float] = {}
    command = lookalike("serve", "--library", library, "--port", "0")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = ADDRESS.search(process.stderr.readline() if process.stderr else "")
            if found is None:
                raise SystemExit(f"{' '.join(command)} does not start.")
            url = found[1]

            def until(what: str, path: str, question: Any = None) -> bytes:
                data = _asked(url + path, question)
                seconds[what] = time.perf_counter() - began
                return data

            until("the page", "/")
            images = json.loads(until("the images' names", f"/v1/images?count={SHOWN}"))["images"]
            ids = [image["id"] for image in images]
            for id_ in ids:
                until(f"{len(ids)} thumbnails", f"/v1/image/thumbnail?id={quote(id_, safe='')}")
            until("an answer", "/v1/search", {"positive": [{"id": ids[0]}]})
            until("ready for uploads", "/readyz")
            seconds["CPU"] = cpu_seconds(process.pid)
        finally:
            process.terminate()
    return seconds


def _asked(url: str, question: Any) -> bytes:
    data = None if question is None else json.dumps(question).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json"})
    while True:
        try:
            with urllib.request.urlopen(request) as answer:
                body: bytes = answer.read()
                return body
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            error.read()
        except OSError:
            pass  # it does not listen yet
        time.sleep(0.005)


def main() -> None:
    """Start it several times and print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--library", type=Path, required=True)
    parser.add_argument("--times", type=int, default=7)
    options = parser.parse_args()
    start_once(options.library)
    starts = [start_once(options.library) for _ in range(options.times)]
    rows: list[list[Cell]] = [
        [what, median(s[what] for s in starts), max(s[what] for s in starts)] for what in starts[0]
    ]
    print(Table("From start to", ["", "s", "slowest s"], rows).markdown())


if __name__ == "__main__":
    main()
