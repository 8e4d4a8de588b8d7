"""The graph of nearest neighbours: every image with the k that are most like it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lookalike.index.scores import distance, similarity
from lookalike.search.arrange import Answer
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Metric

BLOCK_ROWS = 512
"""Images that are asked for together; one scan of the vectors serves them all."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """One image and those nearest to it, best first.

    `number` is its place in the graph; `numbers` (k,) int64 are those of the nearest, `ids`
    their ids, `similarities` and `distances` float32 (k,).
    """

    number: int
    id: str
    label: str | None
    uri: str
    numbers: Keys
    ids: list[str]
    similarities: Floats
    distances: Floats


@dataclass(frozen=True, slots=True)
class NeighbourGraph:
    """The graph of images `keys` (n,), rising. Going through it computes it, block by block.

    `nearest` answers for some of the images, at most `k` for each; memory holds one block and
    the ids of all.
    """

    store: Store
    keys: Keys
    k: int
    metric: Metric
    bits: int
    nearest: Callable[[Keys], list[Answer]]

    def __len__(self) -> int:
        return len(self.keys)

    def __iter__(self) -> Iterator[Neighbours]:
        ids = [id_ or "" for id_ in self.store.ids(self.keys)]
        for start in range(0, len(self.keys), BLOCK_ROWS):
            some = self.keys[start : start + BLOCK_ROWS]
            images = {image.key: image for image in self.store.images_by_key(some)}
            answers = zip(some.tolist(), self.nearest(some), strict=True)
            for number, (key, answer) in enumerate(answers, start):
                numbers, scores = self._numbered(answer)
                image = images.get(key)
                yield Neighbours(
                    number=number,
                    id=ids[number],
                    label=None if image is None else image.label,
                    uri="" if image is None else image.uri,
                    numbers=numbers,
                    ids=[ids[near] for near in numbers.tolist()],
                    similarities=similarity(scores, self.metric, bits=self.bits),
                    distances=distance(scores, self.metric),
                )

    def _numbered(self, answer: Answer) -> Answer:
        """Places of the keys in the graph, without what is none of its images."""
        found, scores = answer
        places = np.searchsorted(self.keys, found)
        places[places == len(self.keys)] = 0
        known = self.keys[places] == found
        return places[known], scores[known]
