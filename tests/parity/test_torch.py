"""What needs torch: canonical.npz is still what it gives, and it reads the weights as we do."""

from __future__ import annotations

import numpy as np
import pytest
from canonical_pictures import PICTURES
from make_canonical import CANONICAL, torch_vectors

from lookalike.models.pth import read_state_dict


@pytest.mark.extra
def test_canonical_vectors_are_what_torch_gives_today() -> None:
    found = torch_vectors()
    with np.load(CANONICAL) as file:
        for name in PICTURES:
            kept, now = file[name].astype(np.float64), found[name].astype(np.float64)
            cosine = kept @ now / np.linalg.norm(kept) / np.linalg.norm(now)
            assert cosine >= 0.999_999, name


@pytest.mark.extra
def test_all_tensors_are_read_as_torch_reads_them() -> None:
    from benchmarks.usual_way import load_weights, weights_path

    ours, theirs = read_state_dict(weights_path()), load_weights()
    assert list(ours) == list(theirs)
    assert len(ours) == 296
    for name, tensor in theirs.items():
        expected = tensor.numpy()
        assert ours[name].dtype == expected.dtype, name
        np.testing.assert_array_equal(ours[name], expected, err_msg=name)
