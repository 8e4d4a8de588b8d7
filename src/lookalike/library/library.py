"""A library of images on disk: add, search, look up, remove."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from lookalike.embed.embedder import Embedder
from lookalike.embed.report import Report
from lookalike.embed.way import Way
from lookalike.errors import LibraryError, UnknownNameError, UsageError
from lookalike.images.thumbnail import thumbnail_of
from lookalike.index.choose import Wish
from lookalike.library.adding import Adding, OnOutcomes, OnProgress, add_source
from lookalike.library.deriving import OnStep, add_column, fill_columns
from lookalike.library.importing import Imported, import_vectors
from lookalike.library.indexing import (
    NOBODY,
    Hear,
    IndexReport,
    build_index,
    catch_up,
    index_report,
    is_due,
    recheck_index,
    refresh_index,
)
from lookalike.library.resources import Resources
from lookalike.library.searching import Searcher
from lookalike.library.spaces import Filling, add_space, fill_others, way_of
from lookalike.search.arrange import Wanted
from lookalike.search.filters.describe import ColumnInfo, describe
from lookalike.search.filters.resolve import filtered
from lookalike.search.graph import NeighbourGraph
from lookalike.search.query import Query, QueryItem, Question
from lookalike.search.results import Hits
from lookalike.sources import LabelFrom, Source, is_quick_to_list, open_source, paths_source
from lookalike.store.fields import Origin
from lookalike.store.records import Counts, Finding, ImageRecord, RejectRecord, Space, Verdict
from lookalike.store.store import Store
from lookalike.types import Floats, Halves, Stop, known_metric

if TYPE_CHECKING:
    from lookalike.evaluate.evaluation import Evaluation
    from lookalike.evaluate.measure import Progress
    from lookalike.explore.plan import Plan
    from lookalike.explore.quarantine import Moved
    from lookalike.library.clustering import Clusters
    from lookalike.library.duplicating import Duplicates
    from lookalike.library.judging import Proposal, Standing
    from lookalike.library.mapping import Map
    from lookalike.library.matching import Calibrated
    from lookalike.library.outlying import Outliers
    from lookalike.library.teaching import TaughtSpace
    from lookalike.library.verdicts import Taken
    from lookalike.search.match import Basis


class Library:
    """Images, their vectors and what is known of them. Open one with `lookalike.open`.

    Safe to search from several threads. One process at a time may write.
    """

    def __init__(self, store: Store, space: Space, resources: Resources) -> None:
        self._store = store
        self._space = space
        self._resources = resources
        self._searcher = Searcher(store, resources, self.thumbnail)

    @property
    def directory(self) -> Path:
        """Where the library lies: a folder named `.lookalike`."""
        return self._store.directory

    @property
    def space(self) -> Space:
        """The space that is added to and searched: its recipe, dimension and metric."""
        return self._space

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
            filling = Filling(self._resources, None, stop)
            report.notes.extend(fill_others(self._store, self._space, filling))
            fill_columns(self._store, stop)
            report.notes.extend(catch_up(self._store, Hear(stop=stop)))
        return report

    def search(
        self,
        query: Question | None = None,
        k: int | None = None,
        *,
        positive: QueryItem | Iterable[QueryItem] = (),
        negative: QueryItem | Iterable[QueryItem] = (),
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        offset: int | None = None,
        min_similarity: float | None = None,
        within: float | None = None,
        diversity: float = 0.0,
        group_duplicates: bool = False,
        include_query: bool = False,
        exact: bool = False,
        where: str | None = None,
        min_match: float | None = None,
    ) -> Hits:
        """The `k` images nearest to a question, best first: 10, or 1,000 `within` a range.

        `query` is a path, `"id:..."` of a stored image, `"text:..."`, a URL, the bytes of an
        image, a Pillow image, a uint8 array (height, width, 3), a vector (dim,), an `Item` of
        these with a weight or a crop, or a `Query` of several; `positive` and `negative` name
        several at once. It is looked for in the default space, in `space`, or in several by the
        weighted mean of their cosines (`weights={"main": 1, "colour": 0.4}`). `metric` defaults
        to the space's own. Images that the question names are left out unless `include_query`.

        `offset` matches are passed over, for pages, which are cut from the exact order.
        `min_similarity` takes what is less similar out of the `k`; `within` gives all that is at
        least so similar. `diversity`, 0..1, prefers matches that are unlike those before them;
        `group_duplicates` gives equal bytes once. `exact` scans all vectors, even where there is
        an index. `where` is a filter, as `label = "Dress" and price < 50`: only images it leaves
        are answers. `min_match`, where the space is calibrated, takes what is less sure to be a
        match out of the `k`.

        Raises `UnknownIdError`, `UnknownNameError`, `ImageRejectedError`, `FilterError`,
        `UsageError`.
        """
        if query is not None and (positive or negative):
            raise UsageError("Give either a query, or positive and negative items.")
        return self.search_many(
            [Query(positive, negative) if query is None else query],
            k,
            space=space,
            weights=weights,
            metric=metric,
            offset=offset,
            min_similarity=min_similarity,
            within=within,
            diversity=diversity,
            group_duplicates=group_duplicates,
            include_query=include_query,
            exact=exact,
            where=where,
            min_match=min_match,
        )[0]

    def search_many(
        self,
        queries: Iterable[Question],
        k: int | None = None,
        *,
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        offset: int | None = None,
        min_similarity: float | None = None,
        within: float | None = None,
        diversity: float = 0.0,
        group_duplicates: bool = False,
        include_query: bool = False,
        exact: bool = False,
        where: str | None = None,
        min_match: float | None = None,
    ) -> list[Hits]:
        """`search` for many questions in one pass over the vectors, which is far cheaper."""
        wanted = Wanted(
            k,
            offset,
            min_similarity,
            within,
            diversity,
            group_duplicates,
            include_query,
            exact,
            where,
            min_match,
        )
        if weights:
            if space is not None or metric is not None:
                raise UsageError("Weights name their spaces and use cosines: give them alone.")
            return self._searcher.search_weighed(queries, weights, wanted)
        chosen = self._chosen(space)
        by = chosen.metric if metric is None else known_metric(metric)
        return self._searcher.search(queries, chosen, by, wanted)

    def neighbours(
        self,
        k: int = 20,
        *,
        space: str | None = None,
        weights: Mapping[str, float] | None = None,
        metric: str | None = None,
        exact: bool = False,
    ) -> NeighbourGraph:
        """The `k` nearest of every image, computed block by block as one goes through them.

        The image numbered i is `ids[i]`. `share.neighbour_files.write_graph` makes a file of it.
        Raises `UnknownNameError`, `UsageError`.
        """
        if k < 1:
            raise UsageError(f"k must be at least 1, not {k}.")
        if weights:
            if space is not None or metric is not None:
                raise UsageError("Weights name their spaces and use cosines: give them alone.")
            return self._searcher.graph_weighed(weights, k)
        chosen = self._chosen(space)
        by = chosen.metric if metric is None else known_metric(metric)
        return self._searcher.graph(chosen, by, k, exact=exact)

    def spaces(self) -> list[Space]:
        """All spaces, oldest first."""
        return self._store.spaces()

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

    def columns(self, origins: Sequence[Origin] | None = None) -> list[ColumnInfo]:
        """What can be filtered by: name, origin, kind, distinct values, missing, examples.

        `origins` are "image", "meta", "derived"; None is all of them.
        """
        return describe(self._store.column_cache, origins)

    def filter(self, where: str) -> list[str]:
        """The ids of the images that a filter leaves. Raises `FilterError`."""
        found = self._store.ids(filtered(self._store.column_cache, where).keys)
        return [id_ for id_ in found if id_ is not None]

    def add_column(
        self, name: str, *, on_step: OnStep | None = None, stop: Stop = lambda: False
    ) -> int:
        """Make a column from what images show; returns how many contents got their words.

        `colour` names the one to three colours that a picture mostly has. Images that are
        added later get theirs at once. Raises `UnknownNameError`, `UsageError`.
        """
        return add_column(self._store, name, on_step, stop)

    def drop_column(self, name: str, *, dry_run: bool = False) -> int:
        """Remove a column made from images; returns how many contents had words in it."""
        had = self._store.derived_columns()
        if name not in had:
            raise UnknownNameError("derived column", name, had)
        if not dry_run:
            self._store.drop_derived(name)
        return had[name]

    def import_vectors(
        self, name: str, blocks: Iterable[tuple[Sequence[str], Floats]], *, metric: str = "cosine"
    ) -> Imported:
        """Take ids and vectors, float32 (m, dim) a block, as space `name`.

        An id that the library does not hold becomes an entry without an image. Raises
        `UsageError` for vectors that are zero or not finite, `RecipeMismatchError`.
        """
        return import_vectors(self._store, name, blocks, known_metric(metric))

    def build_index(
        self,
        engine: str = "auto",
        *,
        recall: float = 0.95,
        memory: int | None = None,
        latency: float = 10.0,
        space: str | None = None,
        hear: Hear = NOBODY,
    ) -> IndexReport:
        """Build an approximate index, tune it to `recall` and measure it; the old one goes.

        `engine` is auto, exact (no index), hnsw, ivf, ivfpq or rabitq; `memory` bytes that the
        build may take, `latency` milliseconds that a query may. Raises `UnknownNameError`,
        `UsageError`, `StorageFullError`.
        """
        wish = Wish(engine, recall, memory, latency)
        return build_index(self._store, self._chosen(space), wish, hear)

    def refresh_index(self, *, space: str | None = None, hear: Hear = NOBODY) -> IndexReport | None:
        """Take up what the index lacks; None when nothing is missing, or there is none."""
        return refresh_index(self._store, self._chosen(space), hear)

    def recheck_index(self, *, space: str | None = None) -> IndexReport | None:
        """Measure the index again, against exact search; None when there is none."""
        return recheck_index(self._store, self._chosen(space))

    def index_is_due(self) -> bool:
        """Whether the default space has outgrown exact search, and has no index."""
        return is_due(self._store, self._space)

    def index_report(self, *, space: str | None = None) -> IndexReport | None:
        """What was measured of the index; None when there is none."""
        return index_report(self._store, self._chosen(space))

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
        from lookalike.library.evaluating import Plan, evaluate_library

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
        from lookalike.search.filters.resolve import filtered

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
        """Pairs to be judged next: those whose verdicts tell most of the precision at k."""
        from lookalike.library.judging import Judging

        return Judging(self._store, self._chosen(space), k).propose(count)

    def standing(self, *, space: str | None = None, k: int = 10, width: float = 0.03) -> Standing:
        """The precision at k by the verdicts given, and how many more +/- `width` takes."""
        from lookalike.library.judging import Judging

        return Judging(self._store, self._chosen(space), k).standing(width)

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

    def default_space(self, name: str) -> None:
        """Make a space the one that is added to and searched; the others are kept."""
        self._store.set_default_space(name)
        self._space = self._store.space()

    def drop_space(self, name: str) -> None:
        """Remove a space and its vectors. Raises `UsageError` for the default one."""
        self._store.space_drop(name)

    def map(
        self,
        space: str | None = None,
        *,
        method: str | None = None,
        seed: int | None = None,
        refresh: bool = False,
        on_step: OnStep | None = None,
    ) -> Map:
        """Where each image lies in a plane in which what looks alike is near.

        The map is kept: what was added since is placed into it, unless another `method`
        ("tsne", which needs `[explore]`, or "pca"), another `seed` or `refresh` lays it out anew.
        Raises `UsageError`, `UnknownNameError`, `MissingExtraError`.
        """
        from lookalike.library.mapping import make_map

        chosen = self._chosen(space)
        return make_map(self._store, chosen, method, seed=seed, refresh=refresh, on_step=on_step)

    def map_html(
        self,
        drawn: Map,
        colour: str | None = None,
        *,
        thumbnails: bool = True,
        on_step: OnStep | None = None,
    ) -> str:
        """A map as one web page, coloured by a column. Raises `UnknownNameError`."""
        from lookalike.library.map_pages import page_of

        pictures = self.thumbnail if thumbnails else None
        return page_of(self._store, drawn, colour, pictures, on_step)

    def map_png(self, drawn: Map, *, on_step: OnStep | None = None) -> bytes:
        """A map as a picture: up to 1,600 thumbnails on a grid, none over another."""
        from lookalike.library.map_pages import picture_of

        return picture_of(drawn, self.thumbnail, on_step)

    def duplicates(
        self,
        level: str = "picture",
        *,
        space: str | None = None,
        across: str | None = None,
        on_step: OnStep | None = None,
        stop: Stop = lambda: False,
    ) -> Duplicates:
        """Groups of near-duplicates: of equal bytes, pixels, of one picture, or of one scene.

        Each level takes in those before it. `space` proposes pairs. With `across`, a column or
        label, source or folder, only pairs that differ in it. Raises `UnknownNameError`.
        """
        from lookalike.library.duplicating import find

        chosen, picture = self._chosen(space), self.thumbnail
        return find(self._store, self._resources, chosen, level, across, picture, on_step, stop)

    def apply_duplicates(
        self,
        plan: str | os.PathLike[str] | Plan,
        *,
        quarantine: str | os.PathLike[str] | None = None,
        on_step: OnStep | None = None,
    ) -> Moved:
        """Move the files that a plan lets go into a quarantine; the library follows.

        Raises `LibraryError`, and moves nothing, when something changed since it was made.
        """
        from lookalike.library.duplicating import apply

        return apply(self._store, plan, quarantine, on_step)

    def undo_duplicates(self, *, on_step: OnStep | None = None) -> Moved:
        """Bring the files of the last applied plan back, and what was known of them."""
        from lookalike.library.duplicating import bring_back

        return bring_back(self._store, on_step)

    def decide_duplicates(self, verdict: str, ids: Sequence[str]) -> int:
        """Remember that images are `not-duplicates`, or that you `keep-both`: each with each.

        Returns how many pairs that are. Raises `UnknownNameError`, `UnknownIdError`.
        """
        from lookalike.library.duplicating import decide

        return decide(self._store, verdict, [self.get(id_).id for id_ in ids])

    def clusters(
        self,
        space: str | None = None,
        *,
        method: str | None = None,
        k: int | None = None,
        smallest: int | None = None,
        seed: int = 0,
        refresh: bool = False,
        on_step: OnStep | None = None,
    ) -> Clusters:
        """Groups of images that look alike, kept as the column `cluster`.

        "kmeans" takes `k`, or the one of the best silhouette; "density", which needs
        `[explore]`, leaves strays out. What was added since joins the nearest cluster. Names
        that people gave outlive finding clusters anew. Raises `UsageError`,
        `UnknownNameError`, `MissingExtraError`.
        """
        from lookalike.library.clustering import find_clusters

        return find_clusters(
            self._store,
            self._chosen(space),
            method,
            k=k,
            smallest=smallest,
            seed=seed,
            refresh=refresh,
            on_step=on_step,
        )

    def name_cluster(self, old: str, new: str) -> int:
        """Give a cluster a name; returns how many contents it has. Raises `UnknownNameError`."""
        from lookalike.library.clustering import name_cluster

        return name_cluster(self._store, old, new)

    def clusters_html(self, found: Clusters) -> str:
        """Clusters as one web page: words, the most central and the most diverse images."""
        from lookalike.library.cluster_pages import page_of

        return page_of(found, self.thumbnail)

    def outliers(
        self,
        space: str | None = None,
        *,
        on_step: OnStep | None = None,
        stop: Stop = lambda: False,
    ) -> Outliers:
        """Images far from every other, blurred, dark, blank, tiny, cut short; labels in doubt.

        The scores are kept as derived columns, to filter by. Raises `UnknownNameError`.
        """
        from lookalike.library.outlying import find_outliers

        hear = on_step or (lambda *_: None)
        chosen, picture = self._chosen(space), self.thumbnail
        return find_outliers(self._store, self._resources, chosen, picture, hear, stop)

    def get(self, id_: str) -> ImageRecord:
        """What is known of one image. Raises `UnknownIdError` with the nearest ids."""
        return self._store.image(id_)

    def head(self, count: int = 5) -> list[ImageRecord]:
        """The first images, in the order in which they were added."""
        return self._store.first_images(count)

    def vector(self, id_: str) -> Halves:
        """The stored vector of one image, float16 (dim,)."""
        return self._store.vector(self._space, self.get(id_).key)

    def thumbnail(self, id_: str) -> bytes | None:
        """A small WebP of one image; made now if need be, None when its file is gone."""
        return self._thumbnail(self.get(id_))

    def remove(self, ids: Collection[str]) -> int:
        """Remove images by id; returns how many went. Raises `UnknownIdError`."""
        return self._store.remove([self.get(id_).id for id_ in ids])

    def matrix(self, space: str | None = None) -> Halves:
        """All vectors, float16 (n, dim), memory-mapped; row i belongs to `ids[i]`."""
        return self._store.compact(self._store.space(space))[0]

    @property
    def ids(self) -> list[str]:
        """The ids of all images, in the order of `matrix()`'s rows."""
        keys = self._store.compact(self._space)[1]
        return [id_ for id_ in self._store.ids(keys) if id_ is not None]

    def rejects(self) -> Iterator[RejectRecord]:
        """Every image that was offered and could not be used, with its reason."""
        return self._store.rejects()

    def info(self) -> Counts:
        """How much the library holds."""
        return self._store.counts()

    def check(self) -> list[Finding]:
        """Everything that is wrong with the database and its caches; empty when all is well."""
        return self._store.check()

    def repair(self) -> None:
        """Take out what `check` found repairable; indexing again makes it anew."""
        self._store.repair()

    def close(self) -> None:
        """Let go of the database, the network and the caches."""
        self._searcher.close()
        self._store.close()

    def __len__(self) -> int:
        return self._store.counts().images

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Library({str(self.directory)!r})"

    def _chosen(self, space: str | None) -> Space:
        return self._space if space is None else self._store.space(space)

    def _thumbnail(self, image: ImageRecord) -> bytes | None:
        kept = self._store.thumbnail(image.content_key)
        if kept is not None:
            return kept
        made = thumbnail_of(image.location, image.content.sha256)
        if made is not None:
            with suppress(LibraryError):  # it may lie where nothing can be written
                self._store.set_thumbnail(image.content_key, made)
        return made
