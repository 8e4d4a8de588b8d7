from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from lookalike.errors import UnknownNameError, UsageError
from lookalike.models.spec import parse_spec
from lookalike.reduce.by_name import make_reducer
from lookalike.reduce.reducer import Reducer
from lookalike.types import Floats

RNG = np.random.default_rng(5)
VECTORS = (RNG.normal(size=(300, 24)) * np.linspace(3, 0.1, 24) + 2).astype(np.float32)


def blocks() -> Iterator[Floats]:
    yield from np.array_split(VECTORS, 7)


def made(text: str) -> Reducer:
    (spec,) = parse_spec(f"x|{text}").reducers
    return make_reducer(spec)


def test_mean_of_every_four_values() -> None:
    reducer = made("mean:4")
    vectors = np.arange(16, dtype=np.float32).reshape(2, 8)
    assert reducer.dimension(8) == 2
    assert reducer.apply(vectors).tolist() == [[1.5, 5.5], [9.5, 13.5]]


def test_a_remainder_is_refused() -> None:
    with pytest.raises(UsageError, match="leaves 2"):
        made("mean:4").dimension(1282)


def test_centre_takes_the_mean_off() -> None:
    centred = made("centre").fit(blocks).apply(VECTORS)
    assert np.abs(centred.mean(axis=0)).max() < 1e-5
    assert np.allclose(centred - centred[0], VECTORS - VECTORS[0], atol=1e-5)


def test_pca_agrees_with_a_singular_value_decomposition() -> None:
    projected = made("pca:5").fit(blocks).apply(VECTORS)
    centred = VECTORS.astype(np.float64) - VECTORS.astype(np.float64).mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    expected = centred @ directions[:5].T
    assert np.allclose(np.abs(projected), np.abs(expected), atol=1e-4)


def test_whitened_components_have_unit_variance_and_no_covariance() -> None:
    projected = made("pca:5,whiten=1").fit(blocks).apply(VECTORS)
    assert np.allclose(np.cov(projected.T, bias=True), np.eye(5), atol=1e-3)


def test_a_fitted_reducer_is_restored_from_its_arrays() -> None:
    for text in ("centre", "pca:5", "pca:3,whiten=1"):
        fitted = made(text).fit(blocks)
        again = made(text).restored(fitted.arrays)
        assert np.array_equal(again.apply(VECTORS), fitted.apply(VECTORS))


def test_pca_refuses_what_it_cannot_learn() -> None:
    with pytest.raises(UsageError, match="only 24"):
        made("pca:25").dimension(24)
    with pytest.raises(UsageError, match="there are 4"):
        made("pca:5").fit(lambda: iter([VECTORS[:4]]))
    with pytest.raises(UsageError, match="fitted"):
        made("pca:5").apply(VECTORS)


def test_lsh_bits_are_the_sides_of_the_hyperplanes() -> None:
    reducer = made("lsh:13,seed=628")
    normals = np.random.Generator(np.random.PCG64(628)).uniform(-1, 1, (13, 24))
    bits = np.unpackbits(reducer.apply(VECTORS), axis=1)
    assert bits.shape == (300, 16)
    for row, vector in zip(bits, VECTORS, strict=True):
        sides = [
            int(sum(float(x) * h for x, h in zip(vector, n, strict=True)) > 0) for n in normals
        ]
        assert row[:13].tolist() == sides
        assert not row[13:].any()


def test_lsh_of_a_feature_map_takes_3063_bytes_for_49_cells_and_500_planes() -> None:
    maps = RNG.normal(size=(2, 49, 512)).astype(np.float32)
    reducer = made("lsh:500,seed=628")
    packed = reducer.apply(maps)
    assert packed.shape == (2, 3063)
    cell = np.unpackbits(packed[1])[7 * 500 : 8 * 500]
    alone = np.unpackbits(reducer.apply(maps[1, 7][None])[0])[:500]
    assert np.array_equal(cell, alone)


def test_near_vectors_share_more_bits_than_far_ones() -> None:
    reducer = made("lsh:2000,seed=1")
    a = RNG.normal(size=64).astype(np.float32)
    b = RNG.normal(size=64).astype(np.float32)
    b -= a * (a @ b) / (a @ a)
    angles = (0.1, 0.5, 1.5)
    b *= np.linalg.norm(a) / np.linalg.norm(b)
    turned = np.stack([a, *(np.cos(t) * a + np.sin(t) * b for t in angles)])
    bits = np.unpackbits(reducer.apply(turned.astype(np.float32)), axis=1)
    shares = [(bits[0] != row).mean() for row in bits[1:]]
    assert shares == pytest.approx([t / np.pi for t in angles], abs=0.04)


def test_l2_gives_unit_length_and_leaves_zero_alone() -> None:
    result = made("l2").apply(np.array([[3, 4], [0, 0]], np.float32))
    assert np.allclose(result, [[0.6, 0.8], [0, 0]])


@pytest.mark.parametrize(
    "text", ["mean", "mean:0", "mean:x", "mean:2,3", "centre:3", "lsh:8,seed=x"]
)
def test_wrong_arguments_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        made(text)


@pytest.mark.parametrize(("text", "named"), [("pcaa:3", "pca"), ("lsh:8,sed=3", "seed")])
def test_a_slip_is_answered_with_the_nearest_name(text: str, named: str) -> None:
    with pytest.raises(UnknownNameError, match=named):
        made(text)
