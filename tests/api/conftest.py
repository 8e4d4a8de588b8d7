"""A small library and a server of it, for all tests of the service."""

import pytest

import lookalike
from serving import served
from shell import photo


@pytest.fixture(scope="session")
def album(tmp_path_factory):
    """Eight photos of two labels; the id of the last is hard to write in a URL."""
    folder = tmp_path_factory.mktemp("served")
    for seed in range(7):
        photo(folder / "in" / ("hats" if seed < 3 else "socks") / f"{seed}.png", seed)
    photo(folder / "in" / "socks" / "a b%2F..#?&ü\N{SNOWMAN}.jpg", 7)
    with lookalike.open(folder) as library:
        library.add(folder / "in", label_from="folder")
    return folder


@pytest.fixture(scope="session")
def server(album):
    with served(album) as running:
        yield running
