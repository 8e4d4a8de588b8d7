"""How good the answers of an open library are, and what people said of them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import TYPE_CHECKING

from lookalike.errors import UsageError
from lookalike.library.parts.opened import Opened
from lookalike.store.records import Verdict
from lookalike.types import Scalar

if TYPE_CHECKING:
    from lookalike.embed.report import Report
    from lookalike.evaluate.evaluation import Evaluation
    from lookalike.evaluate.measure import Progress
    from lookalike.learn.tracker import Tracker
    from lookalike.library.forecasting import Kept
    from lookalike.library.judging import Proposal, Standing
    from lookalike.library.verdicts import Taken


class Judging(Opened):
    """How good the answers of an open library are, and what people said of them."""

    def evaluate(
        self,
        truth: str | Sequence[str] = "label",
        *,
        judgements: str | os.PathLike[str] | None = None,
        graded: bool = False,
        threshold: float = 1.0,
        spaces: Sequence[str] = (),
        k: int = 10,
        metric: str = "precision",
        split: str | float | None = None,
        group: str | None = None,
        drop: Collection[str] = (),
        where: str | None = None,
        queries: int = 20_000,
        tune_weights: bool = False,
        progress: Progress = lambda _done, _of: None,
    ) -> Evaluation:
        """Measure how good the answers are: every image asks the others, or as `split` says.

        A match agrees in all columns of `truth` (with `graded`, nDCG counts how many), or has
        a verdict of at least `threshold` in `judgements`: a file, or `"library"` for those
        given here. `spaces` are set against each other, also mixed as `"main=1+colour=0.4"`;
        `metric` is what comparisons and `tune_weights` are about. `split` is the fraction of
        queries, or `"COLUMN=VALUE"`; images with the same value of `group` are no answers to
        each other; images with a truth in `drop` are left out, and those that the filter `where`
        leaves out; at most `queries` are asked.

        Raises `UsageError`, `UnknownNameError`, `SourceError`, `FilterError`.
        """
        from lookalike.library.evaluating import evaluate_library
        from lookalike.library.evaluation_plan import Plan

        plan = Plan(
            truth=(truth,) if isinstance(truth, str) else tuple(truth),
            judgements=judgements,
            graded=graded,
            threshold=threshold,
            spaces=spaces,
            k=k,
            metric=metric,
            split=split,
            group=group,
            drop=drop,
            where=where,
            queries=queries,
            tune=tune_weights,
        )
        return evaluate_library(self._store, plan, progress)

    def came_true(self, report: Report) -> Kept | None:
        """What was predicted for a run, by a sample before it, beside what came; None without."""
        from lookalike.library.forecasting import came_true

        return came_true(self._store, report, self._space.spec)

    @contextmanager
    def tracked(
        self, track: str | None, kind: str, name: str, parameters: Mapping[str, Scalar]
    ) -> Iterator[Tracker]:
        """The record of one run on this library, as `"mlflow"` keeps it; None keeps none.

        Beside `parameters` it says which images the library holds. Give the tracker to
        `library.tracking`. Raises `MissingExtraError`, `UnknownNameError`, `ServerError`.
        """
        from lookalike.learn.tracking import tracked
        from lookalike.library.tracking import data_facts

        with tracked(track, kind, name) as tracker:
            if track is not None:
                tracker.parameters({**parameters, **data_facts(self._store)})
            yield tracker

    def judge(self, query: str, image: str, verdict: float | None) -> None:
        """Keep a verdict on an image as an answer to another, by id; None takes it back.

        0 is no match, 1 and more is one. Raises `UnknownIdError`, `UsageError`.
        """
        if verdict is not None and not isfinite(verdict):
            raise UsageError(f"A verdict is a number; it is {verdict}.")
        pair = (self.get(query.removeprefix("id:")).id, self.get(image.removeprefix("id:")).id)
        if verdict is None:
            self._store.unjudge(*pair)
        else:
            self._store.judge([Verdict(*pair, float(verdict))])

    def judgements(self) -> list[Verdict]:
        """All verdicts: `query`, `image`, `verdict`."""
        return self._store.judgements()

    def read_judgements(self, path: str | os.PathLike[str]) -> Taken:
        """Keep the verdicts of a csv or a TREC qrels file. Raises `SourceError`."""
        from lookalike.library.verdicts import take_verdicts

        return take_verdicts(self._store, path)

    def propose(self, count: int = 50, *, space: str | None = None, k: int = 10) -> list[Proposal]:
        """Pairs to be judged next: those whose verdicts tell most of the precision at k.

        Raises `UsageError`, `UnknownNameError`, as `standing` does.
        """
        from lookalike.library.judging import Judging

        return Judging(self._store, self._chosen(space), k).propose(count)

    def standing(self, *, space: str | None = None, k: int = 10, width: float = 0.03) -> Standing:
        """The precision at k by the verdicts given, and how many more +/- `width` takes."""
        from lookalike.library.judging import Judging

        return Judging(self._store, self._chosen(space), k).standing(width)
