"""Near-duplicates of a library: candidates from hashes and vectors, each verified, then grouped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ImageRejectedError
from lookalike.explore.background import Background, background
from lookalike.explore.compared import Compared
from lookalike.explore.groups import Pair, linked
from lookalike.explore.hashes import fitting_radius, near_hashes
from lookalike.explore.neighbours import near_rows
from lookalike.explore.prints import Prints
from lookalike.explore.verify import likeness
from lookalike.images.decode import decode
from lookalike.images.read import read_bytes
from lookalike.store.records import ImageRecord, Space
from lookalike.store.store import Store
from lookalike.types import Floats, Keys, Stop

Level = Literal["bytes", "pixels", "picture", "scene"]
LEVELS: tuple[Level, ...] = ("bytes", "pixels", "picture", "scene")
NEIGHBOURS = 32
STRANGERS = 4
"""An image's nearest that turn out to be strangers before the search for its copies ends."""
_BLOCK = 128
_PROBED = 60

Advance = Callable[[str, int, int], object]


@dataclass(frozen=True, slots=True)
class Edge:
    """Two contents that were found to be near: at which level, how sure (0..1), and how."""

    level: Level
    score: float
    how: str


@dataclass(frozen=True, slots=True)
class Group:
    """Images of which any two are near, by id; `edges` join places in `images`."""

    images: list[ImageRecord]
    edges: dict[Pair, Edge]

    @property
    def level(self) -> Level:
        """That of its farthest pair."""
        return max((edge.level for edge in self.edges.values()), key=LEVELS.index)


