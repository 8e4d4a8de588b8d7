"""Data on stdout and talk on stderr, whatever is asked for and wherever it goes."""

import json
import os
import shlex
import subprocess

import pytest

from shell import command, environment, index, photos, run


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("output")
    photos(folder / "in", range(3))
    (folder / "in" / "bad.jpg").write_bytes(b"bad")
    index(folder, "in", expect=3)
    return folder


@pytest.mark.parametrize(
    ("arguments", "kind", "code"),
    [
        ("index in --json -v", list, 3),
        ("index in in --prune --json", list, 3),
        ("search id:000.jpg --json", dict, 0),
        ("search id:000.jpg --json --html o.html", dict, 0),
        ("search in/001.jpg --json", dict, 0),
        ("show 000.jpg --json", dict, 0),
        ("info --json", dict, 0),
        ("rejects --json", list, 0),
        ("remove 002.jpg --dry-run --json", dict, 0),
        ("doctor --json", dict, 0),
    ],
)
def test_json_is_one_document_and_stdout_holds_nothing_else(album, arguments, kind, code):
    done = run(album, *arguments.split())

    assert done.code == code, done.err
    assert isinstance(json.loads(done.out), kind)


def test_tables_hold_their_cells_on_one_line_each(album):
    done = run(album, "rejects")

    assert done.out.splitlines()[0].split("\t") == ["id", "reason", "detail", "file"]
    assert [row[:2] for row in done.rows] == [["bad.jpg", "not-an-image"]]
    assert done.err == ""


def test_talk_of_an_index_run_is_on_stderr(album):
    done = run(album, "index", "in", "-v")

    assert len(done.out.splitlines()) == 1
    assert "4 images offered" in done.out
    assert dict(map(reversed, done.reported))["bad.jpg"] == "rejected"
    assert len(done.reported) == 4


def test_a_terminal_that_knows_only_ascii_gets_escapes(album):
    found = run(album, "search", "id:nö", PYTHONIOENCODING="ascii")
    assert found.code == 1
    assert "'n\\xf6'" in found.err

    (album / "in" / "日本.jpg").write_bytes((album / "in" / "000.jpg").read_bytes())
    index(album, "in/日本.jpg")
    shown = run(album, "show", "in/日本.jpg", PYTHONIOENCODING="ascii")
    assert shown.rows[0] == ["id", "in/\\u65e5\\u672c.jpg"]


def test_a_reader_that_goes_away_is_no_traceback(album):
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("show", "000.jpg", "--vector"),
        cwd=album,
        env=environment({}),
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)

    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"Exception" not in done.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")  # noqa: PTH110
@pytest.mark.parametrize("arguments", ["info", "show 000.jpg --vector", "search id:000.jpg --json"])
def test_output_that_cannot_be_written_is_one_sentence(album, arguments):
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            command(*arguments.split()),
            cwd=album,
            env=environment({}),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )

    assert done.returncode == 1
    assert done.stderr == b"Error: Reading or writing failed: No space left on device.\n"


@pytest.mark.skipif(os.name != "posix", reason="closes streams as a POSIX shell does")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_run_without_a_stream_is_a_run(album, tmp_path, closed):
    line = shlex.join(command("index", album / "in" / "001.jpg"))
    done = subprocess.run(
        f"{line} {closed}", shell=True, cwd=tmp_path, env=environment({}), check=False
    )

    assert done.returncode == 0
    assert run(tmp_path, "info", "--json").json["images"] == 1


def test_version_and_help(album):
    assert run(album, "--version").out.startswith("lookalike 0.")
    assert "--path-template" in run(album, "index", "--help", COLUMNS="200").out
    assert run(album).code == 2
