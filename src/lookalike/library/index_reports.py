"""What is known of an index: what was built, how it was measured, what was asked for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from lookalike.index.choose import Wish
from lookalike.store.records import Space
from lookalike.store.store import Store


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What answers a space's queries now. `engine` is "exact" where there is no index.

    `why` says why; `met` whether the recall that was wanted is reached within the latency.
    Sizes are in bytes; `vectors` counts those in the index.
    """

    space: str
    engine: str
    why: str
    vectors: int = 0
    seconds: float = 0.0
    size: int = 0
    wanted_recall: float = 0.0
    latency: float = 0.0
    measured: Mapping[str, Any] = field(default_factory=dict)
    met: bool = True
    interrupted: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The same for JSON."""
        return asdict(self)


def report_of(space: Space, facts: Mapping[str, Any]) -> IndexReport:
    """What the facts kept with an index say."""
    measured = facts["measured"]
    return IndexReport(
        space=space.name,
        engine=facts["engine"],
        why=facts["why"],
        vectors=facts["n"],
        seconds=facts["seconds"],
        size=facts["bytes"],
        wanted_recall=facts["wanted_recall"],
        latency=facts["latency"],
        measured=measured,
        met=measured["recall"] >= facts["wanted_recall"] and measured["p50"] <= facts["latency"],
    )


def index_report(store: Store, space: Space) -> IndexReport | None:
    """What is known of the index of a space, without opening it; None without one."""
    facts = store.indexes.facts(space)
    try:
        return None if facts is None else report_of(space, facts)
    except (LookupError, TypeError):
        return None


def remember(store: Store, space: Space, wish: Wish) -> None:
    """Keep what the user asked for, so that a later run does the same."""
    store.set_setting(f"index:{space.name}", json.dumps(asdict(wish)))


def wished(store: Store, space: Space) -> Wish:
    """What the user asked for when the index was made; the defaults if nothing was."""
    kept = store.setting(f"index:{space.name}")
    return Wish() if kept is None else Wish(**json.loads(kept))
