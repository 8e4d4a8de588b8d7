"""Evaluates a library: gathers truth, split and spaces, measures each way of searching."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from lookalike.errors import UsageError
from lookalike.evaluate.contenders import Mix, parse_mix
from lookalike.evaluate.evaluation import Comparison, Contender, Evaluation
from lookalike.evaluate.intervals import LEVEL, bootstrap, holm, paired
from lookalike.evaluate.measure import Measured, Progress, measure
from lookalike.evaluate.metrics import metric_name
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import (
    Split,
    by_flag,
    by_fraction,
    halves,
    leaks,
    leave_one_out,
    some_queries,
)
from lookalike.evaluate.tables import class_rows, confusions, hubs, macro_rows, worst_queries
from lookalike.evaluate.truth import MISSING, Agreement, Judged, Truth, codes_of
from lookalike.library.verdicts import verdicts_of
from lookalike.search.filters.resolve import filtered
from lookalike.store.facts import Facts
from lookalike.store.store import Store
from lookalike.types import Keys

MOST_QUERIES = 20_000
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How to evaluate. See `Library.evaluate` for each."""

    truth: Sequence[str] = ("label",)
    judgements: str | os.PathLike[str] | None = None
    graded: bool = False
    threshold: float = 1.0
    spaces: Sequence[str] = ()
    k: int = 10
    metric: str = "precision"
    split: str | float | None = None
    group: str | None = None
    drop: Collection[str] = ()
    where: str | None = None
    queries: int = MOST_QUERIES
    tune: bool = False
    level: float = LEVEL


def evaluate_library(
    store: Store, plan: Plan, progress: Progress = lambda _done, _of: None
) -> Evaluation:
    """Measure every contender on the same queries. Raises as `Library.evaluate` says."""
    if plan.k < 1 or plan.queries < 1:
        raise UsageError(f"k and the number of queries are at least 1, not {plan.k}.")
    chosen = metric_name(plan.metric, plan.k)
    mixes = [parse_mix(text) for text in plan.spaces or [store.space().name]]
    if len({mix.name for mix in mixes}) < len(mixes):
        raise UsageError("The same space is named twice: name each way of searching once.")
    named = [*plan.truth, plan.group, _split_column(plan.split)]
    facts = store.facts(["label", *(name for name in named if name)])
    known = _common_keys(store, mixes)
    if plan.where is not None:
        allowed = filtered(store.column_cache, plan.where).keys
        known = np.intersect1d(known, allowed)
    facts = facts.only(known)
    warnings: list[str] = []
    truth, classes, names = _truth(store, plan, facts, warnings)
    groups, _ = codes_of(facts.values[plan.group]) if plan.group else (_none(facts), [])
    split = _split(plan, facts, truth, groups, warnings)
    left_out = len(facts.keys) - len(np.union1d(split.queries, split.gallery))
    split = some_queries(split, plan.queries)
    weights: dict[str, float] | None = None
    said = _split_words(plan)
    if plan.tune:
        learn, split = halves(split)
        weights = _tuned(store, mixes, learn, split, truth, facts.keys, plan.k, chosen)
        mixes = [*mixes, Mix("tuned", weights)]
        said += f"; weights were found on {len(learn.queries):,} other queries"
    contenders = []
    for mix in mixes:
        scorer = Ranker(_views(store, mix, facts.keys), split)
        measured = measure(scorer, split, truth, plan.k, classes=classes, progress=progress)
        contenders.append(_contender(mix.name, measured, split, classes, names, plan.level))
    return Evaluation(
        k=plan.k,
        truth=_truth_words(plan),
        split=said,
        queries=len(split.queries),
        gallery=len(split.gallery),
        left_out=left_out,
        unanswerable=int((contenders[0].measured.relevant == 0).sum()),
        level=plan.level,
        warnings=warnings,
        contenders=contenders,
        comparisons=_comparisons(contenders, groups, chosen, plan.level),
        weights=weights,
        ids=facts.ids,
        labels=facts.values["label"],
    )


