"""One image from the web, for those who wait for it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from lookalike.fetch.client import SafeClient
from lookalike.fetch.policy import FetchPolicy


def fetch_bytes(url: str, policy: FetchPolicy) -> bytes:
    """The bytes of the image at `url`. Raises `FetchError`."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(_fetched(url, policy))
    with ThreadPoolExecutor(1) as thread:  # a notebook has a loop running in this one
        return thread.submit(asyncio.run, _fetched(url, policy)).result()


async def _fetched(url: str, policy: FetchPolicy) -> bytes:
    async with SafeClient(policy) as client:
        return (await client.image(url)).body
