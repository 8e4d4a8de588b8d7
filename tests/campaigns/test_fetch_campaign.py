"""50,000 URLs of a server that misbehaves, killed on the way; FETCH_URLS says how many."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.fetch_server import behaviour
from benchmarks.processes import peak_memory

from shell import command, environment, photos, start

URLS = int(os.environ.get("FETCH_URLS", "50000"))
HOSTS, PORT, KILLS, AT_ONCE = 64, 9872, 3, 256
EXPECTED = {
    "good": ("", "200"),
    "slow": ("", "200"),
    "broken": ("", "200"),
    "busy": ("", "200"),
    "gone": ("http", "404"),
    "cut": ("truncated", ""),
    "page": ("not-an-image", "200"),
    "hang": ("timeout", ""),
}


def stats() -> dict[str, int]:
    with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/stats") as reply:
        seen: dict[str, int] = json.load(reply)
    return seen


@pytest.fixture
def server(tmp_path: Path) -> Iterator[None]:
    photos(tmp_path / "photos", range(100))
    module = [sys.executable, "-m", "benchmarks.fetch_server"]
    arguments = [*module, str(tmp_path / "photos"), str(HOSTS), str(PORT)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        process.kill()


@pytest.mark.campaign
@pytest.mark.usefixtures("server")
def test_a_large_table_is_fetched_whatever_happens(tmp_path: Path) -> None:
    table, out = tmp_path / "urls.csv", tmp_path / "out"
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["sku", "url"])
        for number in range(URLS):
            writer.writerow([number, f"http://127.0.0.{number % HOSTS + 1}:{PORT}/{number}.jpg"])
    options: tuple[Any, ...] = ("fetch", table, "--out", out, "--allow-private", "--size", 64)
    options += ("--timeout", 10, "--host-rate", 0, "--at-once", AT_ONCE)
    chance = random.Random(8)
    for _ in range(KILLS):
        with start(tmp_path, *options) as process:
            time.sleep(2 + chance.uniform(0, URLS / 1000))
            os.killpg(process.pid, signal.SIGKILL)
    os.environ.update(environment({}))
    peak = peak_memory(command(*options))
    assert peak.total < 500 * 2**20

    with (out / "outcomes.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["sku"]) for row in rows] == list(range(URLS))
    ends = Counter((behaviour(n), row["reason"], row["http"]) for n, row in enumerate(rows))
    assert {kind: (reason, code) for kind, reason, code in ends} == EXPECTED
    assert len(ends) == len(EXPECTED)
    for row in rows:
        assert bool(row["file"]) == (row["reason"] == "")
        assert not row["file"] or (out / row["file"]).stat().st_size > 0
    seen = stats()
    assert seen["most_at_once"] <= 8
    assert seen["again_for_nothing"] <= KILLS * AT_ONCE
    print(f"peak {peak.total / 2**20:.0f} MiB, server {seen}")
