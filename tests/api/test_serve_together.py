"""Questions that wait together are answered together; one that is wrong is wrong alone."""

import asyncio
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

import lookalike
from lookalike.api.asking import _answers
from lookalike.api.crowded import CrowdedError
from lookalike.api.schemas import SearchRequest
from lookalike.api.together import PATIENCE, Together
from lookalike.errors import UnknownIdError, UsageError


def test_what_waits_is_answered_in_one_call_and_kinds_stay_apart():
    async def crowd():
        lane, held, calls = Together("test", threads=1, waiting=9, batch=4), threading.Event(), []

        def answer(questions):
            calls.append(list(questions))
            held.wait()
            return [10 * one for one in questions]

        jobs = [asyncio.create_task(lane.ask("a", one, answer)) for one in range(7)]
        jobs += [asyncio.create_task(lane.ask("b", one, answer)) for one in (7, 8)]
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError):
            await lane.ask("a", 9, answer)
        jobs[2].cancel()
        held.set()
        found = await asyncio.gather(*jobs, return_exceptions=True)
        assert isinstance(found.pop(2), asyncio.CancelledError)
        assert found == [0, 10, 30, 40, 50, 60, 70, 80]
        assert calls == [[0], [1, 2, 3, 4], [7, 8], [5, 6]]
        assert lane.under_way == 0
        lane.close()

    asyncio.run(crowd())


def test_questions_wait_for_those_on_their_way_but_not_for_long():
    async def crowd():
        coming, calls = [3], []
        lane = Together("test", threads=2, waiting=9, batch=3, coming=lambda: coming[0])

        def answer(questions):
            calls.append(list(questions))
            return questions

        loop = asyncio.get_running_loop()
        began = loop.time()
        await asyncio.gather(*(lane.ask(0, one, answer) for one in range(2)))
        assert loop.time() - began >= PATIENCE
        first = [asyncio.create_task(lane.ask(0, one, answer)) for one in (2, 3)]
        await asyncio.sleep(0)
        coming[0] = 0
        await asyncio.gather(*first, lane.ask(0, 4, answer))
        assert calls == [[0, 1], [2, 3, 4]]
        lane.close()

    asyncio.run(crowd())


def test_a_kind_that_is_at_work_gathers_what_comes_and_another_kind_does_not_wait_for_it():
    async def crowd():
        lane = Together("test", threads=2, waiting=9, batch=9)
        calls, held = [], threading.Event()

        def answer(questions):
            calls.append(list(questions))
            if questions[0] == "slow":
                held.wait()
            return questions

        slow = asyncio.create_task(lane.ask("a", "slow", answer))
        await asyncio.sleep(0)
        later = [asyncio.create_task(lane.ask("a", one, answer)) for one in (1, 2, 3)]
        assert await lane.ask("b", 4, answer) == 4
        held.set()
        await asyncio.gather(slow, *later)
        assert calls == [["slow"], [4], [1, 2, 3]]
        lane.close()

    asyncio.run(crowd())


def test_an_error_is_that_of_its_question_and_one_of_all_is_everybodys():
    async def crowd():
        lane = Together("test", threads=1, waiting=9, batch=4)

        def answer(questions):
            if 5 in questions:
                raise UsageError("all")
            return [UsageError("one") if question == 1 else question for question in questions]

        asked = (lane.ask(0, one, answer) for one in (0, 1, 2))
        found = await asyncio.gather(*asked, return_exceptions=True)
        assert (found[0], str(found[1]), found[2]) == (0, "one", 2)
        with pytest.raises(UsageError, match="all"):
            await lane.ask(0, 5, answer)
        assert await lane.ask(0, 6, answer) == 6
        lane.close()

    asyncio.run(crowd())


def test_many_at_once_are_answered_as_one_by_one(server, album):
    with lookalike.open(album) as library:
        ids = library.ids
        expected = {id_: library.search(f"id:{id_}", 3).ids for id_ in ids}
        filtered = library.search(f"id:{ids[0]}", 3, where="label = hats").ids
    questions = [{"positive": [{"id": id_}], "k": 3} for id_ in ids] * 6
    questions[5] = {"positive": [{"id": "nobody"}], "k": 3}
    questions[11] = {"positive": [{"id": ids[0]}], "k": 3, "where": "label = hats"}
    questions[13] = {"positive": [{"id": ids[0]}], "k": 3, "where": "label ="}
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda question: server.search(**question), questions))
    for number, (question, answer) in enumerate(zip(questions, answers, strict=True)):
        if number in {5, 13}:
            assert answer.status == {5: 404, 13: 422}[number]
            continue
        found = [hit["id"] for hit in answer.json["hits"]]
        assert found == (filtered if number == 11 else expected[question["positive"][0]["id"]])


def test_a_question_made_ready_is_for_its_space_alone(album, tmp_path):
    shutil.copytree(album / ".lookalike", tmp_path / ".lookalike")
    with lookalike.open(tmp_path) as library:
        name = f"id:{library.ids[0]}"
        ready = library.resolve(name)
        assert library.search_many([ready], 3)[0].ids == library.search(name, 3).ids
        library.add_space("colour", "colour-histogram")
        with pytest.raises(UsageError, match="made ready for space 'main'"):
            library.search_many([ready], 3, space="colour")


def test_a_question_that_cannot_be_asked_spoils_no_other(album):
    with lookalike.open(album) as library:
        good = {"positive": [{"id": library.ids[0]}]}
        unknown = {"positive": [{"id": "nobody"}]}
        ready = library.resolve(f"id:{library.ids[0]}")
        nowhere = replace(ready, vector=np.zeros_like(ready.vector))
        asked = [SearchRequest.model_validate(one) for one in (good, unknown, good)]
        asked.insert(1, nowhere)
        answers = _answers(library, asked[0], None, asked)
        assert [type(one) for one in answers] == [bytes, UsageError, UnknownIdError, bytes]
        assert answers[0] == answers[3]
