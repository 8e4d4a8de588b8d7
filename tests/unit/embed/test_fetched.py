"""Images from the web in a run: they arrive when they arrive, and none is lost."""

import asyncio
import io
from collections.abc import Collection, Iterator, Mapping, Sequence

import pytest

from lookalike.embed.fetched import Decision, fetched
from lookalike.embed.plan import ToDecode
from lookalike.errors import SourceError
from lookalike.fetch.policy import FetchPolicy
from lookalike.types import File, Known, Reference, Rejected, Stamp
from lookalike.types import Web as OnWeb
from shell import picture
from web import Request, Web, answer

POLICY = FetchPolicy(allow_private=True, seconds=2)


class Catalog:
    def known(self, ids: Sequence[str]) -> Mapping[str, Known]:
        return {}

    def digests_of_size(self, sizes: Collection[int]) -> Mapping[int, Sequence[bytes]]:
        return {size: [b"digest"] for size in sizes}


def jpeg(seed: int, extra: int = 0) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, "JPEG")
    return buffer.getvalue() + bytes(extra)


def task(location: OnWeb | File) -> ToDecode:
    name = location.url if isinstance(location, OnWeb) else location.path
    return ToDecode(Reference(name, location), Stamp(0, 0), None, ())


async def site(request: Request, writer: asyncio.StreamWriter) -> None:
    kind, _, number = request.path.strip("/").partition("/")
    if kind == "slow":
        await asyncio.sleep(0.5)
    if kind in {"gone", "robots.txt"}:
        writer.write(answer(status=404))
    else:
        writer.write(answer(jpeg(int(number), 700_000 if kind == "large" else 0)))


def data(decision: Decision) -> bytes:
    assert isinstance(decision, ToDecode)
    assert isinstance(decision.reference.location, OnWeb)
    return decision.reference.location.data


def test_each_has_its_own_bytes_and_the_slow_hold_up_nobody() -> None:
    with Web(site) as web:
        paths = ["/slow/0", "/good/1", "/large/2", "/gone/3", "/good/4"]
        offered: list[Decision] = [task(OnWeb(web.url(path))) for path in paths]
        offered.insert(2, task(File("here.jpg")))
        found = list(fetched(iter(offered), Catalog(), POLICY))
    by_id = {
        item.id if isinstance(item, Rejected) else item.reference.id: item
        for item in found
        if not isinstance(item, Rejected) or item.reason == "http"
    }
    assert len(by_id) == len(found) == 6
    assert data(by_id[web.url("/good/1")]) == jpeg(1)
    large = by_id[web.url("/large/2")]
    assert data(large) == jpeg(2, 700_000)
    assert isinstance(large, ToDecode)
    assert (large.stamp.size, large.digests) == (len(jpeg(2, 700_000)), (b"digest",))
    assert isinstance(by_id[web.url("/gone/3")], Rejected)
    assert found[0] is offered[2]
    last = found[-1]
    assert isinstance(last, ToDecode)
    assert last.reference.id == web.url("/slow/0")


def test_what_came_before_a_failure_still_comes() -> None:
    def source(web: Web) -> Iterator[Decision]:
        yield task(OnWeb(web.url("/slow/1")))
        raise SourceError("the table ends here")

    found = []
    with Web(site) as web, pytest.raises(SourceError, match="ends here"):  # noqa: PT012
        for item in fetched(source(web), Catalog(), POLICY):
            found.append(item)  # noqa: PERF402  the error comes after the first
    assert data(found[0]) == jpeg(1)


def test_who_stops_early_waits_for_nothing() -> None:
    async def silent(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(600)

    with Web(silent) as web:
        offered: list[Decision] = [task(OnWeb(web.url(f"/{n}"))) for n in range(5)]
        offered.append(task(File("here.jpg")))
        arriving = fetched(iter(offered), Catalog(), FetchPolicy(allow_private=True, seconds=600))
        assert next(arriving) is offered[-1]
        arriving.close()  # type: ignore[attr-defined]
