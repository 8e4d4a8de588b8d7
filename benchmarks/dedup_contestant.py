"""Encodes a folder of images with imagededup, in its own environment: `python THIS FOLDER OUT`.

Writes an .npz: `files`, and for each method uint64 hashes (n,) or float32 vectors (n, d).
"""

# mypy: ignore-errors

import sys
import time
from pathlib import Path

import numpy as np


def main() -> None:
    """Encode and write."""
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
    try:
        start = time.perf_counter()
        network = methods.CNN(verbose=False)
        vectors = np.concatenate([network.encode_image(image_file=file) for file in files])
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        found["cnn"] = (vectors / lengths).astype(np.float32)
        print(f"CNN: {time.perf_counter() - start:.0f} s", flush=True)
    except Exception as error:  # its weights come from the web  # noqa: BLE001
        print(f"CNN: not run: {type(error).__name__}: {str(error)[:200]}", flush=True)
    np.savez(out, **found)


if __name__ == "__main__":
    main()
