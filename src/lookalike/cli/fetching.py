"""What a command may ask of the web, from its options."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lookalike.fetch.policy import FetchPolicy


def fetch_policy(hosts: list[str] | None, *, allow_private: bool) -> FetchPolicy | None:
    """The policy of `--allow-host` and `--allow-private`; None where neither is given."""
    if not (hosts or allow_private):
        return None
    from lookalike.fetch.policy import FetchPolicy

    return FetchPolicy(allow_hosts=frozenset(hosts or ()), allow_private=allow_private)
