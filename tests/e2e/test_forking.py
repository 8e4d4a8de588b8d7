"""What tests run as forks is what a process of its own prints: the same bytes and exit codes."""

import subprocess

import pytest

import forking
from shell import SECONDS, command, environment, index, photos


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forking")
    photos(folder / "in", range(4))
    index(folder, "in")
    return folder


@pytest.mark.parametrize(
    ("words", "given", "code"),
    [
        ("search id:000.jpg --json", b"", 0),
        ("embed -", b"in/000.jpg\n", 0),
        ("search id:0.jpg", b"", 1),
        ("serach --help", b"", 2),
        ("index in nothing.jpg", b"", 1),
    ],
)
def test_a_fork_ends_as_a_process_does(album, words, given, code):
    started, arguments = environment({}), words.split()
    assert forking.starts_alike(started)
    fork = forking.run(forking.Request(str(album), arguments, started), given, SECONDS)
    process = subprocess.run(
        command(*arguments), cwd=album, input=given, capture_output=True, env=started, check=False
    )

    assert fork == (process.returncode, process.stdout, process.stderr)
    assert fork.code == code


def test_what_is_read_while_a_process_starts_asks_for_a_process(monkeypatch):
    assert not forking.starts_alike(environment({"PYTHONIOENCODING": "ascii"}))
    assert forking.starts_alike(environment({"LOOKALIKE_SEARCH_K": "3"}))
    monkeypatch.setenv("OMP_NUM_THREADS", "17")
    assert not forking.starts_alike(environment({}))


def test_a_fork_that_does_not_end_is_killed(album):
    request = forking.Request(str(album), ["serve", "--port", "0"], environment({}))
    with pytest.raises(TimeoutError):
        forking.run(request, b"", 1)
