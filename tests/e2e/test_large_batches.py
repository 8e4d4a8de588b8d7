"""Batches larger than what the decoders may have waiting, as a GPU is fed: nothing hangs."""

from pathlib import Path

import numpy as np
import pytest

import family_weights as weights
import lookalike
from lookalike.models.model import find_model
from lookalike.models.network import Feeding
from shell import photos


def matrix(folder: Path, name: str, spec: str) -> np.ndarray:
    with lookalike.open(folder / name, model=spec, runtime="onnx", workers=1) as library:
        report = library.add(folder / "photos")
        assert (report.embedded, report.rejected) == (90, 1)
        assert library.ids == sorted(library.ids)
        return np.array(library.matrix())


@pytest.mark.parametrize("batch", [64, 256])
def test_a_large_batch_gives_the_same_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    photos(tmp_path / "photos", range(90))
    (tmp_path / "photos" / "050x.jpg").write_bytes(b"no picture")
    spec = f"onnx:{weights.onnx_graph(tmp_path, 'tiny.onnx', 'features')}"
    usual = matrix(tmp_path, "usual", spec)
    monkeypatch.setattr("lookalike.models.model.ON_CORES", Feeding(batch, 2))
    assert find_model(spec).feeding("cpu").batch == batch
    np.testing.assert_allclose(matrix(tmp_path, "large", spec), usual, atol=1e-3)
