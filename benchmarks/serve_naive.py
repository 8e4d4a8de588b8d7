"""The naive service: a route opens the image, runs the network on it alone, multiplies the matrix.

    python -m benchmarks.serve_naive LIBRARY PORT

The network, its runtime and its preprocessing are the library's; the matrix is float32.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import numpy as np
import uvicorn
from fastapi import FastAPI, UploadFile
from PIL import Image

import lookalike
from lookalike.images.preprocess import to_input
from lookalike.models.model import DEFAULT_MODEL, find_model
from lookalike.models.network import NetworkOptions

K = 10


def create_app(library: str) -> FastAPI:
    """The app over the vectors of a library."""
    with lookalike.open(library) as opened:
        matrix, ids = opened.matrix().astype(np.float32), opened.ids
    model = find_model(DEFAULT_MODEL)
    network = model.open(NetworkOptions("auto", "auto", 1, 1))
    app = FastAPI()

    @app.post("/search")
    def search(image: UploadFile) -> list[dict[str, Any]]:
        with Image.open(io.BytesIO(image.file.read())) as opened:
            pixels = to_input(opened.convert("RGB"), model.preprocessing)
        vector = network.run(pixels[None])[0]
        scores = matrix @ (vector / np.linalg.norm(vector))
        best = np.argsort(-scores)[:K]
        return [{"id": ids[row], "similarity": float(scores[row])} for row in best]

    return app


def main(library: str, port: str) -> None:
    """Serve on loopback."""
    uvicorn.run(create_app(library), port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
