"""A way of seeing: a model and the reducers after it, fitted or not; what a space is made with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import UsageError
from lookalike.models.model import Model, load_model
from lookalike.models.recipe import Recipe
from lookalike.models.spec import parse_spec
from lookalike.reduce.by_name import make_reducer
from lookalike.reduce.reducer import Reducer
from lookalike.reduce.unit import unit_length
from lookalike.types import Floats

Digest = Callable[[Mapping[str, NDArray[Any]]], str]


@dataclass(frozen=True)
class Way:
    """`model`, then `reducers` in turn; `specs` are the reducers as they are written.

    With `normalised`, vectors are scaled to length 1 before the first reducer and after the
    last, so a reducer sees the same whether it comes from the network or from stored vectors.
    """

    model: Model
    specs: tuple[str, ...]
    reducers: tuple[Reducer, ...]
    normalised: bool

    @property
    def must_be_fitted(self) -> bool:
        """Whether a reducer has still to learn from a library."""
        return any(reducer.must_be_fitted and not reducer.arrays for reducer in self.reducers)

    @property
    def gives_bits(self) -> bool:
        """Whether the vectors are packed bits."""
        return bool(self.reducers) and self.reducers[-1].gives_bits

    def reduce(self, features: Floats) -> NDArray[Any]:
        """What the network gives, float32 (n, ...) -> vectors (n, dim), or packed bits."""
        vectors: NDArray[Any] = self._scaled(features) if features.ndim == 2 else features
        for reducer in self.reducers:
            vectors = reducer.apply(vectors)
        return vectors if self.gives_bits or not self.reducers else self._scaled(vectors)

    def fitted(self, blocks: Callable[[], Iterator[Floats]]) -> Way:
        """The same with every reducer learned, each from what the ones before it give."""
        done: list[Reducer] = []
        for reducer in self.reducers:
            before = tuple(done)

            def reduced(before: Sequence[Reducer] = before) -> Iterator[Floats]:
                for block in blocks():
                    vectors = self._scaled(block)
                    for step in before:
                        vectors = step.apply(vectors)
                    yield vectors

            done.append(reducer.fit(reduced))
        return replace(self, reducers=tuple(done))

    def restored(self, arrays: Callable[[int], Mapping[str, NDArray[Any]]]) -> Way:
        """The same with what each reducer learned before."""
        reducers = [
            reducer.restored(arrays(step)) if reducer.must_be_fitted else reducer
            for step, reducer in enumerate(self.reducers)
        ]
        return replace(self, reducers=tuple(reducers))

    def recipe(self, digest: Digest) -> Recipe:
        """The recipe of its vectors. Raises `UsageError` when a reducer does not fit."""
        if not self.reducers:
            return self.model.recipe(normalised=self.normalised)
        shape = self.model.shape
        if len(shape) > 1 and not self.reducers[0].gives_bits:
            raise UsageError(
                f"{self.model.name} gives a feature map of {shape}; only |lsh can follow it."
            )
        dimension = shape[-1]
        for number, reducer in enumerate(self.reducers):
            dimension = reducer.dimension(dimension)
            if reducer.gives_bits and number < len(self.reducers) - 1:
                raise UsageError(f"{self.specs[number]} gives bits: no reducer can follow it.")
        return Recipe(
            model=self.model.name,
            revision=self.model.revision,
            weights_sha256=self.model.weights_sha256,
            head=self.model.head,
            preprocessing=self.model.preprocessing,
            dimension=dimension * int(np.prod(shape[:-1])),
            normalised=self.normalised and not self.gives_bits,
            dtype="bits" if self.gives_bits else "float16",
            reducers=tuple(
                (spec, digest(reducer.arrays))
                for spec, reducer in zip(self.specs, self.reducers, strict=True)
            ),
        )

    def _scaled(self, vectors: Floats) -> Floats:
        return unit_length(vectors) if self.normalised else vectors


def find_way(text: str, *, normalised: bool, model: Model | None = None) -> Way:
    """The way that a spec string names, its reducers not fitted yet.

    `model`, where it is given, is the one that the spec names, found already.
    Bits are always made of vectors of length 1: their metric says nothing of the vectors.
    Raises `UnknownNameError`, `UsageError`, `MissingExtraError`, `ModelError`.
    """
    spec = parse_spec(text)
    reducers = tuple(map(make_reducer, spec.reducers))
    hashed = bool(reducers) and reducers[-1].gives_bits
    return Way(
        model or load_model(replace(spec, reducers=())),
        tuple(map(str, spec.reducers)),
        reducers,
        normalised or hashed,
    )
