"""lookalike outliers, by the real command."""

import numpy as np
from PIL import Image, ImageFilter

from shell import index, picture, run


def test_planted_faults_are_found_and_can_be_filtered_by(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(0, 90, (240, 320, 3), np.uint8)
    for seed in range(24):
        base = np.asarray(picture(seed, 320, 240)).astype(int)
        Image.fromarray((base // 2 + noise).clip(0, 255).astype("u1")).save(folder / f"{seed}.png")
    picture(1, 320, 240).filter(ImageFilter.GaussianBlur(9)).save(folder / "soft.png")
    Image.new("RGB", (320, 240), "white").save(folder / "white.png")
    picture(2, 40, 30).save(folder / "<b>small.png")
    index(tmp_path, folder)

    done = run(tmp_path, "outliers", "--html", "odd.html", "--json")
    assert done.code == 0, done.err
    faults = {one["id"]: one["faults"] for one in done.json["odd"]}
    assert "blank" in faults["white.png"]
    assert "blurred" in faults["soft.png"]
    assert "tiny" in faults["<b>small.png"]
    assert done.json["labels"] == []
    assert "<b>small" not in (tmp_path / "odd.html").read_text()

    hits = run(tmp_path, "search", "id:0.png", "--where", "faults = blank", "--json")
    assert [hit["id"] for hit in hits.json["hits"]] == ["white.png"], hits.err
    dim = run(tmp_path, "search", "id:0.png", "--where", "sharpness < 1", "--json")
    assert "white.png" in [hit["id"] for hit in dim.json["hits"]]


def test_one_image_and_none(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    picture(1, 320, 240).save(folder / "one.png")
    index(tmp_path, folder)
    assert run(tmp_path, "outliers", "--json").json["images"] == 1
    run(tmp_path, "remove", "one.png")
    assert run(tmp_path, "outliers", "--json").json["odd"] == []
