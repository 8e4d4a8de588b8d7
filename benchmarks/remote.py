"""Measure a mirror on a server: how fast it is filled, how well and how fast it answers.

python -m benchmarks.remote postgresql://postgres@127.0.0.1/postgres --count 100000 --memory 1G
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import lookalike
from lookalike.cli.engine import memory_bytes
from lookalike.library.library import Library
from lookalike.types import Floats

_CLUSTERS = 1000
_BLOCK = 5000
_QUERIES = 200


def clustered(count: int, dim: int, seed: int) -> Iterator[Floats]:
    """Gaussian clusters whose centres lie close enough to overlap, a block at a time."""
    middles = np.random.default_rng(99).standard_normal((_CLUSTERS, dim)).astype(np.float32)
    generator = np.random.default_rng(seed)
    for start in range(0, count, _BLOCK):
        size = min(_BLOCK, count - start)
        noise = generator.standard_normal((size, dim), dtype=np.float32)
        yield middles[generator.integers(_CLUSTERS, size=size)] + noise


def answered(library: Library, queries: Floats, **how: Any) -> tuple[list[list[str]], list[float]]:
    """The ids that each query finds, asked one by one, and the milliseconds it took."""
    ids, times = [], []
    for query in queries:
        began = time.perf_counter()
        ids.append(library.search(query, 10, **how).ids)
        times.append(1000 * (time.perf_counter() - began))
    return ids, times


def measured(library: Library, url: str, memory: int | None) -> dict[str, Any]:
    """Publish and search; times in seconds, or in milliseconds a query."""
    ends: dict[str, float] = {}
    began = time.perf_counter()

    def step(stage: str, _done: int, _total: int) -> None:
        ends[stage] = time.perf_counter() - began

    report = library.publish(url, memory=memory, on_step=step)
    queries = next(clustered(_QUERIES, library.space.dim, 5))
    truth, _ = answered(library, queries[:50], exact=True)
    answered(library, queries[:20], engine=url)
    found, times = answered(library, queries, engine=url)
    shares = [len(set(a) & set(b)) / 10 for a, b in zip(truth, found, strict=False)]
    result = {
        "sending": round(ends["sending"], 1),
        "rows a second": round(report.sent / ends["sending"]),
        "whole publish": report.seconds,
        "reach": report.reach,
        "recall in the report": report.recall,
        "recall of other queries": round(float(np.mean(shares)), 3),
        "p50 ms": round(float(np.percentile(times, 50)), 2),
        "p99 ms": round(float(np.percentile(times, 99)), 2),
        "publish again": library.publish(url).seconds,
    }
    if url.startswith("postgres"):
        _, scans = answered(library, queries[:5], engine=url, exact=True)
        result["scan p50 ms"] = round(float(np.percentile(scans, 50)), 1)
    return result


def main() -> None:
    """Make a library, measure, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--memory")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, lookalike.open(Path(folder)) as library:
        blocks = clustered(given.count, given.dim, 0)
        named = (
            ([f"{number}-{row}" for row in range(len(block))], block)
            for number, block in enumerate(blocks)
        )
        library.import_vectors("far", named)
        library.default_space("far")
        memory = None if given.memory is None else memory_bytes(given.memory)
        print(json.dumps(measured(library, given.url, memory), indent=2))


if __name__ == "__main__":
    main()
