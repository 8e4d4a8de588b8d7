import tracemalloc
from contextlib import closing

from lookalike.sources.seen import Earlier, Seen


def test_the_first_offer_is_remembered() -> None:
    with closing(Seen()) as seen:
        assert seen.earlier("a", 1, "x", "r") is None
        assert seen.earlier("b", 2, "x", "r") is None
        assert seen.earlier("a", 3, "x", "r") == Earlier(1, same_place=True, same_values=True)
        assert seen.earlier("a", 4, "x", "s") == Earlier(1, same_place=True, same_values=False)
        assert seen.earlier("a", 5, "y", "r") == Earlier(1, same_place=False, same_values=True)


def test_memory_does_not_grow_with_the_number_of_ids() -> None:
    tracemalloc.start()
    try:
        with closing(Seen()) as seen:
            for i in range(20_000):
                seen.earlier(f"{i:0200}", i, "place")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 500_000
