"""Makes vectors of questions, and keeps the networks that do it warm."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from lookalike.embed.crowd import CrowdEmbedder
from lookalike.embed.embedder import Embedder
from lookalike.embed.resources import Resources
from lookalike.embed.way import Way
from lookalike.errors import UsageError
from lookalike.library.spaces import way_of
from lookalike.models.network import TextTower
from lookalike.search.query import Question, as_query
from lookalike.search.resolve import Asked, Eyes, resolve
from lookalike.search.results import Picture
from lookalike.store.records import Space
from lookalike.store.store import Store


class Understanding:
    """What questions mean in the spaces of one library; safe to use from several threads."""

    def __init__(self, store: Store, resources: Resources, picture: Picture) -> None:
        self._store = store
        self._resources = resources
        self._picture = picture
        self._embedders: dict[int, Embedder | CrowdEmbedder] = {}
        self._towers: dict[int, tuple[Way, TextTower]] = {}
        self._opening = threading.Lock()

    def resolved(self, questions: Iterable[Question | Asked], space: Space) -> list[Asked]:
        """What questions stand for in a space, each as one vector; those that are known stay."""
        eyes = Eyes(
            self._store,
            space,
            self._embedder_of(space),
            self._tower_of(space),
            self._picture,
            self._resources.fetched,
        )
        return [
            _of_space(question, space)
            if isinstance(question, Asked)
            else resolve(as_query(question), eyes)
            for question in questions
        ]

    def _embedder_of(self, space: Space) -> Callable[[], Embedder | CrowdEmbedder]:
        def opened() -> Embedder | CrowdEmbedder:
            with self._opening:
                if space.key not in self._embedders:
                    way = way_of(self._store, space)
                    self._embedders[space.key] = self._resources.query_embedder(way)
                return self._embedders[space.key]

        return opened

    def _tower_of(self, space: Space) -> Callable[[], tuple[Way, TextTower]]:
        def opened() -> tuple[Way, TextTower]:
            with self._opening:
                if space.key not in self._towers:
                    way = way_of(self._store, space)
                    if way.model.open_text is None:
                        raise UsageError(
                            f"Space {space.name!r} knows no words: its model {way.model.name} "
                            "embeds images only. Add one that embeds both, as: "
                            "lookalike space add words siglip2-base"
                        )
                    self._towers[space.key] = way, way.model.open_text()
                return self._towers[space.key]

        return opened

    def close(self) -> None:
        """Let go of the networks."""
        for embedder in self._embedders.values():
            embedder.close()
        self._embedders.clear()
        self._towers.clear()


def _of_space(asked: Asked, space: Space) -> Asked:
    if asked.space != space.name:
        raise UsageError(
            f"The question {asked.name!r} was made ready for space {asked.space!r}, not for "
            f"{space.name!r}."
        )
    return asked
