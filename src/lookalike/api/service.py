"""The service behind the routes: a library, its settings, lanes and counts."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np
from fastapi import Depends, Request

from lookalike.api.duplicates import Duplicated
from lookalike.api.jobs import Jobs
from lookalike.api.kept import Kept
from lookalike.api.lanes import Lanes
from lookalike.api.metrics import Metrics
from lookalike.api.problems import FullError, NotThereError
from lookalike.api.settings import ServeSettings
from lookalike.api.shelf import CHOSEN
from lookalike.errors import LookalikeError
from lookalike.library.library import Library
from lookalike.library.uploading import Uploader
from lookalike.search.filters.describe import ColumnInfo
from lookalike.search.query import Item
from lookalike.store.records import Space


@dataclass(slots=True)
class Service:
    """What a route needs; `ready` is set when model and vectors are loaded."""

    name: str
    library: Library
    settings: ServeSettings
    metrics: Metrics
    lanes: Lanes = field(init=False)
    duplicated: Duplicated = field(init=False)
    ready: threading.Event = field(default_factory=threading.Event)
    stopping: threading.Event = field(default_factory=threading.Event)
    kept: Kept = field(default_factory=Kept)
    jobs: Jobs = field(default_factory=Jobs)
    listeners: int = 0
    _uploader: Uploader | None = None

    def __post_init__(self) -> None:
        self.lanes = Lanes(askers=self.settings.askers, waiting=self.settings.waiting)
        self.duplicated = Duplicated(self.library)
        self.metrics.watch(self.name, self.lanes, self.library)

    def warm(self) -> None:
        """Load the model and the vectors, so that the first question does not wait for them."""
        grey = np.full((64, 64, 3), 128, np.uint8)
        grey[16:48, 16:48] = (200, 80, 40)
        try:
            self.library.search(Item(image=grey), k=1)
        except LookalikeError:  # a space of imported vectors has no model
            for image in self.library.head(1):
                self.library.search(Item(id=image.id), k=1)
        gc.collect()
        gc.freeze()  # what is loaded by now stays: the collector need not look through it again
        self.ready.set()

    def listen(self, most: int) -> None:
        """Count one more who listens to a job. Raises `FullError` where `most` do."""
        if self.listeners >= most:
            raise FullError(f"{most} listen already")
        self.listeners += 1

    def stop(self) -> None:
        """Let listeners and jobs end at their next step; from any thread."""
        self.stopping.set()
        self.jobs.stop_all()

    def knows_words(self, space: Space) -> bool:
        """Whether a space can be asked with a text; its model is looked at once."""
        key = ("words", space.key, space.fingerprint)
        return self.kept.get(key, lambda: self.library.knows_words(space.name))

    def columns(self) -> list[ColumnInfo]:
        """What the library can be filtered by, worked out once for each state of it."""
        library = self.library
        return self.kept.get(("columns", library.version), lambda: library.columns(keep=True))

    def uploader(self) -> Uploader:
        """What takes in images, made when the first one comes; for the lane of writes alone."""
        if self._uploader is None:
            self._uploader = self.library.uploader()
        return self._uploader

    def close(self) -> None:
        """Finish what is under way and close the library."""
        self.lanes.close()
        if self._uploader is not None:
            self._uploader.close()
        self.library.close()


async def _all(request: Request) -> list[Service]:
    return list(request.app.state.services)


async def _of(request: Request) -> Service:
    """The service that the path named, or the first."""
    services = await _all(request)
    name = request.scope.get(CHOSEN)
    for service in services:
        if name in {None, service.name}:
            return service
    raise NotThereError("There is no library of that name here; /v1/libraries lists them.")


ServiceOf = Annotated[Service, Depends(_of)]
ServicesOf = Annotated[list[Service], Depends(_all)]
