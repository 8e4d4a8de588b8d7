"""The recipe of a space: all that decides what its vectors mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from lookalike.images.preprocess import Preprocessing


@dataclass(frozen=True, slots=True)
class Recipe:
    """Vectors of two recipes never share a space.

    `reducers` are the steps after the network, each with its spec and the sha256 of what it
    learned. The runtime and its precision are not part of it: they compute the same function.
    """

    model: str
    revision: str
    weights_sha256: str
    head: str
    preprocessing: Preprocessing
    dimension: int
    normalised: bool
    dtype: str = "float16"
    reducers: tuple[tuple[str, str], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data for the library."""
        return {
            "model": self.model,
            "revision": self.revision,
            "weights_sha256": self.weights_sha256,
            "head": self.head,
            "preprocessing": self.preprocessing.as_recipe(),
            "reducers": [{"spec": spec, "sha256": digest} for spec, digest in self.reducers],
            "dimension": self.dimension,
            "normalised": self.normalised,
            "dtype": self.dtype,
        }

    @property
    def fingerprint(self) -> str:
        """32 hexadecimal digits that two equal recipes share."""
        canonical = json.dumps(self.as_dict(), sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()[:32]
