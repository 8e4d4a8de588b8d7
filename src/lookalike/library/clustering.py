"""Clusters of a library: found, named by people, kept as the column `cluster`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lookalike.errors import UnknownNameError, UsageError
from lookalike.explore.clusters_describe import Cluster, agreement, describe_cluster
from lookalike.explore.clusters_find import METHODS, Found, by_density, by_means, ground
from lookalike.explore.clusters_names import is_given, name_clusters
from lookalike.explore.clusters_words import words_of_clusters
from lookalike.explore.map_neighbours import OnStep, no_step, unit
from lookalike.library.mapping import Vectors, vectors_by_content
from lookalike.store.fields import Field
from lookalike.store.records import Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys

COLUMN = "cluster"
_SETTING = "clusters"
_AT_ONCE = 8192


@dataclass(frozen=True, slots=True)
class ClusterInfo:
    """One cluster; ids are of images. `cohesion` is the mean cosine to the centre, up to 1.

    `central` and `diverse` are up to twelve ids each, `words` what tells it from the rest.
    """

    name: str
    images: int
    cohesion: float
    central: list[str]
    diverse: list[str]
    words: list[str]


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of a library, the largest first.

    `strays` counts images in none of them. `curve` is the mean silhouette by k, where k was
    chosen. `agreement` with the labels is the normalised mutual information over images that
    have both, None without any. `assigned` says how many images were put into clusters found
    before; `lost` are given names whose cluster is no more.
    """

    space: str
    method: str
    clusters: list[ClusterInfo]
    strays: int
    curve: dict[int, float]
    agreement: float | None
    assigned: int
    lost: list[str]

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as `lookalike clusters --json` prints it."""
        return {
            "space": self.space,
            "method": self.method,
            "strays": self.strays,
            "agreement": None if self.agreement is None else round(self.agreement, 4),
            "silhouettes": {str(k): round(value, 4) for k, value in self.curve.items()},
            "assigned": self.assigned,
            "lost": self.lost,
            "clusters": [
                {
                    "cluster": one.name,
                    "images": one.images,
                    "cohesion": round(one.cohesion, 4),
                    "words": one.words,
                    "central": one.central,
                    "diverse": one.diverse,
                }
                for one in self.clusters
            ],
        }


def find_clusters(
    store: Store,
    space: Space,
    method: str | None = None,
    *,
    k: int | None = None,
    smallest: int | None = None,
    seed: int = 0,
    refresh: bool = False,
    on_step: OnStep | None = None,
) -> Clusters:
    """The clusters of a space, found now if they were not; images added since join the nearest.

    `method`, `k`, `smallest`, another space or `refresh` finds them anew. Names that people
    gave go on to the clusters that overlap most. Raises `UsageError`, `UnknownNameError`,
    `MissingExtraError`.
    """
    _check(method, k, smallest)
    vectors = vectors_by_content(store, space)
    if not len(vectors.contents):
        raise UsageError("There is nothing to group: the library has no images in this space.")
    before = _before(store)
    recipe = json.loads(store.setting(_SETTING) or "{}")
    lost: list[str] = []
    assigned = 0
    anew = refresh or k is not None or smallest is not None
    if (
        anew
        or not before
        or recipe.get("space") != space.name
        or method not in {None, recipe["method"]}
    ):
        chosen = method or str(recipe.get("method", METHODS[0]))
        found = _find(vectors, chosen, k, smallest, seed, on_step or no_step)
        named = name_clusters(found.codes, vectors.contents, before)
        lost = named.lost
        words = {
            content: [named.names[code]]
            for content, code in zip(vectors.contents.tolist(), found.codes.tolist(), strict=True)
            if code >= 0
        }
        recipe = {
            "space": space.name,
            "method": chosen,
            "curve": {str(number): value for number, value in found.curve.items()},
            "seen": int(vectors.contents[-1]),
        }
    else:
        words = {content: [name] for content, name in before.items()}
        joined = _join(vectors, before, int(recipe["seen"]), strict=recipe["method"] == "density")
        words |= {content: [name] for content, name in joined.items()}
        assigned = len(joined)
        recipe["seen"] = int(vectors.contents[-1])
    if words.keys() != before.keys() or any(before[key] != words[key][0] for key in words):
        store.set_derived(COLUMN, words)
    store.set_setting(_SETTING, json.dumps(recipe))
    return _described(store, vectors, recipe, assigned, lost)


def kept_clusters(store: Store) -> Clusters | None:
    """The clusters that were found last, as they are now; None when they never were."""
    kept = store.setting(_SETTING)
    if kept is None:
        return None
    recipe = json.loads(kept)
    space = next((one for one in store.spaces() if one.name == recipe["space"]), None)
    if space is None:
        return None
    return _described(store, vectors_by_content(store, space), recipe, 0, [])


def name_cluster(store: Store, old: str, new: str) -> int:
    """Give a cluster a name, which it keeps when clusters are found anew; returns its images.

    Raises `UnknownNameError`, and `UsageError` for a name that is empty, a number or taken.
    """
    before = _before(store)
    names = set(before.values())
    new = new.strip()
    if old not in names:
        raise UnknownNameError("cluster", old, names)
    if not new or not is_given(new) or not new.isprintable():
        raise UsageError(
            f"A cluster cannot be called {new!r}: numbers are for those without a name."
        )
    if new in names and new != old:
        raise UsageError(f"There is a cluster {new!r} already: choose another name.")
    store.set_derived(
        COLUMN, {content: [new if name == old else name] for content, name in before.items()}
    )
    return sum(name == old for name in before.values())


def _check(method: str | None, k: int | None, smallest: int | None) -> None:
    if method is not None and method not in METHODS:
        raise UnknownNameError("method", method, METHODS)
    if k is not None and method == "density":
        raise UsageError("Density finds how many clusters there are: give no k with it.")
    if smallest is not None and method != "density":
        raise UsageError("A smallest size is for clusters by density.")
    if k is not None and k < 1:
        raise UsageError(f"k must be at least 1, not {k}.")


def _before(store: Store) -> dict[int, str]:
    return {content: words[0] for content, words in store.derived(COLUMN).items() if words}


def _find(
    vectors: Vectors, method: str, k: int | None, smallest: int | None, seed: int, on_step: OnStep
) -> Found:
    on_step("looking for groups", 0, 1)
    points = ground(vectors.rows, seed)
    if method == "density":
        return by_density(points, smallest)
    return by_means(points, k, seed, on_step)


def _join(
    vectors: Vectors, before: Mapping[int, str], seen: int, *, strict: bool
) -> dict[int, str]:
    """Contents that are newer than `seen` by the name of the nearest centre.

    When `strict`, those farther from it than nineteen in twenty of its own are strays.
    """
    new = np.flatnonzero((vectors.contents > seen) & ~np.isin(vectors.contents, list(before)))
    names = sorted({before[key] for key in vectors.contents.tolist() if key in before})
    if not len(new) or not names:
        return {}
    at = {name: number for number, name in enumerate(names)}
    codes = np.array([at.get(before.get(key, ""), -1) for key in vectors.contents.tolist()])
    described = [describe_cluster(vectors.rows, np.flatnonzero(codes == n)) for n in at.values()]
    centres = np.stack([one.centre for one in described])
    least = np.array([_edge(vectors, one) if strict else -np.inf for one in described])
    joined: dict[int, str] = {}
    for start in range(0, len(new), _AT_ONCE):
        rows = new[start : start + _AT_ONCE]
        cosines: Floats = unit(vectors.rows[rows], "cosine") @ centres.T
        best = cosines.argmax(axis=1)
        near = cosines[np.arange(len(rows)), best] >= least[best]
        joined |= {
            int(vectors.contents[row]): names[number]
            for row, number in zip(rows[near].tolist(), best[near].tolist(), strict=True)
        }
    return joined


def _edge(vectors: Vectors, cluster: Cluster) -> float:
    rows = cluster.rows[:_AT_ONCE]
    return float(np.quantile(unit(vectors.rows[rows], "cosine") @ cluster.centre, 0.05))


def _described(
    store: Store, vectors: Vectors, recipe: Mapping[str, Any], assigned: int, lost: list[str]
) -> Clusters:
    """The clusters as they are stored now, in words and examples."""
    before = _before(store)
    facts = store.facts(("label",))
    names = [before.get(content) for content in facts.contents.tolist()]
    sizes = {name: names.count(name) for name in dict.fromkeys(names) if name is not None}
    order = sorted(sizes, key=lambda name: (-sizes[name], name))
    code = {name: number for number, name in enumerate(order)}
    codes = np.array([-1 if name is None else code[name] for name in names], dtype=np.int64)
    fields = [field for field in store.column_cache.fields() if _tells(field)]
    columns = {
        field.name: [values.get(key) for key in facts.keys.tolist()]
        for field in fields
        for values in [store.values(field)]
    }
    words = words_of_clusters(codes, columns, len(order))
    first = {content: row for row, content in reversed(list(enumerate(facts.contents.tolist())))}

    def ids(rows: Keys) -> list[str]:
        keys = vectors.contents[rows].tolist()
        return [facts.ids[first[content]] for content in keys if content in first]

    clusters = []
    for number, name in enumerate(order):
        held = [content for content, called in before.items() if called == name]
        rows = np.flatnonzero(np.isin(vectors.contents, held))
        if len(rows):
            one = describe_cluster(vectors.rows, rows)
            clusters.append(
                ClusterInfo(
                    name,
                    sizes[name],
                    one.cohesion,
                    ids(one.central),
                    ids(one.diverse),
                    words[number],
                )
            )
    labels = facts.values["label"]
    both = np.array(
        [row for row, label in enumerate(labels) if label is not None and codes[row] >= 0],
        dtype=np.int64,
    )
    numbers = np.unique([str(labels[row]) for row in both.tolist()], return_inverse=True)[1]
    return Clusters(
        space=recipe["space"],
        method=recipe["method"],
        clusters=clusters,
        strays=int(np.count_nonzero(codes < 0)),
        curve={int(k): value for k, value in recipe["curve"].items()},
        agreement=agreement(codes[both], numbers) if len(both) else None,
        assigned=assigned,
        lost=lost,
    )


def _tells(field: Field) -> bool:
    """Whether a column may say what is special about a cluster."""
    own = field.origin == "image" and field.name in {"label", "source", "format"}
    return own or (field.origin != "image" and field.name != COLUMN)
