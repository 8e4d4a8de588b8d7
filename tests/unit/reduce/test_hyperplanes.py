"""The hyperplanes of `lsh:N,seed=S`, worked out here from PCG64's own arithmetic."""

import hashlib

import numpy as np

from lookalike.models.spec import ReducerSpec
from lookalike.reduce.by_name import make_reducer
from lookalike.reduce.lsh import Hyperplanes

STATE = 267371527553053880434181753724605386108
INCREMENT = 210598456131889055254319056853375332181
"""What NumPy's SeedSequence makes of the seed 628."""
MULTIPLIER = 47026247687942121848144207491837523525
"""Of the linear congruential generator below PCG64 (numpy/random/src/pcg64/pcg64.h)."""
ALL, WORD = (1 << 128) - 1, (1 << 64) - 1


def words(count: int) -> list[int]:
    """PCG XSL RR 128/64: a step, then the halves' exclusive or, turned by the top six bits."""
    state, found = STATE, []
    for _ in range(count):
        state = (state * MULTIPLIER + INCREMENT) & ALL
        folded, turn = (state >> 64) ^ (state & WORD), state >> 122
        found.append(((folded >> turn) | (folded << (-turn & 63))) & WORD)
    return found


def test_the_hyperplanes_of_seed_628_are_the_same_everywhere() -> None:
    normals = Hyperplanes(500, 628).normals(512)
    by_hand = [2 * ((word >> 11) / 2**53) - 1 for word in words(1000)]
    assert normals.ravel()[:1000].tolist() == by_hand
    digest = hashlib.sha256(normals.astype("<f8").tobytes()).hexdigest()
    assert digest == "6660b0c9131eac51e71fde6907186bdcac499a93f9fb9379f8a863b167d7f37b"
    assert np.abs(normals).max() <= 1
    assert abs(normals.mean()) < 0.01


def test_a_feature_map_is_hashed_cell_by_cell_into_3063_bytes() -> None:
    reducer = make_reducer(ReducerSpec("lsh", ("500",), (("seed", "628"),)))
    maps = np.random.default_rng(0).standard_normal((3, 49, 512)).astype(np.float32)
    packed = reducer.apply(maps)
    assert packed.shape == (3, 3063)
    assert packed.dtype == np.uint8
    bits = np.unpackbits(packed, axis=1)[:, : 49 * 500].reshape(3, 49, 500)
    normals = np.array([2 * ((word >> 11) / 2**53) - 1 for word in words(500 * 512)])
    for cell in (0, 17, 48):
        expected = [[float(x @ h) > 0 for h in normals.reshape(500, 512)] for x in maps[:, cell]]
        np.testing.assert_array_equal(bits[:, cell], expected)


def test_the_share_of_bits_that_differ_is_the_angle() -> None:
    """Two vectors at 60 degrees differ in a third of the bits, give or take the drawing."""
    random = np.random.default_rng(1)
    one, other = random.standard_normal((2, 512))
    other -= one * (one @ other) / (one @ one)
    one, other = one / np.linalg.norm(one), other / np.linalg.norm(other)
    pair = np.stack([one, np.cos(np.pi / 3) * one + np.sin(np.pi / 3) * other])
    packed = Hyperplanes(4096, 628).apply(pair.astype(np.float32))
    share = np.bitwise_count(packed[0] ^ packed[1]).sum() / 4096
    assert abs(share - 1 / 3) < 0.03
