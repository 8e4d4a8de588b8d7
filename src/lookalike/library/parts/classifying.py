"""The classifiers of an open library: fitted on its vectors, applied to images and files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from lookalike.library.deriving import OnStep
from lookalike.library.parts.opened import Opened
from lookalike.search.filters.resolve import filtered
from lookalike.types import Rejected, Stop

if TYPE_CHECKING:
    from lookalike.library.classifying import KeptClassifier
    from lookalike.library.predicting import Applied, Guess


class Classifying(Opened):
    """The classifiers of an open library: fitted on its vectors, applied to images and files."""

    def fit_classifier(
        self,
        name: str,
        column: str = "label",
        *,
        space: str | None = None,
        where: str | None = None,
        group: str | None = None,
        drop: Collection[str] = (),
        method: str = "auto",
        accuracy: float | None = None,
        coverage: float | None = None,
        replace: bool = False,
        on_step: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> KeptClassifier:
        """Learn to tell the values of `column` from the vectors of a space; kept as `name`.

        `method` is logistic, knn, prototypes or auto, which takes the one with the best log
        loss on held-out parts. Chances are calibrated there too, and a threshold is chosen for
        a wished `accuracy` of the answers given, or a `coverage`: how many are given. Images of
        one `group`, such as a photographer's, are held out together; values in `drop` teach
        nothing; only images of which `where` holds are learned from. With `replace` a
        classifier of that name is fitted again; apply it again too, to renew its column.

        Raises `UsageError` where there is nothing to tell apart, `NotBetterError` when no
        threshold gives the accuracy, `UnknownNameError`, `FilterError`.
        """
        from lookalike.library.classifying import Fitting, fit

        allowed = None if where is None else filtered(self._store.column_cache, where).keys
        plan = Fitting(column, group, drop, where, method, accuracy, coverage, replace)
        return fit(self._store, name, self._chosen(space), plan, allowed, on_step)

    def apply_classifier(
        self,
        name: str,
        to: str | None = None,
        *,
        on_step: OnStep = lambda _step, _done, _of: None,
        stop: Stop = lambda: False,
    ) -> Applied:
        """Make a column of what a classifier says, and one of its chances: `kind`, `kind_p`.

        `to` names it; by default it is called as the classifier. Images added later get
        theirs at once. An image of which it is not sure enough has a chance and no class.
        Raises `UnknownNameError`, `UsageError` for a name that is taken, and
        `RecipeMismatchError` when its space is not what it was.
        """
        from lookalike.library.predicting import apply

        return apply(self._store, name, to, on_step, stop)

    def classify(self, name: str, paths: Iterable[str]) -> Iterator[Guess | Rejected]:
        """What a classifier says of image files: a `Guess` for each, or why there is none.

        A `Guess` has `path`, `label` (None where it is not sure enough), `chance`, and the
        `chances` of all classes. Raises `UnknownNameError`, `RecipeMismatchError`, and
        `UsageError` for one fitted on an imported space.
        """
        from lookalike.library.predicting import classify_files

        return classify_files(self._store, name, paths, self._resources)

    def classifiers(self) -> list[KeptClassifier]:
        """All classifiers, by name."""
        from lookalike.library.classifying import kept

        return [kept(record) for record in self._store.classifiers()]

    def classifier(self, name: str) -> KeptClassifier:
        """One classifier: how it was made and how good it is. Raises `UnknownNameError`."""
        from lookalike.library.classifying import kept

        return kept(self._store.classifier(name))

    def drop_classifier(self, name: str, *, dry_run: bool = False) -> list[str]:
        """Remove a classifier and its columns; returns their names. Raises `UnknownNameError`."""
        from lookalike.library.predicting import columns_of

        target = self._store.classifier(name).target
        columns = columns_of(target) if target else []
        if not dry_run:
            self._store.drop_classifier(name, columns)
        return columns
