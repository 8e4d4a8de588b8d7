"""Judging: which pairs to show a person, what the verdicts say so far, how many are missing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lookalike.errors import UsageError
from lookalike.evaluate.guess import fit_guess
from lookalike.evaluate.intervals import Estimate
from lookalike.evaluate.metrics import Doubles
from lookalike.evaluate.pairs import Pairs, pairs_of
from lookalike.evaluate.ranking import Ranker, View, ordered, query_blocks
from lookalike.evaluate.sampling import Batch, draw, estimate, for_all_queries, still_needed
from lookalike.evaluate.split import leave_one_out, some_queries
from lookalike.evaluate.truth import MISSING
from lookalike.index.scores import similarity
from lookalike.store.records import Draw, Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys

MOST_QUERIES = 5000
MATCH = 1.0
"""The verdict from which on a pair is a match."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A pair to be judged; `guess` is the chance of a match as far as it can be guessed."""

    query: str
    image: str
    similarity: float
    guess: float


@dataclass(frozen=True, slots=True)
class Standing:
    """What the verdicts say: the precision at k, and how many verdicts it took and will take.

    `judged` counts verdicts on drawn pairs, `others` those on other pairs of the universe,
    `needed` the further ones for an interval of +/- `width`.
    """

    space: str
    k: int
    precision: Estimate
    judged: int
    others: int
    pairs: int
    width: float
    needed: int


class Judging:
    """The pairs of the k nearest of a library's images, and the verdicts on them.

    Above 5,000 images, pairs of so many queries drawn at random stand for all.
    """

    def __init__(self, store: Store, space: Space, k: int) -> None:
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        self._store = store
        self._space = space
        self._k = k
        self._matrix, keys = store.compact(space)
        if len(keys) < 2:
            raise UsageError("There is nothing to judge: fewer than two images have vectors.")
        self._facts = store.facts(["id"]).only(keys)
        self._queries, self._images, self._scores, self._ranks = self._found()
        ids = self._facts.ids
        named = zip(self._queries.tolist(), self._images.tolist(), strict=True)
        self._names = [(ids[query], ids[image]) for query, image in named]
        self._number = {pair: number for number, pair in enumerate(self._names)}

    def propose(self, count: int) -> list[Proposal]:
        """Up to `count` pairs to be judged: those drawn and not answered yet, or new ones."""
        batches, judged, verdicts = self._batches(), *self._known()
        open_ = [
            number for batch in batches for number in batch.drawn[np.isnan(batch.verdicts)].tolist()
        ]
        if not open_:
            generator = np.random.default_rng(len(batches))
            drawn, chances = draw(self._pairs, judged, verdicts, count, generator)
            draws = [
                Draw(self._names[number][0], self._names[number][1], float(chance))
                for number, chance in zip(drawn, chances, strict=True)
            ]
            if draws:
                self._store.add_draws(self._universe, draws)
            open_ = sorted(drawn.tolist(), key=self._shuffled)
        shown = np.array(open_[:count], dtype=np.int64)
        guesses = fit_guess(self._pairs, judged, verdicts)(shown)
        return [
            self._proposal(int(number), float(guess))
            for number, guess in zip(shown, guesses, strict=True)
        ]

    def standing(self, width: float) -> Standing:
        """What the verdicts say by now."""
        if not 0 < width < 1:
            raise UsageError(f"The width of an interval lies between 0 and 1; it is {width:g}.")
        batches, (judged, verdicts) = self._batches(), self._known()
        drawn = np.concatenate([batch.answered.drawn for batch in batches] or [judged[:0]])
        other = ~np.isin(judged, drawn)
        found = for_all_queries(
            estimate(self._pairs, batches, (judged[other], verdicts[other])),
            len(np.unique(self._queries)),
            len(self._facts.ids),
        )
        return Standing(
            space=self._space.name,
            k=self._k,
            precision=found,
            judged=len(drawn),
            others=int(other.sum()),
            pairs=len(self._names),
            width=width,
            needed=still_needed(found, len(drawn), width, len(self._names)),
        )

    def _proposal(self, number: int, guess: float) -> Proposal:
        query, image = self._names[number]
        score = self._scores[number : number + 1]
        bits = self._space.dim
        return Proposal(
            query, image, float(similarity(score, self._space.metric, bits=bits)[0]), guess
        )

    def _found(self) -> tuple[Keys, Keys, Floats, Keys]:
        """Query and image rows of all pairs, their scores and ranks."""
        rows = np.arange(len(self._facts.ids))
        groups = np.full(len(rows), MISSING, dtype=np.int64)
        split = some_queries(leave_one_out(rows, self._facts.contents, groups), MOST_QUERIES)
        ranker = Ranker([View(self._matrix, None, self._space.metric)], split)
        found: list[tuple[Keys, Keys, Floats, Keys]] = []
        for queries in query_blocks(split):
            scores = ranker.scores(queries)
            best = ordered(scores)[:, : self._k]
            top = np.take_along_axis(scores, best, axis=1)
            place, rank = np.nonzero(np.isfinite(top))
            images = split.gallery[best[place, rank]]
            found.append((queries[place], images, top[place, rank], rank.astype(np.int64)))
        queries, images, scores, ranks = (
            np.concatenate(column) for column in zip(*found, strict=True)
        )
        return queries, images, scores, ranks

    @cached_property
    def _pairs(self) -> Pairs:
        columns = (self._queries, self._images, self._scores, self._ranks)
        return pairs_of(*columns, self._matrix, self._space.metric)

    @cached_property
    def _universe(self) -> str:
        """Names the pairs: draws from other pairs do not count as draws from these."""
        lines = "\n".join(f"{query}\t{image}" for query, image in self._names)
        return f"{self._space.name} {self._k} {hashlib.sha256(lines.encode()).hexdigest()[:16]}"

    def _verdicts(self) -> dict[tuple[str, str], float]:
        return {
            (one.query, one.image): float(one.verdict >= MATCH) for one in self._store.judgements()
        }

    def _known(self) -> tuple[Keys, Doubles]:
        """Numbers and verdicts of the pairs that were judged, drawn or not."""
        known = {
            self._number[pair]: verdict
            for pair, verdict in self._verdicts().items()
            if pair in self._number
        }
        verdicts = np.array(list(known.values()), dtype=np.float64)
        return np.array(list(known), dtype=np.int64), verdicts

    def _batches(self) -> list[Batch]:
        verdicts = self._verdicts()
        batches = []
        for draws in self._store.draws(self._universe):
            chances = {self._number[one.query, one.image]: one.chance for one in draws}
            drawn = sorted(chances, key=self._shuffled)
            batches.append(
                Batch(
                    np.array(drawn, dtype=np.int64),
                    np.array([chances[number] for number in drawn]),
                    np.array([verdicts.get(self._names[number], np.nan) for number in drawn]),
                )
            )
        return batches

    def _shuffled(self, number: int) -> bytes:
        """Sorts pairs at random, always the same way: who stops early answered a random part."""
        return hashlib.sha256("\t".join(self._names[number]).encode()).digest()
