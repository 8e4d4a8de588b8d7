"""What a training is asked for and learns from: settings, labels, splits, batches. No torch."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.errors import UnknownNameError, UsageError
from lookalike.evaluate.truth import MISSING
from lookalike.images.preprocess import Preprocessing
from lookalike.learn.train.augment import _colours
from lookalike.learn.train.config import make_config, read_config
from lookalike.learn.train.curves import curves_picture
from lookalike.learn.train.examples import Examples, Labels, labels_of, parted
from lookalike.learn.train.order import batches
from lookalike.learn.train.pace import factor
from lookalike.learn.train.pictures import decode_all, for_training
from lookalike.types import File
from shell import photo


def test_settings_come_as_yaml_writes_them(tmp_path: Path) -> None:
    file = tmp_path / "three.yml"
    file.write_text("tasks: kind\nheld-out: 0.25\nrate: 1\nloss-weights: {kind: 2}\nema: 0\n")
    config = make_config(read_config(file))
    assert (config.tasks, config.held_out, config.rate) == (("kind",), "0.25", 1.0)
    assert (config.loss_weights, config.ema) == ({"kind": 2.0}, 0.0)
    assert make_config(config.as_dict()) == config


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "Nothing to learn"),
        ({"tasks": ["kind"], "epoch": 3}, "Did you mean epochs"),
        ({"tasks": ["kind"], "epochs": "many"}, "epochs cannot be 'many'"),
        ({"tasks": ["kind"], "epochs": True}, "epochs cannot be True"),
        ({"tasks": ["kind"], "epochs": 0}, "at least 1"),
        ({"tasks": ["kind"], "rate": -1.0}, "above 0"),
        ({"tasks": ["kind"], "rate": float("nan")}, "above 0"),
        ({"alike": "item", "loss": "triplets"}, "triplet"),
        ({"tasks": ["kind"], "keep": "color"}, "colour"),
        ({"tasks": ["kind"], "colour": "dominent"}, "dominant"),
        ({"tasks": ["kind"], "loss_weights": {"knd": 1}}, "kind"),
        ({"tasks": ["kind"], "loss_weights": {"kind": 1}, "weighting": "uncertainty"}, "not both"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        make_config(settings)


def test_labels_lose_their_spaces_and_nan_is_no_label() -> None:
    warnings: list[str] = []
    labels = labels_of("kind", [" hat", "hat ", "NaN", float("nan"), "", None, "bag"], warnings)
    assert labels.names == ["bag", "hat"]
    assert labels.codes.tolist() == [1, 1, MISSING, MISSING, MISSING, MISSING, 0]
    assert warnings == ["2 images have NaN for a kind: taken for none."]


def examples(codes: list[int], groups: list[int] | None = None, **more: Any) -> Examples:
    count = len(codes)
    names = [f"c{code}" for code in range(max(codes) + 1)]
    return Examples(
        [f"{row}.jpg" for row in range(count)],
        [File(f"{row}.jpg") for row in range(count)],
        np.array(more.get("contents", range(count))),
        np.array(groups if groups is not None else [MISSING] * count),
        {"kind": Labels(np.array(codes), names)},
    )


def split_of(given: Examples, settings: dict[str, Any], flag: Any = None) -> tuple[Any, list[str]]:
    warnings: list[str] = []
    usable = np.arange(len(given.ids))
    return parted(given, make_config(settings), usable, flag, warnings), warnings


def test_a_share_of_each_class_is_held_out() -> None:
    split, warnings = split_of(
        examples([0] * 20 + [1] * 10), {"tasks": ["kind"], "held_out": "0.2"}
    )
    assert (split.queries < 20).sum() == 4
    assert len(split.queries) == 6
    assert not set(split.queries) & set(split.gallery)
    assert not warnings


def test_what_is_drawn_together_is_held_out_as_a_whole() -> None:
    codes = np.repeat(np.arange(20), 3)
    split, _ = split_of(examples(codes.tolist()), {"alike": "kind"})
    assert not set(codes[split.queries]) & set(codes[split.gallery])
    assert 8 <= len(split.queries) <= 16


def test_groups_and_copies_stay_on_one_side() -> None:
    groups = np.repeat(np.arange(12), 5)
    contents = list(range(60))
    codes = [row % 2 for row in range(60)]
    split, _ = split_of(examples(codes, groups.tolist()), {"tasks": ["kind"], "group": "sender"})
    assert not set(groups[split.queries]) & set(groups[split.gallery])
    contents[7] = contents[30] = contents[55] = 3
    split, _ = split_of(examples(codes, contents=contents), {"tasks": ["kind"]})
    own = np.array(contents)
    assert not set(own[split.queries]) & set(own[split.gallery])


def test_a_split_that_leaks_is_named_by_its_rows() -> None:
    flag = np.array([True, False] * 10)
    given = examples([0, 0, 1, 1] * 5, [0, 0, *range(1, 19)], contents=[*range(18), 2, 3])
    _, warnings = split_of(given, {"tasks": ["kind"], "group": "sender", "held_out": "p=1"}, flag)
    assert any("the same sender" in one and "0.jpg" in one for one in warnings)
    contents = [*range(18), 3, 19]
    _, warnings = split_of(
        examples([0, 0, 1, 1] * 5, contents=contents), {"tasks": ["kind"], "held_out": "p=1"}, flag
    )
    assert any("a copy" in one and "18.jpg" in one for one in warnings)


@pytest.mark.parametrize(
    ("codes", "said"),
    [
        ([0] * 20, "1 class"),
        (list(range(20)), "single image"),
        ([0] * 10 + [MISSING] * 9, "1 class"),
    ],
)
def test_what_cannot_be_learned_is_refused(codes: list[int], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        split_of(examples(codes), {"tasks": ["kind"]})


def test_a_class_of_one_is_named() -> None:
    _, warnings = split_of(examples([0] * 10 + [1] * 10 + [2]), {"tasks": ["kind"]})
    assert any("have one image" in one and "c2" in one for one in warnings)


@pytest.mark.parametrize("seed", range(5))
def test_batches_show_every_image_once_and_its_class_beside_it(seed: int) -> None:
    generator = np.random.default_rng(seed)
    classes = generator.integers(-1, 12, 300)
    rows = np.sort(generator.permutation(300)[:200])
    found = batches(rows, classes, 32, 4, (seed, 0))
    assert sorted(np.concatenate(found)) == rows.tolist()
    assert max(map(len, found)) <= 32
    assert [one.tolist() for one in found] == [
        one.tolist() for one in batches(rows, classes, 32, 4, (seed, 0))
    ]
    assert found[0].tolist() != batches(rows, classes, 32, 4, (seed, 1))[0].tolist()
    for batch in found:
        for code in set(classes[batch]):
            alone = (classes[batch] == code).sum() == 1
            assert not alone or (classes[rows] == code).sum() == 1


def test_a_rest_too_small_for_a_batch_is_left_for_another_epoch() -> None:
    assert [len(one) for one in batches(np.arange(65), None, 32, 4, (0,))] == [32, 32]
    assert [len(one) for one in batches(np.arange(3), None, 32, 4, (0,), least=4)] == [3]


def test_the_rate_rises_then_falls() -> None:
    found = [factor(step, 100, 0.1) for step in range(100)]
    assert found[0] == pytest.approx(1 / 11)
    assert found[10] == 1.0
    assert found[55] == pytest.approx(0.01 + 0.99 * 0.5)
    assert found[:11] == sorted(found[:11])
    assert found[10:] == sorted(found[10:], reverse=True)
    assert found[-1] < 0.02
    assert factor(0, 100, 0) == 1.0


def test_colours_that_matter_keep_their_hue() -> None:
    red = np.array([200.0, 40, 30])
    matrix, spared = _colours(50, True, np.random.default_rng(0))
    changed = matrix @ red
    ratios = changed / red
    assert np.allclose(ratios, ratios[:, :1])
    assert (abs(ratios - 1) <= 0.081).all()
    assert not spared.any()
    matrix, _ = _colours(50, False, np.random.default_rng(0))
    assert np.ptp((matrix @ red) / red, axis=1).max() > 0.5
    assert ((matrix @ red).argmax(axis=1) == 0).all()
    grey = matrix @ np.full(3, 100.0)
    assert np.allclose(grey, grey[:, :1], atol=0.5)


def test_pictures_are_decoded_once_and_bad_ones_named(tmp_path: Path) -> None:
    names = ["a.png", "b.png", "bad.jpg"]
    for seed, name in enumerate(names[:2]):
        photo(tmp_path / name, seed)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    plain = Preprocessing(40, 32, "bicubic", (0, 0, 0), (1, 1, 1))
    squares = for_training(plain)
    assert squares.crop == 40
    given = (names, [File(str(tmp_path / name)) for name in names], squares, tmp_path / "p.u8", 1)
    pixels, rejected = decode_all(*given, lambda *_: None)
    assert pixels.shape == (3, 40, 40, 3)
    assert pixels[0].any()
    assert [*rejected] == [2]
    assert "not-an-image" in rejected[2]
    (tmp_path / "a.png").unlink()
    again, same = decode_all(*given, lambda *_: None)
    assert np.array_equal(again, pixels)
    assert same == rejected
    other, gone = decode_all(names, given[1], plain, tmp_path / "p.u8", 1, lambda *_: None)
    assert other.shape == (3, 32, 32, 3)
    assert [*gone] == [0, 2]


def test_curves_are_a_picture_even_of_one_epoch() -> None:
    first = {"epoch": 0, "loss": None, "map@r": 0.1, "map@r/kind": 0.1, "seconds": 0.0}
    more = [first | {"epoch": n, "loss": 2.0 / n, "kind": 2.0 / n, "rate": 0.1} for n in (1, 2)]
    for history in ([first, *more], [first, more[0]], [first]):
        assert curves_picture(history, "map@r", 0).startswith(b"\x89PNG")


def test_unknown_columns_are_named_by_their_nearest() -> None:
    with pytest.raises(UnknownNameError, match="backbone"):
        make_config({"tasks": ["kind"], "backbones": "x"})
