"""`lookalike serve` under load, beside the naive service: rates, latencies, errors, memory.

    python -m benchmarks.serve --photos FOLDER --seconds 300
    python -m benchmarks.serve --seconds 15 --images 20000 --only ids

The library has vectors drawn around random centres in the default model's space; it is searched
exactly, then, `indexed`, by the index that `lookalike index --latency 1ms` makes. Queries by id
come from its ids, uploads are the photos, or drawn garments. The network's own rate is that of
full batches of prepared pixels with nothing else to do, right before and after. The load comes
from a process of its own on the same machine; how much of a core it took is told. `core-ms each`
is all that the service's processes took for an answer: it bounds the rate where nothing else is
running.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from benchmarks import stages
from benchmarks.cold import generated_library
from benchmarks.material import SUFFIXES, drawn_photos
from benchmarks.processes import cpu_seconds, lookalike, module, proportional_size, run, tree
from benchmarks.report import Cell, Table, save
from benchmarks.serve_load import pack, post
from lookalike.cores import cores

ADDRESS = re.compile(r"on http://([\d.]+):(\d+)")
PARTS = ("ids", "uploads", "indexed", "naive", "crowd")
UPLOADS = 400
EDGE = "ten-thousand-things"
MIB = 2**20
NETWORK_SECONDS = 5.0


@dataclass
class Watched:
    """A process and all below it: CPU seconds, and memory once a second (seconds since, bytes).

    Counted is anonymous memory: mapped files come and go as the system has room.
    """

    samples: list[tuple[float, int]] = field(default_factory=list)
    cpu: float = 0.0

    def slope(self) -> float:
        """MB a minute over the last two thirds, by least squares."""
        late = self.samples[len(self.samples) // 3 :]
        if len(late) < 3:
            return float("nan")
        seconds, sizes = np.array(late, float).T
        return float(np.polyfit(seconds / 60, sizes / 1e6, 1)[0])


@dataclass(frozen=True)
class Load:
    """What is asked, by how many at once, for how long."""

    name: str
    requests: Path
    connections: int
    seconds: float


@dataclass(frozen=True)
class Measured:
    """A load and what came of it."""

    load: Load
    found: dict[str, Any]
    memory: Watched


@contextmanager
def watched(pid: int) -> Iterator[Watched]:
    """Watch a process while something goes on."""
    found, done, began = Watched(), threading.Event(), time.monotonic()
    before = cpu_seconds(pid)

    def watch() -> None:
        while not done.wait(1.0):
            sizes = [size[1] for one in tree(pid) if (size := proportional_size(one)) is not None]
            found.samples.append((time.monotonic() - began, sum(sizes)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()
        found.cpu = cpu_seconds(pid) - before


@contextmanager
def started(command: Sequence[str], port: int, path: str) -> Iterator[subprocess.Popen[str]]:
    """A service, once it answers; stopped by SIGTERM afterwards."""
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, text=True)
    try:
        until = time.monotonic() + 120
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}"):
                    break
            except OSError:
                if process.poll() is not None or time.monotonic() > until:
                    raise SystemExit(f"{' '.join(command)} does not answer.") from None
                time.sleep(0.1)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def put(load: Load, port: int) -> dict[str, Any]:
    """What a load found."""
    words = [str(load.requests), str(load.connections), str(load.seconds)]
    found: dict[str, Any] = json.loads(run(module("serve_load", "127.0.0.1", str(port), *words))[1])
    if found["odd"]:
        print(found["odd"])
    return found


def network_rate(photos: Path) -> float:
    """Images a second of the network alone, in full batches on all cores."""
    runtime = "openvino" if _has_openvino() else "onnx"
    return 1 / stages.side_by_side(f"network-{runtime}", photos, NETWORK_SECONDS, 1)


def id_requests(path: Path, images: int) -> Path:
    """Questions by id, each for the ten nearest."""
    numbers = np.random.default_rng(1).integers(images, size=5000).tolist()
    return pack(path, (_question({"positive": [{"id": f"{n}.jpg"}], "k": 10}) for n in numbers))


def upload_requests(path: Path, photos: Sequence[Path], place: str) -> Path:
    """The photos as uploads."""
    return pack(path, (_upload(photo.read_bytes(), place) for photo in photos))


def _question(question: dict[str, Any]) -> bytes:
    return post("/v1/search", "application/json", json.dumps(question).encode())


def _upload(data: bytes, place: str) -> bytes:
    head = (
        f'--{EDGE}\r\nContent-Disposition: form-data; name="image"; filename="query.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    body = head.encode() + data + f"\r\n--{EDGE}--\r\n".encode()
    return post(place, f"multipart/form-data; boundary={EDGE}", body)


def _has_openvino() -> bool:
    from importlib.util import find_spec

    return find_spec("openvino") is not None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def measured(command: Sequence[str], path: str, loads: Sequence[Load]) -> list[Measured]:
    """A service under one load after another; `path` answers when it is ready."""
    if not loads:
        return []
    port, found = _free_port(), []
    with started([*command, str(port)], port, path) as server:
        for one in loads:
            with watched(server.pid) as memory:
                result = put(one, port)
            found.append(Measured(one, result, memory))
    return found


def _row(one: Measured) -> list[Cell]:
    found, statuses = one.found, one.found["statuses"]
    refused = sum(statuses.get(status, 0) for status in ("429", "503"))
    return [
        f"{one.load.name}, {one.load.connections} connections",
        found["rate"],
        1000 * one.memory.cpu / max(1, found["answers"]),
        1000 * found["p50"],
        1000 * found["p99"],
        1000 * found["slowest"],
        refused,
        sum(statuses.values()) - refused - statuses.get("200", 0),
        one.memory.slope(),
        one.memory.samples[-1][1] / MIB if one.memory.samples else 0,
        found["own_cores"],
    ]


def main() -> None:
    """Make the library, start the services one after the other, and put load on them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: drawn garments")
    parser.add_argument("--library", type=Path, help="where the library is, or is made and kept")
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--save", action="store_true", help="keep the table as JSON")
    options = parser.parse_args()
    parts = options.only or PARTS
    found: list[Measured] = []
    with tempfile.TemporaryDirectory(prefix="serve-") as folder:
        work = Path(folder)
        home = options.library or work / "library"
        if not home.exists():
            generated_library(home, options.images)
        where = options.photos or drawn_photos(work / "drawn")
        photos = sorted(p for p in where.rglob("*") if p.suffix.lower() in SUFFIXES)[:UPLOADS]
        rates = [network_rate(photos[0].parent)]
        questions = id_requests(work / "ids", options.images)
        uploads = upload_requests(work / "uploads", photos, "/v1/search/image")
        many, seconds = options.connections, options.seconds
        loads = {
            "ids": Load("ids", questions, many, seconds),
            "uploads": Load("uploads", uploads, many, seconds),
            "crowd": Load("far too many uploads", uploads, 10 * many, min(seconds, 20)),
        }
        wanted = [one for part, one in loads.items() if part in parts]
        serving = lookalike("serve", "--library", home, "--port")
        indexing = lookalike("index", "--library", home)
        run([*indexing, "--engine", "exact"])
        found += measured(serving, "/readyz", wanted)
        if "indexed" in parts:
            print(run([*indexing, "--latency", "1ms"])[1])
            quick = [replace(loads[part], name=f"{part}, indexed") for part in ("ids", "uploads")]
            found += measured(serving, "/readyz", quick)
        if "naive" in parts:
            naive = upload_requests(work / "naive", photos, "/search")
            brief = min(seconds, 60)
            alike = [Load("naive service, uploads", naive, n, brief) for n in (cores(), many)]
            found += measured(module("serve_naive", home), "/openapi.json", alike)
        rates.append(network_rate(photos[0].parent))
    network = mean(rates)
    note = (
        f"{options.images:,} images; {cores()} cores, the load's own among them. The network "
        f"alone, in full batches: {network:,.0f} images/s ({rates[0]:,.0f} before, "
        f"{rates[1]:,.0f} after)."
    )
    best = max((one.found["rate"] for one in found if "naive" in one.load.name), default=0)
    for one in found:
        if one.load.name in {"uploads", "uploads, indexed"}:
            rate = one.found["rate"]
            note += f" {one.load.name.capitalize()} / network: {rate / network:.2f}"
            note += f", / the naive service at its best: {rate / best:.1f}." if best else "."
    columns = ["", "answers/s", "core-ms each", "p50 ms", "p99 ms", "slowest ms"]
    columns += ["429 or 503", "other errors", "MB/min", "MiB", "load's own cores"]
    rows = [_row(one) for one in found]
    table = Table(f"Serving, {options.seconds:g} s each", columns, rows, note)
    print(table.markdown())
    if options.save:
        print(f"Saved: {save([table])}")


if __name__ == "__main__":
    main()
