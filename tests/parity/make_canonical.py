"""Writes canonical.npz: what torch gives for the generated pictures, eagerly and in fp32.

Run from the root of the repository, in an environment with torch:
    PYTHONPATH=. python tests/parity/make_canonical.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from canonical_pictures import PICTURES, draw
from numpy.typing import NDArray

CANONICAL = Path(__file__).with_name("canonical.npz")


def torch_vectors() -> dict[str, NDArray[np.float16]]:
    """Name of a picture -> float16 (1280,)."""
    import torch
    from benchmarks.usual_way import Lite0, as_input, load_weights, plain_pixels

    network = Lite0(load_weights())
    with torch.inference_mode():
        return {
            name: network(as_input(plain_pixels(draw(name))[None]))[0].numpy().astype(np.float16)
            for name in PICTURES
        }


if __name__ == "__main__":
    np.savez_compressed(CANONICAL, **torch_vectors())
    print(f"{CANONICAL.name}: {len(PICTURES)} vectors, {CANONICAL.stat().st_size:,} bytes")
