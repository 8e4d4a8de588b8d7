"""Too much is asked at once: who asks is told when to come again."""

from __future__ import annotations

from lookalike.errors import LookalikeError


class CrowdedError(LookalikeError):
    """More is asked at once than may wait; `seconds` is when to ask again."""

    def __init__(self, seconds: int = 1) -> None:
        self.seconds = seconds
        super().__init__(f"Too much is asked at once: ask again in {seconds} s.")
