"""What a pack will hold: the first pass over a source, before a byte of an image is read."""

from __future__ import annotations

import json
from array import array
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from hashlib import blake2b

from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.read import stamp
from lookalike.share.pack_names import sample_name
from lookalike.sources.columns import ColumnKinds, Kind, convert
from lookalike.sources.seen import Seen
from lookalike.sources.source import Source
from lookalike.types import Reference, Rejected, Scalar, location_uri

OWN = ("id", "label", "class", "width", "height", "sha256", "image", "key")
"""What a sample of any format has; metadata of the same name get `meta_` before it."""

MAX_CLASSES = 100_000


@dataclass(frozen=True, slots=True)
class Planned:
    """One image on its way into a pack: `name` is unique in it, without a suffix."""

    reference: Reference
    name: str


@dataclass(frozen=True, slots=True)
class PackPlan:
    """How many images there are, in which shards, what labels and metadata they have.

    `classes` are the labels in order; `columns` the kinds of the metadata. `prints` has a
    64-bit hash for each image: of all that is known of it without reading it.
    """

    count: int
    shards: int
    classes: Mapping[str, int]
    columns: Mapping[str, Kind]
    prints: array[int]

    def ranges(self) -> Iterator[range]:
        """Which images go into each shard: as many into each, give or take one."""
        for shard in range(self.shards):
            yield range(self.count * shard // self.shards, self.count * (shard + 1) // self.shards)

    def print_of(self, images: range) -> str:
        """What tells whether a shard that was written before is still right."""
        about = json.dumps([list(self.classes), dict(self.columns)]).encode()
        own = self.prints[images.start : images.stop].tobytes()
        return blake2b(about + own, digest_size=16).hexdigest()

    def meta(self, reference: Reference) -> dict[str, Scalar]:
        """The metadata of an image under their names in the pack, each of its column's kind."""
        found = {column: reference.meta.get(column) for column in self.columns}
        return {meta_name(name): convert(found[name], self.columns[name]) for name in found}


def meta_name(column: str) -> str:
    """What a column of metadata is called in a pack."""
    return f"meta_{column}" if column in OWN else column


def planned(source: Source, rejects: list[Rejected] | None = None) -> Iterator[Planned]:
    """The images of a source with their names in the pack; the same in every pass."""
    with closing(Seen()) as seen:
        for number, offer in enumerate(source.references()):
            if isinstance(offer, Rejected):
                if rejects is not None:
                    rejects.append(offer)
                continue
            name = sample_name(offer.id)
            if seen.earlier(name.lower(), number, "") is not None:
                name = f"{name}_{number:09d}"
                seen.earlier(name.lower(), number, "")
            yield Planned(offer, name)


def make_plan(
    source: Source, rejects: list[Rejected], shards: int | None, shard_images: int
) -> PackPlan:
    """Look at every reference once. Raises `UsageError`, and what the source raises."""
    kinds = ColumnKinds(typed=True)
    labels: Counter[str] = Counter()
    prints: array[int] = array("Q")
    for item in planned(source, rejects):
        kinds.observe(item.reference.meta)
        if item.reference.label is not None:
            labels[item.reference.label] += 1
        if len(labels) > MAX_CLASSES:
            raise UsageError(
                f"More than {MAX_CLASSES:,} labels: is that column really the label? See "
                "--label-column."
            )
        prints.append(_print(item))
    if not prints:
        raise UsageError(f"There are no images in {source.uri}.")
    wanted = shards or -(-len(prints) // shard_images)
    if wanted > len(prints):
        raise UsageError(f"{wanted:,} shards for {len(prints):,} images: ask for fewer.")
    return PackPlan(
        count=len(prints),
        shards=wanted,
        classes={label: number for number, label in enumerate(sorted(labels))},
        columns={name: kind for name, kind in kinds.kinds.items() if kind is not None},
        prints=prints,
    )


def _print(item: Planned) -> int:
    reference = item.reference
    try:
        now = stamp(reference.location)
        size, modified = now.size, now.mtime_ns
    except ImageRejectedError:
        size, modified = -1, -1
    facts = [reference.id, item.name, location_uri(reference.location), size, modified]
    text = json.dumps([*facts, reference.label, dict(reference.meta)], default=str)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")
