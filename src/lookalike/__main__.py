"""The `lookalike` command, and `python -m lookalike`: Ctrl-C is heard while the rest is loaded."""

from __future__ import annotations

import gc
import os

try:
    import signal
except KeyboardInterrupt:
    os._exit(130)


def main() -> None:
    """Run the command line; the process exits with the code its errors stand for."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.default_int_handler:  # nothing is begun yet that has to be cleaned up
        signal.signal(signal.SIGINT, _end)
    gc.disable()  # what is loaded stays: a tenth of a short command was looking through it
    from lookalike.cli.main import main as run

    gc.freeze()
    gc.enable()
    signal.signal(signal.SIGINT, before)
    try:
        run()
    finally:
        # A Ctrl-C inside `exec` of a text, as in every dataclass, makes Python end by the signal
        # whatever came of it, until the next such `exec`.
        exec("")  # noqa: S102


def _end(_number: int, _frame: object) -> None:
    try:
        os.write(2, b"Interrupted.\n")
    finally:
        os._exit(130)


if __name__ == "__main__":
    main()
