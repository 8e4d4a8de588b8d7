"""Runs commands as forks of one process that has loaded `lookalike`: each saves its start.

A fork is a process of its own. It goes on where `python -m lookalike` is once its modules are
loaded, and ends as any interpreter does. It has the variables of the environment that it is
given; those that an interpreter or a library reads while it starts have to be those of the tests.
"""

import atexit
import contextlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib import import_module
from typing import NamedTuple

AFTER_THE_START = ("LOOKALIKE_", "PYTEST_", "COLUMNS")
"""How the variables begin that nobody reads before a command runs."""

LOADED = (
    "lookalike.cli.main",
    "lookalike.embed.resources",
    "lookalike.library.library",
    "typer.rich_utils",
)
"""What most commands load. None of it starts a thread, as the runtimes do."""


class Request(NamedTuple):
    """What is run; its streams travel beside it."""

    folder: str
    arguments: Sequence[str]
    environment: Mapping[str, str]


class Ended(NamedTuple):
    """Exit code (or minus the signal), stdout and stderr."""

    code: int
    out: bytes
    err: bytes


class Server(NamedTuple):
    """The process that forks, and the way to ask it."""

    process: "subprocess.Popen[bytes]"
    connection: socket.socket


@cache
def variables() -> Mapping[str, str]:
    """The environment of the tests, asked for before one of them sets its own."""
    return dict(os.environ)


def starts_alike(environment: Mapping[str, str]) -> bool:
    """Whether a fork is what a process that starts with this environment becomes."""
    return sys.platform == "linux" and _read_at_start(environment) == _read_at_start(variables())


def run(request: Request, stdin: bytes, limit: float) -> Ended:
    """Run a command to its end; past `limit` seconds it is killed, and `TimeoutError` raised."""
    server = _server()
    (asked, ask), (given, give), (out, write_out), (err, write_err), (told, tell) = (
        os.pipe() for _ in range(5)
    )
    theirs = (asked, given, write_out, write_err, tell)
    socket.send_fds(server.connection, [b"!"], theirs)
    for number in theirs:
        os.close(number)
    with ThreadPoolExecutor(4) as threads, open(told, "rb") as answer:  # noqa: PTH123
        threads.submit(_write, ask, json.dumps(request).encode())
        threads.submit(_write, give, stdin)
        outputs = [threads.submit(_read, number) for number in (out, err)]
        process = answer.readline()
        if not process and server.process.stderr:
            raise RuntimeError(server.process.stderr.read().decode())
        try:
            code = int(threads.submit(answer.readline).result(limit))
        except TimeoutError:
            os.kill(int(process), signal.SIGKILL)
            raise
        return Ended(code, *(output.result() for output in outputs))


@cache
def _server() -> Server:
    """The one of this process; it ends with it."""
    ours, theirs = socket.socketpair()
    with theirs:
        process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            stdin=subprocess.PIPE,  # streams are what they are of at the start: pipes
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno()],
            env=variables(),
        )
    atexit.register(_end, process, ours)
    return Server(process, ours)


def _end(process: "subprocess.Popen[bytes]", connection: socket.socket) -> None:
    connection.close()
    process.communicate()


def _read_at_start(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value for name, value in environment.items() if not name.startswith(AFTER_THE_START)
    }


def _write(number: int, data: bytes) -> None:
    with contextlib.suppress(BrokenPipeError), open(number, "wb") as file:
        file.write(data)


def _read(number: int) -> bytes:
    with open(number, "rb") as file:
        return file.read()


def serve(connection: socket.socket) -> None:
    """Fork for each request; returns in the fork, which is the process that was asked for."""
    while True:
        _, numbers, _, _ = socket.recv_fds(connection, 1, 5)
        if not numbers:
            os._exit(0)
        if os.fork() == 0:
            connection.close()
            _become(*numbers)
            return
        for number in numbers:
            os.close(number)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _become(asked: int, given: int, out: int, err: int, tell: int) -> None:
    """Fork again, and tell who asked how that fork ends; returns in it."""
    process = os.fork()
    if process:
        for number in (asked, given, out, err):
            os.close(number)
        os.write(tell, b"%d\n" % process)
        status = os.waitpid(process, 0)[1]
        os.write(tell, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.close(tell)
    request = Request(*json.loads(_read(asked)))
    for number, standard in ((given, 0), (out, 1), (err, 2)):
        os.dup2(number, standard)
        os.close(number)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    sys.argv[1:] = request.arguments
    sys.path[0] = request.folder


if __name__ == "__main__":
    sys.path[0] = ""  # not the folder of the tests
    for module in LOADED:
        import_module(module)
    serve(socket.socket(fileno=int(sys.argv[1])))
    runpy.run_module("lookalike", run_name="__main__", alter_sys=True)
