"""Whole processes: run and timed from outside, or watched while they run."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

WATCH_SECONDS = 0.05
REJECTED_SOME = 3


def lookalike(*arguments: str | Path) -> list[str]:
    """The command line of a `lookalike` command."""
    return [sys.executable, "-m", "lookalike", *map(str, arguments)]


def module(name: str, *arguments: str | Path) -> list[str]:
    """The command line of a module of these benchmarks."""
    return [sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments)]


def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """Wall seconds of a command, its start included."""
    return run(command, environment)[0]


def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> tuple[float, str]:
    """Wall seconds of a command, and what it wrote on stdout."""
    start = time.perf_counter()
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**os.environ, **(environment or {})},
        check=False,
    )
    seconds = time.perf_counter() - start
    if done.returncode not in {0, REJECTED_SOME}:
        raise SystemExit(f"{' '.join(command)}: exit code {done.returncode}\n{done.stderr}")
    return seconds, done.stdout


@dataclass(slots=True)
class Peak:
    """The most that a process and its children held at once, in bytes."""

    total: int = 0
    anonymous: int = 0
    processes: int = 0
    samples: int = field(default=0, repr=False)


def peak_memory(command: Sequence[str]) -> Peak:
    """Run a command; the largest sum of PSS over its process tree, seen every 50 ms."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    peak = Peak()
    with _watching(process.pid, peak):
        _, errors = process.communicate()
    if process.returncode not in {0, REJECTED_SOME}:
        raise SystemExit(f"{' '.join(command)}: exit code {process.returncode}\n{errors!r}")
    return peak


@contextmanager
def _watching(pid: int, peak: Peak) -> Iterator[None]:
    done = threading.Event()

    def watch() -> None:
        while not done.wait(WATCH_SECONDS):
            sizes = [size for one in tree(pid) if (size := proportional_size(one)) is not None]
            total = sum(size for size, _ in sizes)
            peak.samples += 1
            if total > peak.total:
                peak.total = total
                peak.anonymous = sum(anonymous for _, anonymous in sizes)
                peak.processes = len(sizes)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (parent := _parent(entry)) is not None:
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _parent(entry: Path) -> int | None:
    try:
        stat = (entry / "stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


def proportional_size(pid: int) -> tuple[int, int] | None:
    """PSS and its anonymous part in bytes; None when the process is gone."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return None
    sizes = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    return _bytes(sizes["Pss"]), _bytes(sizes["Pss_Anon"])


def cpu_seconds(pid: int) -> float:
    """What a process and all below it have taken, of those that still run."""
    ticks = 0
    for one in tree(pid):
        with suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _bytes(text: str) -> int:
    return int(text.split(maxsplit=1)[0]) * 1024
