"""Errors cross between processes: what a pool of them raises is what its caller catches."""

import pickle

import pytest

from lookalike import errors


@pytest.mark.parametrize(
    "error",
    [
        errors.UnknownNameError("metric", "l3", ["l1", "l2"]),
        errors.FilterError("No such column.", "colour = red", 0, 6, "Known: label."),
        errors.MissingExtraError("HEIC", "heif"),
        errors.FetchError("http", "no answer", code=503, transient=True, retry_after=2.5),
        errors.LibraryBusyError("Another process writes."),
    ],
)
def test_an_error_is_the_same_after_it_was_pickled(error):
    there = pickle.loads(pickle.dumps(error))

    assert type(there) is type(error)
    assert str(there) == str(error)
    assert vars(there) == vars(error)
