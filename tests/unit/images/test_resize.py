"""Resizing for keeps, looked at in the files that come out of the worker processes."""

import io

import numpy as np
import pytest
from PIL import Image

from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.limits import Limits
from lookalike.images.resize import Resized, Resizing
from lookalike.images.resize_pool import ResizePool


def picture(width: int, height: int, name: str = "PNG", mode: str = "RGB") -> bytes:
    """Red on its left half, blue on its right."""
    image = Image.new(mode, (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    buffer = io.BytesIO()
    image.save(buffer, name)
    return buffer.getvalue()


def done(data: bytes, how: Resizing) -> tuple[Resized, Image.Image]:
    pool = ResizePool(how, workers=1)
    try:
        made = pool.submit(data).result(timeout=30)
    finally:
        pool.close()
    image = Image.open(io.BytesIO(made.data))
    image.load()
    assert image.size == (made.width, made.height)
    return made, image


def test_kept_as_it_is() -> None:
    for name, suffix in (("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp"), ("GIF", "gif")):
        data = picture(300, 200, name)
        made, _ = done(data, Resizing())
        assert (made.data, made.suffix, made.width, made.height) == (data, suffix, 300, 200)


def test_keep_ratio_makes_the_shorter_side() -> None:
    made, image = done(picture(600, 300), Resizing("keep-ratio", 100, file_format="png"))
    assert image.size == (200, 100)
    assert (image.format, made.suffix) == ("PNG", "png")
    assert image.getpixel((10, 50)) == (255, 0, 0)
    assert image.getpixel((190, 50)) == (0, 0, 255)


def test_centre_crop_keeps_the_middle() -> None:
    _, image = done(picture(900, 300), Resizing("centre-crop", 100, file_format="png"))
    assert image.size == (100, 100)
    assert image.getpixel((5, 5)) == (255, 0, 0)
    assert image.getpixel((95, 95)) == (0, 0, 255)
    rows = np.asarray(image)
    assert (rows == rows[0]).all()


def test_border_fills_up_with_white() -> None:
    made, image = done(picture(400, 200), Resizing("border", 100))
    assert image.size == (100, 100)
    assert (image.format, made.suffix) == ("JPEG", "jpg")
    assert min(image.getpixel((50, 5))) > 245
    assert min(image.getpixel((50, 95))) > 245
    assert image.getpixel((20, 50))[0] > 200


def test_only_larger_leaves_small_ones_alone() -> None:
    small, large = picture(90, 80, "GIF"), picture(400, 300)
    assert done(small, Resizing("keep-ratio", 100, only_larger=True))[0].data == small
    assert done(small, Resizing("keep-ratio", 100))[1].size == (112, 100)
    assert done(large, Resizing("keep-ratio", 100, only_larger=True))[1].size == (133, 100)
    assert done(picture(90, 300), Resizing("border", 100, only_larger=True))[1].size == (100, 100)


def test_another_format_and_transparency_over_white() -> None:
    layer = Image.new("RGBA", (50, 40), (255, 0, 0, 0))
    buffer = io.BytesIO()
    layer.save(buffer, "PNG")
    made, image = done(buffer.getvalue(), Resizing(file_format="webp", quality=95))
    assert (image.size, image.format, made.suffix) == ((50, 40), "WEBP", "webp")
    assert min(image.convert("RGB").getpixel((20, 20))) > 245


def test_what_is_broken_is_rejected() -> None:
    pool = ResizePool(Resizing(), workers=1, limits=Limits(pixels=10_000))
    try:
        cut = pool.submit(picture(80, 60, "JPEG")[:-300])
        bomb = pool.submit(picture(400, 300))
        page = pool.submit(b"<html>")
        reasons = []
        for future in (cut, bomb, page):
            with pytest.raises(ImageRejectedError) as caught:
                future.result(timeout=30)
            reasons.append(caught.value.reason)
    finally:
        pool.close()
    assert reasons == ["truncated", "too-large", "not-an-image"]


@pytest.mark.parametrize(
    "options",
    [{"shape": "square"}, {"size": 0}, {"quality": 101}, {"file_format": "tiff"}],
)
def test_what_cannot_be_is_refused(options: dict) -> None:
    with pytest.raises(UsageError):
        Resizing(**options)