def _common_keys(store: Store, mixes: Sequence[Mix]) -> Keys:
    """Images that all spaces hold, rising; so that contenders answer the same queries."""
    common: Keys | None = None
    for name in dict.fromkeys(name for mix in mixes for name in mix.weights):
        keys = store.compact(store.space(name))[1]
        common = keys if common is None else np.intersect1d(common, keys)
    if common is None or len(common) < 2:
        raise UsageError("There is nothing to evaluate: fewer than two images have vectors.")
    return common


def _views(store: Store, mix: Mix, keys: Keys) -> list[View]:
    views = []
    for name, weight in mix.weights.items():
        space = store.space(name)
        if space.metric != "cosine" and len(mix.weights) > 1:
            raise UsageError(
                f"Space {name!r} compares by {space.metric}; weights add up cosines. "
                "Evaluate it alone."
            )
        matrix, own = store.compact(space)
        rows = None if len(own) == len(keys) else np.searchsorted(own, keys)
        views.append(View(matrix, rows, space.metric, weight))
    return views


def _truth(
    store: Store, plan: Plan, facts: Facts, warnings: list[str]
) -> tuple[Truth, Keys | None, list[str]]:
    """What is a match, and where that makes classes, the class of each row and their names."""
    if plan.judgements is not None:
        verdicts = verdicts_of(store, plan.judgements, warnings)
        return _judged(verdicts, facts, plan.threshold, warnings), None, []
    coded = []
    for name in plan.truth:
        dropped = {value.strip() for value in plan.drop}
        values = facts.values[name]
        coded.append(codes_of([None if str(v).strip() in dropped else v for v in values]))
    codes = np.stack([numbers for numbers, _ in coded], axis=1)
    truth = Agreement(codes, graded=plan.graded and len(plan.truth) > 1)
    if not len(truth.known):
        raise UsageError(
            f"No image has a value in {' and '.join(plan.truth)}, so nothing tells a match. "
            "Index a table with labels, or evaluate with judgements."
        )
    if truth.graded:
        return truth, None, []
    classes = np.full(len(codes), MISSING, dtype=np.int64)
    rows, numbers = np.unique(codes[truth.known], axis=0, return_inverse=True)
    classes[truth.known] = numbers.ravel()
    names = [" / ".join(coded[c][1][code] for c, code in enumerate(row)) for row in rows]
    if len(names) == 1:
        warnings.append(f"All images are {names[0]!r}: any answer is right.")
    return truth, classes, names


def _judged(
    verdicts: Mapping[tuple[str, str], float],
    facts: Facts,
    threshold: float,
    warnings: list[str],
) -> Judged:
    row_of = {id_: row for row, id_ in enumerate(facts.ids)}
    by_query: dict[int, dict[int, float]] = {}
    strangers = dict.fromkeys(id_ for pair in verdicts for id_ in pair if id_ not in row_of)
    for (query, image), verdict in verdicts.items():
        if query in row_of and image in row_of:
            by_query.setdefault(row_of[query], {})[row_of[image]] = verdict
    if strangers:
        warnings.append(
            f"{len(strangers):,} ids of the judgements are not in the library, or have no vector: "
            f"{_some(list(strangers))}."
        )
    if not by_query:
        raise UsageError("No judgement names two images of this library by their ids.")
    return Judged(by_query, len(facts.ids), threshold)


def _split(plan: Plan, facts: Facts, truth: Truth, groups: Keys, warnings: list[str]) -> Split:
    known = truth.known
    if plan.split is None:
        if plan.judgements is not None:
            every = np.arange(len(facts.ids))
            return Split(known, every, facts.contents, groups)
        split = leave_one_out(known, facts.contents, groups)
    elif isinstance(plan.split, float):
        strata, _ = codes_of(facts.values["label"])
        split = by_fraction(known, plan.split, strata, facts.contents, groups)
    else:
        name, _, value = plan.split.partition("=")
        asks = np.array([str(v).strip() == value.strip() for v in facts.values[name]])
        split = by_flag(known, asks, facts.contents, groups)
        for numbers, what in ((facts.contents, "a copy"), (groups, f"the same {plan.group}")):
            leaked = leaks(split, numbers)
            if len(leaked):
                warnings.append(
                    f"The split leaks: {len(leaked):,} queries have {what} in the gallery, which "
                    f"is kept out of their answers: {_some([facts.ids[row] for row in leaked])}."
                )
    if len(split.gallery) < 2:
        raise UsageError(f"The gallery has {len(split.gallery)} image: there is nothing to find.")
    return split


