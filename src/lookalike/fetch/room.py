"""Room in memory for large answers: what is under way never holds more than so many bytes."""

from __future__ import annotations

import asyncio

ROOM = 160 * 2**20


class Room:
    """A number of bytes that downloads share; who asks for what is not left waits, in turn."""

    def __init__(self, size: int = ROOM) -> None:
        self._size = size
        self._left = size
        self._freed = asyncio.Condition()

    def claim(self) -> Claim:
        """The part of one download."""
        return Claim(self)

    async def take(self, amount: int) -> int:
        """Wait for room; gives what was taken."""
        amount = min(amount, self._size)
        async with self._freed:
            await self._freed.wait_for(lambda: self._left >= amount)
            self._left -= amount
        return amount

    async def give(self, amount: int) -> None:
        """Give room back."""
        async with self._freed:
            self._left += amount
            self._freed.notify_all()


class Claim:
    """What one download has taken; use it as a context manager."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._held = 0

    async def need(self, amount: int) -> None:
        """Wait for room for a large answer."""
        self._held += await self._room.take(amount)

    async def __aenter__(self) -> Claim:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._held:
            await asyncio.shield(self._room.give(self._held))
