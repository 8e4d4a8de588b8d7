"""Models of transformers by their folder on the hub: safetensors weights, no code of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import MissingExtraError, ModelError
from lookalike.models.heads import apply_head
from lookalike.models.hf import read_json
from lookalike.models.hub import Repository
from lookalike.models.hub_preprocessing import from_processor
from lookalike.models.model import Model
from lookalike.models.spec import Spec
from lookalike.models.tokens import Tokens
from lookalike.models.torch_model import torch_model
from lookalike.models.torch_network import KEPT, Vision, import_torch
from lookalike.types import Floats

REVISION = "1"


def load_transformer(spec: Spec, repository: Repository, config: Mapping[str, Any]) -> Model:
    """The model that transformers makes of a repository's files.

    Without a head: the vector that texts share, where there are texts; else the model's own pooled
    output, where it was trained; else the class token, or the mean of a feature map.
    """
    import_torch(f"hf:{spec.name}")
    weights = _weights(repository)
    processor = repository.need("preprocessor_config.json")
    try:
        preprocessing = from_processor(read_json(processor))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"{processor} cannot be used: {error!r}") from error
    folder = repository.need("config.json").parent
    stamps = tuple(each.stat().st_mtime_ns for each in (folder / "config.json", *weights))
    module, missing = _load(folder, spec.name, stamps)
    forward = _forward(module, spec.head, missing, f"hf:{spec.name}")
    joint = spec.head is None and hasattr(module, "get_text_features")
    return torch_model(
        str(spec),
        REVISION,
        weights,
        Vision(module, forward),
        preprocessing,
        head=spec.head,
        licence="not stated",
        open_text=(lambda: TransformersTextTower(module, repository, config)) if joint else None,
    )


def _weights(repository: Repository) -> list[Path]:
    """The safetensors file, or all the shards that its index names."""
    single = repository.find("model.safetensors")
    if single is not None:
        return [single]
    index = repository.find("model.safetensors.index.json")
    if index is None:
        return [repository.need("model.safetensors")]
    shards = sorted(set(read_json(index).get("weight_map", {}).values()))
    return [repository.need(shard) for shard in shards]


@lru_cache(maxsize=KEPT)
def _load(folder: Path, name: str, _: tuple[int, ...]) -> tuple[Any, frozenset[str]]:
    """The module, and the names of weights that the files lack: those of a pooler at most."""
    try:
        import transformers
    except ImportError as error:
        raise MissingExtraError(f"hf:{name}", "torch") from error
    import torch
    from safetensors import SafetensorError

    try:
        module, info = transformers.AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            output_loading_info=True,
            dtype=torch.float32,
        )
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:400]
        raise ModelError(f"{name} cannot be loaded: {reason}") from error
    missing = set(info["missing_keys"]) | {str(key) for key in info.get("mismatched_keys", ())}
    needed = sorted(key for key in missing if "pooler" not in key)
    if needed:
        raise ModelError(f"The weights of {name} lack {len(needed)}, the first is {needed[0]}.")
    return module, frozenset(missing)


def _forward(
    module: Any, head: str | None, missing: frozenset[str], name: str
) -> Callable[[Any], Any]:
    tower = getattr(module, "vision_model", module)
    if head is None and hasattr(module, "get_image_features"):

        def joint(planes: Any) -> Any:
            given = module.get_image_features(pixel_values=planes)
            return getattr(given, "pooler_output", given)

        return joint
    patch = getattr(getattr(module.config, "vision_config", module.config), "patch_size", None)

    def features(planes: Any) -> Any:
        given = tower(pixel_values=planes)
        pooled = None if missing else getattr(given, "pooler_output", None)
        if head is None and pooled is not None:
            return pooled.flatten(1)
        hidden = given.last_hidden_state
        prefix = 0
        if hidden.ndim == 3 and isinstance(patch, int):
            prefix = hidden.shape[1] - (planes.shape[-1] // patch) ** 2
        wanted = head or ("cls" if prefix else "avg")
        return apply_head(hidden, wanted, prefix=prefix, model=name)

    return features


class TransformersTextTower:
    """The text tower of a model of two, run by torch on the device where the model is."""

    def __init__(self, module: Any, repository: Repository, config: Mapping[str, Any]) -> None:
        self._module = module.eval()
        self._tokens = Tokens(repository, config)
        self._masked = not str(config.get("model_type", "")).startswith("siglip")

    def embed(self, texts: Sequence[str]) -> Floats:
        """Texts -> float32 (n, dim)."""
        import torch

        device = next(self._module.parameters()).device
        ids, mask = (torch.from_numpy(each).to(device) for each in self._tokens(texts))
        with torch.inference_mode():
            given = self._module.get_text_features(
                input_ids=ids, **({"attention_mask": mask} if self._masked else {})
            )
            vectors: Floats = getattr(given, "pooler_output", given).float().cpu().numpy()
        return np.ascontiguousarray(vectors)