def _split_column(split: str | float | None) -> str | None:
    if not isinstance(split, str):
        return None
    name, equals, _ = split.partition("=")
    if not equals or not name:
        raise UsageError(
            f"A split is a fraction of queries such as 0.2, or COLUMN=VALUE of the queries such as "
            f"part=test; not {split!r}."
        )
    return name


def _tuned(
    store: Store,
    mixes: Sequence[Mix],
    learn: Split,
    rest: Split,
    truth: Truth,
    keys: Keys,
    k: int,
    metric: str,
) -> dict[str, float]:
    from lookalike.evaluate.tune import tune_weights

    names = list(dict.fromkeys(name for mix in mixes for name in mix.weights))
    if len(names) < 2:
        raise UsageError("Weights are tuned between spaces: name two or more with --spaces a,b.")
    if not len(learn.queries) or not len(rest.queries):
        raise UsageError("There are too few queries, or groups of them, to make two halves.")
    views = _views(store, Mix("all", dict.fromkeys(names, 1.0)), keys)
    found = tune_weights(views, learn, truth, k, metric)
    return {name: weight for name, weight in zip(names, found, strict=True) if weight}


def _contender(
    name: str,
    measured: Measured,
    split: Split,
    classes: Keys | None,
    names: Sequence[str],
    level: float,
) -> Contender:
    values = dict(measured.values)
    if classes is not None:
        values["macro-accuracy"] = macro_rows(measured, classes)
    table = np.stack(list(values.values()), axis=1)
    estimates = bootstrap(table, split.groups[measured.queries], level=level)
    return Contender(
        name=name,
        measured=measured,
        figures=dict(zip(values, estimates, strict=True)),
        classes=[] if classes is None else class_rows(measured, classes, names),
        confusions=[] if classes is None else confusions(measured, classes, names),
        hubs=hubs(measured, split.gallery),
        worst=worst_queries(measured),
    )


def _comparisons(
    contenders: Sequence[Contender], groups: Keys, metric: str, level: float
) -> list[Comparison]:
    pairs = list(combinations(contenders, 2))
    found = []
    for one, other in pairs:
        first, second = one.measured.values[metric], other.measured.values[metric]
        found.append(paired(first, second, groups[one.measured.queries], level=level))
    corrected = holm([difference.p for difference in found])
    return [
        Comparison(one.name, other.name, metric, difference, p)
        for (one, other), difference, p in zip(pairs, found, corrected, strict=True)
    ]


def _truth_words(plan: Plan) -> str:
    if plan.judgements is not None:
        source = "this library" if plan.judgements == "library" else os.fspath(plan.judgements)
        return f"judgements of {source}, a match from {plan.threshold:g}"
    agree = " and ".join(plan.truth)
    return f"same {agree}" + (", gains by how many agree" if plan.graded else "")


def _split_words(plan: Plan) -> str:
    words = "leave one out"
    if plan.split is not None:
        words = f"queries are {plan.split}, the rest answers"
    elif plan.judgements is not None:
        words = "judged queries against all images"
    words += "" if plan.where is None else f", only where {plan.where}"
    grouped = f", never within one {plan.group}" if plan.group else ""
    return f"{words}{grouped}"


def _none(facts: Facts) -> Keys:
    return np.full(len(facts.keys), MISSING, dtype=np.int64)


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - _NAMED:,} more" if len(ids) > _NAMED else ""
    return ", ".join(ids[:_NAMED]) + more
