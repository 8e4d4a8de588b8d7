from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_cache import declare_torchvision_operators, offline_hub

from lookalike.errors import ModelError, UnknownNameError, UsageError
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions

pytestmark = pytest.mark.extra


@pytest.fixture(autouse=True)
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    declare_torchvision_operators()
    offline_hub(monkeypatch, tmp_path)


def tuned(file: Path, metadata: dict[str, str] | None) -> Any:
    """A network with a classifier of 7, as one would fine-tune it."""
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=7).eval()
    save_file(network.state_dict(), file, metadata)
    return network


def planes(model: Any, pixels: np.ndarray) -> Any:
    import torch

    spec = model.preprocessing
    values = (pixels - np.array(spec.mean)) / np.array(spec.scale)
    return torch.from_numpy(values.transpose(0, 3, 1, 2).astype(np.float32))


def test_a_module_names_its_input(tmp_path: Path) -> None:
    import torch

    file = tmp_path / "tuned.safetensors"
    network = tuned(file, {"architecture": "test_resnet", "num_classes": "7"})
    pixels = np.random.default_rng(1).integers(0, 256, (3, 160, 160, 3), np.uint8)
    model = find_model(f"torch:{file}#fc")
    with torch.inference_mode():
        given = planes(model, pixels)
        features = network.forward_features(given)
        pooled = network.forward_head(features, pre_logits=True).numpy()
        before_pool = features.amax((2, 3)).numpy()
    ours = model.open(NetworkOptions(batch=3)).run(pixels)
    np.testing.assert_allclose(ours, pooled, atol=1e-5)
    whole = find_model(f"torch:{file}").open(NetworkOptions(batch=3)).run(pixels)
    np.testing.assert_allclose(whole, pooled, atol=1e-5)
    largest = find_model(f"torch:{file}#global_pool@max")
    assert largest.shape == (before_pool.shape[1],)
    np.testing.assert_allclose(
        largest.open(NetworkOptions(batch=3)).run(pixels), before_pool, atol=1e-5
    )
    with pytest.raises(UsageError, match=r"gives n x 96 x 5 x 5.*@avg"):
        find_model(f"torch:{file}#global_pool")
    with pytest.raises(UnknownNameError, match="layer4"):
        find_model(f"torch:{file}#layer5")


def test_a_config_beside_it_is_read_with_its_preprocessing(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    tuned(file, None)
    with pytest.raises(ModelError, match="names no architecture"):
        find_model(f"torch:{file}")
    stated = {"input_size": [3, 96, 96], "crop_pct": 0.75, "mean": [0.1, 0.2, 0.3]}
    stated |= {"std": [0.4, 0.5, 0.6], "interpolation": "bilinear", "num_classes": 7}
    config = {"architecture": "test_resnet", "num_classes": 7, "pretrained_cfg": stated}
    (tmp_path / "config.json").write_text(json.dumps(config))
    model = find_model(f"torch:{file}")
    spec = model.preprocessing
    assert (spec.shorter_side, spec.crop, spec.interpolation) == (128, 96, "bilinear")
    np.testing.assert_allclose(spec.mean, [25.5, 51, 76.5])
    np.testing.assert_allclose(spec.scale, [102, 127.5, 153])
    assert find_model(f"hf:{tmp_path}").weights_sha256 == model.weights_sha256
    (tmp_path / "config.json").write_text(json.dumps(config | {"architecture": "test_resnext"}))
    with pytest.raises(UnknownNameError, match="test_resnet"):
        find_model(f"torch:{file}")


@pytest.mark.parametrize("kind", ["zip", "old", "plain"])
def test_a_pickle_is_refused_unopened(tmp_path: Path, kind: str) -> None:
    import torch

    marker = tmp_path / "ran"

    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (marker,))

    file = tmp_path / "model.safetensors"
    if kind == "plain":
        file.write_bytes(pickle.dumps(Harmful()))
    else:
        torch.save(Harmful(), file, _use_new_zipfile_serialization=kind == "zip")
    with pytest.raises(ModelError, match=r"safetensors\.torch\.save_file"):
        find_model(f"torch:{file}")
    assert not marker.exists()


def test_other_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file"):
        find_model(f"torch:{tmp_path}/none.safetensors")
    (tmp_path / "text.safetensors").write_text("this is no network at all")
    with pytest.raises(ModelError, match="no safetensors file"):
        find_model(f"torch:{tmp_path}/text.safetensors")


def test_an_exported_program_is_refused_unopened(tmp_path: Path) -> None:
    """torch unpickles the sample inputs of such a file when it loads it, whatever they hold."""
    import io
    import zipfile

    import torch

    marker = tmp_path / "ran"

    class Harmful:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (marker,))

    honest = tmp_path / "honest.pt2"
    network = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.Flatten())
    torch.export.save(torch.export.export(network, (torch.zeros(2, 3, 8, 8),)), honest)
    harmful = io.BytesIO()
    torch.save(Harmful(), harmful)
    file = tmp_path / "program.pt2"
    with zipfile.ZipFile(honest) as given, zipfile.ZipFile(file, "w") as taken:
        for name in given.namelist():
            swapped = "sample_inputs" in name
            taken.writestr(name, harmful.getvalue() if swapped else given.read(name))
    with pytest.raises(ModelError, match=r"exported program.*torch\.onnx\.export"):
        find_model(f"torch:{file}")
    renamed = file.rename(tmp_path / "program.safetensors")
    with pytest.raises(ModelError, match="is refused"):
        find_model(f"torch:{renamed}")
    assert not marker.exists()
