"""A service that asks PostgreSQL gives the answers of one that searches by itself."""

import pytest

import lookalike
from servers import Postgres
from serving import served
from shell import run

pytestmark = pytest.mark.extra


def test_answers_are_those_of_the_library(album):
    server = Postgres()
    try:
        with lookalike.open(album) as library:
            library.publish(server.url())
            ids, data = library.ids, (album / "in" / "hats" / "0.png").read_bytes()
            expected = library.search(f"id:{ids[0]}", 3, where="label = hats")
            uploaded = library.search(data, 3)
        with (
            served(album, "--engine", server.url()) as running,
            lookalike.Client(f"http://{running.host}:{running.port}") as client,
        ):
            assert client.search(f"id:{ids[0]}", 3, where="label = hats").ids == expected.ids
            assert client.search(data, 3).ids == uploaded.ids
            server.kill()
            with (
                pytest.raises(lookalike.ServerError),
                lookalike.Client(f"http://{running.host}:{running.port}", retries=0) as other,
            ):
                other.search(data, 3)
    finally:
        server.close()


def test_an_engine_holds_one_library(album):
    refused = run(album, "serve", album, album, "--engine", "postgresql://nowhere/x")
    assert refused.code == 2
    assert "serve that one alone" in refused.err
