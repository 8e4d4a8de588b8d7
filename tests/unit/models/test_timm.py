from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_cache import declare_torchvision_operators, offline_hub, put
from PIL import Image

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.images.preprocess import Preprocessing, to_input
from lookalike.models.model import Model, find_model
from lookalike.models.network import NetworkOptions

pytestmark = pytest.mark.extra
SIZES = ((160, 160), (301, 200), (200, 333), (97, 640), (1201, 800))
Made = tuple[str, Any]


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    declare_torchvision_operators()
    return offline_hub(monkeypatch, tmp_path)


@pytest.fixture
def publish(offline: Path, tmp_path: Path) -> Callable[[str], Any]:
    """Make a timm network with random weights and lay them where the hub's files are kept."""

    def made(name: str) -> Any:
        import timm
        import torch
        from safetensors.torch import save_file

        torch.manual_seed(3)
        network = timm.create_model(
            name.partition(".")[0], pretrained_cfg=timm.get_pretrained_cfg(name)
        )
        _shake(network)
        file = tmp_path / "model.safetensors"
        save_file(network.state_dict(), file)
        put(offline, f"timm/{name}", {"model.safetensors": file})
        return network.eval()

    return made


def _shake(network: Any) -> None:
    """Give normalisations other statistics than 0 and 1, as training does."""
    import torch

    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.8, 1.3)


def picture(width: int, height: int, seed: int = 0) -> Image.Image:
    values = np.random.default_rng(seed).integers(0, 256, (height // 8 + 1, width // 8 + 1, 3))
    coarse = Image.fromarray(values.astype(np.uint8))
    return coarse.resize((width, height), Image.Resampling.BICUBIC)


def vectors(model: Model, pictures: list[Image.Image]) -> np.ndarray:
    pixels = np.stack([to_input(each, model.preprocessing) for each in pictures])
    return model.open(NetworkOptions(batch=len(pixels))).run(pixels)


def reference_input(network: Any, pictures: list[Image.Image]) -> Any:
    import torch
    from timm.data import create_transform, resolve_model_data_config

    transform = create_transform(**resolve_model_data_config(network), is_training=False)
    return torch.stack([transform(each) for each in pictures])


def cosines(ours: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    ours, theirs = (x.reshape(len(x), -1).astype(np.float64) for x in (ours, theirs))
    return (ours * theirs).sum(1) / np.linalg.norm(ours, axis=1) / np.linalg.norm(theirs, axis=1)


@pytest.mark.parametrize(
    "name", ["test_resnet.r160_in1k", "test_vit.r160_in1k", "test_convnext.r160_in1k"]
)
def test_vectors_are_those_of_timm(publish: Callable[[str], Any], name: str) -> None:
    import torch

    network = publish(name)
    model = find_model(f"timm:{name}")
    pictures = [picture(*size) for size in SIZES]
    theirs = reference_input(network, pictures)
    with torch.inference_mode():
        features = network.forward_features(theirs)
        expected = network.forward_head(features, pre_logits=True).numpy()
    ours = vectors(model, pictures)
    assert model.shape == ours.shape[1:] == expected.shape[1:]
    assert cosines(ours, expected).min() > 0.9999
    spec = model.preprocessing
    for each, wanted in zip(pictures, theirs.numpy(), strict=True):
        values = (to_input(each, spec) - np.array(spec.mean)) / np.array(spec.scale)
        assert np.abs(values.transpose(2, 0, 1) - wanted).max() < 1e-4


def test_heads_are_those_of_the_features(publish: Callable[[str], Any]) -> None:
    import torch

    pictures = [picture(160, 160, seed) for seed in range(2)]
    network = publish("test_vit.r160_in1k")
    with torch.inference_mode():
        tokens = network.forward_features(reference_input(network, pictures)).numpy()
    cells = tokens[:, 1:]
    expected = {
        "cls": tokens[:, 0],
        "avg": cells.mean(1),
        "max": cells.max(1),
        "map": cells,
        "flatten": tokens.reshape(2, -1),
    }
    for head, wanted in expected.items():
        model = find_model(f"timm:test_vit.r160_in1k@{head}")
        assert model.shape == wanted.shape[1:]
        assert model.head == head
        np.testing.assert_allclose(vectors(model, pictures), wanted, atol=2e-4)
    network = publish("test_resnet.r160_in1k")
    with torch.inference_mode():
        maps = network.forward_features(reference_input(network, pictures)).numpy()
    model = find_model("timm:test_resnet.r160_in1k@map")
    wanted = maps.reshape(2, maps.shape[1], -1).transpose(0, 2, 1)
    np.testing.assert_allclose(vectors(model, pictures), wanted, rtol=1e-3, atol=1e-4)


def test_a_head_that_does_not_fit_names_the_shapes(publish: Callable[[str], Any]) -> None:
    publish("test_resnet.r160_in1k")
    with pytest.raises(UsageError, match=r"@cls needs tokens.*gives n x 96 x 5 x 5"):
        find_model("timm:test_resnet.r160_in1k@cls")


def test_unknown_names_and_missing_files_say_what_to_do(offline: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean.*resnet50"):
        find_model("timm:resnet5O")
    with pytest.raises(UnknownNameError, match=r"test_vit\.r160_in1k"):
        find_model("timm:test_vit.r16_in1k")
    with pytest.raises(ModelError) as caught:
        find_model("timm:test_vit.r160_in1k")
    for part in ("model.safetensors", str(offline), "hf download timm/test_vit.r160_in1k"):
        assert part in str(caught.value)


def test_weights_that_do_not_fit_are_refused(publish: Callable[[str], Any], offline: Path) -> None:
    from safetensors.torch import load_file, save_file

    publish("test_vit.r160_in1k")
    file = next(offline.glob("*/blobs/model.safetensors"))
    weights = load_file(file)
    del weights["blocks.0.attn.qkv.weight"]
    save_file(weights, file)
    with pytest.raises(ModelError, match=r"does not fit test_vit.*blocks\.0\.attn\.qkv\.weight"):
        find_model("timm:test_vit.r160_in1k")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ModelError, match="does not fit test_vit"):
        find_model("timm:test_vit.r160_in1k")


def test_bfloat16_stays_near_and_devices_are_checked(publish: Callable[[str], Any]) -> None:
    publish("test_vit.r160_in1k")
    model = find_model("timm:test_vit.r160_in1k")
    pixels = to_input(picture(200, 170), model.preprocessing)[None]
    exact = model.open(NetworkOptions()).run(pixels)
    rough = model.open(NetworkOptions(precision="bf16", device="cpu"))
    assert rough.precision == "bf16"
    assert 0.99 < cosines(rough.run(pixels), exact).min() < 1
    with pytest.raises(UsageError, match="cuda:7"):
        model.open(NetworkOptions(device="cuda:7"))
    with pytest.raises(UsageError, match="openvino"):
        model.open(NetworkOptions(runtime="openvino"))


def test_bgr_is_turned_before_mean_and_scale() -> None:
    import torch

    from lookalike.models.torch_network import TorchNetwork, Vision

    spec = Preprocessing(4, 4, "bicubic", (1, 2, 3), (2, 4, 8), channels="bgr")
    vision = Vision(torch.nn.Identity(), lambda planes: planes.flatten(1))
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), np.uint8)
    wanted = (pixels[..., ::-1].astype(np.float32) - [1, 2, 3]) / [2, 4, 8]
    given = TorchNetwork(vision, spec, NetworkOptions()).run(pixels)
    np.testing.assert_allclose(given, wanted.transpose(0, 3, 1, 2).reshape(3, -1), rtol=1e-6)
