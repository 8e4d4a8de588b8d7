"""Texts to the token ids that a text tower takes, by the `tokenizer.json` of its repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import MissingExtraError, ModelError
from lookalike.models.hub import Repository

Ids = NDArray[np.int64]
_LENGTHS = {"siglip": 64, "siglip2": 64}
CLIP_LENGTH = 77


class Tokens:
    """A tokenizer with the length and the padding that the model was trained with.

    SigLIP takes texts padded to its full length, others to the longest of a call.
    """

    def __init__(self, repository: Repository, config: Mapping[str, Any]) -> None:
        try:
            from tokenizers import Tokenizer
        except ImportError as error:
            raise MissingExtraError(f"Texts for {repository.name}", "hub") from error
        from lookalike.models.hf import read_json

        path = repository.need("tokenizer.json")
        try:
            self._tokenizer: Any = Tokenizer.from_file(str(path))
        except Exception as error:  # tokenizers raises nothing narrower
            raise ModelError(f"{path} is no tokenizer: {error}") from error
        settings = repository.find("tokenizer_config.json")
        pad = (read_json(settings) if settings else {}).get("pad_token")
        pad = pad.get("content") if isinstance(pad, dict) else pad
        kept = self._tokenizer.padding or {}
        kind = str(config.get("model_type", ""))
        length = (config.get("text_config") or {}).get("max_position_embeddings")
        length = int(length or _LENGTHS.get(kind, CLIP_LENGTH))
        token = pad or kept.get("pad_token") or "[PAD]"
        number = self._tokenizer.token_to_id(token)
        self._tokenizer.enable_truncation(length)
        self._tokenizer.enable_padding(
            pad_id=kept.get("pad_id", 0) if number is None else number,
            pad_token=token,
            length=length if kind in _LENGTHS else None,
        )

    def __call__(self, texts: Sequence[str]) -> tuple[Ids, Ids]:
        """Texts -> ids and the mask of those that are no padding, int64 (n, length)."""
        found = self._tokenizer.encode_batch(list(texts))
        ids = np.array([each.ids for each in found], np.int64)
        mask = np.array([each.attention_mask for each in found], np.int64)
        return ids, mask
