"""Whose turn it is, on a clock that the test turns by hand."""

from collections import Counter

from yarl import URL

from lookalike.fetch.turns import Job, Turns


def job(host: str, number: int = 0) -> Job:
    return Job("", bytes([number]), URL(f"http://{host}/{number}"))


def test_a_host_has_so_many_at_once() -> None:
    turns = Turns(connections=2, interval=0)
    for number in range(4):
        turns.add(job("a", number))
    first, second = turns.take(0), turns.take(0)
    assert first is not None
    assert second is not None
    assert turns.take(0) is None
    assert turns.next_time() is None
    turns.done(first)
    third = turns.take(0)
    assert third is not None
    assert [one.key[0] for one in (first, second, third)] == [0, 1, 2]
    assert len(turns) == 1


def test_hosts_take_turns() -> None:
    turns = Turns(connections=100, interval=0)
    for number in range(50):
        turns.add(job("long", number))
    for host in ("b", "c"):
        turns.add(job(host))
    taken = [turns.take(0) for _ in range(4)]
    assert {one.host for one in taken if one} == {"long", "b", "c"}


def test_a_host_is_asked_so_often() -> None:
    turns = Turns(connections=100, interval=0.5)
    for number in range(10):
        turns.add(job("a", number))
        turns.add(job("b", number))
    taken: Counter[tuple[str, int]] = Counter()
    now = 0.0
    while len(turns):
        one = turns.take(now)
        if one is None:
            when = turns.next_time()
            assert when is not None
            now = max(now, when)
            continue
        taken[one.host, int(now)] += 1
        turns.done(one)
    assert set(taken.values()) == {2}
    assert now == 4.5


def test_a_pause_and_a_later_try() -> None:
    turns = Turns(connections=1, interval=0)
    turns.add(job("a", 1))
    turns.add(job("a", 2))
    one = turns.take(0)
    assert one is not None
    turns.pause(one, 10)
    turns.add_later(one, 3)
    turns.done(one)
    assert turns.take(9.9) is None
    assert turns.next_time() == 10
    two = turns.take(10)
    assert two is not None
    assert two.key == b"\x02"
    turns.done(two)
    again = turns.take(11)
    assert again is one
    turns.done(again)
    assert len(turns) == 0
    assert turns.next_time() is None


def test_hosts_with_nothing_to_do_are_forgotten() -> None:
    turns = Turns(connections=1, interval=0.1)
    for number in range(50_000):
        now = float(number)
        turns.add(Job("", b"", URL(f"http://h{number}/")))
        one = turns.take(now)
        assert one is not None
        assert turns.is_last(one)
        turns.done(one)
    assert len(turns._hosts) <= 20_001
