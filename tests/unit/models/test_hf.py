from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hub_cache import COMMIT, declare_torchvision_operators, offline_hub, put
from PIL import Image

from lookalike.errors import ModelError, UsageError
from lookalike.images.preprocess import to_input
from lookalike.models.hub_preprocessing import from_processor
from lookalike.models.model import Model, find_model
from lookalike.models.network import NetworkOptions

pytestmark = pytest.mark.extra
SIZES = ((64, 64), (301, 200), (200, 333), (97, 640))
TEXTS = ["red dress", "blue", "a dress and a shoe and a red dress and a blue shoe"]
WORDS = ["<pad>", "<start>", "<unk>", "a", "and", "blue", "dress", "red", "shoe", "</s>"]
TEXT = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
TEXT |= {"num_attention_heads": 2, "vocab_size": len(WORDS), "max_position_embeddings": 8}
VISION = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
VISION |= {"num_attention_heads": 2, "image_size": 64, "patch_size": 16}
MEAN, STD = [0.48, 0.45, 0.40], [0.26, 0.25, 0.27]


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    declare_torchvision_operators()
    return offline_hub(monkeypatch, tmp_path)


def pictures() -> list[Image.Image]:
    rng = np.random.default_rng(0)
    return [
        Image.fromarray(rng.integers(0, 256, (h // 8 + 1, w // 8 + 1, 3), np.uint8)).resize((w, h))
        for w, h in SIZES
    ]


def vectors(model: Model) -> np.ndarray:
    pixels = np.stack([to_input(each, model.preprocessing) for each in pictures()])
    return model.open(NetworkOptions(precision="fp32", batch=len(pixels))).run(pixels)


def write_tokenizer(folder: Path) -> None:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    numbers = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A </s>", special_tokens=[("<start>", 1), ("</s>", len(WORDS) - 1)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"pad_token": "<pad>", "tokenizer_class": "PreTrainedTokenizerFast"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))


def clip(folder: Path) -> Any:
    import torch
    import transformers

    torch.manual_seed(4)
    marks = {"bos_token_id": 1, "eos_token_id": len(WORDS) - 1, "pad_token_id": 0}
    config = transformers.CLIPConfig(
        text_config=TEXT | marks, vision_config=VISION, projection_dim=24
    )
    network = transformers.CLIPModel(config).eval()
    network.save_pretrained(folder)
    processor = transformers.CLIPImageProcessorPil(
        size={"shortest_edge": 64}, crop_size={"height": 64, "width": 64}
    )
    processor.save_pretrained(folder)
    write_tokenizer(folder)
    return network, processor


def siglip(folder: Path) -> Any:
    import torch
    import transformers

    torch.manual_seed(4)
    config = transformers.SiglipConfig(text_config=TEXT, vision_config=VISION)
    network = transformers.SiglipModel(config).eval()
    network.save_pretrained(folder)
    processor = transformers.SiglipImageProcessorPil(size={"height": 64, "width": 64})
    processor.save_pretrained(folder)
    write_tokenizer(folder)
    return network, processor


def plain(given: Any) -> np.ndarray:
    return getattr(given, "pooler_output", given).numpy()


@pytest.mark.parametrize("make", [clip, siglip])
def test_both_towers_are_those_of_transformers(make: Any, tmp_path: Path, hub: Path) -> None:
    import torch
    import transformers

    folder = tmp_path / "made"
    network, processor = make(folder)
    theirs = processor(pictures(), return_tensors="pt")["pixel_values"]
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(folder)
    padding = "max_length" if make is siglip else True
    tokens = tokenizer(TEXTS, padding=padding, truncation=True, max_length=8, return_tensors="pt")
    tokens = {key: tokens[key] for key in ("input_ids", "attention_mask")}
    if make is siglip:
        del tokens["attention_mask"]
    with torch.inference_mode():
        images = plain(network.get_image_features(pixel_values=theirs))
        texts = plain(network.get_text_features(**tokens))
    put(hub, "org/two", {path.name: path for path in folder.iterdir()})
    for model in (find_model(f"hf:{folder}"), find_model(f"hf:org/two@{COMMIT}")):
        spec = model.preprocessing
        values = np.stack([to_input(each, spec) for each in pictures()])
        values = (values - np.array(spec.mean)) / np.array(spec.scale)
        assert np.abs(values.transpose(0, 3, 1, 2) - theirs.numpy()).max() < 1e-4
        np.testing.assert_allclose(vectors(model), images, atol=2e-5)
        assert model.open_text is not None
        np.testing.assert_allclose(model.open_text().embed(TEXTS), texts, atol=2e-5)


def test_heads_see_the_tokens_of_a_vision_transformer(tmp_path: Path) -> None:
    import torch
    import transformers

    torch.manual_seed(6)
    config = transformers.Dinov2WithRegistersConfig(
        hidden_size=32, num_hidden_layers=2, num_attention_heads=2, image_size=64, patch_size=16
    )
    network = transformers.Dinov2WithRegistersModel(config).eval()
    network.save_pretrained(tmp_path)
    size = {"size": {"shortest_edge": 72}, "crop_size": {"height": 64, "width": 64}}
    processor = transformers.BitImageProcessorPil(**size, image_mean=MEAN, image_std=STD)
    processor.save_pretrained(tmp_path)
    theirs = processor(pictures(), return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        given = network(pixel_values=theirs)
    tokens = given.last_hidden_state.numpy()
    cells = tokens[:, 5:]
    expected = {
        "": given.pooler_output.numpy(),
        "@cls": tokens[:, 0],
        "@avg": cells.mean(1),
        "@map": cells,
    }
    for head, wanted in expected.items():
        np.testing.assert_allclose(vectors(find_model(f"hf:{tmp_path}{head}")), wanted, atol=2e-5)


def test_a_pooler_that_was_not_trained_is_not_used(tmp_path: Path) -> None:
    import torch
    import transformers
    from safetensors.torch import load_file, save_file

    torch.manual_seed(6)
    network = transformers.ViTModel(transformers.ViTConfig(**VISION), add_pooling_layer=False)
    network.eval().save_pretrained(tmp_path)
    processor = transformers.ViTImageProcessorPil(size={"height": 64, "width": 64})
    processor.save_pretrained(tmp_path)
    theirs = processor(pictures(), return_tensors="pt")["pixel_values"]
    with torch.inference_mode():
        wanted = network(pixel_values=theirs).last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(vectors(find_model(f"hf:{tmp_path}")), wanted, atol=2e-5)
    file = tmp_path / "model.safetensors"
    weights = load_file(file)
    weights.pop(next(name for name in weights if "0" in name and name.endswith("weight")))
    save_file(weights, file, {"format": "pt"})
    with pytest.raises(ModelError, match="lack 1, the first is"):
        find_model(f"hf:{tmp_path}")


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("ConvNextImageProcessorPil", {"size": {"shortest_edge": 64}, "crop_pct": 0.875}),
        ("ConvNextImageProcessorPil", {"size": {"shortest_edge": 384}}),
        ("ViTImageProcessorPil", {"size": {"height": 48, "width": 48}, "resample": 3}),
        ("CLIPImageProcessorPil", {"size": {"shortest_edge": 65}, "crop_size": 48}),
        ("BitImageProcessorPil", {"size": {"shortest_edge": 72}, "crop_size": 64}),
        ("SiglipImageProcessorPil", {"size": {"height": 56, "width": 56}, "do_normalize": False}),
    ],
)
def test_pixels_are_those_of_the_image_processor(
    kind: str, settings: dict[str, Any], tmp_path: Path
) -> None:
    import transformers

    processor = getattr(transformers, kind)(**settings)
    processor.save_pretrained(tmp_path)
    config = json.loads((tmp_path / "preprocessor_config.json").read_text())
    for given in (config, settings | {"image_processor_type": kind}):
        spec = from_processor(given)
        for each in pictures():
            wanted = processor(each, return_tensors="np")["pixel_values"][0]
            if given is not config:
                mean, scale = (np.array(config[key]) for key in ("image_mean", "image_std"))
                scale = scale if config["do_normalize"] else np.ones(3)
                mean = mean if config["do_normalize"] else np.zeros(3)
                wanted = wanted * scale[:, None, None] + mean[:, None, None]
                values = to_input(each, spec) / 255
            else:
                values = (to_input(each, spec) - np.array(spec.mean)) / np.array(spec.scale)
            assert np.abs(values.transpose(2, 0, 1) - wanted).max() < 1e-4


def test_an_onnx_export_runs_without_torch(tmp_path: Path) -> None:
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(3)
    image = rng.normal(size=(3, 24)).astype(np.float32)
    table = rng.normal(size=(len(WORDS), 24)).astype(np.float32)
    floats = TensorProto.FLOAT
    (tmp_path / "onnx").mkdir()
    towers = {
        "vision_model": (
            [
                helper.make_node("GlobalAveragePool", ["pixel_values"], ["mean"]),
                helper.make_node("Flatten", ["mean"], ["flat"]),
                helper.make_node("MatMul", ["flat", "w"], ["image_embeds"]),
            ],
            helper.make_tensor_value_info("pixel_values", floats, ["b", 3, "h", "w2"]),
            helper.make_tensor_value_info("image_embeds", floats, ["b", 24]),
            image,
        ),
        "text_model": (
            [
                helper.make_node("Gather", ["w", "input_ids"], ["rows"]),
                helper.make_node("ReduceMean", ["rows"], ["text_embeds"], axes=[1], keepdims=0),
            ],
            helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["b", "s"]),
            helper.make_tensor_value_info("text_embeds", floats, ["b", 24]),
            table,
        ),
    }
    for name, (nodes, given, made, weights) in towers.items():
        constants = [numpy_helper.from_array(weights, "w")]
        graph = helper.make_graph(nodes, name, [given], [made], constants)
        opsets = [helper.make_opsetid("", 17)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
        onnx.save(model, tmp_path / "onnx" / f"{name}.onnx")
    config = {"model_type": "siglip", "text_config": {"max_position_embeddings": 8}}
    (tmp_path / "config.json").write_text(json.dumps(config | {"auto_map": {"AutoModel": "x.Y"}}))
    processor = {
        "image_processor_type": "SiglipImageProcessor",
        "size": {"height": 32, "width": 32},
    }
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(processor))
    write_tokenizer(tmp_path)
    found = find_model(f"hf:{tmp_path}")
    pixels = np.stack([to_input(each, found.preprocessing) for each in pictures()])
    wanted = (pixels.astype(np.float64) / 127.5 - 1).mean((1, 2)) @ image
    np.testing.assert_allclose(vectors(found), wanted, atol=1e-5)
    rows = [[1, 7, 6, 9, 0, 0, 0, 0], [1, 5, 9, 0, 0, 0, 0, 0], [1, 3, 6, 4, 3, 8, 4, 9]]
    assert found.open_text is not None
    np.testing.assert_allclose(
        found.open_text().embed(TEXTS), table[np.array(rows)].mean(1), atol=1e-5
    )


def test_what_is_unsafe_or_missing_is_told(tmp_path: Path, hub: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "x", "auto_map": {"AutoModel": "a.B"}}')
    with pytest.raises(ModelError, match="code of its own, which is never run"):
        find_model(f"hf:{tmp_path}")
    clip(tmp_path / "pickled")
    (tmp_path / "pickled" / "model.safetensors").rename(tmp_path / "pickled/pytorch_model.bin")
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        find_model(f"hf:{tmp_path}/pickled")
    (tmp_path / "pickled" / "model.safetensors").symlink_to("/etc/hostname")
    with pytest.raises(ModelError, match=r"model\.safetensors.*"):
        find_model(f"hf:{tmp_path}/pickled")
    with pytest.raises(ModelError) as caught:
        find_model("hf:org/none")
    for part in ("config.json", "models--org--none", "HF_HUB_OFFLINE", "hf download org/none"):
        assert part in str(caught.value)
    with pytest.raises(ModelError, match="no folder here"):
        find_model("hf:/no/such/place")
    with pytest.raises(UsageError, match="has no revision"):
        find_model(f"hf:{tmp_path}@abc")
