"""Verdicts from a file or the library itself, each pair once; contradictions are named."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass

from lookalike.evaluate.judgement_files import read_judgements
from lookalike.store.records import Verdict
from lookalike.store.store import Store

OWN = "library"
_NAMED = 3


def verdicts_of(
    store: Store, source: str | os.PathLike[str], warnings: list[str]
) -> dict[tuple[str, str], float]:
    """Verdicts by query and image, from a file or, for `library`, from the library."""
    own = os.fspath(source) == OWN
    return settled(store.judgements() if own else read_judgements(source), warnings)


def settled(verdicts: Iterable[Verdict], warnings: list[str]) -> dict[tuple[str, str], float]:
    """One verdict a pair: of several, the last; those that differ are named in `warnings`."""
    kept: dict[tuple[str, str], float] = {}
    torn: dict[tuple[str, str], None] = {}
    for one in verdicts:
        pair = (one.query, one.image)
        if kept.get(pair, one.verdict) != one.verdict:
            torn[pair] = None
        kept[pair] = one.verdict
    if torn:
        named = ", ".join(f"{query} with {image}" for query, image in list(torn)[:_NAMED])
        warnings.append(
            f"{len(torn):,} pairs have verdicts that contradict each other; the last one counts: "
            f"{named}{' ...' if len(torn) > _NAMED else ''}."
        )
    return kept


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file of verdicts."""

    kept: int
    replaced: int
    warnings: list[str]


def take_verdicts(store: Store, path: str | os.PathLike[str]) -> Taken:
    """Keep the verdicts of a file; those on ids that the library does not hold are named."""
    warnings: list[str] = []
    settled_ = settled(read_judgements(path), warnings)
    ids = set(store.facts(["id"]).ids)
    known = [Verdict(*pair, value) for pair, value in settled_.items() if ids.issuperset(pair)]
    if len(known) < len(settled_):
        strangers = sorted({id_ for pair in settled_ for id_ in pair} - ids)
        warnings.append(
            f"{len(settled_) - len(known):,} verdicts are on ids that the library does not hold, "
            f"and are not kept: {', '.join(strangers[:_NAMED])}"
            f"{' ...' if len(strangers) > _NAMED else ''}."
        )
    return Taken(len(known), store.judge(known), warnings)
