"""Spaces of a library: made from a spec, filled from files or from another space's vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from lookalike.embed.pipeline import Pipeline
from lookalike.embed.report import Report
from lookalike.embed.resources import Resources
from lookalike.embed.way import Way, find_way
from lookalike.errors import LookalikeError, RecipeMismatchError, UsageError
from lookalike.index.halves import as_floats
from lookalike.library.adding import OnProgress, SpaceCatalog
from lookalike.library.carried import carried_model
from lookalike.store import learned
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import (
    Duplicate,
    Embedded,
    Floats,
    Metric,
    Outcome,
    Reference,
    Rejected,
    Stop,
    location_uri,
)

IMPORTED = "import:"
BASE_SUFFIX = ".base"


@dataclass(frozen=True, slots=True)
class Filling:
    """How a space is to be filled; `on_progress` hears what was stored."""

    resources: Resources
    on_progress: OnProgress | None = None
    stop: Stop = lambda: False


def way_of(store: Store, space: Space) -> Way:
    """The way that made a space, with what its reducers learned.

    Raises `UsageError` for an imported space, which no model made, and `RecipeMismatchError`
    when the model of that name is not what it was.
    """
    if is_imported(space):
        raise UsageError(f"Space {space.name!r} was imported: no model can add to it.")
    model = carried_model(store.directory, space)
    way = find_way(space.spec, normalised=space.metric == "cosine", model=model)
    way = way.restored(lambda step: store.learned(space, step))
    recipe = way.recipe(learned.digest)
    if recipe.fingerprint != space.fingerprint:
        store.space_add(
            space.name, recipe.as_dict(), recipe.fingerprint, recipe.dimension, space.metric
        )
    return way


def new_space(store: Store, name: str, way: Way, metric: Metric) -> Space:
    """The space of that name for a way whose reducers have learned; made if it is new.

    Raises `RecipeMismatchError` when the name stands for another recipe.
    """
    recipe = way.recipe(learned.digest)
    chosen: Metric = "hamming" if way.gives_bits else metric
    with store.writing():
        space = store.space_add(
            name, recipe.as_dict(), recipe.fingerprint, recipe.dimension, chosen
        )
        store.space_learned(space, [reducer.arrays for reducer in way.reducers])
    return space


def add_space(store: Store, name: str, text: str, metric: Metric, how: Filling) -> Report:
    """Give every image of the library a vector in a further space, made if it is new.

    A reducer of a model that another space holds works on that space's vectors and opens no
    file. Run again, it goes on where it stopped. Raises `UnknownNameError`, `UsageError`,
    `MissingExtraError`, `ModelError`, `RecipeMismatchError`.
    """
    way = find_way(text, normalised=metric == "cosine")
    existing = {space.name: space for space in store.spaces()}
    if name in existing:
        refuse_another(existing[name], way)
        return fill(store, existing[name], how)
    if not way.must_be_fitted:
        return fill(store, new_space(store, name, way, metric), how)
    plain = _first(way, 0)
    base = _holder(store, plain)
    temporary = base is None
    if base is None:
        base = new_space(store, name + BASE_SUFFIX, plain, metric)
    report = fill(store, base, how)
    if report.interrupted:
        return report
    fitted = way.fitted(lambda: _floats(store, base))
    derived = fill(store, new_space(store, name, fitted, metric), how)
    if temporary:
        store.space_drop(base.name)
        report.space = name
        return report
    return derived


def fill(store: Store, space: Space, how: Filling) -> Report:
    """Bring a space up to date with the library's images."""
    way = way_of(store, space)
    report = Report(source=f"space:{space.name}", library=str(store.directory), space=space.name)
    with store.writing():
        parent = _parent(store, way)
        if parent is not None:
            _from_parent(store, parent[0], space, parent[1], report, how)
        if not report.interrupted:
            _from_files(store, space, way, report, how)
    if report.embedded and way.model.note:
        report.notes.append(way.model.note)
    report.finish()
    return report


