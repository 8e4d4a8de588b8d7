"""The usual loop, in a process of its own: open, resize, crop, embed a batch, one after another.

    python -m benchmarks.usual_loop FOLDER BATCH LIMIT

Prints images a second, the start of Python, of torch and of the network left out. Tensors
are channels-last, as Pillow's pixels are: torch is faster with that than with copies of them.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from benchmarks.usual_way import CROP, Lite0, as_input, load_weights, plain_pixels


def main(folder: str, batch: str, limit: str) -> None:
    """Embed the first images of a folder, as many a batch as asked for."""
    size = int(batch)
    files = sorted(Path(folder).iterdir())[: int(limit)]
    network = Lite0(load_weights())
    vectors = []
    with torch.no_grad():
        network(as_input(np.zeros((size, CROP, CROP, 3), np.uint8)))
        start = time.perf_counter()
        for first in range(0, len(files), size):
            pixels = []
            for file in files[first : first + size]:
                with Image.open(file) as image:
                    pixels.append(plain_pixels(image.convert("RGB")))
            vectors.append(network(as_input(np.stack(pixels))).numpy())
        seconds = time.perf_counter() - start
    print(len(np.concatenate(vectors)) / seconds)


if __name__ == "__main__":
    main(*sys.argv[1:])
