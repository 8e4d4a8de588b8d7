"""What an evaluation is about: what counts as a match, and who asks whom."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lookalike.errors import UsageError, some_of
from lookalike.evaluate.intervals import LEVEL
from lookalike.evaluate.split import Split, by_flag, by_fraction, leaks, leave_one_out
from lookalike.evaluate.truth import MISSING, Agreement, Judged, Truth, codes_of
from lookalike.library.verdicts import verdicts_of
from lookalike.store.facts import Facts
from lookalike.store.store import Store
from lookalike.types import Keys

MOST_QUERIES = 20_000


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


def truth_of(
    store: Store, plan: Plan, facts: Facts, warnings: list[str]
) -> tuple[Truth, Keys | None, list[str]]:
    """What is a match, and where that makes classes, the class of each row and their names."""
    if plan.judgements is not None:
        verdicts = verdicts_of(store, plan.judgements, warnings)
        return _judged(verdicts, facts, plan.threshold, warnings), None, []
    coded = [
        codes_of([None if str(v).strip() in plan.drop else v for v in facts.values[name]])
        for name in plan.truth
    ]
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
            f"{some_of(list(strangers))}."
        )
    if not by_query:
        raise UsageError("No judgement names two images of this library by their ids.")
    return Judged(by_query, len(facts.ids), threshold)


def split_of(plan: Plan, facts: Facts, truth: Truth, groups: Keys, warnings: list[str]) -> Split:
    """Who asks whom; a split that leaks is named in `warnings`. Raises `UsageError`."""
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
                    f"is kept out of their answers: {some_of([facts.ids[row] for row in leaked])}."
                )
    if len(split.gallery) < 2:
        raise UsageError(f"The gallery has {len(split.gallery)} image: there is nothing to find.")
    return split


def split_column(split: str | float | None) -> str | None:
    """The column that says who asks, None where none does. Raises `UsageError`."""
    if not isinstance(split, str):
        return None
    name, equals, _ = split.partition("=")
    if not equals or not name:
        raise UsageError(
            f"A split is a fraction of queries such as 0.2, or COLUMN=VALUE of the queries such as "
            f"part=test; not {split!r}."
        )
    return name


def truth_words(plan: Plan) -> str:
    """What counts as a match, in words."""
    if plan.judgements is not None:
        source = "this library" if plan.judgements == "library" else os.fspath(plan.judgements)
        return f"judgements of {source}, a match from {plan.threshold:g}"
    agree = " and ".join(plan.truth)
    return f"same {agree}" + (", gains by how many agree" if plan.graded else "")


def split_words(plan: Plan) -> str:
    """Who asks whom, in words."""
    words = "leave one out"
    if plan.split is not None:
        words = f"queries are {plan.split}, the rest answers"
    elif plan.judgements is not None:
        words = "judged queries against all images"
    words += "" if plan.where is None else f", only where {plan.where}"
    grouped = f", never within one {plan.group}" if plan.group else ""
    return f"{words}{grouped}"


def no_groups(facts: Facts) -> Keys:
    """A group for each image where none belongs to another."""
    return np.full(len(facts.keys), MISSING, dtype=np.int64)
