"""The default model: its file of weights is checked, its graph cached, its shapes as promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from lookalike.errors import ModelError
from lookalike.models.catalog import catalog_row
from lookalike.models.efficientnet_lite import build
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions

ROW = catalog_row("efficientnet-lite0")
ONNX = NetworkOptions(runtime="onnx", batch=2)


def test_the_graph_is_valid_and_the_same_each_time() -> None:
    graph = build(ROW)
    onnx.checker.check_model(onnx.load_from_string(graph), full_check=True)
    assert build(ROW) == graph


def test_weights_that_are_not_the_catalogues_are_refused() -> None:
    with pytest.raises(ModelError, match="is not the file the catalogue names"):
        build(replace(ROW, weights_sha256="0" * 64))


def test_the_cache_is_filled_mended_and_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2, 224, 224, 3), np.uint8)
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path))
    expected = find_model("efficientnet-lite0").open(ONNX).run(pixels)
    assert expected.shape == (2, 1280)
    assert expected.dtype == np.float32
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    kept.write_bytes(kept.read_bytes()[:-1000])
    mended = find_model("efficientnet-lite0").open(ONNX).run(pixels)
    np.testing.assert_array_equal(mended, expected)
    assert kept.stat().st_size > 13_000_000
    monkeypatch.setenv("LOOKALIKE_CACHE", str(kept / "below a file"))
    uncached = find_model("efficientnet-lite0").open(ONNX).run(pixels)
    np.testing.assert_array_equal(uncached, expected)
