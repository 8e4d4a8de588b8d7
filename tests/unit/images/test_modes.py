"""Every kind of pixel becomes the 8-bit RGB that a person would see on white paper."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from lookalike.images.decode import decode


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, bits: int, colour: int, row: bytes, *extra: bytes) -> bytes:
    """One row of pixels, written by hand after the PNG specification."""
    header = struct.pack(">IIBBBBB", width, 1, bits, colour, 0, 0, 0)
    data = zlib.compress(b"\0" + row)
    parts = [chunk(b"IHDR", header), *extra, chunk(b"IDAT", data), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def encoded(image: Image.Image, image_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, image_format, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> list[tuple[int, ...]]:
    rgb = decode(data).rgb
    assert rgb.mode == "RGB"
    return [tuple(pixel) for pixel in np.asarray(rgb)[0].tolist()]


GREY, RGB, PALETTE, GREY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
COLOURS = chunk(b"PLTE", bytes([10, 20, 30, 200, 100, 0]))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(png(2, 1, GREY, b"\x40"), [(0, 0, 0), (255, 255, 255)], id="1 bit"),
        pytest.param(
            png(4, 2, GREY, b"\x1b"),
            [(0, 0, 0), (85, 85, 85), (170, 170, 170), (255, 255, 255)],
            id="2 bits",
        ),
        pytest.param(png(2, 4, GREY, b"\x7f"), [(119, 119, 119), (255, 255, 255)], id="4 bits"),
        pytest.param(png(2, 8, GREY, b"\x07\xf7"), [(7, 7, 7), (247, 247, 247)], id="grey"),
        pytest.param(
            png(4, 16, GREY, b"\0\0\x01\x01\x80\x80\xff\xff"),
            [(0, 0, 0), (1, 1, 1), (128, 128, 128), (255, 255, 255)],
            id="grey of 16 bits: n * 257",
        ),
        pytest.param(
            png(2, 16, GREY, b"\x80\x80\x12\x34", chunk(b"tRNS", b"\x12\x34")),
            [(128, 128, 128), (255, 255, 255)],
            id="grey of 16 bits, one level transparent",
        ),
        pytest.param(
            png(2, 8, GREY, b"\x10\x20", chunk(b"tRNS", b"\0\x20")),
            [(16, 16, 16), (255, 255, 255)],
            id="grey, one level transparent",
        ),
        pytest.param(
            png(2, 8, RGB, b"\x10\x20\x30\x11\x20\x30", chunk(b"tRNS", b"\0\x10\0\x20\0\x30")),
            [(255, 255, 255), (17, 32, 48)],
            id="one colour transparent",
        ),
        pytest.param(png(1, 16, RGB, b"\xff\xff\x80\x80\0\0"), [(255, 128, 0)], id="48-bit colour"),
        pytest.param(png(1, 8, RGB_ALPHA, b"\xff\0\0\x80"), [(255, 127, 127)], id="half red"),
        pytest.param(png(1, 8, RGB_ALPHA, b"\xff\0\0\0"), [(255, 255, 255)], id="invisible red"),
        pytest.param(png(1, 8, GREY_ALPHA, b"\0\x80"), [(127, 127, 127)], id="half black"),
        pytest.param(
            png(2, 8, PALETTE, b"\0\x01", COLOURS), [(10, 20, 30), (200, 100, 0)], id="palette"
        ),
        pytest.param(
            png(2, 8, PALETTE, b"\0\x01", COLOURS, chunk(b"tRNS", b"\xff\0")),
            [(10, 20, 30), (255, 255, 255)],
            id="palette, one colour transparent",
        ),
        pytest.param(
            png(1, 8, PALETTE, b"\0", COLOURS, chunk(b"tRNS", b"\x80")),
            [(132, 137, 142)],  # 255 - (255 - c) * 128 / 255
            id="palette, one colour half transparent",
        ),
    ],
)
def test_png(data, expected):
    assert pixels(data) == expected


def close(found: tuple[int, ...], expected: tuple[int, ...], tolerance: int) -> bool:
    return max(abs(a - b) for a, b in zip(found, expected, strict=True)) <= tolerance


def flat(mode: str, colour: object) -> Image.Image:
    return Image.new(mode, (16, 16), colour)


@pytest.mark.parametrize(
    ("image", "image_format", "options", "expected", "tolerance"),
    [
        (flat("L", 77), "JPEG", {}, (77, 77, 77), 1),
        (flat("CMYK", (0, 255, 255, 0)), "JPEG", {"quality": 95}, (255, 0, 0), 3),
        (flat("CMYK", (0, 0, 0, 255)), "JPEG", {"quality": 95}, (0, 0, 0), 3),
        (flat("CMYK", (0, 0, 0, 0)), "JPEG", {"quality": 95}, (255, 255, 255), 3),
        (flat("CMYK", (0, 255, 255, 0)), "TIFF", {}, (255, 0, 0), 0),
        (flat("1", 1), "TIFF", {"compression": "group4"}, (255, 255, 255), 0),
        # L* 53.2, a* 80.1, b* 67.2 is sRGB's red; L* 50 without colour is its grey 119
        (flat("LAB", (136, 208, 195)), "TIFF", {}, (255, 0, 0), 12),
        (flat("LAB", (128, 128, 128)), "TIFF", {}, (119, 119, 119), 2),
        (flat("RGB", (250, 128, 7)), "JPEG2000", {}, (250, 128, 7), 0),
        (flat("RGBA", (255, 0, 0, 0)), "JPEG2000", {}, (255, 255, 255), 0),
        (flat("RGB", (250, 128, 7)), "AVIF", {"quality": 95}, (250, 128, 7), 4),
        (flat("RGBA", (255, 0, 0, 0)), "AVIF", {"quality": 95}, (255, 255, 255), 2),
        (flat("RGB", (250, 128, 7)), "WEBP", {"lossless": True}, (250, 128, 7), 0),
        (flat("RGBA", (9, 9, 9, 0)), "WEBP", {"lossless": True}, (255, 255, 255), 0),
        (flat("RGB", (250, 128, 7)), "BMP", {}, (250, 128, 7), 0),
        (flat("RGB", (250, 128, 7)), "MPO", {"quality": 95}, (250, 128, 7), 4),
        (flat("RGB", (250, 128, 7)), "GIF", {}, (250, 128, 7), 0),
        (flat("P", 0), "GIF", {"transparency": 0}, (255, 255, 255), 0),
    ],
)
def test_a_flat_colour_stays_that_colour(image, image_format, options, expected, tolerance):
    picture = decode(encoded(image, image_format, **options))

    assert (picture.rgb.mode, picture.rgb.size) == ("RGB", (16, 16))
    found = picture.rgb.getpixel((8, 8))
    assert close(found, expected, tolerance), found


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([0, 32896, 65535], np.uint16), (0, 128, 255)),
        (np.array([0, 32896, 65535], np.int32), (0, 128, 255)),
        (np.array([0.0, 0.5, 1.0], np.float32), (0, 128, 255)),
        (np.array([0.0, 100.0, 255.0], np.float32), (0, 100, 255)),
        (np.array([-4.0, 0.0, 4.0], np.float32), (0, 128, 255)),
        (np.array([0.0, np.nan, 1.0], np.float32), (0, 0, 255)),
    ],
)
def test_deep_greys_are_scaled_by_their_nominal_range_or_else_their_own(samples, expected):
    data = encoded(Image.fromarray(samples[None]), "TIFF")

    assert pixels(data) == [(level,) * 3 for level in expected]


@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("GIF", {}),
        ("WEBP", {"lossless": True}),
        ("PNG", {}),
        ("AVIF", {"quality": 95}),
        ("TIFF", {}),
        ("MPO", {"quality": 95, "subsampling": 0}),
    ],
)
def test_the_first_of_several_frames_is_the_picture(image_format, options):
    first, *others = [flat("RGB", colour) for colour in ("red", "lime", "blue")]
    data = encoded(first, image_format, save_all=True, append_images=others, **options)

    picture = decode(data)

    assert picture.rgb.size == (16, 16)
    assert close(picture.rgb.getpixel((8, 8)), (255, 0, 0), 3)


def test_a_format_is_told_by_the_bytes_not_by_a_name():
    picture = decode(encoded(flat("RGB", "red"), "WEBP"))

    assert picture.format == "WEBP"


@pytest.mark.extra
def test_heic():
    import pillow_heif

    pillow_heif.register_heif_opener()
    picture = decode(encoded(Image.new("RGB", (64, 32), (250, 128, 7)), "HEIF", quality=95))

    assert (picture.format, picture.width, picture.height) == ("HEIF", 64, 32)
    assert close(picture.rgb.getpixel((30, 16)), (250, 128, 7), 6)
