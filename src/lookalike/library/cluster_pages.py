"""Clusters as a page: what is known of each, with the thumbnails of a library."""

from __future__ import annotations

from collections.abc import Callable

from lookalike.explore.clusters_page import Section, clusters_page
from lookalike.library.clustering import Clusters


def page_of(found: Clusters, thumbnail: Callable[[str], bytes | None]) -> str:
    """The page of clusters; `thumbnail` gives the WebP of an id."""
    images = sum(one.images for one in found.clusters)
    summary = f"{len(found.clusters)} clusters of {images:,} images, {found.strays:,} strays"
    sections = [
        Section(
            one.name,
            f"{one.images:,} images, cohesion {one.cohesion:.3f}",
            one.words,
            one.central,
            one.diverse,
        )
        for one in found.clusters
    ]
    return clusters_page(summary, sections, found.curve, thumbnail)
