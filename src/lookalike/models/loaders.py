"""Who loads what: the part of a spec before the colon, and the function behind it."""

from __future__ import annotations

LOADERS = {
    "hf": "lookalike.models.hf:load",
    "keras": "lookalike.models.keras_file:load",
    "mlflow": "lookalike.models.mlflow_file:load",
    "onnx": "lookalike.models.onnx_file:load",
    "open_clip": "lookalike.models.open_clip:load",
    "timm": "lookalike.models.timm:load",
    "torch": "lookalike.models.torch_file:load",
}
"""Loader -> "module:function", a function from a `Spec` to a `Model`."""

PATH_LOADERS = frozenset({"keras", "onnx", "torch"})
"""Loaders whose name is a path, with a node, layer or module after `#`."""

NODE_LOADERS = PATH_LOADERS | {"mlflow"}
"""Loaders whose name may have `@` in it, and a node, layer or module after `#`."""
