"""The catalogue's rows of models from elsewhere, against what their libraries say of them."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_cache import declare_torchvision_operators, offline_hub, put

from lookalike.embed.way import find_way
from lookalike.models.catalog import CatalogRow, catalog
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from lookalike.models.open_clip import from_preprocess_cfg
from lookalike.models.timm_build import from_data_config

SOURCES = sorted(name for name, row in catalog().items() if row.source)
OWN_WAY = {
    "xception": {"shorter_side", "crop", "interpolation", "fit"},
    "vgg16": {"shorter_side", "fit"},
    "vgg19": {"shorter_side", "fit"},
    "vit-base-patch16-224-in21k": {"shorter_side", "fit", "interpolation"},
    "dinov2-small": {"shorter_side", "crop"},
    "dinov2-base": {"shorter_side", "crop"},
}
"""Where a row differs from its library on purpose; its advice says so."""


def test_a_row_has_an_opener_or_a_source() -> None:
    for row in catalog().values():
        assert bool(row.opener) != bool(row.source), row.name
        assert row.weights
        assert row.advice.endswith(".")
    assert {"xception", "vgg16", "vgg19", "clip-vit-b32", "siglip2-base"} <= set(SOURCES)


@pytest.mark.extra
@pytest.mark.parametrize("name", SOURCES)
def test_rows_agree_with_their_library(name: str) -> None:
    declare_torchvision_operators()
    row = catalog()[name]
    theirs, dimension = (_of_timm if row.source.startswith("timm:") else _of_open_clip)(row)
    assert row.dimension == dimension
    ours, theirs = row.preprocessing.as_recipe(), theirs.as_recipe()
    differing = {
        key
        for key, value in ours.items()
        if not (
            value == theirs[key]
            or (key in {"mean", "scale"} and np.allclose(value, theirs[key], rtol=1e-6))
        )
    }
    assert differing == OWN_WAY.get(name, set())


def _of_timm(row: CatalogRow) -> tuple[Any, int]:
    import timm
    import torch
    from timm.data import resolve_data_config

    name = row.source.removeprefix("timm:")
    config = timm.get_pretrained_cfg(name).to_dict()
    assert row.name == "xception" or config["hf_hub_id"] == f"timm/{name}"
    wanted = {"licence": row.licence.lower().replace(" ", "-"), "theirs": config["license"]}
    assert wanted["licence"] == wanted["theirs"]
    with torch.device("meta"):
        network = timm.create_model(name.partition(".")[0], num_classes=0)
    if row.preprocessing.crop != config["input_size"][-1]:
        assert not config["fixed_input_size"] or math.gcd(row.preprocessing.crop, 14) == 14
    return from_data_config(resolve_data_config(pretrained_cfg=config)), network.num_features


def _of_open_clip(row: CatalogRow) -> tuple[Any, int]:
    import open_clip
    from open_clip.transform import PreprocessCfg, merge_preprocess_dict

    architecture, tag = row.source.removeprefix("open_clip:").split("/")
    config = open_clip.get_pretrained_cfg(architecture, tag)
    assert config["hf_hub"]
    network = open_clip.get_model_config(architecture)
    own = {"size": network["vision_cfg"]["image_size"]}
    settings = merge_preprocess_dict(PreprocessCfg(), config) | own
    return from_preprocess_cfg(settings), network["embed_dim"]


@pytest.fixture
def publish(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Any]:
    def made(name: str) -> Any:
        import timm
        import torch
        from safetensors.torch import save_file

        torch.manual_seed(3)
        network = timm.create_model(name.partition(".")[0]).eval()
        save_file(network.state_dict(), tmp_path / "model.safetensors")
        put(hub, f"timm/{name}", {"model.safetensors": tmp_path / "model.safetensors"})
        return network

    declare_torchvision_operators()
    hub = offline_hub(monkeypatch, tmp_path)
    return made


@pytest.mark.extra
def test_xception_is_pooled_by_its_maxima_and_averaged_by_four(
    publish: Callable[[str], Any],
) -> None:
    import torch

    network = publish("legacy_xception.tf_in1k")
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    with torch.inference_mode():
        planes = torch.from_numpy(pixels.transpose(0, 3, 1, 2) / np.float32(127.5) - 1)
        largest = network.forward_features(planes).amax((2, 3)).numpy()
    way = find_way("xception|mean:4", normalised=False)
    assert way.model.name == "xception"
    assert way.recipe(lambda _: "").dimension == 512
    given = way.model.open(NetworkOptions(batch=2)).run(pixels)
    np.testing.assert_allclose(given, largest, rtol=1e-3, atol=1e-5)
    groups = largest.reshape(2, 512, 4).mean(2)
    np.testing.assert_allclose(way.reduce(given), groups, rtol=1e-3, atol=1e-5)
    assert find_model("xception@avg").name == "xception@avg"
    assert find_model("xception@map").shape == (49, 2048)


@pytest.mark.extra
def test_a_vision_transformer_is_made_for_the_size_of_the_row(
    publish: Callable[[str], Any],
) -> None:
    publish("vit_small_patch14_dinov2.lvd142m")
    model = find_model("dinov2-small")
    assert model.shape == (384,)
    assert find_model("dinov2-small@map").shape == (256, 384)
