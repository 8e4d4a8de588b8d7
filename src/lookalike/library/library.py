"""A library of images on disk: add, search, look up, remove."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable

from lookalike.embed.report import Report
from lookalike.errors import UsageError
from lookalike.library.adding import Adding, OnOutcomes, OnProgress, add_source
from lookalike.library.following import follow
from lookalike.library.parts.changing import Changing
from lookalike.library.parts.classifying import Classifying
from lookalike.library.parts.columns import Columns
from lookalike.library.parts.exploring import Exploring
from lookalike.library.parts.indexing import Indexing
from lookalike.library.parts.judging import Judging
from lookalike.library.parts.labelling import Labelling
from lookalike.library.parts.recommending import Recommending
from lookalike.library.parts.searching import Searching
from lookalike.library.parts.sharing import Sharing
from lookalike.library.parts.spaces import Spaces
from lookalike.library.parts.training import Training
from lookalike.library.spaces import way_of
from lookalike.sources import LabelFrom, Source, is_quick_to_list, open_source, paths_source
from lookalike.store.records import Finding
from lookalike.types import Stop


class Library(
    Searching,
    Columns,
    Spaces,
    Classifying,
    Training,
    Indexing,
    Judging,
    Labelling,
    Exploring,
    Recommending,
    Sharing,
    Changing,
):
    """Images, their vectors and what is known of them. Open one with `lookalike.open`.

    Safe to search from several threads. One process at a time may write.
    """

    def add(
        self,
        source: str | os.PathLike[str] | Iterable[str],
        *,
        path_column: str | None = None,
        path_template: str | None = None,
        url_column: str | None = None,
        id_column: str | None = None,
        label_column: str | None = None,
        label_from: LabelFrom | None = None,
        id_prefix: str = "",
        limit: int | None = None,
        prune: bool = False,
        dry_run: bool = False,
        thumbnails: bool = False,
        on_progress: OnProgress | None = None,
        on_outcomes: OnOutcomes | None = None,
        stop: Stop = lambda: False,
    ) -> Report:
        """Embed and store the images of a folder, table, archive, file, or list of paths.

        Images that did not change are not opened. The first six options are those of the
        source (see `sources.open_source`); `id_prefix` stands before every id; `limit` takes
        the first images only; `prune` removes what this source offered before and not now
        (`dry_run`: only names it); `thumbnails` makes them at once. When `stop` turns true,
        what is under way is stored and the run ends.

        Raises `SourceError`, `DuplicateIdError`, `LibraryBusyError`, `StorageFullError`;
        what was stored before stays.
        """
        if limit is not None and limit < 1:
            raise UsageError(f"limit must be at least 1, not {limit}.")
        if label_from not in {None, "folder"}:
            raise UsageError(f"label_from is 'folder' or None, not {label_from!r}.")

        def opened() -> Source:
            if not isinstance(source, str | os.PathLike):
                return paths_source(source, label_from=label_from)
            return open_source(
                os.fspath(source),
                path_column=path_column,
                path_template=path_template,
                url_column=url_column,
                id_column=id_column,
                label_column=label_column,
                label_from=label_from,
            )

        fetch = self._resources.fetch
        how = Adding(id_prefix, limit, prune, dry_run, on_progress, on_outcomes, stop, fetch)
        way = way_of(self._store, self._space)
        chosen = opened()
        again = opened() if on_progress is not None and is_quick_to_list(chosen) else None
        pool = self._resources.pool(way.model.preprocessing, thumbnails=thumbnails)
        embedder = self._resources.lazy_embedder(way)
        with pool, embedder:
            report = add_source(self._store, self._space, chosen, pool, embedder.get, how, again)
        if report.embedded and way.model.note:
            report.notes.append(way.model.note)
        if not report.interrupted:
            report.notes.extend(follow(self._store, self._space, self._resources, stop))
        return report

    def merge(
        self,
        shards: str | os.PathLike[str],
        *,
        on_progress: OnProgress = lambda _: None,
        stop: Stop = lambda: False,
    ) -> Report:
        """Take in the shards in a folder, or at a URL that fsspec knows, made by many workers.

        The library is then as if it had indexed their source itself. Merged again, nothing
        changes. Raises `SourceError` where a shard is missing or damaged,
        `RecipeMismatchError`, `DuplicateIdError`, `MissingExtraError`.
        """
        from lookalike.scale.merge import merge_shards

        report = merge_shards(self._store, self._space, os.fspath(shards), on_progress, stop)
        if not report.interrupted:
            report.notes.extend(follow(self._store, self._space, self._resources, stop))
        return report

    def remove(self, ids: str | Collection[str]) -> int:
        """Remove an image or several by id; returns how many went. Raises `UnknownIdError`."""
        named = [ids] if isinstance(ids, str) else ids
        return self._store.remove([self.get(id_).id for id_ in named])

    def check(self) -> list[Finding]:
        """Everything that is wrong with the database and its caches; empty when all is well."""
        return self._store.check()

    def repair(self) -> None:
        """Take out what `check` found repairable; indexing again makes it anew."""
        self._store.repair()

    def __enter__(self) -> Library:
        return self
