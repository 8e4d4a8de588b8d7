"""What the shards of one run have in common, and which images belong to which of them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from itertools import islice

from lookalike.embed.way import Way, find_way
from lookalike.errors import UsageError
from lookalike.models.model import DEFAULT_MODEL
from lookalike.sources import Source, open_source
from lookalike.sources.naming import absolute
from lookalike.sources.table_plan import TableOptions
from lookalike.store import learned
from lookalike.store.records import Space
from lookalike.types import Metric, Reference, Rejected, check_metric, known_metric, readable

MOST_SHARDS = 100_000
_NUMBER = re.compile(r"(\d{1,9})/(\d{1,9})")


@dataclass(frozen=True, slots=True)
class Job:
    """A source, cut into `shards` slices, each of which becomes one file in the folder `out`.

    `source` is a folder, table or archive that every worker sees under the same path; `out` a
    path, or a URL of a file system that fsspec knows. The other fields are as for
    `Library.add` and `lookalike.open`. Raises `UsageError`.
    """

    source: str
    out: str
    shards: int
    model: str | None = None
    metric: str | None = None
    table: TableOptions = field(default_factory=TableOptions)
    id_prefix: str = ""
    limit: int | None = None
    thumbnails: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.shards <= MOST_SHARDS:
            raise UsageError(f"There are 1 to {MOST_SHARDS:,} shards, not {self.shards:,}.")
        if self.metric is not None:
            known_metric(self.metric)
        if self.limit is not None and self.limit < 1:
            raise UsageError(f"limit must be at least 1, not {self.limit}.")

    def absolute(self) -> Job:
        """The same for workers who start in another folder."""
        out = self.out if "://" in self.out else absolute(self.out)
        return replace(self, source=absolute(self.source), out=out)

    def opened(self) -> Source:
        """The source. Raises `SourceError`, `UsageError`."""
        return open_source(self.source, **asdict(self.table))

    def way(self) -> Way:
        """How its images are seen. Raises `UsageError` for reducers that learn from a library."""
        way = find_way(self.model or DEFAULT_MODEL, normalised=self.metric in {None, "cosine"})
        if way.must_be_fitted:
            raise UsageError(
                f"{self.model} learns from a library's vectors. Make shards with "
                f"{way.model.name}, merge them, then: lookalike space add NAME '{self.model}'"
            )
        return way

    def space(self, way: Way) -> Space:
        """What the vectors are, as a library would note it. Raises `UsageError`."""
        metric: Metric = "hamming" if way.gives_bits else known_metric(self.metric or "cosine")
        check_metric(metric, bits=way.gives_bits)
        recipe = way.recipe(learned.digest)
        return Space(
            0, "main", recipe.as_dict(), recipe.fingerprint, recipe.dimension, metric, created=0
        )

    def told(self, source: Source, space: Space) -> dict[str, object]:
        """What has to be the same in all its shards: the source as it is read, and the recipe."""
        return {
            "source": source.uri,
            "shards": self.shards,
            "table": {name: value for name, value in asdict(self.table).items() if value},
            "id_prefix": self.id_prefix,
            "limit": self.limit,
            "thumbnails": self.thumbnails,
            "recipe": dict(space.recipe),
            "dimension": space.dim,
            "metric": space.metric,
        }


def parse_shard(text: str) -> tuple[int, int]:
    """`3/16` as (3, 16): the third of sixteen. Raises `UsageError`."""
    found = _NUMBER.fullmatch(text)
    number, shards = (int(found[1]), int(found[2])) if found else (0, 0)
    if not 1 <= number <= shards:
        raise UsageError(
            f"--shard takes I/N, such as 3/16, with I from 1 to N; not {text!r}. Counts from 0 "
            "as Kubernetes gives them need one more: $((JOB_COMPLETION_INDEX + 1))/16"
        )
    return number, shards


def shard_of(id_: str, shards: int) -> int:
    """The shard, from 1, of an image: by its id alone, so that all workers agree."""
    digest = blake2b(id_.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest) % shards + 1


def slice_of(
    source: Source, job: Job, number: int, places: defaultdict[str, list[int]]
) -> Iterator[Reference | Rejected]:
    """What a source offers of one shard; the place of each among all is noted under its id."""
    prefix = readable(job.id_prefix)
    for place, item in enumerate(islice(source.references(), job.limit)):
        named = replace(item, id=prefix + item.id) if prefix else item
        if shard_of(named.id, job.shards) == number:
            places[named.id].append(place)
            yield named
