"""Label precision@10, leave one out: our vectors against torch's of plainly decoded images.

    python -m benchmarks.precision images.csv --path-template 'images/{image}.jpg' \\
        --id-column image --label-column label --drop 'Not sure' --drop Other --drop Skip
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps

import lookalike
from benchmarks.report import Cell, Table
from benchmarks.usual_way import Lite0, as_input, load_weights, plain_pixels
from lookalike.types import Floats

K = 10
TORCH_BATCH = 8


def nearest(vectors: Floats) -> NDArray[np.int64]:
    """The K nearest of each row by cosine, itself left out: (n, K), by brute force."""
    rows = vectors.astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosines = rows @ rows.T
    np.fill_diagonal(cosines, -np.inf)
    return np.argsort(-cosines, axis=1, kind="stable")[:, :K]


def precision(neighbours: NDArray[np.int64], labels: NDArray[np.str_]) -> float:
    """The mean share of neighbours that have the label of their query."""
    return float((labels[neighbours] == labels[:, None]).mean())


def torch_vectors(paths: Sequence[str]) -> Floats:
    """Full decode, the two steps of the recipe, the network in fp32: (n, 1280)."""
    network, vectors = Lite0(load_weights()), []
    for start in range(0, len(paths), TORCH_BATCH):
        pixels = []
        for path in paths[start : start + TORCH_BATCH]:
            with Image.open(path) as image:
                pixels.append(plain_pixels(ImageOps.exif_transpose(image).convert("RGB")))
        with torch.inference_mode():
            vectors.append(network(as_input(np.stack(pixels))).numpy())
    return np.concatenate(vectors)


def our_vectors(options: argparse.Namespace, runtime: str) -> tuple[list[str], list[str], Floats]:
    """Paths, labels and vectors (n, 1280) of a library made of the table, labels kept."""
    with (
        tempfile.TemporaryDirectory() as folder,
        lookalike.open(folder, runtime=runtime) as library,
    ):
        report = library.add(
            options.table,
            path_template=options.path_template,
            path_column=options.path_column,
            id_column=options.id_column,
            label_column=options.label_column,
        )
        print(
            f"{runtime}: {report.offered} offered, {report.embedded} embedded, "
            f"{report.duplicate} duplicate, {report.rejected} rejected"
        )
        images = [library.get(id_) for id_ in library.ids]
        kept = [
            i for i, image in enumerate(images) if image.label and image.label not in options.drop
        ]
        matrix = library.matrix()[kept].astype(np.float32)
    return [images[i].uri for i in kept], [str(images[i].label) for i in kept], matrix


def compare(options: argparse.Namespace) -> Table:
    """One row for torch and one for each runtime."""
    runtimes = ["onnx", *(["openvino"] if find_spec("openvino") else [])]
    reference: Floats | None = None
    rows: list[list[Cell]] = []
    for runtime in runtimes:
        paths, names, vectors = our_vectors(options, runtime)
        labels = np.array(names)
        if reference is None:
            reference = torch_vectors(paths)
            expected = nearest(reference)
            base = precision(expected, labels)
            unit = reference / np.linalg.norm(reference, axis=1, keepdims=True)
            rows.append(["torch fp32, plain decode", len(labels), f"{base:.4f}", "", "", "", ""])
        found = nearest(vectors)
        share = precision(found, labels)
        cosines = (vectors * unit).sum(axis=1)
        overlap = np.mean([len(set(a) & set(b)) / K for a, b in zip(found, expected, strict=True)])
        rows.append(
            [
                f"lookalike, {runtime}",
                len(labels),
                f"{share:.4f}",
                f"{share - base:+.4f}",
                f"{cosines.mean():.5f}",
                f"{cosines.min():.5f}",
                f"{overlap:.3f}",
            ]
        )
    columns = [
        "vectors",
        "queries",
        f"precision@{K}",
        "difference",
        "mean cosine",
        "worst",
        "top 10 kept",
    ]
    return Table("Label precision, leave one out", columns, rows)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("table")
    parser.add_argument("--path-template")
    parser.add_argument("--path-column")
    parser.add_argument("--id-column")
    parser.add_argument("--label-column", required=True)
    parser.add_argument("--drop", action="append", default=[], help="a label to leave out")
    print(compare(parser.parse_args()).markdown())


if __name__ == "__main__":
    main()
