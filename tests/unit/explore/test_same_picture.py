"""Two prints of one picture, of pictures that look alike, and of nothing much."""

import numpy as np
import pytest
from PIL import Image, ImageOps

from lookalike.explore.prints import Print
from lookalike.explore.registration import without_frame
from lookalike.explore.verify import likeness, same_picture


def drawn(seed: int, width: int = 400, height: int = 300) -> Image.Image:
    """Blots at all scales, another picture for each seed."""
    chance = np.random.default_rng(seed)
    layers = [
        Image.fromarray(chance.integers(0, 256, (side, side), np.uint8)).resize((width, height))
        for side in (4, 9, 20, 45)
    ]
    return Image.fromarray(np.mean([np.asarray(layer) for layer in layers], axis=0).astype("u1"))


def printed(image: Image.Image) -> Print:
    small = image.convert("RGB")
    small.thumbnail((128, 128))
    return Print.of(np.asarray(small))


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (lambda i: i.resize((200, 150)), "the whole of it"),
        (lambda i: i.point(lambda v: v * 0.6), "the whole of it"),
        (ImageOps.mirror, "mirrored"),
        (ImageOps.flip, "mirrored and turned by 180°"),
        (lambda i: i.transpose(Image.Transpose.ROTATE_90), "turned by 270°"),
        (lambda i: i.resize((300, 300)), "stretched"),
        (lambda i: i.resize((520, 300)), "stretched"),
        (lambda i: i.resize((300, 300)).rotate(90), "turned by 270°, stretched"),
        (lambda i: i.rotate(3, Image.Resampling.BICUBIC), "askew"),
        (lambda i: i.rotate(-5, Image.Resampling.BICUBIC).crop((30, 30, 370, 270)), "askew"),
        (lambda i: i.crop((90, 60, 390, 285)), "shared"),
        (lambda i: i.crop((0, 75, 300, 300)), "shared"),
        (lambda i: ImageOps.expand(i, 40, "white"), "the whole of it"),
    ],
)
def test_a_changed_copy_is_the_same_picture(change, how):
    original = drawn(1)
    for pair in ((original, change(original)), (change(original), original)):
        match = same_picture(*map(printed, pair))
        assert match is not None
        assert match.score > 0.65
        if pair[0] is original:
            assert how in match.how


def test_strangers_are_not():
    prints = [printed(drawn(seed)) for seed in range(2, 10)]
    for number, one in enumerate(prints):
        for other in prints[:number]:
            assert same_picture(one, other) is None
            assert likeness(one, other) < 0.5


def test_one_blurred_outline_in_common_is_not_enough():
    """The same light from above, with other things in it."""
    light = np.linspace(0, 150, 300)[:, None]
    lit = [np.clip(np.asarray(drawn(seed)) * 0.4 + light, 0, 255) for seed in (20, 21)]
    assert same_picture(*(printed(Image.fromarray(one.astype("u1"))) for one in lit)) is None


def test_plain_colours_are_the_same_only_when_they_are():
    white, ivory, black = (printed(Image.new("L", (50, 40), level)) for level in (255, 254, 0))
    assert same_picture(white, ivory) is not None
    assert same_picture(white, black) is None
    assert same_picture(white, printed(drawn(1))) is None


def test_without_a_cut_only_the_whole_is_held_against_the_whole():
    original = drawn(3)
    cut = printed(original.crop((100, 70, 400, 295)))
    assert same_picture(printed(original), cut) is not None
    assert same_picture(printed(original), cut, cut=False) is None


def test_a_frame_is_taken_off_but_never_all():
    inside = np.random.default_rng(0).integers(0, 200, (20, 30), np.uint8)
    found, corner = without_frame(np.pad(inside, ((3, 5), (7, 2)), constant_values=255))
    assert np.array_equal(found, inside)
    assert corner == (7, 3)
    plain = np.full((20, 30), 255, np.uint8)
    assert without_frame(plain)[0].shape == (20, 30)
    dot = plain.copy()
    dot[10, 10] = 0
    assert without_frame(dot)[0].shape == (20, 30)


def test_a_line_of_pixels_is_compared_like_anything_else():
    lines = [Print.of(np.asarray(drawn(n).resize((128, 1)).convert("RGB"))) for n in (1, 2)]
    assert same_picture(*lines) is None or lines[0].flat


def test_one_shape_in_two_colours_is_two_pictures_and_grey_is_none():
    grey = drawn(4)
    red, blue = (Image.merge("RGB", bands) for bands in (
        (grey, grey.point(lambda v: v // 2), grey.point(lambda v: v // 2)),
        (grey.point(lambda v: v // 2), grey.point(lambda v: v // 2), grey),
    ))  # fmt: skip
    assert same_picture(printed(red), printed(blue)) is None
    assert same_picture(printed(red), printed(red.convert("L"))) is not None
    assert same_picture(printed(red), printed(red.point(lambda v: int(v * 0.6)))) is not None


def test_one_shape_in_a_colour_and_in_none_is_two_pictures_unless_all_else_agrees():
    shape, other = (np.asarray(drawn(seed)).astype(float) for seed in (1, 2))
    alike = Image.fromarray((0.62 * shape + 0.38 * other).astype("u1"))
    half = alike.point(lambda v: v // 2)
    one, tinted = printed(drawn(1)), printed(Image.merge("RGB", (alike, half, half)))
    assert same_picture(one, printed(alike)) is not None
    assert same_picture(one, tinted) is None
    assert same_picture(printed(alike), tinted) is not None