def fill_others(store: Store, but: Space, how: Filling) -> list[str]:
    """Bring every space but one up to date; says in sentences what could not be done.

    Imported spaces are left alone, since no model can add to them.
    """
    notes = []
    for space in store.spaces():
        if space.key == but.key or is_imported(space):
            continue
        try:
            report = fill(store, space, how)
        except LookalikeError as error:
            notes.append(f"Space {space.name!r} was not brought up to date: {error}")
            continue
        if report.rejected:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in report.reasons.items())
            notes.append(f"Space {space.name!r} has no vector of {report.rejected:,}: {reasons}.")
    return notes


def _parent(store: Store, way: Way) -> tuple[Space, Way] | None:
    """The space that is nearest to a way on its route, and the steps that are left from it."""
    for steps in reversed(range(len(way.reducers))):
        found = _holder(store, _first(way, steps))
        if found is not None:
            rest = replace(way, specs=way.specs[steps:], reducers=way.reducers[steps:])
            return found, rest
    return None


def _first(way: Way, steps: int) -> Way:
    """A way that ends after some of its reducers."""
    return replace(way, specs=way.specs[:steps], reducers=way.reducers[:steps])


def _holder(store: Store, way: Way) -> Space | None:
    """The space whose vectors a way gives; None where they are feature maps or kept by none."""
    if len(way.model.shape) > 1:
        return None
    wanted = way.recipe(learned.digest).fingerprint
    return next((space for space in store.spaces() if space.fingerprint == wanted), None)


def _from_parent(
    store: Store, parent: Space, space: Space, rest: Way, report: Report, how: Filling
) -> None:
    for contents, halves in store.unmapped_blocks(parent, space):
        vectors = rest.reduce(as_floats(halves))
        store.add_vectors(space, zip(contents, vectors, strict=True))
        report.embedded += len(contents)
        report.offered += len(contents)
        report.finish()
        if how.on_progress is not None:
            how.on_progress(report)
        if how.stop():
            report.interrupted = True
            return


def _from_files(store: Store, space: Space, way: Way, report: Report, how: Filling) -> None:
    """Embed the images that have no vector yet, from where they were found."""
    digests: dict[str, bytes] = {}

    def references() -> Iterator[Reference]:
        for image in store.images_without(space):
            digests[image.id] = image.content.sha256
            yield Reference(image.id, image.location, image.label, image.meta)

    opened = how.resources.lazy_embedder(way)
    pool = how.resources.pool(way.model.preprocessing, thumbnails=False)
    with pool, opened:
        pipeline = Pipeline(pool, opened.get, SpaceCatalog(store, space), how.resources.fetch)
        for outcomes in pipeline.run(references(), how.stop):
            found: list[tuple[int, Floats]] = []
            counted: list[Outcome] = []
            for outcome in outcomes:
                id_ = outcome.id if isinstance(outcome, Rejected) else outcome.reference.id
                expected = digests.pop(id_)
                if isinstance(outcome, Embedded):
                    content = store.content_key(outcome.content.sha256)
                    found += [] if content is None else [(content, outcome.vector)]
                counted.append(_if_unchanged(outcome, expected))
            store.add_vectors(space, found)
            report.count(counted)
            if how.on_progress is not None:
                how.on_progress(report)
    report.interrupted = report.interrupted or how.stop()


def _if_unchanged(outcome: Outcome, expected: bytes) -> Outcome:
    """The outcome, or a rejection when the file no longer holds what the library knows."""
    match outcome:
        case Embedded(reference, _, content):
            found = content.sha256
        case Duplicate(reference, _, sha256):
            found = sha256
        case _:
            return outcome
    if found == expected:
        return outcome
    detail = "changed since it was indexed: index it again"
    return Rejected(reference.id, location_uri(reference.location), "unreadable", detail)


def _floats(store: Store, space: Space) -> Iterator[Floats]:
    for _, block in store.vector_blocks(space):
        yield as_floats(block)


def is_imported(space: Space) -> bool:
    """Whether the vectors came from elsewhere, so that no model can add to them."""
    return space.spec.startswith(IMPORTED)


def refuse_another(space: Space, way: Way) -> None:
    """Refuse a spec that is not the one a space was made with."""
    before = space.spec
    now = "|".join([way.model.name, *way.specs])
    if before != now:
        raise RecipeMismatchError(
            f"Space {space.name!r} was made with {before}, not with {now}. "
            "Choose another name, or drop it first: lookalike space drop " + space.name
        )
