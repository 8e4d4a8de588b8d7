"""What a reducer is: a step from vectors to vectors, which may have to learn first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, TypeAlias

from numpy.typing import NDArray

from lookalike.types import Floats

Blocks: TypeAlias = Callable[[], Iterator[Floats]]
"""Gives all vectors of a library, float32 (m, dim) at a time; may be called again."""
Arrays: TypeAlias = Mapping[str, NDArray[Any]]


class Reducer:
    """A step from vectors to vectors; one that learns must be fitted before it is applied.

    A new one gives `dimension` and `apply`; one that learns also `arrays`, `fit`, `restored`.
    """

    must_be_fitted: ClassVar[bool] = False
    gives_bits: ClassVar[bool] = False

    @property
    def arrays(self) -> Arrays:
        """What was learned; part of a space's fingerprint."""
        return {}

    def fit(self, blocks: Blocks) -> Reducer:  # noqa: ARG002  for those that learn
        """The reducer learned from a library's vectors."""
        return self

    def restored(self, arrays: Arrays) -> Reducer:  # noqa: ARG002  for those that learn
        """The reducer as it was fitted, from its arrays."""
        return self

    def dimension(self, before: int) -> int:
        """Values (or bits) after it; raises `UsageError` when it does not fit `before`."""
        raise NotImplementedError

    def apply(self, vectors: Floats) -> NDArray[Any]:
        """float32 (n, before) -> float32 (n, after), or uint8 (n, ceil(after / 8)) of bits."""
        raise NotImplementedError
