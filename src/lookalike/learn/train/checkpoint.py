"""Where a training stands, in one safetensors file: weights, moments, history. Never a pickle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lookalike.errors import TrainingError

STATE = "lookalike.training"


def write_checkpoint(path: Path, parts: Mapping[str, Any], state: Mapping[str, Any]) -> None:
    """Tensors of each part by name, and plain data; the file is there whole or not at all."""
    from safetensors.torch import save_file

    tensors = {
        f"{part}/{name}": tensor.detach().contiguous().cpu().clone()
        for part, own in parts.items()
        for name, tensor in own.items()
    }
    draft = path.with_suffix(".part")
    save_file(tensors, draft, {STATE: json.dumps(state)})
    draft.replace(path)


def read_checkpoint(path: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The parts and the plain data of a checkpoint. Raises `TrainingError` for a damaged one."""
    from safetensors import SafetensorError, safe_open

    parts: dict[str, dict[str, Any]] = {}
    try:
        with safe_open(path, framework="pt") as opened:
            state: dict[str, Any] = json.loads((opened.metadata() or {})[STATE])
            for key in opened.keys():  # noqa: SIM118  it is no mapping
                part, _, name = key.partition("/")
                parts.setdefault(part, {})[name] = opened.get_tensor(key)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise TrainingError(
            f"{path} is damaged and cannot be gone on from: {error}. Begin again: --fresh."
        ) from error
    return parts, state


def moments(optimizer: Any) -> dict[str, Any]:
    """What an optimizer remembers of each weight, by its number and name."""
    return {
        f"{number}.{name}": tensor
        for number, own in optimizer.state_dict()["state"].items()
        for name, tensor in own.items()
    }


def restore_moments(optimizer: Any, found: Mapping[str, Any]) -> None:
    """The inverse of `moments`."""
    state: dict[int, dict[str, Any]] = {}
    for key, tensor in found.items():
        number, _, name = key.partition(".")
        state.setdefault(int(number), {})[name] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
