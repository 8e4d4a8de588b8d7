"""The library as a whole: what it holds, its map, its clusters, its duplicates."""

from __future__ import annotations

from collections.abc import Sequence

from lookalike.client.answers import Images
from lookalike.client.base import Base
from lookalike.client.overviews import (
    ClusterNamed,
    Clusters,
    Duplicates,
    Facets,
    Held,
    Map,
    Plan,
    Rejects,
    Space,
)
from lookalike.client.reading import read
from lookalike.client.transport import get, send_json


class Exploring(Base):
    """The library as a whole."""

    def library(self) -> Held:
        """How much there is, of what, and what can be asked of it."""
        return read(Held, self._json(get(self._v1("/library"))))

    def rejects(self, count: int = 100, *, after: str = "", reason: str | None = None) -> Rejects:
        """What was offered and could not be used, and why."""
        asked = {"count": count, "after": after, "reason": reason}
        return read(Rejects, self._json(get(self._v1("/rejects"), asked)))

    def spaces(self) -> list[Space]:
        """All spaces, oldest first."""
        return [read(Space, one) for one in self._json(get(self._v1("/spaces")))["spaces"]]

    def facets(self, where: str | None = None, columns: Sequence[str] = ()) -> Facets:
        """How many images a filter leaves, and how often each value of columns is among them."""
        asked = {"where": where, "columns": list(columns)}
        return read(Facets, self._json(get(self._v1("/facets"), asked)))

    def map(
        self, space: str | None = None, *, where: str | None = None, colour: Sequence[str] = ()
    ) -> Map:
        """The map as it was laid out last. Raises `UnknownIdError` before it was."""
        asked = {"space": space, "where": where, "colour": list(colour)}
        return read(Map, self._json(get(self._v1("/map"), asked)))

    def clusters(self) -> Clusters:
        """The clusters as they were found last. Raises `UnknownIdError` before they were."""
        return read(Clusters, self._json(get(self._v1("/clusters"))))

    def cluster(self, name: str, count: int = 100, *, after: int = 0) -> Images:
        """The images of a cluster."""
        asked = {"name": name, "count": count, "after": after}
        return read(Images, self._json(get(self._v1("/cluster"), asked)))

    def rename_cluster(self, name: str, to: str) -> ClusterNamed:
        """Give a cluster another name."""
        request = send_json("PATCH", self._v1("/cluster"), {"name": to}, {"name": name})
        return read(ClusterNamed, self._json(request))

    def duplicates(self, count: int = 50, *, offset: int = 0) -> Duplicates:
        """Groups of near-duplicates as they were found last."""
        asked = {"count": count, "offset": offset}
        return read(Duplicates, self._json(get(self._v1("/duplicates"), asked)))

    def decide(self, verdict: str, ids: Sequence[str]) -> int:
        """Say of images that they are `not-duplicates`, or `keep-both`; how many pairs that is."""
        said = {"verdict": verdict, "ids": list(ids)}
        pairs = self._json(send_json("POST", self._v1("/duplicates/decisions"), said))["pairs"]
        return int(pairs)

    def plan_duplicates(
        self, keep: str = "best", *, stay: Sequence[str] = (), drop: Sequence[str] = ()
    ) -> Plan:
        """What would go and why; nothing does before `apply_duplicates`."""
        asked = {"keep": keep, "stay": list(stay), "drop": list(drop)}
        return read(Plan, self._json(send_json("POST", self._v1("/duplicates/plan"), asked)))

    def apply_duplicates(self, digest: str) -> int:
        """Do what the plan of that digest says; how many files were moved."""
        request = send_json("POST", self._v1("/duplicates/apply"), {"digest": digest})
        return int(self._json(request)["files"])

    def undo_duplicates(self) -> int:
        """Bring back what the last plan moved; how many files that were."""
        return int(self._json(send_json("POST", self._v1("/duplicates/undo"), None))["files"])
