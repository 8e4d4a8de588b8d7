"""Makes the visual words of `sift`: spherical k-means on descriptors of the drawn garments.

Run as `python -m benchmarks.sift_codebook FILE`; needs the extra `classic`. The same version
of OpenCV and Pillow gives the same file, which is part of the package.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from lookalike.demo.garments import draw_catalogue
from lookalike.images.preprocess import to_input
from lookalike.models.catalog import catalog_row
from lookalike.models.classic.sift import WORDS, root_sift
from lookalike.types import Floats

ROUNDS = 40
SAMPLE = 60_000


def words_of(photos: list[Path]) -> Floats:
    """The codebook (32, 128) learned from photos."""
    spec = catalog_row("sift").preprocessing
    found = []
    for path in photos:
        with Image.open(path) as image:
            found.append(root_sift(to_input(image.convert("RGB"), spec)))
    descriptors = np.concatenate(found)
    generator = np.random.Generator(np.random.PCG64(628))
    chosen = generator.permutation(len(descriptors))[:SAMPLE]
    descriptors = descriptors[chosen]
    words = descriptors[:WORDS].copy()
    for _ in range(ROUNDS):
        nearest = np.argmax(descriptors @ words.T, axis=1)
        for number in np.unique(nearest):
            mean = descriptors[nearest == number].mean(axis=0)
            words[number] = mean / np.linalg.norm(mean)
    return words


def as_bytes(words: Floats) -> bytes:
    """One byte a value: RootSIFT values lie in 0..1."""
    return np.rint(words * 255).astype(np.uint8).tobytes()


def main() -> None:
    with TemporaryDirectory() as folder:
        draw_catalogue(Path(folder))
        words = words_of(sorted((Path(folder) / "images").iterdir()))
    Path(sys.argv[1]).write_bytes(as_bytes(words))


if __name__ == "__main__":
    main()
