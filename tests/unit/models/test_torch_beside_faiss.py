"""torch and faiss in one process, each before the other: both bring threads of their own."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAISS = """
import faiss, numpy as np
rows = np.random.default_rng(0).normal(size=(4000, 64)).astype(np.float32)
index = faiss.IndexFlatIP(64); index.add(rows)
assert (index.search(rows[:200], 1)[1][:, 0] >= 0).all()
"""
TORCH = """
import torch, numpy as np
from lookalike.images.preprocess import Preprocessing
from lookalike.models.network import NetworkOptions
from lookalike.models.torch_network import TorchNetwork, Vision
module = torch.nn.Conv2d(3, 8, 3)
spec = Preprocessing(64, 64, "bicubic", (0, 0, 0), (1, 1, 1))
network = TorchNetwork(Vision(module, lambda x: module(x).mean((2, 3))), spec, NetworkOptions())
assert network.run(np.ones((4, 64, 64, 3), np.uint8)).shape == (4, 8)
"""


@pytest.mark.extra
@pytest.mark.parametrize("program", [FAISS + TORCH + FAISS, TORCH + FAISS + TORCH])
def test_they_run_in_one_process(program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
