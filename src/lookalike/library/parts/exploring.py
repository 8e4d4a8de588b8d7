"""An open library as a whole: its map, clusters, near-duplicates and outliers."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from lookalike.library.deriving import OnStep
from lookalike.library.parts.opened import Opened
from lookalike.types import Stop

if TYPE_CHECKING:
    from lookalike.explore.plan import Plan
    from lookalike.explore.quarantine import Moved
    from lookalike.library.clustering import Clusters
    from lookalike.library.duplicating import Duplicates
    from lookalike.library.kept_duplicates import KeptDuplicates
    from lookalike.library.map_points import MapPoints
    from lookalike.library.mapping import Map
    from lookalike.library.outlying import Outliers


class Exploring(Opened):
    """An open library as a whole: its map, clusters, near-duplicates and outliers."""

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

    def map_points(
        self, space: str | None = None, *, where: str | None = None, columns: Sequence[str] = ()
    ) -> MapPoints | None:
        """The map as it was laid out last, with columns as colours; None without one.

        Of the images that `where` leaves. Raises `UnknownNameError`, `FilterError`.
        """
        from lookalike.library.map_points import map_points

        return map_points(self._store, self._chosen(space), where, columns)

    def map_mark(self, space: str | None = None, *, coloured: bool = False) -> str | None:
        """A text that changes when `map_points` of all images do; None without a map.

        With `coloured`, also when those of any columns do.
        """
        return self._store.mark_of_layout(self._chosen(space), coloured=coloured)

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

    def kept_clusters(self) -> Clusters | None:
        """The clusters that were found last, as they are now; None when they never were."""
        from lookalike.library.clustering import kept_clusters

        return kept_clusters(self._store)

    def name_cluster(self, old: str, new: str) -> int:
        """Give a cluster a name; returns how many contents it has. Raises `UnknownNameError`."""
        from lookalike.library.clustering import name_cluster

        return name_cluster(self._store, old, new)

    def clusters_html(self, found: Clusters) -> str:
        """Clusters as one web page: words, the most central and the most diverse images."""
        from lookalike.library.cluster_pages import page_of

        return page_of(found, self.thumbnail)

    def duplicates(
        self,
        level: str = "picture",
        *,
        space: str | None = None,
        across: str | Mapping[str, str] | None = None,
        keep: bool = False,
        on_step: OnStep | None = None,
        stop: Stop = lambda: False,
    ) -> Duplicates:
        """Groups of near-duplicates: of equal bytes, pixels, of one picture, or of one scene.

        Each level takes in those before it. `space` proposes pairs. With `across`, a column or
        label, source or folder, only pairs that differ in it; a mapping of ids to sides leaves
        out images that it lacks. `keep` keeps the groups for `kept_duplicates`, once nobody else
        writes, unless `stop` ended the search. Raises `UnknownNameError`.
        """
        from lookalike.library import kept_duplicates
        from lookalike.library.duplicating import find

        chosen, picture, images = self._chosen(space), self.thumbnail, self.images_mark
        found = find(self._store, self._resources, chosen, level, across, picture, on_step, stop)
        if keep:
            kept_duplicates.keep(self._store, found, level, images, stop)
        return found

    def kept_duplicates(self) -> KeptDuplicates | None:
        """What is left of the groups kept last, after images went or were decided on.

        None where none were ever kept.
        """
        from lookalike.library.kept_duplicates import kept

        return kept(self._store, self.thumbnail)

    @property
    def has_kept_duplicates(self) -> bool:
        """Whether groups of near-duplicates were ever kept."""
        from lookalike.library.kept_duplicates import are_kept

        return are_kept(self._store)

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
        """Bring the files of the last applied plan back, and what was known of them.

        Raises `UsageError` where no plan was applied.
        """
        from lookalike.library.duplicating import bring_back

        return bring_back(self._store, on_step)

    def decide_duplicates(self, verdict: str, ids: Sequence[str]) -> int:
        """Remember that images are `not-duplicates`, or that you `keep-both`: each with each.

        Returns how many pairs that are. Raises `UnknownNameError`, `UnknownIdError`.
        """
        from lookalike.library.duplicating import decide

        return decide(self._store, verdict, [self.get(id_).id for id_ in ids])

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
