"""Jobs one after the other, bounded and stopped; answers kept no longer than they hold."""

import asyncio
import weakref
from functools import partial

import pytest

from lookalike.api.jobs import REMEMBERED, WAITING, Jobs
from lookalike.api.kept import Kept
from lookalike.api.problems import FullError, NotThereError, of_error
from lookalike.api.shelf import names_of
from lookalike.errors import UsageError


def test_so_many_jobs_wait_and_no_more_and_those_that_wait_can_be_stopped():
    async def crowd():
        jobs, go, order = Jobs(), asyncio.Event(), []

        async def work(job):
            order.append(job.kind)
            await go.wait()
            return {"kind": job.kind}

        first = jobs.submit("first", work)
        await asyncio.sleep(0)
        waiting = [jobs.submit(str(number), work) for number in range(WAITING)]
        with pytest.raises(FullError) as refused:
            jobs.submit("one too many", work)
        assert order == ["first"]
        jobs.stop(waiting[3])
        assert waiting[3].state == "cancelled"
        go.set()
        while waiting[-1].state != "done":
            await asyncio.sleep(0)
        assert order == ["first", *(str(number) for number in range(WAITING) if number != 3)]
        assert (first.state, first.result) == ("done", {"kind": "first"})
        await jobs.close()
        return refused.value

    answer = of_error(asyncio.run(crowd()))
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")


def test_what_a_job_was_given_is_let_go_when_it_has_ended():
    class Uploads:
        """Stands for images of a request; bytes cannot be watched."""

    async def add(_images, _job):
        return {}

    async def refuse(_images, _job):
        raise UsageError("That cannot be.")

    async def watched():
        jobs, held = Jobs(), []
        for work in (add, refuse, add):
            images = Uploads()
            held.append(weakref.ref(images))
            last = jobs.submit("add", partial(work, images))
        del images
        jobs.stop(last)
        while any(job.state in {"waiting", "running"} for job in jobs.all):
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        return [job.state for job in jobs.all], [one() for one in held]

    states, held = asyncio.run(watched())
    assert states == ["cancelled", "failed", "done"]
    assert held == [None, None, None]


def test_a_job_ends_at_its_next_step_or_with_its_fault_told(caplog):
    async def several():
        jobs = Jobs()

        async def steps(job):
            for number in range(10**9):
                job.advance("counting", number, 10**9)
                await asyncio.sleep(0)

        async def wrong(_):
            raise UsageError("That cannot be.")

        async def broken(_):
            raise ZeroDivisionError("a secret of /home/user")

        endless, *others = (jobs.submit("x", work) for work in (steps, wrong, broken))
        while endless.done < 3:
            await asyncio.sleep(0)
        jobs.stop(endless)
        while others[-1].state in {"waiting", "running"}:
            await asyncio.sleep(0)
        later = jobs.submit("x", steps)
        await asyncio.sleep(0)
        await jobs.close()
        return endless, *others, later

    endless, wrong, broken, later = asyncio.run(several())
    assert (endless.state, endless.step, endless.rate > 0) == ("cancelled", "counting", True)
    assert (wrong.state, wrong.problem["status"]) == ("failed", 422)
    assert wrong.problem["detail"] == "That cannot be."
    assert (broken.state, broken.problem["status"]) == ("failed", 500)
    assert "secret" not in str(broken.problem)
    assert "ZeroDivisionError" in caplog.text
    assert later.state == "cancelled"


def test_old_jobs_are_forgotten():
    async def many():
        jobs = Jobs()

        async def nothing(_):
            return {}

        first = jobs.submit("x", nothing)
        for _ in range(REMEMBERED + 5):
            job = jobs.submit("x", nothing)
            while job.state != "done":
                await asyncio.sleep(0)
        with pytest.raises(NotThereError):
            jobs.get(first.id)
        return len(jobs.all)

    assert asyncio.run(many()) <= REMEMBERED + 1


def test_the_last_answers_are_kept_and_faults_are_not():
    kept, made = Kept(2), []

    def make(name):
        made.append(name)
        return name

    for name in "abacab":
        assert kept.get(name, lambda name=name: make(name)) == name
    assert made == ["a", "b", "c", "b"]
    with pytest.raises(ZeroDivisionError):
        kept.get("z", lambda: 1 // 0)
    assert kept.get("z", lambda: "whole") == "whole"


def test_large_answers_push_each_other_out():
    kept = Kept(9)
    for name in range(4):
        kept.get(name, lambda: b"x" * 30 * 2**20)
    assert kept.get(3, lambda: b"new") != b"new"
    assert kept.get(0, lambda: b"new") == b"new"


def test_every_library_has_a_name_of_its_own(tmp_path):
    folders = [tmp_path / "a" / "my shop", tmp_path / "b" / "my shop", tmp_path / "ü"]
    named = names_of(folder / ".lookalike" for folder in folders)
    assert list(named) == ["my-shop", "my-shop-2", "library"]
    assert [path.parent for path in named.values()] == folders
    assert list(names_of([tmp_path / "plain"])) == ["plain"]
