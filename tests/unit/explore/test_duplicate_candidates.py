"""Candidates and groups, held against brute force."""

import itertools

import numpy as np
import pytest
from PIL import Image

from lookalike.explore import hashes, neighbours
from lookalike.explore.background import background
from lookalike.explore.groups import linked
from lookalike.images.fingerprint import perceptual_hash
from shell import picture


@pytest.fixture
def vectors():
    chance = np.random.default_rng(5)
    centres = chance.normal(size=(40, 32))
    found = centres[chance.integers(0, 40, 3000)] + 0.7 * chance.normal(size=(3000, 32))
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float16)


def brute(matrix, rows, k):
    unit = matrix[rows].astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -2)
    return np.argsort(-cosines, axis=1)[:, :k], -np.sort(-cosines, axis=1)[:, :k]


def test_near_rows_are_those_of_brute_force(vectors):
    rows = np.sort(np.random.default_rng(1).choice(3000, 2000, replace=False))
    places, cosines = neighbours.near_rows(vectors, rows, 5)
    _, expected = brute(vectors, rows, 5)
    assert np.allclose(cosines, expected, atol=1e-5)
    assert not (places == np.arange(2000)[:, None]).any()


def test_cells_find_nearly_all_close_rows(vectors, monkeypatch):
    monkeypatch.setattr(neighbours, "EXACT_ROWS", 100)
    copies = np.arange(0, 3000, 10)
    noise = np.random.default_rng(2).normal(scale=0.02, size=(len(copies), 32))
    matrix = np.concatenate([vectors, (vectors[copies] + noise).astype(np.float16)])
    places, cosines = neighbours.near_rows(matrix, np.arange(len(matrix)), 3)
    assert np.mean(places[copies, 0] == 3000 + np.arange(len(copies))) > 0.98
    assert not (places == np.arange(len(matrix))[:, None]).any()
    assert (np.diff(cosines, axis=1) <= 1e-6).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_rows_have_few_neighbours(vectors, count):
    places, cosines = neighbours.near_rows(vectors, np.arange(count), 5)
    assert places.shape == cosines.shape == (count, max(0, count - 1))


def test_the_background_of_a_few_and_of_equal_rows(vectors):
    assert background(vectors[:2], np.arange(2)).floor == -1
    same = background(np.repeat(vectors[:1], 300, axis=0), np.arange(300))
    assert same.scene <= 0.985
    usual = background(vectors, np.arange(3000))
    assert -1 < usual.floor < usual.scene < 1


def test_hashes_of_turned_pictures_are_nearly_the_turned_hashes():
    for seed in range(20):
        image = picture(seed, 128, 96)
        ways = hashes.eight_ways(np.array([perceptual_hash(image)], np.uint64)).ravel()
        assert int(ways[0]) == perceptual_hash(image)
        for turn in Image.Transpose:
            turned = perceptual_hash(image.transpose(turn))
            assert min((int(way) ^ turned).bit_count() for way in ways) <= 12


@pytest.mark.parametrize("small", [20_000, 10])
def test_near_hashes_are_those_of_brute_force(small, monkeypatch):
    monkeypatch.setattr(hashes, "_SMALL", small)
    chance = np.random.default_rng(3)
    base = chance.integers(0, 2**64, 150, np.uint64, endpoint=False)
    flips = np.array([sum(1 << int(b) for b in chance.choice(64, 6, False)) for _ in base], "u8")
    table = np.unique(np.concatenate([base, base ^ flips]))
    chance.shuffle(table)
    ways = hashes.eight_ways(table)
    expected = {
        (one, other)
        for one, other in itertools.combinations(range(len(table)), 2)
        if any(int(way[one] ^ table[other]).bit_count() <= 8 for way in ways)
    }
    assert {tuple(map(int, pair)) for pair in hashes.near_hashes(table, 8)} == expected


def test_many_equal_hashes_are_chained_not_squared():
    pairs = hashes.near_hashes(np.zeros(5000, np.uint64), 4)
    assert len(pairs) < 5 * 5000
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_a_chain_of_pairs_is_no_group():
    chain = {(0, 1): 0.9, (1, 2): 0.8, (2, 3): 0.9}
    groups = linked(chain, lambda one, other: False)
    assert sorted(map(tuple, groups)) == [(0, 1), (1, 2), (2, 3)]


def test_all_near_are_one_group_even_where_a_pair_was_not_proposed():
    assert linked({(0, 1): 0.9, (1, 2): 0.8}, lambda one, other: True) == [[0, 1, 2]]
    assert linked({}, lambda one, other: True) == []
