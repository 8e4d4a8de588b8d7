"""Errors cross between processes: what a pool of them raises is what its caller catches."""

import pickle
import sqlite3
from contextlib import closing

import pytest

from lookalike import errors
from shell import index, run


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


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at http://user:sesame@host:80/a.jpg.", "at http://user:***@host:80/a.jpg."),
        ("'postgresql://u:sesame@h/d', again", "'postgresql://u:***@h/d', again"),
        ("ftp://:sesame@h", "ftp://:***@h"),
        ("http://u:ses@me@h/x@y", "http://u:***@h/x@y"),
        ("http://u:ses/am?e#@h/", "http://u:***@h/"),
        ("http://u:ses@h and s3://v:ame@i", "http://u:***@h and s3://v:***@i"),
        ("http://host:8080/a@2x.jpg", "http://host:8080/a@2x.jpg"),
        ("http://user@host/a:b@c", "http://user@host/a:b@c"),
        ("id://x and a:b@c", "id://x and a:b@c"),
    ],
)
def test_no_message_repeats_the_password_of_a_url(text, shown):
    assert str(errors.LibraryError(text)) == shown
    assert errors.ImageRejectedError("bad-url", text).detail == shown


def test_passwords_of_urls_are_neither_printed_nor_stored(tmp_path):
    urls = ["http://u:sesame@h.test/a", "ftp://u:sesame@h/a", "http://u:sesame@h :99999999/b"]
    (tmp_path / "urls.csv").write_text("url\n" + "\n".join(urls))
    assert index(tmp_path, "urls.csv", "--url-column", "url", "-v", expect=3)["rejected"] == 3
    again = run(tmp_path, "index", "urls.csv", "--url-column", "url", "-v")
    told = [run(tmp_path, *words) for words in (["rejects"], *(["search", url] for url in urls))]
    told += [run(tmp_path, "fetch", "urls.csv", "--out", "fetched"), again]
    assert "u:***@h" in told[0].out + told[0].err
    assert not [done for done in told if "sesame" in done.out + done.err]
    for file in (".lookalike/library.db", "fetched/fetch.db"):
        with closing(sqlite3.connect(tmp_path / file)) as connection:
            assert "sesame" not in "\n".join(connection.iterdump())


def test_an_unknown_name_where_there_is_none_at_all():
    error = errors.UnknownNameError("classifier", "x", [])
    assert str(error) == "Unknown classifier 'x'. There is none yet."
