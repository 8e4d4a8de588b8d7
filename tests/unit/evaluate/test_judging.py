"""Judging: pairs are drawn with the chances that are said, and estimates hold what is true."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_library import clusters, make_store

from lookalike.errors import UsageError
from lookalike.evaluate.guess import fit_guess
from lookalike.evaluate.judge_page import judge_page
from lookalike.evaluate.pairs import Pairs, pairs_of
from lookalike.evaluate.sampling import Batch, draw, estimate, for_all_queries, still_needed
from lookalike.library.judging import Judging
from lookalike.library.verdicts import take_verdicts
from lookalike.store.records import Verdict
from lookalike.store.store import Store


def drawn_pairs(count: int, k: int, seed: int = 0) -> tuple[Pairs, np.ndarray]:
    """Pairs of drawn vectors, and whether the two are of one kind."""
    vectors, labels = clusters([count // 8] * 8, 6, 0.9, seed)
    vectors = vectors.astype(np.float32)
    scores = vectors @ vectors.T
    np.fill_diagonal(scores, -np.inf)
    top = np.argsort(-scores, axis=1)[:, :k]
    queries, images = np.repeat(np.arange(len(vectors)), k), top.ravel()
    ranks = np.tile(np.arange(k), len(vectors))
    pairs = pairs_of(queries, images, scores[queries, images], ranks, vectors, "cosine")
    kinds = np.array(labels)
    return pairs, (kinds[queries] == kinds[images]).astype(float)


def test_every_pair_is_drawn_as_often_as_its_chance_says() -> None:
    pairs, truth = drawn_pairs(40, 3)
    judged = np.arange(0, 60, 3)
    times, promised = np.zeros(len(pairs)), np.zeros(len(pairs))
    for seed in range(600):
        drawn, chances = draw(pairs, judged, truth[judged], 20, np.random.default_rng(seed))
        assert len(drawn) in (19, 20, 21)
        times[drawn] += 1
        promised[drawn] = chances
    assert (times[judged] == 0).all()
    seen = promised > 0
    assert seen.sum() == len(pairs) - len(judged)
    error = (times[seen] / 600 - promised[seen]) / np.sqrt(promised[seen] / 600)
    assert np.abs(error).max() < 4.5


def test_the_estimate_is_unbiased_and_its_interval_honest() -> None:
    pairs, truth = drawn_pairs(80, 4)
    values, held = [], 0
    for seed in range(60):
        generator, batches = np.random.default_rng(seed), []
        for _ in range(2):
            judged = np.concatenate([np.empty(0, np.int64), *(b.drawn for b in batches)])
            drawn, chances = draw(pairs, judged, truth[judged], 40, generator)
            batches.append(Batch(drawn, chances, truth[drawn]))
        found = estimate(pairs, batches)
        values.append(found.value)
        held += found.low <= truth.mean() <= found.high
    assert abs(np.mean(values) - truth.mean()) < 4 * np.std(values) / np.sqrt(60)
    assert held >= 52


def test_guesses_make_the_interval_narrower_than_random_sampling() -> None:
    pairs, truth = drawn_pairs(400, 5)
    widths = []
    for seed in range(3):
        generator, batches = np.random.default_rng(seed), []
        for _ in range(6):
            judged = np.concatenate([np.empty(0, np.int64), *(b.drawn for b in batches)])
            drawn, chances = draw(pairs, judged, truth[judged], 50, generator)
            batches.append(Batch(drawn, chances, truth[drawn]))
        found = estimate(pairs, batches)
        widths.append((found.high - found.low) / 2)
    at_random = 1.96 * np.sqrt(truth.var() / 300 * (1 - 300 / len(pairs)))
    assert np.mean(widths) < 0.96 * at_random


def test_unanswered_pairs_only_widen_the_interval() -> None:
    pairs, truth = drawn_pairs(160, 5)
    drawn, chances = draw(pairs, np.empty(0, np.int64), np.empty(0), 200, np.random.default_rng(0))
    full = estimate(pairs, [Batch(drawn, chances, truth[drawn])])
    some = truth[drawn].copy()
    some[80:] = np.nan
    part = estimate(pairs, [Batch(drawn, chances, some)])
    assert part.low < truth.mean() < part.high
    assert part.high - part.low > full.high - full.low
    nothing = estimate(pairs, [Batch(drawn, chances, np.full(len(drawn), np.nan))])
    assert (nothing.low, nothing.high) == (0.0, 1.0)


def test_all_judged_is_exact() -> None:
    pairs, truth = drawn_pairs(16, 2)
    batches, generator = [], np.random.default_rng(0)
    for _ in range(10):
        judged = np.concatenate([np.empty(0, np.int64), *(b.drawn for b in batches)])
        drawn, chances = draw(pairs, judged, truth[judged], 9, generator)
        batches.append(Batch(drawn, chances, truth[drawn]))
    found = estimate(pairs, batches)
    assert (found.value, found.low, found.high) == (truth.mean(),) * 3


def test_guesses_are_never_certain_and_bear_one_sided_verdicts() -> None:
    pairs, _ = drawn_pairs(16, 2)
    every = np.arange(len(pairs))
    for verdicts in (np.ones(len(pairs)), np.zeros(len(pairs))):
        chances = fit_guess(pairs, every, verdicts)(every)
        assert ((chances > 0.02) & (chances < 0.98)).all()
    assert (fit_guess(pairs, every[:0], np.empty(0))(every) == 0.5).all()


def test_how_many_are_missing() -> None:
    pairs, truth = drawn_pairs(160, 5)
    drawn, chances = draw(pairs, np.empty(0, np.int64), np.empty(0), 100, np.random.default_rng(0))
    found = estimate(pairs, [Batch(drawn, chances, truth[drawn])])
    half = (found.high - found.low) / 2
    assert still_needed(found, 100, half + 1e-9, len(pairs)) == 0
    more = still_needed(found, 100, half / 2, len(pairs))
    assert 150 < more < 300
    assert still_needed(found, 100, 1e-6, len(pairs)) <= len(pairs) - 100
    assert for_all_queries(found, 10, 10) == found
    assert for_all_queries(found, 10, 1000).high > found.high


@pytest.fixture
def store(tmp_path: Path) -> Store:
    vectors, labels = clusters([12, 10, 8], 8, 1.2, 3)
    return make_store(tmp_path, vectors, labels)


def test_a_person_answers_and_the_figure_is_that_of_the_labels(store: Store) -> None:
    facts = store.facts(["label"])
    labels = dict(zip(facts.ids, facts.values["label"], strict=True))
    judging = Judging(store, store.space(), 3)
    assert judging.standing(0.03).judged == 0
    rights, asked = [], 0
    while proposals := judging.propose(40):
        assert judging.propose(40) == proposals  # not answered, so asked again
        asked += len(proposals)
        rights += [labels[one.query] == labels[one.image] for one in proposals]
        store.judge(
            Verdict(one.query, one.image, float(labels[one.query] == labels[one.image]))
            for one in proposals
        )
        if asked < 90:
            standing = judging.standing(0.03)
            assert standing.judged == asked
            assert standing.needed > 0
    assert asked == 90
    standing = judging.standing(0.03)
    assert standing.precision.value == pytest.approx(np.mean(rights))
    assert (standing.precision.high - standing.precision.low, standing.needed) == (0, 0)


def test_verdicts_of_another_neighbourhood_help_but_are_no_draws(store: Store) -> None:
    wide, narrow = Judging(store, store.space(), 5), Judging(store, store.space(), 3)
    store.judge(Verdict(one.query, one.image, 1.0) for one in wide.propose(60))
    standing = narrow.standing(0.03)
    assert standing.judged == 0
    assert standing.others > 0
    assert (standing.precision.low, standing.precision.high) == (0.0, 1.0)


def test_verdicts_of_a_file_are_kept_and_others_named(store: Store, tmp_path: Path) -> None:
    table = tmp_path / "verdicts.csv"
    table.write_text("query,image,verdict\ni000,i001,1\ni000,i002,\nnew,i001,1\n")
    taken = take_verdicts(store, table)
    assert (taken.kept, taken.replaced) == (1, 0)
    assert "new" in taken.warnings[0]
    assert store.judgements() == [Verdict("i000", "i001", 1.0)]
    table.write_text("query,image,verdict\ni000,i001,0\n")
    assert take_verdicts(store, table).replaced == 1


def test_what_cannot_be_judged(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="at least 1"):
        Judging(store, store.space(), 0)
    with pytest.raises(UsageError, match="between 0 and 1"):
        Judging(store, store.space(), 3).standing(0)
    vectors, labels = clusters([1], 4, 1.0, 0)
    lonely = make_store(tmp_path / "lonely", vectors, labels)
    with pytest.raises(UsageError, match="fewer than two"):
        Judging(lonely, lonely.space(), 3)


def test_the_page_keeps_hostile_ids_as_text() -> None:
    page = judge_page([('"><script>alert(1)</script>', "b")], lambda _: None, "Is it?")
    assert page.count("<script") == 1
    assert "&lt;script&gt;alert" in page
