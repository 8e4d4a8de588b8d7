"""Recommends to every user of a file of histories, and measures it on what is held out."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import TextIOWrapper
from pathlib import Path
from typing import IO, Any

import numpy as np

from lookalike.errors import UsageError
from lookalike.evaluate.intervals import Difference, Estimate
from lookalike.evaluate.recommendations import Held, Judged, judge
from lookalike.explore.histories import LIKED, SEEN, Histories, ages, hold_out, read_histories
from lookalike.explore.recommend import Block, Mix, Picks, recommend
from lookalike.index.halves import as_floats
from lookalike.library.recommending import Wish
from lookalike.library.shelf import Shelved, shelve
from lookalike.store.cache import replace_file
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Keys

NEWEST = 1000
"""Of a longer history, so many of the newest likes and dislikes count."""
COLUMNS = ("user", "rank", "item", "score", "because", "similarity")
_ROWS_AT_ONCE = 8192
_USERS_AT_ONCE = 512

OnStep = Callable[[str, int, int], object]


def no_step(_step: str, _done: int, _of: int) -> None:
    """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a file of histories: `without` users got fewer than k recommendations."""

    histories: Histories
    recommended: int
    without: int
    nothing: int

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return about(self.histories) | {
            "recommendations": self.recommended,
            "users_with_fewer": self.without,
            "users_with_none": self.nothing,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """How well what was held out is recommended, by each way; `users` were asked."""

    histories: Histories
    users: int
    held_out: int
    catalogue: int
    k: int
    ways: list[Judged]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return about(self.histories) | {
            "evaluated": self.users,
            "held_out": self.held_out,
            "catalogue": self.catalogue,
            "k": self.k,
            "ways": [_judged(way) for way in self.ways],
        }


def about(histories: Histories) -> dict[str, Any]:
    """Plain data on what was read."""
    return {
        "rows": histories.rows,
        "users": len(histories.users),
        "repeated": histories.repeated,
        "untimed": histories.untimed,
        "problems": dict(histories.problems),
        "examples": list(histories.examples),
    }


def write_recommendations(
    store: Store, space: Space, wish: Wish, path: str, out: Path, threshold: float, on_step: OnStep
) -> Written:
    """Write a csv of what is recommended to each user, `COLUMNS`, all of it or nothing.

    Raises `SourceError`, `UsageError`, `UnknownNameError`, `FilterError`.
    """
    shelved = shelve(store, space, wish.where, wish.popularity, wish.popularity_weight)
    histories, ids = _read(store, shelved, path, threshold, on_step)
    _check_times(wish, histories)
    counts = np.zeros(len(histories.users), dtype=np.int64)

    def write(file: IO[bytes]) -> None:
        text = TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(COLUMNS)
        for first, block_items, picks in _picked(shelved, histories, wish, on_step):
            counts[first : first + _USERS_AT_ONCE] += np.bincount(
                picks.users, minlength=_USERS_AT_ONCE
            )[: len(counts) - first]
            writer.writerows(_rows(histories, ids, first, block_items, picks))
        text.flush()
        text.detach()

    replace_file(out, write)
    fewer = int((counts < wish.mix.k).sum())
    return Written(histories, int(counts.sum()), fewer, int((counts == 0).sum()))


def evaluate_histories(
    store: Store,
    space: Space,
    wish: Wish,
    path: str,
    held_out: float,
    threshold: float,
    on_step: OnStep,
) -> Trial:
    """Hold out the end of each history, recommend by what came before, and compare.

    Set against one centre, or several tastes where one is wished for; against what most users
    liked before, and against chance: all of them leave out what the user has seen. Raises as
    `write_recommendations` does.
    """
    shelved = shelve(store, space, wish.where, wish.popularity, wish.popularity_weight)
    histories, _ = _read(store, shelved, path, threshold, on_step)
    _check_times(wish, histories)
    held = hold_out(histories, held_out)
    before, k, count = held.before, wish.mix.k, len(held.users)
    other = replace(wish, mix=replace(wish.mix, tastes=None if wish.mix.tastes == 1 else 1))
    liked = shelved.same[before.items[before.verdicts == LIKED]]
    popularity = np.bincount(liked, minlength=len(shelved.keys))
    usable = np.flatnonzero(shelved.shelf.open)
    popular = usable[np.argsort(-popularity[usable], kind="stable")]
    ways = {
        _name(wish.mix): _lists(shelved, before, wish, on_step),
        _name(other.mix): _lists(shelved, before, other, on_step),
        "most popular": _unseen(shelved, before, popular, k, np.zeros(count, dtype=np.int64)),
        "at random": _unseen(shelved, before, *_shuffled(usable, k, count)),
    }
    truth = Held(held.owners, shelved.same[held.items], count, popularity, len(usable))
    cosine = space.metric == "cosine"
    judged = judge(ways, truth, shelved.shelf.matrix, k, cosine=cosine)
    return Trial(histories, count, len(held.items), len(usable), k, judged)


def _read(
    store: Store, shelved: Shelved, path: str, threshold: float, on_step: OnStep
) -> tuple[Histories, list[str]]:
    facts = store.facts(()).only(shelved.keys)
    numbers = {id_: row for row, id_ in enumerate(facts.ids)}
    return read_histories(path, numbers, threshold=threshold, on_step=on_step), facts.ids


def _check_times(wish: Wish, histories: Histories) -> None:
    if wish.recency is not None and wish.recency.by_time and not histories.timed:
        raise UsageError(
            "The histories have no column `time`: give the half-life as a number of items."
        )


def _picked(
    shelved: Shelved, histories: Histories, wish: Wish, on_step: OnStep
) -> Iterator[tuple[int, Keys, Picks]]:
    """The first user of each block, the items of its rows, and what is picked for its users."""
    counted = histories.verdicts != SEEN
    recency = wish.recency
    weights = histories.verdicts.astype(np.float64)
    if recency is not None:
        weights *= recency.weights(ages(histories, by_time=recency.by_time))
    totals = np.concatenate([[0], np.cumsum(counted)])
    for first, last in _blocks(totals[histories.starts]):
        start, stop = histories.starts[first], histories.starts[last]
        owners = np.repeat(np.arange(last - first), np.diff(histories.starts[first : last + 1]))
        left = totals[histories.starts[first + 1 : last + 1]][owners] - totals[start:stop]
        rows = start + np.flatnonzero(counted[start:stop] & (left <= NEWEST))
        items = histories.items[rows]
        hidden = shelved.same[histories.items[start:stop]]
        order = np.argsort(hidden, kind="stable")
        block = Block(
            vectors=as_floats(shelved.shelf.matrix[items]),
            owners=owners[rows - start],
            weights=weights[rows],
            hidden=hidden[order],
            hidden_from=owners[order],
        )
        yield int(first), items, recommend(shelved.shelf, block, wish.mix)
        on_step("recommending", int(last), len(histories.users))


def _blocks(totals: Keys) -> Iterator[tuple[int, int]]:
    """First and last user of blocks of so many users and rows that they fit into memory."""
    used = np.minimum(np.diff(totals), NEWEST)
    first, rows = 0, 0
    for user, count in enumerate(used.tolist()):
        if user - first >= _USERS_AT_ONCE or (rows + count > _ROWS_AT_ONCE and user > first):
            yield first, user
            first, rows = user, 0
        rows += count
    yield first, len(used)


def _rows(
    histories: Histories, ids: Sequence[str], first: int, items: Keys, picks: Picks
) -> Iterator[tuple[object, ...]]:
    ranks = np.arange(len(picks.users)) - np.searchsorted(picks.users, picks.users) + 1
    for place, user in enumerate(picks.users.tolist()):
        because = int(picks.because[place])
        yield (
            histories.users[first + user],
            int(ranks[place]),
            ids[picks.rows[place]],
            f"{picks.scores[place]:.6f}",
            "" if because < 0 else ids[items[because]],
            "" if because < 0 else f"{picks.similarities[place]:.6f}",
        )


def _lists(shelved: Shelved, histories: Histories, wish: Wish, on_step: OnStep) -> Keys:
    """The rows (u, k) recommended to each user, -1 where there are fewer."""
    found = np.full((len(histories.users), wish.mix.k), -1, dtype=np.int64)
    for first, _, picks in _picked(shelved, histories, wish, on_step):
        places = np.arange(len(picks.users)) - np.searchsorted(picks.users, picks.users)
        found[first + picks.users, places] = picks.rows
    return found


def _unseen(shelved: Shelved, histories: Histories, order: Keys, k: int, turns: Keys) -> Keys:
    """The first k rows (u, k) of an order that each user has not seen, from a place on."""
    found = np.full((len(histories.users), k), -1, dtype=np.int64)
    for user, turn in enumerate(turns.tolist()):
        seen = shelved.same[histories.items[slice(*histories.starts[user : user + 2])]]
        some = order.take(np.arange(turn, turn + min(len(order), k + len(seen))), mode="wrap")
        left = some[~np.isin(some, seen)][:k]
        found[user, : len(left)] = left
    return found


def _shuffled(rows: Keys, k: int, users: int) -> tuple[Keys, int, Keys]:
    """Rows in a random order, and a random place in it for each user."""
    chance = np.random.default_rng(0)
    return chance.permutation(rows), k, chance.integers(0, max(1, len(rows)), users)


def _name(mix: Mix) -> str:
    if mix.tastes == 1:
        return "one centre"
    return "several tastes" if mix.tastes is None else f"{mix.tastes} tastes"


def _judged(way: Judged) -> dict[str, Any]:
    estimates = {name: _numbers(estimate) for name, estimate in way.estimates.items()}
    found: dict[str, Any] = {"name": way.name, **estimates, "coverage": round(way.coverage, 6)}
    if way.against is not None:
        found["ndcg_against_first"] = _numbers(way.against) | {"p": round(way.against.p, 6)}
    return found


def _numbers(one: Estimate | Difference) -> dict[str, float]:
    return {name: round(getattr(one, name), 6) for name in ("value", "low", "high")}
