"""Vectors of images without a library: what `lookalike embed` prints."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack

from lookalike.embed.pipeline import REMEMBERED, Pipeline
from lookalike.embed.resources import Resources
from lookalike.embed.way import Way, find_way
from lookalike.errors import UsageError
from lookalike.models.model import DEFAULT_MODEL
from lookalike.sources import paths_source
from lookalike.types import Duplicate, Embedded, Floats, Known, Rejected


class _NothingKnown:
    """The catalog of a library that holds nothing."""

    def known(self, _: object) -> dict[str, Known]:
        return {}

    def digests_of_size(self, _: object) -> dict[int, list[bytes]]:
        return {}


def embed_files(
    paths: Iterable[str],
    *,
    model: str | None = None,
    normalised: bool = True,
    resources: Resources | None = None,
) -> Iterator[tuple[str, Floats] | Rejected]:
    """For each path, in order: the path and a float32 vector (dim,), or why there is none.

    `normalised` scales vectors to length 1. Nothing is kept; memory does not grow.
    Raises `UnknownNameError`, `ModelError`.
    """
    way = find_way(model or DEFAULT_MODEL, normalised=normalised)
    if way.must_be_fitted:
        raise UsageError(f"{model} learns from a library: use it with `lookalike space add`.")
    yield from embed_with(way, paths, resources or Resources())


def embed_with(
    way: Way, paths: Iterable[str], using: Resources
) -> Iterator[tuple[str, Floats] | Rejected]:
    """The same by a way whose reducers have learned."""
    recent: OrderedDict[bytes, Floats] = OrderedDict()
    with ExitStack() as stack:
        pool = stack.enter_context(using.pool(way.model.preprocessing, thumbnails=False))
        embedder = using.embedder(way, many=True)
        stack.callback(embedder.close)
        pipeline = Pipeline(pool, lambda: embedder, _NothingKnown())
        for outcomes in pipeline.run(paths_source(paths, repeated=True).references()):
            for outcome in outcomes:
                match outcome:
                    case Rejected():
                        yield outcome
                    case Embedded(reference, _, content, vector):
                        recent[content.sha256] = vector
                        if len(recent) > REMEMBERED:
                            recent.popitem(last=False)
                        yield reference.id, vector
                    case Duplicate(reference, _, sha256):
                        yield reference.id, recent[sha256]
