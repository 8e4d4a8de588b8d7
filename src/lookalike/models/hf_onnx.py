"""ONNX exports of a hub repository: the image tower, and the text tower beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import ModelError
from lookalike.models.hub import Repository
from lookalike.models.model import Model
from lookalike.models.onnx_file import load as load_onnx
from lookalike.models.onnx_read import read_onnx
from lookalike.models.spec import Spec
from lookalike.models.tokens import Tokens
from lookalike.types import Floats

POOLED = ("image_embeds", "pooler_output")
"""Outputs that are a vector already, the one that texts share first."""
FEATURES = "last_hidden_state"
TEXT_OUTPUTS = ("text_embeds", "pooler_output")
TEXT_FILE = "onnx/text_model.onnx"


def load_export(spec: Spec, repository: Repository, path: Path, config: Mapping[str, Any]) -> Model:
    """The model in an ONNX export; without a head, the vector that the export itself pools.

    Raises `ModelError` for one that gives classes only, `UsageError` for a head that does not
    fit.
    """
    repository.need("preprocessor_config.json")
    outputs = [each.name for each in read_onnx(path, data=False).graph.output]
    pooled = [name for name in POOLED if name in outputs]
    head = spec.head
    if head is None and pooled:
        node = pooled[0]
    elif FEATURES in outputs:
        node, head = FEATURES, head or "cls"
    else:
        raise ModelError(
            f"{path} gives {', '.join(outputs)}, none of them features. "
            f"Name one of its tensors: onnx:{path}#TENSOR"
        )
    model = load_onnx(Spec(str(path), "onnx", node=node, head=head))
    if "text_config" not in config or node not in POOLED:
        return model
    return replace(model, open_text=lambda: OnnxTextTower(repository, config))


class OnnxTextTower:
    """The text tower of a repository, run by ONNX Runtime."""

    def __init__(self, repository: Repository, config: Mapping[str, Any]) -> None:
        import onnxruntime

        self._tokens = Tokens(repository, config)
        path = repository.need(TEXT_FILE)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        model = read_onnx(path)
        self._session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        self._inputs = {each.name for each in self._session.get_inputs()}
        outputs = [each.name for each in self._session.get_outputs()]
        found = [name for name in TEXT_OUTPUTS if name in outputs]
        if not found:
            raise ModelError(f"{path} gives {', '.join(outputs)}, not {' or '.join(TEXT_OUTPUTS)}.")
        self._output = found[0]

    def embed(self, texts: Sequence[str]) -> Floats:
        """Texts -> float32 (n, dim)."""
        ids, mask = self._tokens(texts)
        known = {"input_ids": ids, "attention_mask": mask}
        given = {name: values for name, values in known.items() if name in self._inputs}
        vectors: Floats = self._session.run([self._output], given)[0].astype(np.float32)
        return vectors
