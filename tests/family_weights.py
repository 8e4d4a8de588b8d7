"""Draws tiny weights for every family of models, in the layouts that the real ones come in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from torchvision_shim import declare_torchvision_operators

COMMIT = "0123456789abcdef0123456789abcdef01234567"
SITE = """
import sys


class Before:
    def find_spec(self, name, path=None, target=None):
        if name in {"timm", "open_clip", "transformers"}:
            sys.meta_path.remove(self)
            from torchvision_shim import declare_torchvision_operators

            declare_torchvision_operators()
        return None


sys.meta_path.insert(0, Before())
"""
"""Before the libraries that need torchvision, the operators that its CPU wheel lacks here."""


def environment(folder: Path) -> dict[str, str]:
    """Variables with which a command finds the drawn weights, and no network."""
    site = folder / "site"
    site.mkdir(exist_ok=True)
    (site / "sitecustomize.py").write_text(SITE)
    return {
        "PYTHONPATH": f"{site}:{Path(__file__).parent}",
        "HF_HOME": str(folder / "hf"),
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_VERBOSITY": "error",
    }


def cached(folder: Path, repository: str, file: str) -> Path:
    """Where huggingface_hub keeps a file of a repository."""
    root = folder / "hf" / "hub" / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True, exist_ok=True)
    (root / "refs" / "main").write_text(COMMIT)
    path = root / "snapshots" / COMMIT / file
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def timm_weights(folder: Path, name: str) -> None:
    """The weights of `timm:NAME`, in the cache of the hub; halves, as they are large."""
    declare_torchvision_operators()
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(3)
    network = timm.create_model(name.partition(".")[0]).half()
    save_file(network.state_dict(), cached(folder, f"timm/{name}", "model.safetensors"))


def torch_checkpoint(folder: Path) -> str:
    """A fine-tuned timm network of 7 classes: the input of its classifier."""
    declare_torchvision_operators()
    import timm
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(5)
    network = timm.create_model("test_resnet", num_classes=7)
    stated = {"architecture": "test_resnet", "num_classes": "7"}
    save_file(network.state_dict(), folder / "tuned.safetensors", stated)
    return "torch:tuned.safetensors#fc"


def open_clip_file(folder: Path) -> str:
    """One of the smallest architectures of open_clip, from a file."""
    declare_torchvision_operators()
    import open_clip
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(2)
    network = open_clip.create_model("ViT-S-32-alt").half()
    save_file(network.state_dict(), folder / "clip.safetensors")
    return "open_clip:ViT-S-32-alt/clip.safetensors"


def transformers_folder(folder: Path) -> str:
    """A small vision transformer as transformers saves it."""
    declare_torchvision_operators()
    import torch
    import transformers

    torch.manual_seed(6)
    place = folder / "vit"
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    config = transformers.ViTConfig(**sizes, num_attention_heads=2, image_size=64, patch_size=16)
    transformers.ViTModel(config).save_pretrained(place)
    transformers.ViTImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(place)
    return "hf:vit@cls"


def onnx_graph(folder: Path, name: str, outputs: str) -> Path:
    """Two convolutions, their mean: `r2` inside, `outputs` at the end."""
    import onnx

    make, info = onnx.helper.make_node, onnx.helper.make_tensor_value_info
    nodes = [
        make("Conv", ["pixel_values", "k1"], ["c1"], strides=[2, 2]),
        make("Relu", ["c1"], ["r1"]),
        make("Conv", ["r1", "k2"], ["c2"], strides=[2, 2]),
        make("Relu", ["c2"], ["r2"]),
        make("GlobalAveragePool", ["r2"], ["pooled"]),
        make("Flatten", ["pooled"], [outputs]),
    ]
    random = np.random.default_rng(2)
    constants = [
        onnx.numpy_helper.from_array(random.standard_normal(shape).astype(np.float32), key)
        for key, shape in (("k1", (12, 3, 3, 3)), ("k2", (36, 12, 3, 3)))
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "tiny",
        [info("pixel_values", onnx.TensorProto.FLOAT, ["n", 3, 64, 64])],
        [info(outputs, onnx.TensorProto.FLOAT, ["n", 36])],
        constants,
    )
    opset = [onnx.helper.make_opsetid("", 17)]
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), path)
    return path


def hub_export(folder: Path) -> str:
    """A repository of the hub that has an ONNX export of its image tower."""
    place = folder / "export"
    onnx_graph(place, "onnx/vision_model.onnx", "image_embeds")
    (place / "config.json").write_text(json.dumps({"model_type": "clip"}))
    processor: dict[str, Any] = {"image_processor_type": "CLIPImageProcessor"}
    processor |= {"size": {"shortest_edge": 64}, "crop_size": {"height": 64, "width": 64}}
    processor |= {"image_mean": [0.48, 0.45, 0.4], "image_std": [0.26, 0.25, 0.27]}
    processor |= {"do_normalize": True, "do_rescale": True, "do_center_crop": True}
    processor |= {"do_resize": True, "resample": 3}
    (place / "preprocessor_config.json").write_text(json.dumps(processor))
    return "hf:export"


def keras_file(folder: Path) -> str:
    """A network of two tasks: the input of one of them."""
    from lookalike.models.keras_import import import_keras

    keras = import_keras()
    keras.utils.set_random_seed(11)
    inputs = keras.Input((48, 48, 3))
    x = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(inputs)
    x = keras.layers.SeparableConv2D(16, 3, activation="relu")(x)
    x = keras.layers.GlobalMaxPooling2D()(x)
    x = keras.layers.Dense(24, activation="relu")(x)
    outputs = [
        keras.layers.Dense(n, "softmax", name=name)(x) for name, n in (("kind", 5), ("colour", 4))
    ]
    keras.Model(inputs, outputs).save(folder / "multitask.keras")
    return "keras:multitask.keras#kind"
