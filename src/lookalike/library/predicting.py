"""What classifiers say: of all images of a library as columns, and of single files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np
from threadpoolctl import threadpool_limits

from lookalike.embed.resources import Resources
from lookalike.errors import LookalikeError, UsageError
from lookalike.evaluate.truth import codes_of
from lookalike.index.halves import as_floats
from lookalike.learn.classifier import Classifier
from lookalike.library.classifying import opened
from lookalike.library.embedding import embed_with
from lookalike.library.spaces import way_of
from lookalike.store.fields import Field
from lookalike.store.records import ClassifierRecord
from lookalike.store.store import Store
from lookalike.types import Floats, Rejected, Stop

CHANCE = "_p"
"""What is added to the name of a column for that of its chances."""
_AT_ONCE = 256
_MOST_STRANGE = 5

OnStep = Callable[[str, int, int], None]
"""Hears a step's name, how much of it is done, and of how much."""
Value = str | float | None


@dataclass(frozen=True, slots=True)
class Applied:
    """How many contents got an answer in `column`, and how many none since none was sure."""

    classifier: str
    column: str
    answered: int
    abstained: int
    counts: Mapping[str, int]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Guess:
    """The class of one file, None where it is not sure enough, and the chance of the likeliest.

    `chances` are those of all classes, the likeliest first.
    """

    path: str
    label: str | None
    chance: float
    chances: Mapping[str, float]


def apply(store: Store, name: str, column: str | None, on_step: OnStep, stop: Stop) -> Applied:
    """Say of every image which class it is, in a column of words and one of chances.

    Raises as `Library.apply_classifier` says. When `stop` turns true nothing was changed.
    """
    classifier, space, record = opened(store, name)
    target = column or record.target or name
    _refuse_taken(store, target, record)
    kinds: dict[int, Value] = {}
    chances: dict[int, Value] = {}
    total = store.counts().spaces.get(space.name, 0)
    for contents, vectors in store.vector_blocks(space):
        if stop():
            break
        said = _said(classifier, as_floats(vectors))
        kinds.update(zip(contents, (word for word, _ in said), strict=True))
        chances.update(zip(contents, (chance for _, chance in said), strict=True))
        on_step("classifying", len(kinds), total)
    else:
        gone = [] if record.target in (None, target) else columns_of(str(record.target))
        store.set_predictions(name, {target: kinds, target + CHANCE: chances}, gone)
    words = [word for word in kinds.values() if isinstance(word, str)]
    counts = {word: words.count(word) for word in classifier.names}
    warnings = tuple(_strange(store, record, classifier))
    return Applied(name, target, len(words), len(kinds) - len(words), counts, warnings)


def fill_predictions(store: Store, stop: Stop) -> list[str]:
    """Complete the columns of classifiers after images were added; says which could not be."""
    notes = []
    there = store.derived_columns()
    for record in store.classifiers():
        if record.target is None or record.target not in there:
            continue
        try:
            classifier, space, _ = opened(store, record.name)
        except LookalikeError as error:
            notes.append(f"Column {record.target} was not continued. {error}")
            continue
        chance = record.target + CHANCE
        while not stop() and (some := store.underived(chance, space)):
            contents = [content for content, _ in some]
            vectors = as_floats(np.stack([vector for _, vector in some]))
            said = _said(classifier, vectors)
            words = zip(contents, (word for word, _ in said), strict=True)
            store.derive(record.target, words)  # before the chances: they say what is done
            store.derive(chance, zip(contents, (p for _, p in said), strict=True))
    return notes


def classify_files(
    store: Store, name: str, paths: Iterable[str], resources: Resources
) -> Iterator[Guess | Rejected]:
    """The class of each file, in order, or why there is none; nothing is kept.

    Raises as `Library.classify` says.
    """
    classifier, space, _ = opened(store, name)
    way = way_of(store, space)
    results = embed_with(way, paths, resources)
    while some := list(islice(results, _AT_ONCE)):
        vectors = [one[1] for one in some if not isinstance(one, Rejected)]
        guesses = iter(_guesses(classifier, vectors))
        for one in some:
            yield one if isinstance(one, Rejected) else _guess(classifier, one[0], next(guesses))


def columns_of(target: str) -> list[str]:
    """The columns that a classifier fills: its answers and their chances."""
    return [target, target + CHANCE]


def _said(classifier: Classifier, vectors: Floats) -> list[tuple[str | None, float]]:
    """The word, None for no answer, and the chance of each vector."""
    with threadpool_limits(1, "blas"):
        found = classifier.predict(vectors)
    return [
        (classifier.names[code] if chance >= classifier.threshold else None, round(chance, 4))
        for code, chance in zip(found.codes.tolist(), found.chances.tolist(), strict=True)
    ]


def _guesses(classifier: Classifier, vectors: list[Floats]) -> Floats:
    if not vectors:
        return np.empty((0, len(classifier.names)), dtype=np.float32)
    chances: Floats = classifier.chances(np.stack(vectors)).astype(np.float32)
    return chances


def _guess(classifier: Classifier, path: str, chances: Floats) -> Guess:
    order = np.argsort(-chances, kind="stable").tolist()
    top = float(chances[order[0]])
    label = classifier.names[order[0]] if top >= classifier.threshold else None
    return Guess(path, label, top, {classifier.names[i]: float(chances[i]) for i in order})


def _refuse_taken(store: Store, target: str, record: ClassifierRecord) -> None:
    own = columns_of(record.target) if record.target else []
    fields = store.column_cache.fields()
    for column in columns_of(target):
        taken = [field.origin for field in fields if field.name == column]
        if taken and column not in own:
            what = {"image": "of every image", "meta": "of your table", "derived": "made already"}
            raise UsageError(
                f"There is a column {column!r} {what[taken[0]]}, and predictions would be taken "
                "for it. Choose another with --to."
            )


def _strange(store: Store, record: ClassifierRecord, classifier: Classifier) -> list[str]:
    """A sentence on labels of images that the classifier never learned."""
    column = str(record.recipe["column"])
    if column != "label" and Field("meta", column) not in store.column_cache.fields():
        return []
    values = store.facts([column]).values[column]
    dropped = record.recipe["dropped"]
    left_out = {*classifier.names, *(dropped if isinstance(dropped, list) else [])}
    codes, names = codes_of(values)
    strange = [name for name in names if name not in left_out and name.lower() != "nan"]
    if not strange:
        return []
    images = int(np.isin(codes, [names.index(name) for name in strange]).sum())
    shown = ", ".join(strange[:_MOST_STRANGE]) + (", ..." if len(strange) > _MOST_STRANGE else "")
    return [
        f"{images:,} {'image has' if images == 1 else 'images have'} a {column} that the "
        f"classifier did not learn ({shown}), and is called something that it knows."
    ]
