"""Ctrl-C and SIGTERM in the middle: what was reported is there, the next run goes on from it."""

import contextlib
import io
import os
import signal
import sys
from pathlib import Path

import pytest

from lookalike.cli.interrupt import stop_on_interrupt
from lookalike.cli.output import say
from shell import STORED, age, index, photos, run, start


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    photos(folder, range(250))
    age(folder)
    return folder


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_batch_at_hand_is_finished_and_the_run_can_go_on(tmp_path, pictures, number):
    with start(tmp_path, "index", pictures, "-v") as process:
        assert process.stderr is not None
        first = process.stderr.readline().decode()
        os.killpg(process.pid, number)
        out, rest = process.communicate(timeout=60)
    err = first + rest.decode()

    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert "Stopping after the batch at hand" in err
    assert "run the same command to go on" in err
    reported = STORED.findall(err)
    assert {outcome for outcome, _ in reported} == {"embedded"}
    assert 0 < len(reported) < 250
    assert f"{len(reported)} images offered: {len(reported)} embedded" in out.decode()
    info = run(tmp_path, "info", "--head", 1000, "--json").json
    assert {image["id"] for image in info["head"]} == {id_ for _, id_ in reported}

    done = index(tmp_path, pictures)
    assert (done["unchanged"], done["embedded"]) == (len(reported), 250 - len(reported))


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="finds processes in /proc")
def test_a_decoder_that_is_killed_costs_its_image_and_the_next_run_has_it(tmp_path, pictures):
    with start(tmp_path, "index", pictures, "-v") as process:
        assert process.stderr is not None
        process.stderr.readline()
        for child in children(process.pid):
            os.kill(child, signal.SIGKILL)
        _, rest = process.communicate(timeout=60)

    assert process.returncode in {0, 3}, rest.decode()
    rejects = run(tmp_path, "rejects", "--json").json
    assert {reject["reason"] for reject in rejects} <= {"crash"}
    done = index(tmp_path, pictures)
    assert (done["embedded"], done["unchanged"]) == (len(rejects), 250 - len(rejects))


INTERRUPTS = """
import os, signal, sys
class Interrupts:
    def find_spec(self, name, *_):
        if name == os.environ["INTERRUPTED"]:
            exec("os.kill(os.getpid(), signal.SIGINT)")  # in an exec, as while a dataclass is made
sys.meta_path.insert(0, Interrupts())
"""


@pytest.mark.parametrize("module", ["lookalike.cli.output", "pydantic", "lookalike.library.locate"])
def test_ctrl_c_while_the_command_is_loaded_read_or_run_is_said(tmp_path, module):
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTS)
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = run(tmp_path, "info", PYTHONPATH=path, INTERRUPTED=module)
    assert (done.code, done.out, done.err) == (130, "", "Interrupted.\n")


class Interrupted(io.RawIOBase):
    """A terminal at which Ctrl-C is pressed while something is written."""

    def writable(self):
        return True

    def write(self, data):
        os.kill(os.getpid(), signal.SIGINT)
        return len(data)


def test_ctrl_c_while_something_is_said_is_heard(monkeypatch, capfd):
    terminal = io.TextIOWrapper(io.BufferedWriter(Interrupted()), line_buffering=True)
    monkeypatch.setattr(sys, "stderr", terminal)
    with stop_on_interrupt() as stop:
        say("embedded: 000.jpg")
        assert stop()
    assert capfd.readouterr().err.startswith("Stopping after the batch at hand")


def children(parent: int) -> list[int]:
    """Processes that `parent` started, from field 4 of /proc/PID/stat."""
    found = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            after_name = place.read_text().rpartition(")")[2].split()
            if int(after_name[1]) == parent:
                found.append(int(place.parent.name))
    return found


def test_a_second_interrupt_ends_at_once_and_what_was_reported_is_there(tmp_path, pictures):
    with start(tmp_path, "index", pictures, "-v") as process:
        assert process.stderr is not None
        first = process.stderr.readline().decode()
        os.killpg(process.pid, signal.SIGINT)
        told = ""
        while "Stopping" not in told:
            told = process.stderr.readline().decode()
            first += told
        os.killpg(process.pid, signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    err = first + rest.decode()

    assert process.returncode == 130, err
    assert "Traceback" not in err
    info = run(tmp_path, "info", "--head", 1000, "--json").json
    stored = {image["id"] for image in info["head"]}
    assert {id_ for _, id_ in STORED.findall(err)} <= stored
    assert run(tmp_path, "doctor", "--json").json["well"]
