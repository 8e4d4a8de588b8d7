"""More at once than may wait is refused, and those who wait are answered."""

import asyncio
import json
import threading

import pytest

from lookalike.api.lanes import CrowdedError, Lane
from lookalike.api.problems import of_error
from lookalike.api.rates import Rates


def test_a_full_lane_refuses_and_goes_on():
    async def crowd():
        lane, held = Lane("test", threads=2, waiting=1), threading.Event()
        jobs = [asyncio.create_task(lane.run(held.wait)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(CrowdedError) as refused:
            await lane.run(held.wait)
        held.set()
        assert await asyncio.gather(*jobs) == [True] * 3
        assert await lane.run(lambda: 5) == 5
        await asyncio.sleep(0)
        assert lane.under_way == 0
        lane.close()
        return refused.value

    answer = of_error(asyncio.run(crowd()))
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "ask again" in json.loads(answer.body)["detail"]


def test_a_bucket_fills_with_time():
    now = [0.0]
    rates = Rates(60, clock=lambda: now[0])
    assert [rates.wait("a") for _ in range(6)] == [0] * 6
    assert rates.wait("a") == pytest.approx(1)
    assert rates.wait("b") == 0
    now[0] = 1.0
    assert rates.wait("a") == 0
    assert rates.wait("a") == pytest.approx(1)
