"""A `Model` out of a torch module: run by torch, listed by its modules, exported to ONNX."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lookalike.errors import MissingExtraError, ModelError
from lookalike.images.preprocess import Preprocessing
from lookalike.models.model import Layer, Model
from lookalike.models.network import TextTower
from lookalike.models.onnx_cut import picture_input
from lookalike.models.onnx_read import weights_digest
from lookalike.models.onnx_wrap import append_head, prepend_pixels
from lookalike.models.torch_network import TorchNetwork, Vision, grey, import_torch, torch_feeding

TRACED = 2
"""Images that the exporter sees; with one it would take the batch for fixed."""


def torch_model(
    name: str,
    revision: str,
    weights: Sequence[Path],
    vision: Vision,
    preprocessing: Preprocessing,
    *,
    head: str | None,
    licence: str,
    open_text: Callable[[], TextTower] | None = None,
) -> Model:
    """The model of a module whose weights came from `weights`.

    Raises `ModelError` for one that cannot be run on an image, `UsageError` for one whose output
    is no vector and no feature map.
    """
    shape = vision.shape(preprocessing, name)
    return Model(
        name=name,
        revision=revision,
        weights_sha256=weights_digest(weights),
        head=head or "none",
        shape=shape,
        preprocessing=preprocessing,
        licence=licence,
        open=lambda options: TorchNetwork(vision, preprocessing, options),
        open_text=open_text,
        to_onnx=lambda: to_onnx(vision, preprocessing, shape, name),
        layers=lambda: layers(vision, preprocessing),
        feeding=torch_feeding,
    )


def layers(vision: Vision, preprocessing: Preprocessing) -> list[Layer]:
    """Modules with weights of their own or without parts, in the order in which they are done."""
    found: list[Layer] = []

    def listed(name: str) -> Callable[[Any, Any, Any], None]:
        def add(module: Any, _: Any, output: Any) -> None:
            shape = tuple(getattr(output, "shape", ()))
            own = list(module.parameters(recurse=False))
            kept = [*own, *module.buffers(recurse=False)]
            found.append(
                Layer(
                    name or "(itself)",
                    type(module).__name__,
                    (None, *shape[1:]) if shape else (),
                    sum(each.numel() for each in own),
                    sum(each.numel() * each.element_size() for each in kept),
                )
            )

        return add

    hooks = [
        module.register_forward_hook(listed(name))
        for name, module in vision.module.named_modules()
        if not list(module.children()) or list(module.parameters(recurse=False))
    ]
    try:
        vision.run_once(preprocessing)
    finally:
        for hook in hooks:
            hook.remove()
    return list({layer.name: layer for layer in found}.values())


def to_onnx(
    vision: Vision, preprocessing: Preprocessing, shape: tuple[int, ...], name: str
) -> bytes:
    """The module as a serialized ONNX model, its input `pixels` uint8 (n, side, side, 3).

    Raises `MissingExtraError`, and `ModelError` for a module that torch cannot write as a graph.
    """
    torch = import_torch(name)
    try:
        import onnxscript  # noqa: F401  what torch's exporter is written in
    except ImportError as error:
        raise MissingExtraError(f"{name} as ONNX", "torch") from error

    class Whole(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The forward function as a module, so that the exporter finds the weights."""

        def __init__(self) -> None:
            super().__init__()
            self.module = vision.module.eval()

        def forward(self, image: Any) -> Any:
            return vision.forward(image).float()

    example = vision.planes(grey(TRACED, preprocessing), preprocessing)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")  # of torch itself, about its own parts
            program = torch.onnx.export(
                Whole().eval(),
                (example,),
                dynamo=True,
                verbose=False,
                input_names=["image"],
                output_names=["features"],
                dynamic_shapes=({0: torch.export.Dim("n")},),
            )
    except (RuntimeError, TypeError, ValueError, torch.onnx.errors.OnnxExporterError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"{name} cannot be written as ONNX: {reason}") from error
    model = program.model_proto
    prepend_pixels(model, picture_input(model), preprocessing, None)
    append_head(
        model,
        model.graph.output[0].name,
        "map" if len(shape) == 2 else None,
        len(shape) + 1,
        dtype=model.graph.output[0].type.tensor_type.elem_type,
        channels_first=True,
    )
    serialized: bytes = model.SerializeToString()
    return serialized
