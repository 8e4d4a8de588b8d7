"""How many processor cores this process may use, which a scheduler may have made few."""

from __future__ import annotations

import os


def cores() -> int:
    """Those that this process is allowed to run on where the system says so, else all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
