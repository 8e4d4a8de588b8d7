"""Torch models: exported to ONNX, listed by modules, kept once built, the same in any batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hub_cache import declare_torchvision_operators, offline_hub, put

from lookalike.embed.embedder import Embedder
from lookalike.embed.way import find_way
from lookalike.errors import ModelError, UsageError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import find_model
from lookalike.models.network import ON_CORES, NetworkOptions
from lookalike.models.trying import export, layers_of

pytestmark = pytest.mark.extra
SEEN = Preprocessing(8, 8, "bicubic", (1, 2, 3), (2, 4, 8))


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    declare_torchvision_operators()
    return offline_hub(monkeypatch, tmp_path)


def publish(hub: Path, name: str, seed: int = 3) -> Any:
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    network = timm.create_model(name.partition(".")[0])
    save_file(network.state_dict(), hub.parent / "model.safetensors")
    put(hub, f"timm/{name}", {"model.safetensors": hub.parent / "model.safetensors"})
    return network.eval()


def planes(pixels: np.ndarray, spec: Preprocessing) -> Any:
    import torch

    values = (pixels - np.array(spec.mean)) / np.array(spec.scale)
    return torch.from_numpy(values.transpose(0, 3, 1, 2).astype(np.float32))


def by_onnxruntime(file: Path, pixels: np.ndarray) -> np.ndarray:
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    return session.run(None, {"pixels": pixels})[0]


@pytest.mark.parametrize("name", ["test_resnet.r160_in1k", "test_vit.r160_in1k"])
def test_an_export_gives_what_the_network_gives(hub: Path, tmp_path: Path, name: str) -> None:
    import torch

    network = publish(hub, name)
    model = find_model(f"timm:{name}")
    agreement = export(model, tmp_path / "net.onnx")
    assert agreement.cosine > 0.99999
    assert agreement.difference < 1e-4
    pixels = np.random.default_rng(0).integers(0, 256, (3, 160, 160, 3), np.uint8)
    with torch.inference_mode():
        features = network.forward_features(planes(pixels, model.preprocessing))
        expected = network.forward_head(features, pre_logits=True).numpy()
    for count in (3, 1):
        found = by_onnxruntime(tmp_path / "net.onnx", pixels[:count])
        np.testing.assert_allclose(found, expected[:count], rtol=1e-3, atol=1e-5)
    again = find_model(f"onnx:{tmp_path / 'net.onnx'}")
    assert again.shape == model.shape
    assert again.preprocessing.shorter_side == model.preprocessing.shorter_side
    assert again.note == ""


def test_a_feature_map_and_an_inner_module_are_exported_too(hub: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    network = publish(hub, "test_vit.r160_in1k")
    model = find_model("timm:test_vit.r160_in1k@map")
    export(model, tmp_path / "map.onnx")
    pixels = np.random.default_rng(1).integers(0, 256, (2, 160, 160, 3), np.uint8)
    with torch.inference_mode():
        cells = network.forward_features(planes(pixels, model.preprocessing))[:, 1:].numpy()
    np.testing.assert_allclose(by_onnxruntime(tmp_path / "map.onnx", pixels), cells, atol=1e-4)
    file = tmp_path / "own.safetensors"
    save_file(network.state_dict(), file, {"architecture": "test_vit"})
    inner = find_model(f"torch:{file}#norm@cls")
    export(inner, tmp_path / "inner.onnx")
    with torch.inference_mode():
        caught: list[Any] = []
        network.norm.register_forward_pre_hook(lambda _, given: caught.append(given[0]))
        network(planes(pixels, inner.preprocessing))
    found = by_onnxruntime(tmp_path / "inner.onnx", pixels)
    np.testing.assert_allclose(found, caught[0][:, 0].numpy(), atol=1e-4)


def test_layers_hold_all_the_parameters_of_the_network(hub: Path) -> None:
    for name in ("test_resnet.r160_in1k", "test_vit.r160_in1k"):
        network = publish(hub, name)
        network.reset_classifier(0)
        listed = layers_of(find_model(f"timm:{name}"))
        assert sum(one.parameters for one in listed) == sum(p.numel() for p in network.parameters())
        kept = [*network.parameters(), *network.buffers()]
        assert sum(one.bytes for one in listed) == sum(p.numel() * p.itemsize for p in kept)
        known = {key for key, _ in network.named_modules()}
        assert {one.name for one in listed} <= known | {"(itself)"}
        stem = network.patch_embed.proj if "vit" in name else network.conv1[0]
        assert listed[0].parameters == sum(p.numel() for p in stem.parameters())


def test_a_network_is_built_once_until_its_file_changes(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import timm

    built: list[str] = []
    real = timm.create_model

    def counted(name: str, *arguments: Any, **options: Any) -> Any:
        built.append(name)
        return real(name, *arguments, **options)

    publish(hub, "test_resnet.r160_in1k")
    monkeypatch.setattr(timm, "create_model", counted)
    first = find_model("timm:test_resnet.r160_in1k")
    assert find_model("timm:test_resnet.r160_in1k") is first
    assert find_way("timm:test_resnet.r160_in1k|mean:4", normalised=True).model is first
    assert len(built) == 1
    monkeypatch.setattr(timm, "create_model", real)
    for link in hub.glob("*/snapshots/*/model.safetensors"):
        link.unlink()
    publish(hub, "test_resnet.r160_in1k", seed=4)
    second = find_model("timm:test_resnet.r160_in1k")
    assert second.weights_sha256 != first.weights_sha256


def test_a_vector_does_not_depend_on_the_size_of_its_batch(hub: Path) -> None:
    publish(hub, "test_vit.r160_in1k")
    way = find_way("timm:test_vit.r160_in1k", normalised=True)
    pixels = np.random.default_rng(2).integers(0, 256, (70, 160, 160, 3), np.uint8)
    vectors = []
    for batch in (1, 4, 64):
        embedder = Embedder(way, batch=batch, streams=2)
        parts = [pixels[start : start + batch] for start in range(0, len(pixels), batch)]
        vectors.append(np.concatenate([embedder.submit(part).result().values for part in parts]))
        embedder.close()
    np.testing.assert_allclose(vectors[1], vectors[0], atol=2e-6)
    np.testing.assert_allclose(vectors[2], vectors[0], atol=2e-6)


def test_batches_are_small_on_cores_and_large_on_a_gpu(
    hub: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    publish(hub, "test_vit.r160_in1k")
    model = find_model("timm:test_vit.r160_in1k")
    assert model.feeding("cpu") == ON_CORES
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert model.feeding("auto").batch >= 64
    assert model.feeding("auto").streams == 2
    assert model.feeding("cpu") == ON_CORES
    with pytest.raises(UsageError, match="cannot use the device 'nowhere'"):
        model.feeding("nowhere")


def test_compiling_sees_through_and_falls_back(hub: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from lookalike.models.torch_network import TorchNetwork, Vision, grey

    class Net(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            return image.mean((2, 3))

    module = Net()
    network = TorchNetwork(Vision(module, module), SEEN, NetworkOptions(device="cpu"))
    pixels = np.random.default_rng(3).integers(0, 256, (4, 8, 8, 3), np.uint8)
    plain = network.run(pixels)

    def without_compiler(forward: Any) -> Any:
        def fail(_: Any) -> Any:
            raise RuntimeError("no compiler here")

        return fail

    real = torch.compile
    monkeypatch.setattr(torch, "compile", without_compiler)
    network._compile(grey(4, SEEN))
    np.testing.assert_array_equal(network.run(pixels), plain)
    monkeypatch.setattr(
        torch, "compile", lambda forward: real(forward, backend="eager", fullgraph=True)
    )
    network._compile(grey(4, SEEN))
    np.testing.assert_allclose(network.run(pixels), plain, rtol=1e-6)


def test_what_cannot_be_traced_is_told(tmp_path: Path) -> None:
    import torch

    from lookalike.models.torch_model import torch_model
    from lookalike.models.torch_network import Vision

    class Odd(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            return image.mean((2, 3)) if float(image.sum()) > -1e9 else image.amax((2, 3))

    weights = tmp_path / "w.safetensors"
    weights.write_bytes(b"")
    odd = Odd()
    model = torch_model(
        "odd", "1", [weights], Vision(odd, odd), SEEN, head=None, licence="not stated"
    )
    with pytest.raises(ModelError, match="odd cannot be written as ONNX"):
        export(model, tmp_path / "odd.onnx")
    assert not (tmp_path / "odd.onnx").exists()
