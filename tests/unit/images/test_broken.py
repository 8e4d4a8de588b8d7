"""Broken, false and hostile image bytes: each is rejected with its reason, none half accepted."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import ImageRejectedError
from lookalike.images.decode import decode
from lookalike.images.limits import Limits

FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "JPEG2000"]


def encoded(image_format: str) -> bytes:
    noise = np.random.default_rng(7).integers(0, 256, (15, 20, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((200, 150)).save(buffer, image_format)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, raw: bytes, *extra: bytes) -> bytes:
    """A 1-bit grey PNG of any claimed size."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", zlib.compress(raw, 9))]
    return b"\x89PNG\r\n\x1a\n" + b"".join([*parts, chunk(b"IEND", b"")])


def rejected(data: bytes, limits: Limits = Limits()) -> ImageRejectedError:  # noqa: B008
    with pytest.raises(ImageRejectedError) as caught:
        decode(data, limits)
    return caught.value


@pytest.mark.parametrize("image_format", FORMATS)
@pytest.mark.parametrize("share", [0.05, 0.3, 0.6, 0.9, 0.99])
def test_a_cut_file_is_truncated_wherever_it_was_cut(image_format, share):
    whole = encoded(image_format)
    decode(whole)

    assert rejected(whole[: int(len(whole) * share)]).reason == "truncated"


def test_a_jpeg_without_its_last_byte_is_truncated():
    assert rejected(encoded("JPEG")[:-1]).reason == "truncated"


@pytest.mark.parametrize(
    "data",
    [
        b"hello, world",
        b"<html><script>alert(1)</script></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"%PDF-1.7\n",
        bytes(1000),
        b"\xff",
    ],
)
def test_other_bytes_are_no_image(data):
    error = rejected(data)

    assert error.reason == "not-an-image"
    assert repr(data[:12]) in error.detail


@pytest.mark.parametrize("image_format", ["PPM", "TGA", "ICO", "PCX", "EPS", "PDF"])
def test_a_format_that_only_pillow_knows_is_not_read(image_format):
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32), "red").save(buffer, image_format)

    assert rejected(buffer.getvalue()).reason == "not-an-image"


def test_no_bytes_are_empty():
    assert rejected(b"").reason == "empty"


@pytest.mark.parametrize("side", [60_000, 2**31 - 1])
def test_a_header_that_claims_a_huge_picture_is_too_large(side):
    assert rejected(png(side, side, b"")).reason == "too-large"


def test_a_decompression_bomb_is_too_large_and_never_inflated():
    bomb = png(20_000, 20_000, bytes(20_000 * (1 + 20_000 // 8)))
    assert len(bomb) < 100_000

    assert rejected(bomb).reason == "too-large"


def test_the_limit_on_pixels_is_the_callers():
    data = png(100, 50, bytes(50 * 14))

    assert decode(data, Limits(pixels=5000)).width == 100
    error = rejected(data, Limits(pixels=4999))
    assert (error.reason, error.detail) == ("too-large", "100 x 50 is more than 4,999 pixels")


def test_a_text_chunk_that_inflates_to_gigabytes_is_refused():
    packed = zlib.compressobj(9)
    text = b"".join(packed.compress(bytes(1 << 20)) for _ in range(100)) + packed.flush()

    assert rejected(png(8, 8, bytes(16), chunk(b"zTXt", b"key\0\0" + text))).reason == "truncated"


def test_a_heic_says_which_extra_reads_it(monkeypatch):
    monkeypatch.setattr("lookalike.images.formats.find_spec", lambda _: None)
    data = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(50)

    error = rejected(data)

    assert error.reason == "not-an-image"
    assert "pip install 'lookalike[heif]'" in error.detail
