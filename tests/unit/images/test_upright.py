"""The eight Exif orientations, each stored as the standard describes it, come out the same."""

import io

import numpy as np
import pytest
from PIL import Image

from lookalike.images.decode import decode

HEIGHT, WIDTH = 48, 80
RED, GREEN, BLUE, WHITE = (250, 10, 10), (10, 250, 10), (10, 10, 250), (240, 240, 240)
CORNERS = {(12, 20): RED, (12, 60): GREEN, (36, 20): BLUE, (36, 60): WHITE}


def upright() -> np.ndarray:
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:24, :40], picture[:24, 40:] = RED, GREEN
    picture[24:, :40], picture[24:, 40:] = BLUE, WHITE
    return picture


def stored(orientation: int) -> np.ndarray:
    """The raster of a camera: TIFF 6.0, page 36, says which side row 0 and column 0 are."""
    sides = {
        1: ("top", "left"),
        2: ("top", "right"),
        3: ("bottom", "right"),
        4: ("bottom", "left"),
        5: ("left", "top"),
        6: ("right", "top"),
        7: ("right", "bottom"),
        8: ("left", "bottom"),
    }
    row_0, column_0 = sides[orientation]
    lies = row_0 in ("left", "right")
    rows, columns = (WIDTH, HEIGHT) if lies else (HEIGHT, WIDTH)
    raster = np.empty((rows, columns, 3), np.uint8)
    picture = upright()
    for row in range(rows):
        for column in range(columns):
            down = row if row_0 in ("top", "left") else rows - 1 - row
            along = column if column_0 in ("top", "left") else columns - 1 - column
            raster[row, column] = picture[(along, down) if lies else (down, along)]
    return raster


def encoded(orientation: int, image_format: str, **options: object) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(stored(orientation)).save(buffer, image_format, exif=exif, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("image_format", "options"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("MPO", {"quality": 95, "subsampling": 0}),
        ("PNG", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("AVIF", {"quality": 95}),
    ],
)
def test_every_orientation_is_turned_upright(orientation, image_format, options):
    picture = decode(encoded(orientation, image_format, **options))

    assert (picture.width, picture.height) == picture.rgb.size == (WIDTH, HEIGHT)
    for (row, column), colour in CORNERS.items():
        found = picture.rgb.getpixel((column, row))
        assert np.abs(np.subtract(found, colour)).max() <= 12, (row, column)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_reduced_decode_is_turned_too_and_still_tells_the_full_size(orientation):
    picture = decode(encoded(orientation, "JPEG", quality=95), shorter_side=12)

    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert picture.rgb.size == (WIDTH // 4, HEIGHT // 4)
    for (row, column), colour in CORNERS.items():
        found = picture.rgb.getpixel((column // 4, row // 4))
        assert np.abs(np.subtract(found, colour)).max() <= 12, (row, column)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_orientation_that_means_nothing_leaves_the_picture_alone(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    Image.fromarray(upright()).save(buffer, "PNG", exif=exif)

    picture = decode(buffer.getvalue())

    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert np.array_equal(np.asarray(picture.rgb), upright())


def test_damaged_exif_is_no_reason_to_reject_a_picture():
    buffer = io.BytesIO()
    Image.fromarray(upright()).save(buffer, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")

    assert np.array_equal(np.asarray(decode(buffer.getvalue()).rgb), upright())
