"""Servers that fail, refuse or vanish, and what may never be told of them."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import ServerError
from lookalike.library.library import Library
from lookalike.library.publishing import PublishReport
from servers import PASSWORD, QUOTED, Milvus, Postgres

pytestmark = pytest.mark.extra
DIM = 16


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    generator = np.random.default_rng(0)
    vectors = generator.standard_normal((6000, DIM)).astype(np.float32)
    with lookalike.open(tmp_path) as opened:
        ids = [f"v{number:05d}" for number in range(len(vectors))]
        opened.import_vectors("far", [(ids, vectors)])
        opened.default_space("far")
        yield opened


def lookalike_command(library: Library, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lookalike", *words, "--library", str(library.directory)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_postgres_gone_in_the_middle_of_a_publish(library: Library, postgres: Postgres) -> None:
    url = postgres.database("gone")
    steps: list[int] = []

    def step(stage: str, done: int, total: int) -> None:
        steps.append(done)
        if done == 3000:
            postgres.kill()

    with pytest.raises(ServerError, match="run the same command again") as caught:
        library.publish(url, on_step=step)
    assert PASSWORD not in str(caught.value)
    assert QUOTED not in str(caught.value)
    with pytest.raises(ServerError):
        library.publish(url)
    postgres.start()
    library.remove(["v00010", "v05000"])
    report = library.publish(url)
    assert report.sent == 2999
    assert report.rows == len(library) == 5998
    found = library.search("id:v05999", 10, exact=True, engine=url)
    assert found.ids == library.search("id:v05999", 10, exact=True).ids


def test_a_search_after_the_server_was_started_anew(library: Library, postgres: Postgres) -> None:
    url = postgres.database("anew")
    library.publish(url)
    first = library.search("id:v00001", engine=url)
    postgres.kill()
    postgres.start()
    with pytest.raises(ServerError):
        library.search("id:v00001", engine=url)
    assert library.search("id:v00001", engine=url).ids == first.ids


def test_a_publisher_that_is_killed(library: Library, postgres: Postgres) -> None:
    """Whatever was reported is there, and another one goes on at once."""
    url = postgres.database("killed")
    script = (
        "import lookalike, os, sys\n"
        "with lookalike.open(sys.argv[1]) as library:\n"
        "    step = lambda stage, done, total: os._exit(9) if done >= 4000 else None\n"
        "    library.publish(sys.argv[2], on_step=step)\n"
    )
    command = [sys.executable, "-c", script, str(library.directory), url]
    assert subprocess.run(command, timeout=60, check=False).returncode == 9
    report = library.publish(url)
    assert (report.sent, report.rows) == (2000, 6000)


def test_what_is_refused_says_what_to_do(library: Library, postgres: Postgres) -> None:
    with socket.socket() as nobody:  # whose port no other test gets, and that does not listen
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        for url, sign, advice in (
            (
                postgres.url(password="wrong-one"),
                "password authentication failed",
                "Check the user",
            ),
            (postgres.url("nowhere"), "does not exist", "name of the database"),
            (f"postgresql://a:wrong-one@127.0.0.1:{port}/b", "refused", "Is the server running"),
            (
                f"milvus://a:wrong-one@127.0.0.1:{port}",
                "cannot be reached",
                "Is the server running",
            ),
        ):
            done = lookalike_command(library, "publish", url)
            assert done.returncode == 1
            assert sign in done.stderr
            assert advice in done.stderr
            assert "Traceback" not in done.stderr
            for secret in ("wrong-one", PASSWORD, QUOTED):
                assert secret not in done.stderr + done.stdout


def test_a_server_without_pgvector(library: Library, postgres: Postgres) -> None:
    url = postgres.database("bare")
    control = postgres.install / "share" / "postgresql" / "extension" / "vector.control"
    hidden = control.rename(control.with_suffix(".hidden"))
    try:
        with pytest.raises(ServerError, match="has no pgvector"):
            library.publish(url)
    finally:
        hidden.rename(control)


def test_a_user_who_may_not(library: Library, postgres: Postgres) -> None:
    import psycopg

    url = postgres.database("theirs")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION vector")
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'reader'")
    other = f"postgresql://reader:reader@127.0.0.1:{postgres.port}/theirs"
    with pytest.raises(ServerError, match="Grant the user CREATE"):
        library.publish(other)


def test_a_table_that_somebody_dropped(library: Library, postgres: Postgres) -> None:
    import psycopg

    url = postgres.database("dropped")
    library.publish(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE lookalike_far")
    with pytest.raises(ServerError, match="--replace"):
        library.publish(url)
    assert library.publish(url, replace=True).rows == 6000


def test_the_password_is_kept_nowhere(library: Library, postgres: Postgres) -> None:
    url = postgres.database("secret")
    done = lookalike_command(library, "publish", url, "--json")
    assert done.returncode == 0
    asked = lookalike_command(library, "search", "id:v00001", "--engine", url, "--explain")
    assert asked.returncode == 0
    assert f"HNSW on postgresql://postgres@127.0.0.1:{postgres.port}/secret" in asked.stderr
    for text in (done.stdout, done.stderr, asked.stdout, asked.stderr):
        assert PASSWORD not in text
        assert QUOTED not in text
    library.close()
    for path in library.directory.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert PASSWORD.encode() not in data
            assert QUOTED.encode() not in data


def patiently(publish: Callable[[], PublishReport]) -> PublishReport:
    """gRPC waits longer after each failure before it calls a server again."""
    for _ in range(40):
        with suppress(ServerError):
            return publish()
        time.sleep(0.25)
    return publish()


def test_milvus_gone_in_the_middle_of_a_publish(library: Library) -> None:
    server = Milvus()
    steps: list[int] = []

    def step(stage: str, done: int, total: int) -> None:
        steps.append(done)
        if done == 3000:
            server.kill()

    try:
        with pytest.raises(ServerError, match="run the same command again"):
            library.publish(server.url(), on_step=step)
        server.start()
        report = patiently(lambda: library.publish(server.url()))
        assert (report.sent, report.rows) == (3000, 6000)
    finally:
        server.close()
