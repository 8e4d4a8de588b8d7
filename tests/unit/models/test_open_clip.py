from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_cache import COMMIT, declare_torchvision_operators, offline_hub, put
from PIL import Image

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.images.preprocess import to_input
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions

pytestmark = pytest.mark.extra
SIZES = ((64, 64), (301, 200), (200, 333))
CONFIG = {
    "embed_dim": 32,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "patch_size": 16, "head_width": 32},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 2},
}
TEXTS = ["a red dress", "blue jeans", "the left shoe of a pair of brown leather shoes"]


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    declare_torchvision_operators()
    return offline_hub(monkeypatch, tmp_path)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, hub: Path, tmp_path: Path) -> Any:
    """A tiny CLIP that open_clip knows by name, its weights laid where the hub's files are."""
    import open_clip
    import torch
    from open_clip import factory, pretrained
    from safetensors.torch import save_file

    monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny-clip", CONFIG)
    tag = {
        "hf_hub": "org/tiny/",
        "mean": (0.48, 0.45, 0.40),
        "std": (0.26, 0.25, 0.27),
        "interpolation": "bicubic",
        "resize_mode": "shortest",
        "quick_gelu": True,
    }
    old = {"url": "https://example.com/x.pt"}
    monkeypatch.setitem(pretrained._PRETRAINED, "tiny-clip", {"tag": tag, "old": old})
    torch.manual_seed(2)
    made = open_clip.create_model("tiny-clip", force_quick_gelu=True, force_preprocess_cfg=tag)
    file = tmp_path / "weights.safetensors"
    save_file(made.state_dict(), file)
    put(hub, "org/tiny", {"open_clip_model.safetensors": file})
    return made.eval()


def test_both_halves_are_those_of_open_clip(network: Any) -> None:
    import open_clip
    import torch
    from open_clip.transform import PreprocessCfg, image_transform_v2

    rng = np.random.default_rng(0)
    pictures = [
        Image.fromarray(rng.integers(0, 256, (h // 8, w // 8, 3), np.uint8)).resize((w, h))
        for w, h in SIZES
    ]
    transform = image_transform_v2(
        PreprocessCfg(**open_clip.get_model_preprocess_cfg(network)), is_train=False
    )
    theirs = torch.stack([transform(each) for each in pictures])
    model = find_model("open_clip:tiny-clip/tag")
    spec = model.preprocessing
    pixels = np.stack([to_input(each, spec) for each in pictures])
    values = (pixels - np.array(spec.mean)) / np.array(spec.scale)
    assert np.abs(values.transpose(0, 3, 1, 2) - theirs.numpy()).max() < 1e-4
    with torch.inference_mode():
        images = network.encode_image(theirs).numpy()
        texts = network.encode_text(open_clip.get_tokenizer("tiny-clip")(TEXTS)).numpy()
    assert model.shape == (32,)
    ours = model.open(NetworkOptions(batch=3)).run(pixels)
    np.testing.assert_allclose(ours, images, atol=1e-5)
    assert model.open_text is not None
    np.testing.assert_allclose(model.open_text().embed(TEXTS), texts, atol=1e-5)


def test_a_file_is_taken_by_its_path(network: Any, hub: Path) -> None:
    file = hub / "models--org--tiny" / "snapshots" / COMMIT / "open_clip_model.safetensors"
    by_path = find_model(f"open_clip:tiny-clip/{file}")
    assert by_path.weights_sha256 == find_model("open_clip:tiny-clip/tag").weights_sha256
    with pytest.raises(ModelError, match="does not fit ViT-B-32"):
        find_model(f"open_clip:ViT-B-32/{file}")


def test_unknown_names_are_told(network: Any) -> None:
    with pytest.raises(UnknownNameError, match="tiny-clip"):
        find_model("open_clip:tiny-clop/tag")
    with pytest.raises(UnknownNameError, match="tag"):
        find_model("open_clip:tiny-clip/tags")
    with pytest.raises(UsageError, match="tiny-clip/tag"):
        find_model("open_clip:tiny-clip")
    with pytest.raises(ModelError, match="published as a pickle only"):
        find_model("open_clip:tiny-clip/old")
    with pytest.raises(ModelError, match="hf download laion"):
        find_model("open_clip:ViT-B-32/laion2b_s34b_b79k")
