"""The body of an answer: bounded, unpacked, and given up early when it is no image."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Callable

from lookalike.errors import FetchError
from lookalike.images.formats import looks_like_heif, starts_as_allowed

CHUNK = 64 * 1024
MAGIC = 16
ZLIB_OR_GZIP = zlib.MAX_WBITS | 32

Check = Callable[[bytes], None]
"""Looks at the first bytes of a body; raises `FetchError` when it is not worth reading on."""


def must_be_image(start: bytes) -> None:
    """Raise `FetchError` unless the first bytes are those of a format that is decoded."""
    if not start:
        raise FetchError("empty", "the server sent no bytes")
    if not starts_as_allowed(start):
        detail = f"starts with {start[:12]!r}"
        if looks_like_heif(start):
            detail = "HEIC needs an extra: pip install 'lookalike[heif]'"
        raise FetchError("not-an-image", detail)


async def read_body(
    chunks: AsyncIterator[bytes], encoding: str, limit: int, check: Check | None
) -> bytes:
    """All of a body, at most `limit` bytes before and after unpacking.

    `encoding` is its Content-Encoding; gzip and deflate are unpacked, though neither is asked
    for. Raises `FetchError` (too-large, truncated, protocol, and what `check` raises).
    """
    unpack = _unpacker(encoding)
    whole = bytearray()
    taken = 0
    checked = check is None
    async for chunk in chunks:
        taken += len(chunk)
        whole += unpack(chunk, limit + 1 - len(whole))
        if taken > limit or len(whole) > limit:
            raise FetchError("too-large", f"more than {limit:,} bytes")
        if not checked and check is not None and len(whole) >= MAGIC:
            check(bytes(whole[:MAGIC]))
            checked = True
    if not checked and check is not None:
        check(bytes(whole[:MAGIC]))
    return bytes(whole)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """A function that unpacks a chunk into at most so many bytes."""
    name = encoding.strip().lower()
    if name in {"", "identity"}:
        return lambda chunk, _room: chunk
    if name not in {"gzip", "x-gzip", "deflate"}:
        raise FetchError("protocol", f"the answer is packed as {name[:40]!r}")
    decoder = zlib.decompressobj(ZLIB_OR_GZIP)

    def unpacked(chunk: bytes, room: int) -> bytes:
        try:
            return decoder.decompress(chunk, room)
        except zlib.error as error:
            raise FetchError("truncated", f"the packed answer is damaged: {error}") from error

    return unpacked
