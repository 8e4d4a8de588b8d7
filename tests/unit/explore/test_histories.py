"""Histories as they are read, weighed by age, and cut for a trial; each by hand."""

import numpy as np
import pytest

from lookalike.errors import SourceError, UsageError
from lookalike.evaluate.recommendations import Held, judge
from lookalike.explore.histories import UNTIMED, ages, hold_out, read_histories
from lookalike.explore.recency import parse_recency

NUMBERS = {"a": 0, "b": 1, "c": 2, "d": 3, "dress-1": 4}
DAY = 86_400 * 1_000_000


def read(tmp_path, text, **options):
    path = tmp_path / "histories.csv"
    path.write_text(text, encoding="utf-8")
    return read_histories(str(path), NUMBERS, **options)


def of(histories, user):
    place = histories.users.index(user)
    rows = slice(*histories.starts[place : place + 2])
    return histories.items[rows].tolist(), histories.verdicts[rows].tolist()


def test_rows_come_by_user_and_time_each_item_once(tmp_path):
    found = read(
        tmp_path,
        "user,item,time,verdict\n"
        "u,a,2024-03-01,liked\n"
        "w,c,5,5\n"
        "u,b,2024-01-01,0\n"
        "u,id:c,nan,seen\n"
        "u,d,,\n"
        "u,a,2024-02-01,no\n"
        "w,c,4,yes\n",
    )
    assert found.users == ["u", "w"]
    assert of(found, "u") == ([2, 3, 1, 0], [0, 1, -1, 1]), "without a time is oldest"
    assert of(found, "w") == ([2], [1])
    assert (found.rows, found.repeated, found.untimed, found.timed) == (7, 2, 2, True)


def test_what_cannot_be_used_is_counted_and_named_with_the_nearest_id(tmp_path):
    found = read(
        tmp_path,
        "user,item,verdict\nu,a,1\n,a,1\nu,,1\nu,dress1,1\nu,b,nan\nu,b,perhaps\nu,c\n",
    )
    assert dict(found.problems) == {
        "no user": 1, "no item": 1, "unknown item": 1, "no verdict": 2, "not a row": 1,
    }  # fmt: skip
    assert any("'dress1'" in line and "dress-1" in line for line in found.examples)
    assert found.rows == 7


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("", SourceError, "names of its columns"),
        ("user,item\n", SourceError, "No row"),
        ("user,item\nu,nothing\n", SourceError, "nothing"),
        ("users,item\nu,a\n", UsageError, "users"),
    ],
)
def test_a_file_without_histories_is_refused(tmp_path, text, error, said):
    with pytest.raises(error, match=said):
        read(tmp_path, text)


def test_a_threshold_for_ratings(tmp_path):
    text = "user,item,verdict\nu,a,3\nu,b,4\nu,c,4.5\n"
    assert of(read(tmp_path, text, threshold=4), "u")[1] == [-1, 1, 1]


def test_age_in_rows_and_in_days(tmp_path):
    found = read(
        tmp_path,
        "user,item,time\nu,a,2024-01-01\nu,b,2024-01-11\nu,c,2024-01-31\nu,d,\nw,a,nan\n",
    )
    assert ages(found, by_time=False).tolist() == [3, 2, 1, 0, 0]
    assert (ages(found, by_time=True) // DAY).tolist() == [30, 30, 20, 0, 0]
    assert found.times[-1] == UNTIMED
    half = parse_recency("10d").weights(ages(found, by_time=True))
    assert half == pytest.approx([1 / 8, 1 / 8, 1 / 4, 1, 1])
    assert parse_recency(2).weights(np.array([0, 2, 4])) == pytest.approx([1, 0.5, 0.25])
    assert parse_recency("1").weights(np.array([10**6]))[0] > 0


@pytest.mark.parametrize("text", ["0", "-1", "nan", "10x", "", "d"])
def test_what_is_no_half_life(text):
    with pytest.raises(UsageError, match="half-life"):
        parse_recency(text)


def test_holding_out_leaves_nothing_that_came_later(tmp_path):
    found = read(
        tmp_path,
        "user,item,verdict\n"
        "u,a,1\nu,b,0\nu,c,1\nu,d,0\n"  # c is held out, and d came after it
        "w,a,1\nw,b,0\n"  # one like: nothing to hold out
        "x,a,1\nx,b,1\nx,c,1\nx,d,1\n",
    )
    held = hold_out(found, 1)
    assert held.before.users == ["u", "x"]
    assert of(held.before, "u") == ([0, 1], [1, -1])
    assert of(held.before, "x") == ([0, 1, 2], [1, 1, 1])
    assert (held.owners.tolist(), held.items.tolist()) == ([0, 1], [2, 3])
    half = hold_out(found, 0.5)
    assert of(half.before, "x")[0] == [0, 1]
    assert half.items.tolist() == [2, 2, 3]
    for much in (0, -1, 1.5, float("nan"), 9):
        with pytest.raises(UsageError, match=r"[Hh]old out|held out"):
            hold_out(found, much)


def test_the_figures_of_a_trial_by_hand():
    matrix = np.eye(4, dtype=np.float16)
    held = Held(np.array([0, 0, 1]), np.array([1, 3, 2]), 2, np.array([1, 0, 0, 0]), 4)
    ways = {"one": np.array([[1, 0], [0, 2]]), "other": np.array([[0, -1], [-1, -1]])}
    one, other = judge(ways, held, matrix, 2)
    discount = 1 / np.log2(3)
    assert one.estimates["recall@2"].value == pytest.approx((1 / 2 + 1) / 2)
    assert one.estimates["hit@2"].value == 1
    assert one.estimates["mrr"].value == pytest.approx((1 + 1 / 2) / 2)
    assert one.estimates["ndcg@2"].value == pytest.approx((1 / (1 + discount) + discount) / 2)
    rare, known = -np.log2(1 / 3), -np.log2(2 / 3)
    assert one.estimates["novelty"].value == pytest.approx((rare + known) / 2)
    assert one.estimates["diversity"].value == pytest.approx(1)
    assert (one.coverage, other.coverage) == (3 / 4, 1 / 4)
    assert other.estimates["recall@2"].value == 0
    assert one.against is None
    assert other.against.value == pytest.approx(-one.estimates["ndcg@2"].value)
