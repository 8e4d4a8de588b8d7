"""Ctrl-C: the first asks a run to finish its batch, the second ends it at once; it is said."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

import typer
from typer.core import TyperGroup

from lookalike.cli.output import say

STOPPING = b"Stopping after the batch at hand; press Ctrl-C again to stop at once.\n"


class Interruptible(TyperGroup):
    """Commands that say so when Ctrl-C ends them, which typer does without a word."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """Read the options before the command's name."""
        with _said():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the command that was asked for."""
        with _said():
            return super().invoke(ctx)


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        say("Interrupted.")
        raise


@contextmanager
def stop_on_interrupt() -> Iterator[Callable[[], bool]]:
    """Gives a function that turns true after the first SIGINT or SIGTERM."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            signal.default_int_handler(number, frame)
        asked = True
        with suppress(OSError):  # not by stderr, which the signal may have found writing
            os.write(2, STOPPING)

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
