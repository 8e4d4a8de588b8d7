"""Fetches a table of URLs from a server that misbehaves, beside img2dataset, in one run.

python -m benchmarks.fetch --photos FOLDER --urls 50000
Of the URLs 10 % are slow, 5 % gone, 3 % and 2 % give a 500 or a 429 first, 1 % are cut short,
1 % are HTML, 0.5 % hang. The server has 64 addresses and counts what each is asked.
img2dataset is installed into an environment of its own below --work.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fetch_server import behaviour
from benchmarks.processes import lookalike, peak_memory
from benchmarks.report import Cell, Table, save

HOSTS = 64
PORT = 9871
TIMEOUT = 5
RETRIES = 2
SIDE = 256
MIB = 2**20
GOOD = ("good", "slow", "broken", "busy")


def main() -> None:
    """Make the table, let both fetch it, print what they did."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True, help="a folder of JPEGs")
    parser.add_argument("--urls", type=int, default=50_000)
    parser.add_argument("--alone", action="store_true", help="without img2dataset")
    parser.add_argument("--save", action="store_true", help="keep the table as JSON")
    parser.add_argument("--work", type=Path, help="where files go; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=options.work) as folder:
        work = Path(folder)
        table = _table(work / "urls.csv", options.urls)
        due = sum(behaviour(number) in GOOD for number in range(options.urls))
        rows = [_ours(work, table, options.photos, due)]
        if not options.alone:
            rows.append(_theirs(work, options.work or work, table, options.photos, due))
    columns = ["", "seconds", "images", "images/s", "CPU s", "images/CPU s", "peak MiB"]
    columns += ["requests", "most at one host"]
    note = (
        f"{due:,} of the {options.urls:,} can be had. Both resize the shorter side to {SIDE}, "
        f"JPEG quality 92, time out after {TIMEOUT} s and try {RETRIES} times again. Peak memory "
        "is the sum of PSS over all processes of the contestant."
    )
    result = Table(f"{options.urls:,} URLs of {HOSTS} hosts, one run", columns, rows, note)
    print(result.markdown())
    if options.save:
        print(f"Saved: {save([result])}")


def _table(path: Path, urls: int) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["sku", "url"])
        for number in range(urls):
            writer.writerow([number, f"http://127.0.0.{number % HOSTS + 1}:{PORT}/{number}.jpg"])
    return path


def _ours(work: Path, table: Path, photos: Path, due: int) -> list[Cell]:
    out = work / "ours"
    command = lookalike("fetch", table, "--out", out, "--allow-private", "--size", str(SIDE))
    command += ["--timeout", str(TIMEOUT), "--retries", str(RETRIES), "--host-rate", "0"]
    with _server(photos) as stats:
        cost = _cost(command)
        seen = stats()
    with (out / "outcomes.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    ends = Counter((behaviour(number), row["status"]) for number, row in enumerate(rows))
    images = sum(row["status"] in {"fetched", "duplicate"} for row in rows)
    print(f"ours: {len(rows):,} outcomes, {images:,} of {due:,} images; server: {seen}")
    for (kind, status), times in sorted(ends.items()):
        print(f"  {kind:7} {status:9} {times:,}")
    return ["lookalike fetch", *_figures(cost, images), seen["requests"], seen["most_at_once"]]


def _theirs(work: Path, kept: Path, table: Path, photos: Path, due: int) -> list[Cell]:
    python = _environment(kept / "img2dataset-env")
    out = work / "theirs"
    script = (
        "from img2dataset import download\n"
        f"download(url_list={str(table)!r}, input_format='csv', url_col='url',"
        f" output_folder={str(out)!r}, output_format='files', processes_count=2,"
        f" thread_count=128, image_size={SIDE}, resize_mode='keep_ratio', encode_quality=92,"
        f" timeout={TIMEOUT}, retries={RETRIES}, enable_wandb=False)\n"
    )
    code = f"if __name__ == '__main__':\n    exec({script!r})\n"
    file = work / "theirs.py"
    file.write_text(code, encoding="utf-8")
    with _server(photos) as stats:
        cost = _cost([str(python), str(file)])
        seen = stats()
    images = sum(1 for _ in out.rglob("*.jpg"))
    print(f"img2dataset: {images:,} of {due:,} images; server: {seen}")
    return ["img2dataset", *_figures(cost, images), seen["requests"], seen["most_at_once"]]


@dataclass(frozen=True, slots=True)
class _Cost:
    """Wall and processor seconds of a command with its processes, and its peak in bytes."""

    seconds: float
    cpu: float
    peak: int


def _cost(command: Sequence[str]) -> _Cost:
    before, began = os.times(), time.perf_counter()
    peak = peak_memory(command)
    seconds, after = time.perf_counter() - began, os.times()
    spent = after.children_user + after.children_system
    return _Cost(seconds, spent - before.children_user - before.children_system, peak.total)


def _figures(cost: _Cost, images: int) -> list[Cell]:
    rates = [images / cost.seconds, images / cost.cpu]
    return [cost.seconds, images, rates[0], cost.cpu, rates[1], cost.peak / MIB]


def _environment(folder: Path) -> Path:
    python = folder / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "img2dataset"]
        subprocess.run(install, check=True)
    return python


@contextmanager
def _server(photos: Path) -> Iterator[Callable[[], dict[str, int]]]:
    command = [sys.executable, "-m", "benchmarks.fetch_server", str(photos), str(HOSTS), str(PORT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        if process.stdout is None or process.stdout.readline() != b"ready\n":
            raise SystemExit("The server did not start.")
        try:
            yield _stats
        finally:
            process.kill()


def _stats() -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/stats") as answer:
        seen: dict[str, int] = json.load(answer)
    return seen


if __name__ == "__main__":
    main()
