"""The spaces of an open library: made, imported, taught, dropped, calibrated."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.embed.embedder import Embedder
from lookalike.embed.report import Report
from lookalike.embed.way import Way
from lookalike.errors import LookalikeError
from lookalike.library.adding import OnProgress
from lookalike.library.importing import Imported, import_vectors
from lookalike.library.parts.opened import Opened
from lookalike.library.spaces import Filling, add_space, way_of
from lookalike.search.filters.resolve import filtered
from lookalike.types import Floats, Stop, known_metric

if TYPE_CHECKING:
    from lookalike.library.matching import Calibrated
    from lookalike.library.teaching import TaughtSpace
    from lookalike.search.match import Basis
    from lookalike.share.write_vectors import FloatType


class Spaces(Opened):
    """The spaces of an open library: made, imported, taught, dropped, calibrated."""

    def add_space(
        self,
        name: str,
        spec: str,
        *,
        metric: str = "cosine",
        on_progress: OnProgress | None = None,
        stop: Stop = lambda: False,
    ) -> Report:
        """Give every image a vector in a further space, made with a model and reducers.

        `spec` is such as `efficientnet-lite0|centre|pca:64`. A reducer of a model that another
        space holds works on stored vectors; else the images are read again. Run again, it goes
        on where it stopped. Raises `UnknownNameError`, `UsageError`, `MissingExtraError`,
        `ModelError`, `RecipeMismatchError`.
        """
        how = Filling(self._resources, on_progress, stop)
        return add_space(self._store, name, spec, known_metric(metric), how)

    def import_vectors(
        self, name: str, blocks: Iterable[tuple[Sequence[str], Floats]], *, metric: str = "cosine"
    ) -> Imported:
        """Take ids and vectors, float32 (m, dim) a block, as space `name`.

        An id that the library does not hold becomes an entry without an image. Raises
        `UsageError` for vectors that are zero or not finite, `RecipeMismatchError`.
        """
        return import_vectors(self._store, name, blocks, known_metric(metric))

    def export_vectors(
        self,
        path: str | os.PathLike[str],
        *,
        space: str | None = None,
        where: str | None = None,
        columns: Sequence[str] = (),
        dtype: FloatType = "float32",
        on_done: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> int:
        """Write vectors with their ids to .npy, .parquet, .csv, .jsonl, .json or a folder.

        `where` leaves some of the images, `columns` are written beside; returns how many vectors
        there were. Raises `UsageError`, `UnknownNameError`, `FilterError`, `MissingExtraError`.
        """
        from lookalike.library.sharing import export_vectors

        chosen, target = self._chosen(space), Path(path)
        return export_vectors(self._store, chosen, target, where, columns, dtype, on_done)

    def teach(
        self,
        name: str,
        source: str = "labels",
        *,
        space: str | None = None,
        column: str | None = None,
        group: str | None = None,
        drop: Collection[str] = (),
        method: str = "auto",
        dimension: int = 256,
        judgements: str | os.PathLike[str] = "library",
        threshold: float = 1.0,
        where: str | None = None,
        force: bool = False,
        replace: bool = False,
        on_step: Callable[[int, int], None] = lambda _done, _of: None,
    ) -> TaughtSpace:
        """Learn what is meant by similar, as a linear map of a space; it becomes space `name`.

        `source` is `labels` (images with the same value of `column`, by default the label,
        are alike), `groups` (the same, and whole groups are held out), or `judgements` (a
        file, or the library's own; a match has at least `threshold`). Images of one `group`,
        such as a photographer's, stay together when some are held out and never count as each
        other's answers; values in `drop` teach nothing; only images of which `where` holds are
        learned from. `method` is auto, discriminant or contrastive; the map has at most
        `dimension` values. Refused with `NotBetterError` when it does not beat its parent on
        what was held out, unless `force`. `replace` drops a space of that name first.

        Raises `UsageError`, `UnknownNameError`, `FilterError`, `RecipeMismatchError`.
        """
        from lookalike.library.teaching import Teaching, teach

        allowed = None if where is None else filtered(self._store.column_cache, where).keys
        plan = Teaching(
            source=source,
            column=column,
            group=group,
            drop=drop,
            method=method,
            dimension=dimension,
            judgements=judgements,
            threshold=threshold,
            force=force,
            replace=replace,
            allowed=allowed,
        )
        parent = self._chosen(space)
        return teach(self._store, name, parent, plan, Filling(self._resources), on_step)

    def calibrate(
        self,
        on: Basis = "background",
        *,
        space: str | None = None,
        column: str = "label",
        drop: Collection[str] = (),
    ) -> Calibrated:
        """Make `match`, a chance in 0..1, of similarities in a space; search gives it then.

        On the library's own background: how unlike strangers a pair is. On `"labels"`: the
        chance that the nearest agree in `column`; on `"judgements"`: that a person says yes.
        Raises `UsageError` where there is too little of them.
        """
        from lookalike.library.matching import calibrate

        chosen = self._chosen(space)
        return calibrate(self._store, chosen, on, column=column, drop=drop)

    def opened_way(self, name: str) -> tuple[Way, Embedder]:
        """The way of a space and its network, opened for one image at a time; close it.

        Raises `UsageError` for an imported space, `MissingExtraError`, `ModelError`.
        """
        way = way_of(self._store, self._store.space(name))
        return way, self._resources.embedder(way, many=False)

    def is_calibrated(self, name: str | None = None) -> bool:
        """Whether answers from a space say how sure a match is."""
        from lookalike.library.matching import calibration_of

        return calibration_of(self._store, self._chosen(name)) is not None

    def knows_words(self, name: str | None = None) -> bool:
        """Whether a space can be asked with a text; no where its model cannot be had here.

        Raises `UnknownNameError`.
        """
        space = self._chosen(name)
        try:
            return way_of(self._store, space).model.open_text is not None
        except LookalikeError:
            return False

    def default_space(self, name: str) -> None:
        """Make a space the one that is added to and searched. Raises `UnknownNameError`."""
        self._store.set_default_space(name)
        self._space = self._store.space()

    def drop_space(self, name: str, *, dry_run: bool = False) -> int:
        """Remove a space; returns how many vectors it had. `UsageError` for the default one."""
        had = self.info().spaces.get(self._store.droppable_space(name).name, 0)
        if not dry_run:
            self._store.space_drop(name)
        return had
