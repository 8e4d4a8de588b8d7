"""A hub cache as huggingface_hub leaves it on disk."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from torchvision_shim import declare_torchvision_operators

__all__ = ["COMMIT", "declare_torchvision_operators", "offline_hub", "put"]

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
