"""The files of shards: what they are called, what stands at their end, how they are opened."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from lookalike.errors import SourceError, UsageError
from lookalike.scale.storage import Storage
from lookalike.store.records import Space
from lookalike.store.spaces import differences
from lookalike.types import known_metric

FORMAT = 2
_NAME = re.compile(r"shard-(\d{6,})-of-(\d{6,})\.parquet")
_KEY = b"lookalike"
COUNTS = ("offered", "embedded", "duplicate", "rejected", "reasons", "notes")


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What became of one shard: the outcomes, which add up to `offered`, and its file.

    `again` is true where it was finished before and nothing had to be done.
    """

    number: int
    shards: int
    file: str
    offered: int
    embedded: int
    duplicate: int
    rejected: int
    reasons: Mapping[str, int]
    notes: list[str]
    seconds: float
    again: bool = False
    interrupted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Shard:
    """A finished shard: `told` is what all shards of its job have in common."""

    name: str
    number: int
    shards: int
    told: Mapping[str, object]
    space: Space
    began_ns: int
    counts: Mapping[str, Any]
    row_groups: int


def shard_name(number: int, shards: int) -> str:
    """The file of the shard `number`, from 1, of `shards`."""
    return f"shard-{number:06d}-of-{shards:06d}.parquet"


def finished(storage: Storage) -> list[str]:
    """The names of the shards in a folder, in order; some of them may be damaged."""
    return [name for name in storage.names() if _NAME.fullmatch(name)]


def footer(facts: Mapping[str, object]) -> dict[str, str]:
    """Facts of a shard as metadata of its Parquet file."""
    return {_KEY.decode(): json.dumps({"format": FORMAT, **facts})}


@contextmanager
def open_shard(storage: Storage, name: str) -> Iterator[Any]:
    """A shard as a Parquet file of pyarrow's, its pages checked as they are read.

    Raises `SourceError` for one that is damaged, also from within the block.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with (
            storage.reading(name) as opened,
            ParquetFile(opened, page_checksum_verification=True) as file,
        ):
            yield file
    except (OSError, ValueError, ArrowException) as error:
        raise SourceError(
            f"{name!r} in {storage.url!r} is damaged: {error}. Remove it and make that shard again."
        ) from error


def read_shard(storage: Storage, name: str) -> Shard:
    """What is written at the end of a shard. Raises `SourceError`."""
    with open_shard(storage, name) as file:
        told = (file.metadata.metadata or {}).get(_KEY)
        row_groups = file.metadata.num_row_groups
    try:
        facts = json.loads(told or b"")
        if facts["format"] != FORMAT:
            raise ValueError
        return Shard(
            name=name,
            number=facts["number"],
            shards=facts["told"]["shards"],
            told=facts["told"],
            space=Space(
                0,
                "main",
                facts["told"]["recipe"],
                facts["fingerprint"],
                facts["told"]["dimension"],
                known_metric(facts["told"]["metric"]),
                created=0,
            ),
            began_ns=facts["began_ns"],
            counts={name: facts[name] for name in COUNTS},
            row_groups=row_groups,
        )
    except (ValueError, LookupError, TypeError) as error:
        raise SourceError(
            f"{name!r} in {storage.url!r} is no shard that this version of Lookalike reads."
        ) from error


def refuse_another_job(there: Shard, told: Mapping[str, object], storage: Storage) -> None:
    """Raise `UsageError` where a shard was made for another job, saying what differs."""
    differing = differences(there.told, told)
    if differing:
        raise UsageError(
            f"{storage.url!r} holds shards of another job: {'; '.join(differing)}. "
            "Choose another folder, or do as before."
        )
