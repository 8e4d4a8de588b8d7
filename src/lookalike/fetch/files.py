"""Files from the web that are no images: into memory when small, else straight to disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from lookalike.errors import FetchError, SourceError
from lookalike.fetch.body import NOBODY, Watch
from lookalike.fetch.client import SafeClient
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy

LARGEST = 50 * 10**9
LONGEST = 6 * 3600.0


def fetch_text(url: str, policy: FetchPolicy) -> str:
    """A small text, as UTF-8. Raises `SourceError`."""
    try:
        return _wait(_asked(url, policy, lambda: NOBODY)).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SourceError(f"{url} is not UTF-8 text.") from error


def fetch_file(url: str, path: Path, policy: FetchPolicy) -> None:
    """A file of any size to `path`, where it is whole or not at all. Raises `SourceError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    patient = replace(policy, size=LARGEST, seconds=LONGEST)
    try:
        with part.open("wb") as file:

            def from_the_start() -> Watch:
                file.seek(0)
                file.truncate()
                return Watch(sink=file.write)

            _wait(_asked(url, patient, from_the_start))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


async def _asked(url: str, policy: FetchPolicy, watch: Callable[[], Watch]) -> bytes:
    pace, tries = Pace(), 1
    async with SafeClient(policy) as client:
        while True:
            try:
                return (await client.image(url, watch())).body
            except FetchError as error:
                wait = pace.wait(error, tries)
                if wait is None:
                    raise SourceError(f"{url} cannot be had: {error}.") from error
            tries += 1
            await asyncio.sleep(wait)


def _wait(work: Coroutine[Any, Any, bytes]) -> bytes:
    """Its result; from a thread of its own where this one has a loop that runs already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()
