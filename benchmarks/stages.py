"""What each stage of indexing costs alone, in core-seconds an image, with every core busy.

As a script it is one worker of a measurement: it says "ready", waits for a line, works, and
prints its images a second.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.processes import module
from lookalike.cores import cores
from lookalike.images.decode import decode
from lookalike.images.fingerprint import perceptual_hash, sha256
from lookalike.images.preprocess import to_input
from lookalike.images.read import read_bytes
from lookalike.models.model import DEFAULT_MODEL, find_model
from lookalike.models.network import ON_CORES, NetworkOptions
from lookalike.types import File

BATCH: int = ON_CORES.batch
PREPARED = 64
"""Images that are read or decoded beforehand by a stage that starts behind that."""
MODEL = find_model(DEFAULT_MODEL)
Step = Callable[[int], int]
"""Takes the number of the step; returns how many images it did."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Core-seconds an image."""

    decode: float
    hashes: float
    network: float

    @property
    def limit(self) -> float:
        """Images a second if these were all there is to do, on all cores."""
        return cores() / (self.decode + self.hashes + self.network)


def measure(folder: Path, runtime: str, seconds: float) -> Costs:
    """The three stages, one after the other."""
    return Costs(
        side_by_side("decode", folder, seconds, cores()),
        side_by_side("hashes", folder, seconds, cores()),
        side_by_side(f"network-{runtime}", folder, seconds, 1) * cores(),
    )


def side_by_side(stage: str, folder: Path, seconds: float, processes: int) -> float:
    """Mean seconds an image of processes that do a stage at the same time."""
    command = module("stages", stage, folder, str(seconds))
    started = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    for process in started:
        if process.stdout is None or process.stdout.readline().strip() != "ready":
            raise SystemExit(f"The stage {stage} did not start.")
    for process in started:
        if process.stdin is not None:
            process.stdin.write("go\n")
            process.stdin.flush()
    rates = [float(process.communicate()[0]) for process in started]
    return float(np.mean([1 / rate for rate in rates]))


def _step(stage: str, files: list[Path]) -> Step:
    """One step of a stage, on one thread, as the product does it."""
    spec = MODEL.preprocessing
    data = [read_bytes(File(str(file))) for file in files[:PREPARED]]
    pictures = [decode(one, shorter_side=spec.decode_side).rgb for one in data]

    def decode_one(number: int) -> int:
        content = read_bytes(File(str(files[number % len(files)])))
        to_input(decode(content, shorter_side=spec.decode_side).rgb, spec).tobytes()
        return 1

    def hash_one(number: int) -> int:
        sha256(data[number % len(data)])
        perceptual_hash(pictures[number % len(pictures)])
        return 1

    if stage == "decode":
        return decode_one
    if stage == "hashes":
        return hash_one
    options = NetworkOptions(stage.removeprefix("network-"), "auto", BATCH, cores())
    network = MODEL.open(options)
    pixels = np.stack([to_input(picture, spec) for picture in pictures])
    batches = pixels[: len(pixels) // BATCH * BATCH].reshape(-1, BATCH, *pixels.shape[1:])

    def embed_batch(number: int) -> int:
        network.run(batches[number % len(batches)])
        return BATCH

    return embed_batch


def _rate(step: Step, seconds: float) -> float:
    """Images a second, after a warm-up."""
    for number in range(4):
        step(number)
    images, start = 0, time.perf_counter()
    for number in count():
        images += step(number)
        taken = time.perf_counter() - start
        if taken >= seconds:
            return images / taken
    raise AssertionError("unreachable")


def main(stage: str, folder: str, seconds: str) -> None:
    """One worker: a thread, or one a core for the network."""
    step = _step(stage, sorted(Path(folder).iterdir()))
    threads = cores() if stage.startswith("network") else 1
    print("ready", flush=True)
    sys.stdin.readline()
    with ThreadPoolExecutor(threads) as pool:
        print(sum(pool.map(lambda _: _rate(step, float(seconds)), range(threads))))


if __name__ == "__main__":
    main(*sys.argv[1:])
