"""Near perceptual hashes, also of the mirrored and the turned picture, without comparing all."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lookalike.types import Bits

Hashes = NDArray[np.uint64]
_SIDE = 8
_PART_BITS = 16
_MOST_RADIUS = 11
_SAMPLE = 2000
_CHANCE = 30.0
"""Strangers, for each image, that the radius may let through to be verified."""
_BLOCK = 4096
_STRANGERS = np.arange(13, 19)
_SMALL = 20_000
_LINKED = 4


def eight_ways(hashes: Hashes) -> NDArray[np.uint64]:
    """The hashes (n,) of the picture in its eight orientations: (8, n), the first as it is.

    Mirroring negates the odd terms of a DCT along that axis, a quarter turn swaps the axes as
    well; a bit tells on which side of the median, which is about zero, its term lies.
    """
    bits = np.unpackbits(hashes.astype(">u8").view(np.uint8)).reshape(-1, _SIDE, _SIDE)
    ways = []
    for terms in (bits, bits.transpose(0, 2, 1)):
        for down in (0, 1):
            for across in (0, 1):
                odd = np.zeros((_SIDE, _SIDE), np.uint8)
                odd[1::2] ^= np.uint8(down)
                odd[:, 1::2] ^= np.uint8(across)
                ways.append(np.packbits((terms ^ odd).reshape(-1, 64), axis=1).view(">u8").ravel())
    return np.stack(ways).astype(np.uint64)


def fitting_radius(hashes: Hashes) -> int:
    """How many bits two hashes of one picture may differ, 0..11.

    As many as let no more than `_CHANCE` strangers an image through. How many there are at
    a distance is drawn down from those at 13 to 18 bits, where copies hardly count.
    """
    chance = np.random.default_rng(0)
    some = hashes[chance.permutation(len(hashes))[:_SAMPLE]]
    differing = np.bitwise_count(some[:, None] ^ some[None, :])[np.triu_indices(len(some), 1)]
    counts = np.bincount(differing, minlength=65)
    known = _STRANGERS[counts[_STRANGERS] > 0]
    if len(known) < 2:
        return _MOST_RADIUS
    slope, level = np.polyfit(known, np.log(counts[known]), 1)
    usual = np.exp(level + slope * np.arange(_MOST_RADIUS + 1)).cumsum() / len(differing)
    fitting = np.flatnonzero(8 * len(hashes) * usual <= _CHANCE)
    return int(fitting[-1]) if len(fitting) else 0


def near_hashes(hashes: Hashes, radius: int) -> NDArray[np.int32]:
    """Pairs (p, 2) of places whose hashes differ in at most `radius` bits in some orientation.

    Each pair once, the lower place first; of many equal hashes each is paired with the next few,
    and the first with those nearby. Beyond some thousands they are found by multi-index
    hashing (Norouzi et al., "Fast Exact Search in Hamming Space", 2014).
    """
    different, classes = np.unique(hashes, return_inverse=True)
    by_class = np.argsort(classes, kind="stable").astype(np.int32)
    firsts = by_class[np.searchsorted(classes[by_class], np.arange(len(different)))]
    found = [firsts[_near_different(different, radius)].reshape(-1, 2)]
    for step in range(1, _LINKED + 1):
        equal = classes[by_class[step:]] == classes[by_class[:-step]]
        found.append(np.stack([by_class[:-step][equal], by_class[step:][equal]], axis=1))
    pairs: NDArray[np.int32] = np.unique(np.sort(np.concatenate(found), axis=1), axis=0)
    return pairs


def _near_different(hashes: Hashes, radius: int) -> NDArray[np.int64]:
    faiss: Any = importlib.import_module("faiss")
    if len(hashes) > _SMALL:
        index = faiss.IndexBinaryMultiHash(64, 64 // _PART_BITS, _PART_BITS)
        index.nflip = radius // (64 // _PART_BITS)
    else:
        index = faiss.IndexBinaryFlat(64)
    index.add(_bytes(hashes))
    found = [np.empty((0, 2), np.int64)]
    for turned in eight_ways(hashes):
        queries = _bytes(turned)
        for start in range(0, len(hashes), _BLOCK):
            limits, _, places = index.range_search(queries[start : start + _BLOCK], radius + 1)
            own = np.repeat(np.arange(start, start + len(limits) - 1), np.diff(limits.astype(int)))
            kept = own < places
            found.append(np.stack([own[kept], places[kept]], axis=1))
    return np.concatenate(found)


def _bytes(hashes: Hashes) -> Bits:
    return hashes.astype(">u8").view(np.uint8).reshape(-1, 8)
