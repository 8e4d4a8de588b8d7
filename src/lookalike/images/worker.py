"""The decoder process: tasks on stdin, answers on stdout, pixels into shared memory or a new file.

Run as `python -m lookalike.images.worker` by `images.pool`. It dies with its parent.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TypeAlias

from PIL import Image

from lookalike.errors import ImageRejectedError, UsageError
from lookalike.images.crop import Crop
from lookalike.images.decode import decode
from lookalike.images.fingerprint import perceptual_hash, sha256
from lookalike.images.formats import allowed_formats
from lookalike.images.frames import Answer, receive, send, unpack_location
from lookalike.images.limits import Limits
from lookalike.images.preprocess import Preprocessing, fit_to_input
from lookalike.images.read import read_bytes
from lookalike.images.resize import Resizing, resized
from lookalike.images.shared import open_shared
from lookalike.images.thumbnail import thumbnail
from lookalike.types import Location

LONGEST_SECONDS = 1e6
Work: TypeAlias = Callable[[dict[str, Any], Location], Answer]


def main() -> None:
    """Serve tasks until the parent closes the pipe; it alone decides when a run ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Image.MAX_IMAGE_PIXELS = None  # the limit on pixels is ours to set
    tasks, answers = _private_pipes()
    setup, _ = receive(tasks)
    limits = Limits(**setup["limits"])
    work = _resizing(setup, limits) if "resizing" in setup else _decoding(setup, limits)
    allowed_formats()  # their code is loaded before memory is limited, not by the first image
    _limit_memory(limits.memory)
    send(answers, {"ready": True})
    while True:
        try:
            task, payload = receive(tasks)
        except EOFError:
            return
        _die_after(2 * limits.seconds)
        header, data = _answer(task, payload, work)
        _die_after(0)
        send(answers, header, data, more=task["more"])


def _private_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the pipes for messages alone: whatever a library prints goes to stderr."""
    tasks = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return tasks, answers


def _die_after(seconds: float) -> None:
    """Let the system end this process should it hang and have no parent to do so; 0: do not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, min(seconds, LONGEST_SECONDS))


def _limit_memory(extra: int) -> None:
    """Bound the address space to what is in use now plus `extra` bytes, where that works."""
    if not sys.platform.startswith("linux"):
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + extra,) * 2)


def _answer(task: dict[str, Any], payload: bytes, work: Work) -> Answer:
    location = unpack_location(task["location"], payload)
    try:
        return work(task, location)
    except ImageRejectedError as error:
        return {"rejected": error.reason, "detail": error.detail}, b""
    except UsageError as error:
        return {"refused": str(error)}, b""
    except MemoryError:
        return {"rejected": "out-of-memory", "detail": "the decoder ran out of memory"}, b""


def _resizing(setup: dict[str, Any], limits: Limits) -> Work:
    """Files to files."""
    how = Resizing(**setup["resizing"])
    return lambda _, location: resized(read_bytes(location, limits), how, limits)


def _decoding(setup: dict[str, Any], limits: Limits) -> Work:
    """Files to pixels in shared memory, with what is known of them."""
    preprocessing = Preprocessing.from_recipe(setup["preprocessing"])
    slots = open_shared(setup["shared"])

    def decoded(task: dict[str, Any], location: Location) -> Answer:
        data = read_bytes(location, limits)
        glance = task["glance"]
        digest = b"" if glance else sha256(data)
        if digest.hex() in task["known"]:
            return {"known": digest.hex()}, b""
        part = Crop(*task["crop"]) if task["crop"] else None
        side = 0 if part else preprocessing.decode_side
        picture = decode(data, limits, shorter_side=side)
        rgb = picture.rgb.crop(part.box(*picture.rgb.size)) if part else picture.rgb
        pixels = fit_to_input(rgb, preprocessing).tobytes()
        start = task["slot"] * len(pixels)
        slots[start : start + len(pixels)] = pixels
        facts = {
            "sha256": digest.hex(),
            "size": len(data),
            "width": picture.width,
            "height": picture.height,
            "format": picture.format,
            "phash": 0 if glance else perceptual_hash(picture.rgb),
        }
        return facts, thumbnail(picture.rgb) if task["thumbnail"] else b""

    return decoded


if __name__ == "__main__":
    main()
