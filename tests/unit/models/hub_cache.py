"""A hub cache as huggingface_hub leaves it on disk, and torchvision beside CPU torch."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def put(cache: Path, repository: str, files: dict[str, Path | str]) -> Path:
    """Lay files where huggingface_hub looks for them: blobs, and links to them in a snapshot."""
    root = cache / f"models--{repository.replace('/', '--')}"
    (root / "refs").mkdir(parents=True, exist_ok=True)
    (root / "refs" / "main").write_text(COMMIT)
    (root / "blobs").mkdir(exist_ok=True)
    for name, content in files.items():
        blob = root / "blobs" / name.replace("/", "-")
        if isinstance(content, Path):
            shutil.copyfile(content, blob)
        else:
            blob.write_text(content)
        link = root / "snapshots" / COMMIT / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(blob)
    return root / "snapshots" / COMMIT


def offline_hub(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """An empty hub cache in that folder, and no network."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(folder / "hub"))
    return folder / "hub"


def declare_torchvision_operators() -> None:
    """Declare two operators that torchvision names when imported; its CPU wheel lacks them here."""
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
