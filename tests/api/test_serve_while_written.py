"""Reads while one request in twenty writes, and a kill in the middle: nothing acknowledged is lost.

`LOOKALIKE_LONG` is how many seconds a round lasts; the campaign runs many rounds.
"""

import io
import os
import random
import signal
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPException

import numpy as np
import pytest
from PIL import Image

import lookalike
from serving import served
from shell import photo

SECONDS = float(os.environ.get("LOOKALIKE_LONG", "5"))
CLIENTS = 6
WRITES = 0.05
NEVER = float("inf")


@dataclass
class Life:
    """When the add and the deletion of an image began and were acknowledged."""

    add: float
    added: float = NEVER
    delete: float = NEVER
    deleted: float = NEVER

    def must_be_seen(self, since: float, until: float) -> bool:
        return self.added < since and self.delete > until

    def may_be_seen(self, since: float, until: float) -> bool:
        return self.add < until and self.deleted > since


@dataclass
class Ledger:
    """What clients know of the images they wrote, by id."""

    lives: dict[str, Life] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    reads: int = 0
    writes: int = 0

    def check(self, seen: list[str], since: float, until: float, what: str, whole: bool) -> None:
        """Hold ids of an answer that was asked `since` and came `until` against the lives."""
        if len(set(seen)) != len(seen):
            self.faults.append(f"{what}: an id twice")
        lives = dict(self.lives)
        for id_ in seen:
            if id_ in lives and not lives[id_].may_be_seen(since, until):
                self.faults.append(f"{what}: {id_} is shown after its deletion")
        if whole:
            missing = {i for i, life in lives.items() if life.must_be_seen(since, until)}
            for id_ in missing - set(seen):
                self.faults.append(f"{what}: {id_} is missing")


def png(seed: int) -> bytes:
    noise = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).resize((48, 48)).save(buffer, "PNG")
    return buffer.getvalue()


def client(server, ledger: Ledger, number: int, stop: threading.Event) -> None:
    draw = random.Random(number * 7919 + len(ledger.lives))
    mine = [i for i, life in ledger.lives.items() if i.startswith(f"{number}-")]
    mine = [i for i in mine if ledger.lives[i].added < NEVER and ledger.lives[i].delete == NEVER]
    while not stop.is_set():
        try:
            if draw.random() < WRITES:
                write(server, ledger, number, mine, draw)
            else:
                read(server, ledger, mine, draw)
        except (OSError, HTTPException):
            if not stop.is_set() and server.process.poll() is None:
                server.process.wait(60)  # it was killed, else a connection broke for no reason
            return
        except AssertionError as error:
            ledger.faults.append(str(error))
            return


def write(server, ledger, number, mine, draw) -> None:
    ledger.writes += 1
    if mine and draw.random() < 0.4:
        id_ = mine.pop(draw.randrange(len(mine)))
        ledger.lives[id_].delete = time.monotonic()
        answer = server.ask("DELETE", "/v1/image", id=id_)
        assert answer.status == 204, answer.body
        ledger.lives[id_].deleted = time.monotonic()
        return
    seed = draw.getrandbits(40)
    id_ = f"{number}-{seed}"
    ledger.lives[id_] = Life(time.monotonic())
    answer = server.upload("/v1/images", [("image", "x", png(seed)), ("id", None, id_.encode())])
    assert answer.status == 201, answer.body
    ledger.lives[id_].added = time.monotonic()
    mine.append(id_)
    (hit,) = server.search(positive=[{"id": id_}], k=1, include_query=True).json["hits"]
    assert hit["similarity"] > 0.99, "what was added is not found at once"


def read(server, ledger, mine, draw) -> None:
    ledger.reads += 1
    since, kind = time.monotonic(), draw.randrange(4)
    if kind == 0:
        listed = server.get("/v1/images", count=1000).json["images"]
        seen = [image["id"] for image in listed]
        ledger.check(seen, since, time.monotonic(), "list", whole=True)
    elif kind == 1:
        hits = server.search(positive=[{"id": "base/0.png"}], k=1000).json["hits"]
        seen = [hit["id"] for hit in hits]
        ledger.check(seen, since, time.monotonic(), "search", whole=True)
        similarities = [hit["similarity"] for hit in hits]
        assert similarities == sorted(similarities, reverse=True)
    elif kind == 2 and mine:
        id_ = draw.choice(mine)
        assert server.get("/v1/image/thumbnail", id=id_).status == 200
    else:
        told = server.get("/v1/facets", columns="label").json
        until = time.monotonic()
        lives = list(ledger.lives.values())
        least = 4 + sum(life.must_be_seen(since, until) for life in lives)
        most = 4 + sum(life.may_be_seen(since, until) for life in lives)
        if not least <= told["images"] <= most:
            ledger.faults.append(f"facets: {told['images']} images, not {least} to {most}")


def a_round(server, ledger: Ledger, seconds: float, *, kill: bool) -> None:
    """Clients at work for so long; in the end the server is killed, or they stop."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=client, args=(server, ledger, number, stop))
        for number in range(CLIENTS)
    ]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    if kill:
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    stop.set()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    assert ledger.faults == []


def rounds(folder, count: int, seconds: float) -> Ledger:
    for seed in range(4):
        photo(folder / "in" / "base" / f"{seed}.png", seed)
    with lookalike.open(folder) as library:
        library.add(folder / "in")
    ledger = Ledger()
    for number in range(count):
        with served(folder) as server:
            since = time.monotonic()
            seen = [image["id"] for image in server.get("/v1/images", count=1000).json["images"]]
            ledger.check(seen, since, since, "after the kill", whole=True)
            for id_, life in ledger.lives.items():
                if life.must_be_seen(since, since):
                    (hit,) = server.search(positive=[{"id": id_}], k=1, include_query=True).json[
                        "hits"
                    ]
                    assert hit["similarity"] > 0.99
            settle(ledger, set(seen))
            a_round(server, ledger, seconds, kill=number < count - 1)
    with lookalike.open(folder, create=False) as library:
        now = time.monotonic()
        ledger.check(library.ids, now, now, "in the end", whole=True)
        assert library.check() == []
    assert ledger.faults == []
    return ledger


def settle(ledger: Ledger, there: set[str]) -> None:
    """What was under way when the server was killed may be done or not; from now on it is known."""
    now = time.monotonic()
    for id_, life in ledger.lives.items():
        if life.added == NEVER and life.delete == NEVER:
            if id_ in there:
                life.added = now
            else:
                life.delete = life.deleted = now
        elif life.delete < NEVER and life.deleted == NEVER:
            if id_ in there:
                life.delete = NEVER
            else:
                life.deleted = now


@pytest.mark.extra
def test_every_read_is_consistent_and_every_acknowledged_write_is_kept(tmp_path):
    ledger = rounds(tmp_path, 3, SECONDS)
    assert ledger.writes >= 10
    assert 0.01 < ledger.writes / (ledger.reads + ledger.writes) < 0.12


@pytest.mark.campaign
def test_the_same_for_long(tmp_path):
    rounds(tmp_path, 20, max(SECONDS, 15.0))
