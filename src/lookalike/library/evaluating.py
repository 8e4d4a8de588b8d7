"""Evaluates a library: gathers truth, split and spaces, measures each way of searching."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from lookalike.errors import UsageError
from lookalike.evaluate.contenders import Mix, parse_mix
from lookalike.evaluate.evaluation import Comparison, Contender, Evaluation
from lookalike.evaluate.intervals import bootstrap, holm, paired
from lookalike.evaluate.measure import Measured, Progress, Scorer, measure
from lookalike.evaluate.metrics import metric_name
from lookalike.evaluate.ranking import Ranker, View
from lookalike.evaluate.split import (
    Split,
    halves,
    some_queries,
)
from lookalike.evaluate.tables import class_rows, confusions, hubs, macro_rows, worst_queries
from lookalike.evaluate.truth import Truth, codes_of, dropped
from lookalike.library.evaluation_engines import ByIndex, Filtered
from lookalike.library.evaluation_plan import (
    Plan,
    no_groups,
    split_column,
    split_of,
    split_words,
    truth_of,
    truth_words,
)
from lookalike.search.filters.resolve import filtered
from lookalike.store.store import Store
from lookalike.types import Keys


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
    named = [*plan.truth, plan.group, split_column(plan.split)]
    facts = store.facts(["label", *(name for name in named if name)])
    if plan.judgements is None:
        truths = [facts.values[name] for name in plan.truth]
        plan = replace(plan, drop=dropped(plan.drop, truths))
    known = _common_keys(store, mixes)
    if plan.where is not None:
        allowed = filtered(store.column_cache, plan.where).keys
        known = np.intersect1d(known, allowed)
    facts = facts.only(known)
    warnings: list[str] = []
    truth, classes, names = truth_of(store, plan, facts, warnings)
    groups, _ = codes_of(facts.values[plan.group]) if plan.group else (no_groups(facts), [])
    split = split_of(plan, facts, truth, groups, warnings)
    left_out = len(facts.keys) - len(np.union1d(split.queries, split.gallery))
    split = some_queries(split, plan.queries)
    weights: dict[str, float] | None = None
    said = split_words(plan)
    if plan.tune:
        learn, split = halves(split)
        weights = _tuned(store, mixes, learn, split, truth, facts.keys, plan.k, chosen)
        mixes = [*mixes, Mix("tuned", weights)]
        said += f"; weights were found on {len(learn.queries):,} other queries"
    if any(mix.by_index for mix in mixes):
        warnings.append(
            f"An index is asked for {plan.k} answers: figures that look further down, such as map, "
            "take all others for worse."
        )
    contenders = []
    for mix in mixes:
        scorer = _scorer(store, mix, split, facts.keys, plan.k)
        measured = measure(scorer, split, truth, plan.k, classes=classes, progress=progress)
        contenders.append(_contender(mix.name, measured, split, classes, names, plan.level))
    return Evaluation(
        k=plan.k,
        truth=truth_words(plan),
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


def _scorer(store: Store, mix: Mix, split: Split, keys: Keys, k: int) -> Scorer:
    """What answers for a contender."""
    views = _views(store, mix, keys)
    scorer: Scorer = Ranker(views, split)
    if mix.by_index:
        space = store.space(next(iter(mix.weights)))
        scorer = ByIndex(store, space, views[0], split, keys, k)
    if mix.where is not None:
        allowed = filtered(store.column_cache, mix.where).keys
        scorer = Filtered(scorer, np.isin(keys[split.gallery], allowed))
    return scorer


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
