"""Settings for all tests: the same examples every time, and an environment of their own."""

import os
import signal

import pytest
from hypothesis import settings

import forking

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")

# A shell makes what runs in the background deaf to it, and so all that tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True, scope="session")
def _first_variables():
    forking.variables()


@pytest.fixture(autouse=True)
def _variables():
    """What a test, or a library that it loads, sets in the environment ends with the test."""
    kept = dict(os.environ)
    yield
    for name in os.environ.keys() - kept.keys():
        del os.environ[name]
    os.environ.update(kept)
