"""Every family of models on photos, by the command: indexed with, or added as a space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import family_weights as weights
import lookalike
from shell import index, photos, run

COUNT = 12
CORE = {
    "centred": ("onnx:tiny.onnx#r2@avg|centre", 36),
    "colour": ("colour-histogram", None),
    "grid": ("pixels", None),
    "groups": ("onnx:tiny.onnx|mean:4", 9),
    "hashed": ("onnx:tiny.onnx#r2@map|lsh:100,seed=628", 225 * 100),
    "hub": (weights.hub_export, 36),
    "small": ("onnx:tiny.onnx|pca:4", 4),
    "whole": ("efficientnet-lite0|l2", 1280),
}
"""Space -> its spec, or who draws its weights and names it; and its dimension."""
EXTRA = {
    "clip": (weights.open_clip_file, 256),
    "descriptors": ("sift", None),
    "inner": (weights.keras_file, 24),
    "row": ("xception|mean:4", 512),
    "tuned": (weights.torch_checkpoint, 96),
    "vit": (weights.transformers_folder, 32),
    "zoo": ("timm:test_vit.r160_in1k@cls", 64),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photos indexed with an inner tensor of an ONNX file."""
    place = tmp_path_factory.mktemp("families")
    photos(place / "photos", range(COUNT))
    weights.onnx_graph(place, "tiny.onnx", "features")
    report = index(place, "photos", "--model", "onnx:tiny.onnx#r2@max")
    assert report["embedded"] == COUNT
    assert any("does not state its preprocessing" in note for note in report["notes"])
    return place


@pytest.mark.parametrize("name", CORE)
def test_families_of_the_core(folder: Path, name: str) -> None:
    added(folder, name, *CORE[name])


@pytest.mark.extra
@pytest.mark.parametrize("name", EXTRA)
def test_families_behind_extras(folder: Path, name: str) -> None:
    if name == "row":
        weights.timm_weights(folder, "legacy_xception.tf_in1k")
    if name == "zoo":
        weights.timm_weights(folder, "test_vit.r160_in1k")
    added(folder, name, *EXTRA[name])


def added(folder: Path, name: str, spec: object, dimension: int | None) -> None:
    """Add a space: every image has a vector of its own, and a search finds the nearest."""
    text = spec(folder) if callable(spec) else spec
    variables = weights.environment(folder)
    done = run(folder, "space", "add", name, text, "--json", **variables)
    assert done.code == 0, done.err
    assert (done.json["embedded"], done.json["rejected"]) == (COUNT, 0)
    with lookalike.open(folder / ".lookalike", create=False) as library:
        space = next(space for space in library.spaces() if space.name == name)
        rows = np.array(library.matrix(name))
        (found,) = library.search("id:003.jpg", 1, space=name).ids
    assert dimension in {None, space.dim}
    assert len(np.unique(rows, axis=0)) == len(rows) == COUNT
    if space.metric == "hamming":
        nearness = -np.bitwise_count(rows ^ rows[3]).sum(1, dtype=np.int64)
    else:
        nearness = rows.astype(np.float64) @ rows[3].astype(np.float64)
    nearness[3] = nearness.min() - 1
    assert found == f"{nearness.argmax():03d}.jpg"


@pytest.mark.extra
def test_a_torch_model_is_exported_and_used_without_torch(folder: Path) -> None:
    spec = weights.torch_checkpoint(folder)
    variables = weights.environment(folder)
    done = run(folder, "models", "export", spec, "tuned.onnx", **variables)
    assert done.code == 0, done.err
    assert "cosine to the original 1.0000" in done.out
    added(folder, "without-torch", "onnx:tuned.onnx", 96)


@pytest.mark.extra
def test_feature_maps_of_vgg16_as_bits(folder: Path) -> None:
    """`vgg16@map|lsh:500,seed=628` with drawn weights: 49 x 500 bits, searched by Hamming."""
    weights.timm_weights(folder, "vgg16.tv_in1k")  # first: timm may need its operators
    import timm
    import torch

    variables = weights.environment(folder)
    spec = "vgg16@map|lsh:500,seed=628"
    for name in ("000.jpg", "001.jpg"):
        (folder / "few").mkdir(exist_ok=True)
        (folder / "few" / name).write_bytes((folder / "photos" / name).read_bytes())
    done = run(folder, "index", "few", "--library", "maps", "--model", spec, "--json", **variables)
    assert done.code == 0, done.err
    with lookalike.open(folder / "maps", create=False) as library:
        assert (library.space.dim, library.space.metric) == (49 * 500, "hamming")
        stored = library.matrix()
        assert stored.shape == (2, 3063)
        assert library.ids == ["000.jpg", "001.jpg"]
    from PIL import Image

    torch.manual_seed(3)
    network = timm.create_model("vgg16").half().float().eval()
    normals = np.random.Generator(np.random.PCG64(628)).uniform(-1, 1, (500, 512))
    for row, name in zip(stored, ("000.jpg", "001.jpg"), strict=True):
        rgb = Image.open(folder / "few" / name).convert("RGB").resize((224, 224), Image.BILINEAR)
        scaled = (np.asarray(rgb) - [123.675, 116.28, 103.53]) / [58.395, 57.12, 57.375]
        with torch.inference_mode():
            planes = torch.from_numpy(scaled.transpose(2, 0, 1)[None].astype(np.float32))
            cells = network.forward_features(planes)[0].flatten(1).T.numpy()
        expected = (cells.astype(np.float64) @ normals.T > 0).ravel()
        assert (np.unpackbits(row)[: 49 * 500] == expected).mean() > 0.999
    asked = run(
        folder,
        "search",
        "few/001.jpg",
        "--library",
        "maps",
        "--include-query",
        "--json",
        **variables,
    )
    hits = asked.json["hits"]
    assert (hits[0]["id"], hits[0]["distance"]) == ("001.jpg", 0)
    between = int(np.bitwise_count(stored[0] ^ stored[1]).sum())
    assert (hits[1]["id"], hits[1]["distance"]) == ("000.jpg", between)
