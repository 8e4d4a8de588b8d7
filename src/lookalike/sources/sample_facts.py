"""What a WebDataset tar says of an image in the members beside it: `KEY.json`, `KEY.cls`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lookalike.sources.columns import as_text, plain
from lookalike.sources.members import Member
from lookalike.types import Blob, Reference, Rejected, Scalar, TarMember, readable

LIMIT = 2**20
"""Bytes that such a member may have."""

KNOWN_ANYWAY = ("width", "height", "sha256")
SUFFIXES = (".json", ".cls")


@dataclass(frozen=True, slots=True)
class SampleFacts:
    """A label and metadata."""

    label: str | None
    meta: Mapping[str, Scalar]

    def told(self, offer: Reference | Rejected) -> Reference | Rejected:
        """The same offer with what is said of it; a label that it has stays."""
        if isinstance(offer, Rejected):
            return offer
        meta = {name: cell for name, cell in self.meta.items() if (name, cell) != ("id", offer.id)}
        label = offer.label or self.label
        told = offer.tells_label or label is not None
        return replace(offer, label=label, meta=meta, tells_label=told, tells_meta=True)


def sample_key(name: str) -> str:
    """What members of one sample share: their path without its suffix."""
    return name.rpartition(".")[0]


def read_facts(member: Member) -> bytes | None:
    """The bytes of a small `.json` or `.cls` of a tar; None for anything else."""
    if member.nature != "file" or not member.name.endswith(SUFFIXES):
        return None
    location = member.locate()
    match location:
        case TarMember() if location.length <= LIMIT:
            with Path(location.path).open("rb") as file:
                file.seek(location.offset)
                return file.read(location.length)
        case Blob() if len(location.data) <= LIMIT:
            return location.data
    return None


def parse_facts(members: Mapping[str, bytes]) -> SampleFacts | None:
    """What the members of a sample say, by suffix; None where that is nothing."""
    facts: dict[str, Scalar] = {}
    try:
        found = json.loads(members.get(".json", b"{}"))
        if isinstance(found, dict):
            facts = {
                readable(str(name)): readable(cell) if isinstance(cell, str) else plain(cell)
                for name, cell in found.items()
                if isinstance(cell, str | int | float | None) and name not in KNOWN_ANYWAY
            }
    except (ValueError, RecursionError):
        pass
    number = members.get(".cls", b"")[:200].decode("utf-8", "backslashreplace").strip()
    label = as_text(facts.pop("label", None)) or number
    return SampleFacts(label or None, facts) if facts or label else None
