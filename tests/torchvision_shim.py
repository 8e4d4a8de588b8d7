"""torchvision beside CPU torch: it names operators that its CPU wheel lacks here."""

from __future__ import annotations

import sys


def declare_torchvision_operators() -> None:
    """Declare two operators that torchvision names when imported, where it has none."""
    if "torchvision" in sys.modules:
        return
    import torch

    try:
        import torchvision
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "DEF")
        for operator in ("nms", "qnms"):
            library.define(f"{operator}(Tensor boxes, Tensor scores, float limit) -> Tensor")
        _KEPT.append(library)
        import torchvision  # noqa: F401


_KEPT: list[object] = []
