"""Evaluations of small libraries: against brute force, with odd labels, splits and verdicts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_library import clusters, make_store

from lookalike.errors import SourceError, UnknownNameError, UsageError
from lookalike.evaluate.report import report_page
from lookalike.library.evaluating import evaluate_library
from lookalike.library.evaluation_plan import Plan
from lookalike.store.records import Verdict
from lookalike.store.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    vectors, labels = clusters([14, 9, 6, 1], 8, 1.0, 3)
    noise = np.random.default_rng(5).normal(size=vectors.shape)
    senders = [{"sender": i % 5, "colour": "red" if i % 2 else "blue"} for i in range(30)]
    return make_store(tmp_path, vectors, labels, senders, {"noise": noise})


def brute(store: Store, hidden: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    matrix = np.asarray(store.compact(store.space())[0]).astype(np.float64)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    scores = matrix @ matrix.T
    scores[hidden] = -np.inf
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(scores, order, axis=1) > -np.inf


def test_precision_is_that_of_brute_force(store: Store) -> None:
    found = evaluate_library(store, Plan(k=5))
    labels = np.array(store.facts(["label"]).values["label"])
    order, _ = brute(store, np.eye(30, dtype=bool), 5)
    expected = (labels[order] == labels[:, None]).mean(axis=1)
    assert found.contenders[0].measured.values["precision@5"] == pytest.approx(expected, abs=1e-12)
    estimate = found["precision@5"]
    assert estimate.value == pytest.approx(expected.mean(), abs=1e-12)
    assert estimate.low < estimate.value < estimate.high
    assert (found.unanswerable, found.queries, found.gallery) == (1, 30, 30)


def test_a_group_never_answers_itself(store: Store) -> None:
    found = evaluate_library(store, Plan(k=5, group="sender"))
    senders = np.arange(30) % 5
    labels = np.array(store.facts(["label"]).values["label"])
    order, there = brute(store, senders[:, None] == senders[None, :], 5)
    expected = ((labels[order] == labels[:, None]) & there).mean()
    assert found["precision@5"].value == pytest.approx(expected, abs=1e-12)


def test_dropped_and_missing_labels_are_left_out(tmp_path: Path) -> None:
    vectors, labels = clusters([8, 8, 4], 6, 0.5, 1)
    odd = [*labels[:18], "  ", None]
    found = evaluate_library(make_store(tmp_path, vectors, odd), Plan(k=3, drop=["kind 1"]))
    assert (found.queries, found.gallery, found.left_out) == (10, 10, 10)


def test_a_filter_leaves_only_what_holds(store: Store) -> None:
    found = evaluate_library(store, Plan(k=3, where="sender < 2"))
    assert (found.queries, found.gallery, found.left_out) == (12, 12, 0)
    with pytest.raises(UsageError, match="prize"):
        evaluate_library(store, Plan(where="prize = 1"))


def test_classes_confusions_and_hubs_add_up(store: Store) -> None:
    one = evaluate_library(store, Plan(k=4)).contenders[0]
    assert sum(row.queries for row in one.classes) == 30
    assert {row.name for row in one.classes} == {f"kind {i}" for i in range(4)}
    votes = one.measured.values["knn-accuracy"]
    assert one.figures["knn-accuracy"].value == pytest.approx(votes.mean())
    macro = np.mean([row.accuracy for row in one.classes])
    assert one.figures["macro-accuracy"].value == pytest.approx(macro)
    assert all(0 < row.share <= 1 and row.name != row.other for row in one.confusions)
    times = np.bincount(one.measured.top.ravel(), minlength=30)
    assert one.hubs.counts[0] == times.max()
    assert one.hubs.never == (times == 0).sum()


def test_a_better_space_is_told_from_noise_and_gets_the_weight(store: Store) -> None:
    plan = Plan(k=5, spaces=["main", "noise", "main=1+noise=1"], metric="map")
    found = evaluate_library(store, plan)
    (against, _, _) = found.comparisons
    assert (against.first, against.second, against.real) == ("main", "noise", True)
    assert against.difference.high < 0
    tuned = evaluate_library(store, Plan(k=5, spaces=["main", "noise"], metric="map", tune=True))
    assert tuned.weights is not None
    assert tuned.weights["main"] == 1
    assert tuned.weights.get("noise", 0) < 0.5
    assert tuned.queries in (15, 16)


def test_two_of_the_same_do_not_differ(store: Store) -> None:
    found = evaluate_library(store, Plan(spaces=["main", "main=2+noise=0"]))
    (comparison,) = found.comparisons
    assert (comparison.difference.value, comparison.real) == (0, False)


def test_a_split_by_column_that_leaks_is_said(store: Store) -> None:
    found = evaluate_library(store, Plan(k=3, split="colour=red", group="sender"))
    assert (found.queries, found.gallery) == (15, 15)
    assert "leaks: 15 queries have the same sender" in found.warnings[0]


def test_a_fraction_keeps_classes_and_groups_whole(store: Store) -> None:
    alone = evaluate_library(store, Plan(split=0.3))
    assert alone.queries == 4 + 3 + 2
    grouped = evaluate_library(store, Plan(split=0.4, group="sender"))
    senders = np.arange(30) % 5
    asked = grouped.contenders[0].measured.queries
    assert grouped.queries == 12
    assert len(set(senders[asked])) == 2


def test_verdicts_of_the_library_and_of_files(store: Store, tmp_path: Path) -> None:
    store.judge([Verdict("i000", "i001", 2.0), Verdict("i000", "i020", 0.0)])
    own = evaluate_library(store, Plan(judgements="library"))
    assert (own.queries, own.gallery) == (1, 30)
    table = tmp_path / "verdicts.csv"
    table.write_text("query,image,verdict\ni000,i001,2\nid:i000,i020,no\ni000,i001,1\nx,i001,1\n")
    found = evaluate_library(store, Plan(judgements=table))
    assert found["map"].value == own["map"].value
    assert "contradict" in found.warnings[0]
    assert "not in the library" in found.warnings[1]
    qrels = tmp_path / "qrels.txt"
    qrels.write_text("i000 0 i001 2\ni000 0 i020 0\n\n")
    assert evaluate_library(store, Plan(judgements=qrels))["map"].value == own["map"].value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "query,image\ni000,i001\n", "no column verdict"),
        ("a.csv", "query,image,verdict\ni000,i001,maybe\n", "line 2: 'maybe' is no verdict"),
        ("a.csv", "query,image,verdict\ni000,i001,nan\n", "no verdict"),
        ("a.qrels", "i000 0 i001\n", "line 1: 3 words"),
    ],
)
def test_bad_files_of_verdicts(
    store: Store, tmp_path: Path, name: str, text: str, message: str
) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(SourceError, match=message):
        evaluate_library(store, Plan(judgements=tmp_path / name))


def test_a_file_of_verdicts_that_is_not_there(store: Store, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        evaluate_library(store, Plan(judgements=tmp_path / "none.qrels"))


@pytest.mark.parametrize(
    ("plan", "error", "message"),
    [
        (Plan(truth=["kind"]), UnknownNameError, "column 'kind'"),
        (Plan(k=0), UsageError, "at least 1"),
        (Plan(metric="f1"), UnknownNameError, "metric 'f1'"),
        (Plan(spaces=["other"]), UnknownNameError, "space 'other'"),
        (Plan(spaces=["main=x"]), UsageError, "main=1"),
        (Plan(spaces=["main=0"]), UsageError, "all zero"),
        (Plan(spaces=["main", "main"]), UsageError, "twice"),
        (Plan(split="colour"), UsageError, "COLUMN=VALUE"),
        (Plan(split="colour=green"), UsageError, "0 queries"),
        (Plan(split=1.5), UsageError, "between 0 and 1"),
        (Plan(tune=True), UsageError, "two or more"),
        (Plan(judgements="library"), UsageError, "No judgement"),
        (Plan(drop=[f"kind {i}" for i in range(4)]), UsageError, "nothing tells a match"),
        (Plan(drop=["kind 1", "kimd 2"]), UnknownNameError, "'kimd 2'. Did you mean kind"),
    ],
)
def test_what_cannot_be_evaluated(
    store: Store, plan: Plan, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        evaluate_library(store, plan)


def test_one_class_is_said_to_prove_nothing(tmp_path: Path) -> None:
    vectors, _ = clusters([6], 4, 0.5, 0)
    found = evaluate_library(make_store(tmp_path, vectors, ["dress"] * 6), Plan(k=2))
    assert found["precision@2"].value == 1
    assert "any answer is right" in found.warnings[0]


def test_one_image_a_class_finds_nothing(tmp_path: Path) -> None:
    vectors, labels = clusters([1] * 6, 4, 0.5, 0)
    found = evaluate_library(make_store(tmp_path, vectors, labels), Plan(k=2))
    assert {name: figure.value for name, figure in found.contenders[0].figures.items()} == (
        dict.fromkeys(found.contenders[0].figures, 0.0)
    )
    assert found.unanswerable == 6


def test_the_report_escapes_what_it_shows(tmp_path: Path) -> None:
    vectors, labels = clusters([6, 6], 4, 1.0, 0)
    labels = [label.replace("kind", "<script>alert(1)</script>") for label in labels]
    page = report_page(
        evaluate_library(make_store(tmp_path, vectors, labels), Plan(k=3)), lambda _: None
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "No picture" in page


def test_json_and_rows_hold_every_figure(store: Store) -> None:
    found = evaluate_library(store, Plan(k=3, spaces=["main", "noise"]))
    data = found.as_dict()
    assert data["contenders"][1]["name"] == "noise"
    assert set(data["contenders"][0]["figures"]["map"]) == {"value", "low", "high"}
    rows = list(found.rows())
    assert len(rows) == 60
    assert np.mean([row["map"] for row in rows[:30]]) == pytest.approx(found["map"].value)
