"""What is kept of a site's robots.txt."""

import asyncio
import traceback

import pytest
from yarl import URL

from lookalike.errors import FetchError
from lookalike.fetch.policy import FetchPolicy
from lookalike.fetch.robots import Robots


class GoneSite:
    """In the place of a client, whose every request fails."""

    policy = FetchPolicy()
    asked = 0

    async def get(self, *_, **__):
        self.asked += 1
        raise FetchError("connection", "nobody there", transient=True)


def test_a_failure_that_is_told_a_thousand_times_holds_none_of_those_who_asked():
    async def last_of(count: int) -> FetchError:
        robots = Robots(site)
        for number in range(count):
            with pytest.raises(FetchError, match="nobody there") as refused:
                await robots.check(URL(f"http://gone.test/{number}"))
        return refused.value

    site = GoneSite()
    told = asyncio.run(last_of(1000))
    assert site.asked == 1
    assert len(traceback.extract_tb(told.__traceback__)) < 10
