"""The body of an answer: bounded, unpacked, and given up early when it is no image."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from multidict import CIMultiDictProxy

from lookalike.errors import FetchError
from lookalike.images.formats import looks_like_heif, starts_as_allowed

CHUNK = 64 * 1024
MAGIC = 16
PLAIN = frozenset({"", "identity"})
ZLIB_OR_GZIP = zlib.MAX_WBITS | 32

LARGE = 512 * 1024
"""A body above this many bytes asks for room before it is read on."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Who looks on while an answer comes in; each may raise `FetchError` and so end it.

    `headers` sees them before the body, `start` the first bytes of it. `large` waits for room
    when the body turns out to be above `LARGE` bytes, and is told how many it may take. `sink`
    takes what comes in, so that nothing is held: the body is empty then.
    """

    headers: Callable[[CIMultiDictProxy[str]], None] | None = None
    start: Callable[[bytes], None] | None = None
    large: Callable[[int], Awaitable[None]] | None = None
    sink: Callable[[bytes], object] | None = None


NOBODY = Watch()


def must_be_image(start: bytes) -> None:
    """Raise `FetchError` unless the first bytes are those of a format that is decoded."""
    if not start:
        raise FetchError("empty", "the server sent no bytes", code=200)
    if not starts_as_allowed(start):
        detail = f"starts with {start[:12]!r}"
        if looks_like_heif(start):
            detail = "HEIC needs an extra: pip install 'lookalike[heif]'"
        raise FetchError("not-an-image", detail, code=200)


async def read_body(
    chunks: AsyncIterator[bytes], encoding: str, expected: int, limit: int, watch: Watch
) -> bytes:
    """All of a body, at most `limit` bytes before and after unpacking.

    `encoding` is its Content-Encoding; gzip and deflate are unpacked, though neither is asked
    for. `expected` is its announced length, 0 when there is none.
    Raises `FetchError` (too-large, truncated, protocol, and what `watch` raises).
    """
    unpack = _unpacker(encoding)
    whole = bytearray()
    taken = passed = 0
    start, large = watch.start, watch.large
    async for chunk in chunks:
        taken += len(chunk)
        whole += unpack(chunk, limit + 1 - passed - len(whole))
        if taken > limit or passed + len(whole) > limit:
            raise FetchError("too-large", f"more than {limit:,} bytes", code=200)
        if watch.sink is not None:
            watch.sink(bytes(whole))
            passed += len(whole)
            whole.clear()
        if start is not None and len(whole) >= MAGIC:
            start(bytes(whole[:MAGIC]))
            start = None
        if large is not None and len(whole) > LARGE:
            packed = encoding.strip().lower() not in PLAIN
            await large(limit if packed or not expected else expected)
            large = None
    if start is not None:
        start(bytes(whole[:MAGIC]))
    return bytes(whole)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function that unpacks a chunk into at most so many bytes."""
    name = encoding.strip().lower()
    if name in PLAIN:
        return lambda chunk, _room: chunk
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError("protocol", f"the answer is packed as {name[:40]!r}", code=200)
    decoder = zlib.decompressobj(ZLIB_OR_GZIP)

    def unpacked(chunk: bytes, room: int) -> bytes:
        try:
            return decoder.decompress(chunk, room)
        except zlib.error as error:
            raise FetchError(
                "truncated", f"the packed answer is damaged: {error}", code=200
            ) from error

    return unpacked
