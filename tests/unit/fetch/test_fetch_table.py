"""Tables of URLs against a server that is slow, gone, broken, busy, lying and silent."""

import asyncio
import csv
import io
import json
import os
import signal
import sqlite3
import tarfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lookalike.errors import SourceError, UsageError
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy
from lookalike.fetch.room import Room
from lookalike.fetch.run import Fetching, fetch_table
from lookalike.images.resize import Resizing
from lookalike.sources import open_source
from shell import index, picture, run, start
from web import Request, Web, answer

PRIVATE = FetchPolicy(allow_private=True, seconds=0.6)
PACE = Pace(host_rate=0, first_wait=0.05)
HOW = Fetching(policy=PRIVATE, pace=PACE, workers=1)


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, "JPEG")
    return buffer.getvalue()


PHOTOS = [jpeg(seed) for seed in range(20)]


def table(folder: Path, urls: Sequence[str], name: str = "table.csv") -> Path:
    path = folder / name
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "url", "kind"])
        writer.writerows((f"p{number}", url, "shoe") for number, url in enumerate(urls))
    return path


def outcomes(out: Path) -> list[dict[str, str]]:
    with (out / "outcomes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


class Shop:
    """`/kind/number`: a photo for each number, after what the kind does."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.busy_until = 0.0
        self.hurried = 0

    async def __call__(self, request: Request, writer: asyncio.StreamWriter) -> None:
        self.asked[request.path] += 1
        first = self.asked[request.path] == 1
        kind, _, number = request.path.strip("/").partition("/")
        photo = PHOTOS[int(number or 0) % 20] + request.path.encode()
        if kind != "busy" and time.monotonic() < self.busy_until:
            self.hurried += 1
        reply = answer(photo)
        match kind:
            case "slow":
                await asyncio.sleep(0.3)
            case "gone" | "robots.txt":
                reply = answer(b"no", 404)
            case "broken" if first:
                reply = answer(b"", 500)
            case "dead":
                reply = answer(b"", 503)
            case "busy" if first:
                self.busy_until = time.monotonic() + 0.9
                reply = answer(b"", 429, Retry_After="1")
            case "cut":
                reply = answer(photo[:500], length=len(photo))
            case "lies":
                reply = answer(photo[:500])
            case "page":
                reply = answer(b"<!doctype html><p>no such photo</p>")
            case "hang":
                await asyncio.sleep(30)
            case "reset":
                writer.transport.abort()
            case "same":
                reply = answer(PHOTOS[0])
            case _:
                pass
        writer.write(reply)
        if kind == "cut":
            writer.close()


def test_every_row_has_its_outcome_and_what_can_be_had_is_had(tmp_path: Path) -> None:
    counts = {"good": 40, "slow": 6, "gone": 6, "broken": 5, "cut": 2, "lies": 2}
    counts |= {"page": 2, "hang": 1, "reset": 1, "dead": 1, "same": 3}
    shop = Shop()
    hosts = ("127.0.0.1", "127.0.0.2", "127.0.0.3")
    with Web(shop, hosts) as web:
        paths = [f"/{kind}/{n}" for kind, count in counts.items() for n in range(count)]
        urls = [web.url(path, hosts[n % 3]) for n, path in enumerate(paths)]
        urls += [urls[0], urls[1], "", "javascript:alert(1)", "data:image/png;base64,AAAA"]
        urls += ["file:///etc/passwd", "http://user:pw@127.0.0.1/x.jpg", "ftp://x/y.jpg"]
        pace = Pace(host_connections=3, host_rate=0, retries=2, first_wait=0.05)
        how = Fetching(policy=PRIVATE, pace=pace, workers=1)
        report = fetch_table(table(tmp_path, urls), tmp_path / "out", how)

        rows = outcomes(tmp_path / "out")
        assert [row["url"] for row in rows] == urls
        assert report.rows == len(urls) == report.fetched + report.duplicate + report.failed
        tries: dict[str, set[int]] = {}
        for path in paths:
            tries.setdefault(path.split("/")[1], set()).add(shop.asked[path])
        assert tries.pop("reset") <= {3, 4, 5, 6}  # a kept connection that was dead costs no try
        assert tries == {
            "good": {1}, "slow": {1}, "gone": {1}, "broken": {2}, "cut": {3}, "lies": {1},
            "page": {1}, "hang": {3}, "dead": {3}, "same": {1},
        }  # fmt: skip
        ends = Counter(
            (path.split("/")[1], row["status"], row["reason"])
            for path, row in zip(paths, rows, strict=False)
        )
        assert ends == {
            ("good", "fetched", ""): 40,
            ("slow", "fetched", ""): 6,
            ("gone", "failed", "http"): 6,
            ("broken", "fetched", ""): 5,
            ("cut", "failed", "truncated"): 2,
            ("lies", "failed", "truncated"): 2,
            ("page", "failed", "not-an-image"): 2,
            ("hang", "failed", "timeout"): 1,
            ("reset", "failed", "connection"): 1,
            ("dead", "failed", "http"): 1,
            ("same", "fetched", ""): 1,
            ("same", "duplicate", ""): 2,
        }
        assert [row["status"] for row in rows[-8:]] == ["duplicate"] * 2 + ["failed"] * 6
        assert {row["reason"] for row in rows[-6:]} == {"bad-url"}
        assert max(web.most.values()) <= 3
        assert report.codes == {404: 6, 503: 1}
        for row in rows:
            if row["file"]:
                data = (tmp_path / "out" / row["file"]).read_bytes()
                assert len(data) == int(row["bytes"])
                assert (row["width"], row["height"]) == ("96", "72")


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(tmp_path: Path) -> None:
    shop = Shop()
    with Web(shop) as web:
        urls = [web.url("/busy/0"), *(web.url(f"/good/{n}") for n in range(30))]
        pace = Pace(host_connections=1, host_rate=0, first_wait=0.05)
        how = Fetching(policy=PRIVATE, pace=pace, workers=1)
        report = fetch_table(table(tmp_path, urls), tmp_path / "out", how)
    assert (report.rows - report.failed, shop.hurried) == (31, 0)
    assert shop.asked["/busy/0"] == 2


def test_a_host_is_asked_no_more_often_than_allowed(tmp_path: Path) -> None:
    with Web(Shop()) as web:
        urls = [web.url(f"/good/{n}") for n in range(12)]
        how = Fetching(policy=PRIVATE, pace=Pace(host_rate=20, robots=False), workers=1)
        fetch_table(table(tmp_path, urls), tmp_path / "out", how)
        (times,) = web.times.values()
    assert len(times) == 12
    assert times[-1] - times[0] >= 11 * 0.05 - 0.02


def test_a_second_run_asks_nothing_and_failures_only_on_request(tmp_path: Path) -> None:
    shop = Shop()
    with Web(shop) as web:
        urls = [web.url(f"/good/{n}") for n in range(10)] + [web.url("/gone/1")]
        listed = table(tmp_path, urls)
        fetch_table(listed, tmp_path / "out", HOW)
        before, first = Counter(shop.asked), outcomes(tmp_path / "out")
        again = fetch_table(listed, tmp_path / "out", HOW)
        assert (again.asked, again.known, again.fetched, again.failed) == (0, 11, 10, 1)
        assert shop.asked == before
        assert outcomes(tmp_path / "out") == first
        retried = fetch_table(
            listed,
            tmp_path / "out",
            Fetching(policy=PRIVATE, pace=PACE, workers=1, retry_failed=True),
        )
        assert retried.asked == 1
        assert shop.asked - before == Counter({"/gone/1": 1, "/robots.txt": 1})
        (tmp_path / "out" / first[3]["file"]).unlink()
        fetch_table(listed, tmp_path / "out", HOW)
        assert (tmp_path / "out" / first[3]["file"]).exists()
        assert shop.asked["/good/3"] == 2
        assert shop.asked["/good/4"] == 1


def test_what_sites_ask_of_programs_is_heeded(tmp_path: Path) -> None:
    rules = b"User-agent: *\nDisallow: /private/\n\nUser-agent: lookalike\nDisallow: /*secret$\n"
    tags = {"/noai": "noai, noimageai", "/other": "otherbot: noindex", "/us": "Lookalike: none"}

    async def site(request: Request, writer: asyncio.StreamWriter) -> None:
        if request.path == "/robots.txt":
            writer.write(answer(rules))
            return
        assert request.headers["user-agent"].startswith("lookalike/")
        tag = tags.get(request.path)
        headers = {"X_Robots_Tag": tag} if tag else {}
        writer.write(answer(PHOTOS[len(request.path)], **headers))

    with Web(site) as web:
        paths = ["/a.jpg", "/private/1", "/a/secret", "/noai", "/other", "/us", "/secret/1"]
        listed = table(tmp_path, [web.url(path) for path in paths])
        fetch_table(listed, tmp_path / "out", HOW)
        refused = {
            path: row["reason"]
            for path, row in zip(paths, outcomes(tmp_path / "out"), strict=True)
            if row["status"] == "failed"
        }
        assert refused == dict.fromkeys(("/a/secret", "/noai", "/us"), "robots")
        assert web.asked["/a/secret"] == 0
        assert web.asked["/robots.txt"] == 1
        pace = Pace(host_rate=0, robots=False)
        how = Fetching(policy=PRIVATE, pace=pace, workers=1)
        assert fetch_table(listed, tmp_path / "all", how).failed == 0
        assert web.asked["/robots.txt"] == 1


def test_a_site_whose_robots_txt_fails_is_not_asked(tmp_path: Path) -> None:
    async def site(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(status=500) if "robots" in request.path else answer(PHOTOS[0]))

    with Web(site) as web:
        how = Fetching(policy=PRIVATE, pace=Pace(retries=1, first_wait=0.01), workers=1)
        fetch_table(table(tmp_path, [web.url("/a.jpg")]), tmp_path / "out", how)
        assert outcomes(tmp_path / "out")[0]["reason"] == "robots"
        assert web.asked["/a.jpg"] == 0


def test_private_addresses_are_refused_without_a_connection(tmp_path: Path) -> None:
    with Web(Shop()) as web:
        listed = table(tmp_path, [web.url("/good/1"), f"http://[::1]:{web.port}/good/2"])
        report = fetch_table(listed, tmp_path / "out", Fetching(workers=1))
        assert (report.reasons, web.connections) == ({"forbidden": 2}, 0)
        named = FetchPolicy(allow_hosts=frozenset({"127.0.0.1"}))
        how = Fetching(policy=named, workers=1, retry_failed=True)
        assert fetch_table(listed, tmp_path / "out", how).fetched == 1


def test_shards_hold_images_with_their_facts_and_go_on_where_they_ended(tmp_path: Path) -> None:
    how = Fetching(
        policy=PRIVATE, pace=PACE, workers=1, shards=4, resizing=Resizing("centre-crop", 48)
    )
    out = tmp_path / "out"
    with Web(Shop()) as web:
        urls = [web.url(f"/good/{n}") for n in range(10)]
        fetch_table(table(tmp_path, urls[:6]), out, how)
        with (out / "shards" / "00001.tar").open("ab") as shard:  # as a killed run leaves it
            shard.write(os.urandom(5000))
        (out / "shards" / "00002.tar").write_bytes(b"x" * 512)
        report = fetch_table(table(tmp_path, urls), out, how)
    assert (report.fetched, report.asked) == (10, 4)
    places = {row["file"]: row for row in outcomes(out)}
    names = []
    for number in range(3):
        with tarfile.open(out / "shards" / f"{number:05d}.tar") as shard:
            for member in shard:
                data = shard.extractfile(member)
                assert data is not None
                if member.name.endswith(".json"):
                    facts = json.load(data)
                    assert facts["url"] == places[names[-1]]["url"]
                    assert facts["kind"] == "shoe"
                else:
                    names.append(f"shards/{number:05d}.tar!{member.name}")
    assert sorted(names) == sorted(places)
    source = open_source(str(out / "shards" / "00000.tar"))
    assert sum(1 for _ in source.references()) == 4


def test_outcomes_are_indexed_at_once(tmp_path: Path) -> None:
    with Web(Shop()) as web:
        urls = [web.url(f"/good/{n}") for n in range(3)] + [web.url("/gone/0")]
        done = run(
            tmp_path, "fetch", table(tmp_path, urls), "--out", "shop", "--allow-private",
            "--size", 64, "--host-rate", 0, "--json",
        )  # fmt: skip
    assert (done.code, done.json["fetched"], done.json["failed"]) == (3, 3, 1)
    report = index(
        tmp_path, "shop/outcomes.csv", "--path-column", "file", "--id-column", "id", expect=3
    )
    assert (report["embedded"], report["reasons"]) == (3, {"bad-row": 1})
    shown = run(tmp_path, "show", "p1", "--json").json
    assert shown["meta"]["kind"] == "shoe"
    assert (shown["width"], shown["height"]) == (85, 64)


def test_a_killed_run_goes_on_and_repeats_nothing_that_was_settled(tmp_path: Path) -> None:
    async def steady(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        number = int(request.path.strip("/"))
        writer.write(answer(PHOTOS[number % 20] + str(number).encode()))

    out, count = tmp_path / "out", 300
    options = ("--out", out, "--allow-private", "--host-rate", 0, "--ignore-robots")
    with Web(steady) as web:
        listed = table(tmp_path, [web.url(f"/{n}") for n in range(count)])
        with start(tmp_path, "fetch", listed, *options) as process:
            deadline = time.monotonic() + 60
            while sum(web.asked.values()) < count // 2 and time.monotonic() < deadline:
                time.sleep(0.005)
            os.killpg(process.pid, signal.SIGKILL)
        with closing(sqlite3.connect(out / "fetch.db")) as journal:
            (settled,) = journal.execute("SELECT count(*) FROM urls").fetchone()
        assert sum(web.asked.values()) - settled <= 8  # what was under way
        done = run(tmp_path, "fetch", listed, *options, "--json")
    assert (done.code, done.json["fetched"]) == (0, count)
    assert sum(web.asked.values()) - count <= 8
    assert len(list((out / "images").rglob("*.jpg"))) == count


def _settled(out: Path) -> int:
    return len(list((out / "images").rglob("*.jpg")))


def test_ctrl_c_writes_the_outcomes_so_far(tmp_path: Path) -> None:
    async def slow(request: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0 if request.path < "/3" else 30)
        writer.write(answer(PHOTOS[int(request.path.strip("/"))]))

    with Web(slow) as web:
        listed = table(tmp_path, [web.url(f"/{n}") for n in range(6)])
        options = ("--out", "out", "--allow-private", "--ignore-robots", "--json")
        with start(tmp_path, "fetch", listed, *options) as process:
            deadline = time.monotonic() + 60
            while sum(web.asked.values()) < 6 and time.monotonic() < deadline:
                time.sleep(0.02)
            while _settled(tmp_path / "out") < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            os.kill(process.pid, signal.SIGINT)
            printed, _ = process.communicate(timeout=60)
        assert process.returncode == 130
        report = json.loads(printed)
    statuses = [row["status"] for row in outcomes(tmp_path / "out")]
    assert statuses[3:] == [""] * 3
    assert 2 <= statuses.count("fetched") <= 3  # the last file may have come without its outcome
    assert report["interrupted"]
    assert report["fetched"] + report["unasked"] == 6


def test_one_run_at_a_time_and_one_way_of_resizing(tmp_path: Path) -> None:
    async def hang(_: Request, __: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    with Web(hang) as web:
        listed = table(tmp_path, [web.url("/a.jpg")])
        with start(tmp_path, "fetch", listed, "--out", "out", "--allow-private") as process:
            while not web.connections:
                time.sleep(0.02)
            done = run(tmp_path, "fetch", listed, "--out", "out")
            assert (done.code, "Another run writes into" in done.err) == (2, True)
            os.killpg(process.pid, signal.SIGKILL)
    done = run(tmp_path, "fetch", listed, "--out", "out", "--size", "99")
    assert (done.code, "size was 256 and is 99" in done.err) == (2, True)


def test_large_answers_share_the_room_there_is(tmp_path: Path, monkeypatch: Any) -> None:
    small = partial(Room, 3_000_000)  # one large answer and a half
    monkeypatch.setattr("lookalike.fetch.downloads.Room", small)

    async def large(request: Request, writer: asyncio.StreamWriter) -> None:
        number = int(request.path.strip("/"))
        writer.write(answer(PHOTOS[number] + bytes(2_000_000)))

    with Web(large) as web:
        listed = table(tmp_path, [web.url(f"/{n}") for n in range(12)])
        pace = Pace(host_rate=0, robots=False)
        policy = FetchPolicy(allow_private=True, seconds=10)
        how = Fetching(policy=policy, pace=pace, workers=1)
        assert fetch_table(listed, tmp_path / "out", how).fetched == 12


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("id,uri2\n1,x\n", None, "Which column"),
        ("id,url\n1,x\n", "ulr", "Did you mean 'url'"),
        ("", None, "no line with the names"),
    ],
)
def test_tables_without_urls(tmp_path: Path, text: str, column: str | None, message: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(SourceError, match=message):
        fetch_table(path, tmp_path / "out", HOW, url_column=column)
    assert not (tmp_path / "out").exists()


def test_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="There is no file"):
        fetch_table(tmp_path / "none.csv", tmp_path / "out", HOW)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        fetch_table(table(tmp_path, []), tmp_path / "file", HOW)
    huge = Fetching(policy=PRIVATE, pace=Pace(at_once=10**8))
    with pytest.raises(UsageError, match="open files"):
        fetch_table(table(tmp_path, []), tmp_path / "out", huge)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "fetch.db").write_bytes(b"no database" * 100)
    done = run(tmp_path, "fetch", table(tmp_path, []), "--out", "out")
    assert (done.code, "is damaged" in done.err) == (1, True)


def test_a_table_of_nothing(tmp_path: Path) -> None:
    report = fetch_table(table(tmp_path, []), tmp_path / "out", HOW)
    assert (report.rows, outcomes(tmp_path / "out")) == (0, [])


@pytest.mark.extra
def test_outcomes_as_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    with Web(Shop()) as web:
        listed = tmp_path / "t.jsonl"
        rows = [
            {"sku": 7, "price": 1.5, "status": "new", "url": web.url("/good/1")},
            {"sku": 8, "price": None, "url": web.url("/gone/1")},
        ]
        listed.write_text("\n".join(map(json.dumps, rows)))
        how = Fetching(policy=PRIVATE, pace=PACE, workers=1, outcomes="parquet")
        fetch_table(listed, tmp_path / "out", how)
    found = pq.read_table(tmp_path / "out" / "outcomes.parquet").to_pylist()
    assert [row["sku"] for row in found] == [7, 8]
    assert [row["price"] for row in found] == [1.5, None]
    assert [row["status"] for row in found] == ["new", None]
    assert [row["fetch_status"] for row in found] == ["fetched", "failed"]
    assert [row["http"] for row in found] == [200, 404]
