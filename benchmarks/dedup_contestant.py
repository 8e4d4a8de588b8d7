"""Encodes a folder of images with imagededup, in its own environment: `python THIS FOLDER OUT`.

Writes an .npz: `files`, and for each of its four hashes uint64 (n,). Its network is left out: the
weights come from the web, and its torchvision does not load beside a torch built for CPUs.
"""

# mypy: ignore-errors

import sys
import time
from pathlib import Path
from unittest.mock import MagicMock

import numpy as np


def main() -> None:
    """Encode and write."""
    for name in ("methods.cnn", "utils.models", "utils.data_generator"):
        sys.modules[f"imagededup.{name}"] = MagicMock()
    from imagededup import methods

    root, out = Path(sys.argv[1]), Path(sys.argv[2])
    files = sorted(root.rglob("*.jpg"))
    found = {"files": np.array([str(file) for file in files])}
    for name in ("PHash", "DHash", "WHash", "AHash"):
        start = time.perf_counter()
        hasher = getattr(methods, name)(verbose=False)
        codes = [int(hasher.encode_image(image_file=file), 16) for file in files]
        found[name.lower()] = np.array(codes, dtype=np.uint64)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
    np.savez(out, **found)


if __name__ == "__main__":
    main()