@dataclass(slots=True)
class Found:
    """The groups, largest first, and what was measured on the way."""

    groups: list[Group]
    contents: int
    background: Background | None = None
    radius: int = 0
    compared: int = 0
    unreadable: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Up to which level, in which space, and who hears of the progress (stage, done, total)."""

    level: Level
    space: Space
    advance: Advance = lambda *_: None
    stop: Stop = lambda: False


def find_duplicates(store: Store, prints: Prints, wanted: Wanted) -> Found:
    """All groups of near-duplicates; see `explore.verify` for what counts as one picture."""
    nodes = store.fingerprints()
    search = _Search(store, prints, wanted, nodes.keys, nodes.contents)
    found = Found([], len(nodes.keys))
    if wanted.level != "bytes" and len(nodes.keys) > 1:
        found.radius = fitting_radius(nodes.hashes)
        pairs = near_hashes(nodes.hashes, found.radius)
        places, cosines, found.background = _near_vectors(store, wanted, nodes.keys)
        search.run(pairs, places, cosines, found.background)
    groups = linked(
        {pair: _rank(edge) for pair, edge in search.edges.items()},
        lambda one, other: search.verified(one, other) is not None,
    )
    search.save()
    found.compared = search.compared
    found.unreadable = search.unreadable()
    found.groups = list(_with_copies(store, groups, search, nodes.contents))
    return found


def _rank(edge: Edge) -> float:
    return edge.score - LEVELS.index(edge.level)


def _near_vectors(
    store: Store, wanted: Wanted, keys: Keys
) -> tuple[NDArray[np.int32], Floats, Background | None]:
    """Places in `keys` (n, k) of the nearest of each, and cosines; -1 where there is none."""
    none = np.full((len(keys), 1), -1, np.int32), np.full((len(keys), 1), -1, np.float32)
    if wanted.space.of_bits:
        return *none, None
    matrix, row_keys = store.compact(wanted.space)
    here = np.isin(keys, row_keys)
    rows = np.searchsorted(row_keys, keys[here])
    if len(rows) < 2:
        return *none, None
    usual = background(matrix, rows)
    found, cosines = near_rows(
        matrix, rows, NEIGHBOURS, lambda done, total: wanted.advance("neighbours", done, total)
    )
    numbers = np.flatnonzero(here).astype(np.int32)
    places = np.full((len(keys), found.shape[1]), -1, np.int32)
    places[here] = np.where((found >= 0) & (cosines >= usual.floor), numbers[found], -1)
    spread = np.full(places.shape, -1, np.float32)
    spread[here] = cosines
    return places, spread, usual


class _Search:
    """Verifies candidates, each pair once, and remembers what was found near."""

    def __init__(
        self, store: Store, prints: Prints, wanted: Wanted, keys: Keys, contents: Keys
    ) -> None:
        self._store = store
        self._prints = prints
        self._compared = Compared(prints.file)
        self._wanted = wanted
        self.keys = keys
        self._contents = contents
        self._scene = np.inf
        self._noise = 1.0
        self.edges: dict[Pair, Edge] = {}
        self.compared = 0

    def run(
        self,
        pairs: NDArray[np.int32],
        places: NDArray[np.int32],
        cosines: Floats,
        usual: Background | None,
    ) -> None:
        """Look through the candidates, an image at a time, in blocks that share their prints."""
        if self._wanted.level == "scene" and usual is not None:
            self._scene, self._noise = usual.scene, self._usual_likeness()
        starts = np.searchsorted(pairs[:, 0], np.arange(len(places) + 1))
        for start in range(0, len(places), _BLOCK):
            if self._wanted.stop():
                return
            block = np.arange(start, min(start + _BLOCK, len(places)))
            hashed = pairs[starts[block[0]] : starts[block[-1] + 1]]
            near = places[block]
            self._load(np.unique(np.concatenate([block, hashed.ravel(), near[near >= 0]])))
            for one, other in hashed:
                self._look(int(one), int(other), cut=False)
            for one in block:
                self._look_around(int(one), places, cosines)
            self._wanted.advance("candidates", int(block[-1]) + 1, len(places))

    def verified(self, one: int, other: int) -> Edge | None:
        """The edge between two places, found now if need be."""
        pair = (one, other)
        if pair not in self.edges:
            self._load(np.array(pair))
            self._look(one, other)
        return self.edges.get(pair)

    def save(self) -> None:
        """Keep what was compared for the next search."""
        self._compared.save()

    def unreadable(self) -> list[str]:
        """Ids of images whose files could not be read to verify them."""
        lost = np.isin(self._contents, list(self._prints.unreadable))
        return [id_ for id_ in self._store.ids(self.keys[lost]) if id_ is not None]

    def _load(self, numbers: NDArray[np.integer]) -> None:
        lacking = [n for n in numbers if self._prints.get(int(self._contents[n])) is None]
        self._prints.load(self._store.images_by_key(self.keys[lacking]))

    def _look_around(self, one: int, places: NDArray[np.int32], cosines: Floats) -> None:
        """Try the nearest in turn, until some have turned out to be strangers."""
        strangers = 0
        for other, cosine in zip(places[one], cosines[one], strict=True):
            if other < 0 or strangers >= STRANGERS:
                return
            pair = (one, int(other)) if one < other else (int(other), one)
            seen_before = other < one and _tried(places[other], one)
            if pair not in self.edges and not seen_before:
                self._look(*pair, cosine=float(cosine))
            strangers += pair not in self.edges

    def _look(self, one: int, other: int, *, cosine: float = -1.0, cut: bool = True) -> None:
        pair = (one, other)
        if pair in self.edges:
            return
        first, second = (self._prints.get(int(self._contents[n])) for n in pair)
        if first is None or second is None:
            return
        self.compared += 1
        match = self._compared.match(first, second, cut=cut)
        if match is not None:
            exact = match.score > 0.97 and self._same_pixels(one, other)
            level: Level = "pixels" if exact else "picture"
            if LEVELS.index(level) <= LEVELS.index(self._wanted.level):
                how = "every pixel the same" if exact else match.how
                self.edges[pair] = Edge(level, 1.0 if exact else min(match.score, 0.999), how)
        elif cosine >= self._scene and likeness(first, second) > self._noise:
            self.edges[pair] = Edge("scene", cosine, "the same scene, seen again")

    def _same_pixels(self, one: int, other: int) -> bool:
        images = self._store.images_by_key(self.keys[[one, other]])
        if len(images) < 2:
            return False
        first, second = (image.content for image in images)
        if (first.width, first.height) != (second.width, second.height):
            return False
        try:
            pictures = [np.asarray(decode(read_bytes(image.location)).rgb) for image in images]
        except ImageRejectedError:
            return False
        return bool(np.array_equal(pictures[0], pictures[1]))

    def _usual_likeness(self) -> float:
        """What the best fit of two strangers hardly ever exceeds, by random pairs."""
        chance = np.random.default_rng(0)
        some = chance.permutation(len(self.keys))[: 2 * _PROBED]
        self._load(some)
        prints = [self._prints.get(int(self._contents[n])) for n in some]
        there = [print_ for print_ in prints if print_ is not None and not print_.flat]
        scores = [likeness(one, other) for one, other in zip(there[::2], there[1::2], strict=False)]
        return float(np.quantile(scores, 0.95)) if scores else 1.0


def _tried(places: NDArray[np.int32], other: int) -> bool:
    """Whether an image, whose turn was earlier, had the other among its first few."""
    return bool((places[:STRANGERS] == other).any())


def _with_copies(
    store: Store, groups: Sequence[Sequence[int]], search: _Search, contents: Keys
) -> Iterator[Group]:
    """The groups as images, byte-identical copies put beside one another."""
    copies = store.copies()
    told: set[int] = set()
    for group in groups:
        yield _expanded(store, group, search, contents, copies)
        told.update(group)
    for number, content in enumerate(contents):
        if int(content) in copies and number not in told:
            yield _expanded(store, [number], search, contents, copies)


def _expanded(
    store: Store,
    group: Sequence[int],
    search: _Search,
    contents: Keys,
    copies: dict[int, list[int]],
) -> Group:
    members = [
        (number, key)
        for number in group
        for key in copies.get(int(contents[number]), [int(search.keys[number])])
    ]
    images = store.images_by_key([key for _, key in members])
    edges: dict[Pair, Edge] = {}
    for a, (one, _) in enumerate(members):
        for b, (other, _) in enumerate(members[:a]):
            if one == other:
                edges[b, a] = Edge("bytes", 1.0, "every byte the same")
            else:
                edge = search.edges.get((other, one) if other < one else (one, other))
                if edge is not None:
                    edges[b, a] = edge
    return Group(images, edges)
