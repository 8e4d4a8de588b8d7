"""Maps and clusters: seconds, neighbours kept, frames a second, agreement with labels.

    python -m benchmarks.maps --count 50000 --new 1000 --frames 100000
    python -m benchmarks.maps images.csv --path-template 'images/{image}.jpg' \\
        --id-column image --label-column label
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

import lookalike
from benchmarks.exact import generate
from benchmarks.report import Cell, Table
from lookalike.explore.clusters_describe import agreement
from lookalike.explore.clusters_find import by_means, ground
from lookalike.explore.map_columns import legend
from lookalike.explore.map_page import map_page
from lookalike.explore.map_quality import Quality, quality
from lookalike.library.mapping import K, Map
from lookalike.types import Floats

SEEDS = 5


def layout(count: int, new: int, work: Path) -> Table:
    """Generated clustered vectors: laid out, some placed, and all laid out anew."""
    generate(work / "vectors.npy", count + new)
    vectors = np.load(work / "vectors.npy", mmap_mode="r")
    ids = [f"{number:07d}" for number in range(count + new)]
    rows: list[list[Cell]] = []
    with lookalike.open(work) as library:
        library.import_vectors("made", [(ids[:count], vectors[:count].astype(np.float32))])
        rows.append(_row(f"laid out: {count:,}", library.map("made")))
        library.import_vectors("made", [(ids[count:], vectors[count:].astype(np.float32))])
        placed = library.map("made")
        rows.append(_row(f"placed: {new:,}", placed, placed.quality_of_placed))
        anew = library.map("made", refresh=True)
        same = quality(vectors, anew.points, "cosine", K, np.arange(count, count + new))
        rows.append(_row(f"those {new:,} when all are laid out anew", anew, same))
        rows.append(_row("by principal components", library.map("made", method="pca")))
    columns = ["512-d vectors about 1,000 centres", "s", f"kept of {K} nearest", "trustworthiness"]
    return Table("Maps", columns, rows)


def _row(what: str, drawn: Map, judged: Quality | None = None) -> list[Cell]:
    found = judged or drawn.quality
    assert found is not None
    return [what, round(drawn.seconds, 1), found.preservation, found.trustworthiness]


def frames(count: int, work: Path) -> Table:
    """Frames a second of a page of so many points, by the page itself, in a headless Chromium."""
    from playwright.sync_api import sync_playwright

    generator = np.random.default_rng(0)
    kinds = generator.integers(40, size=count)
    centres = 5 * generator.normal(size=(40, 2))
    points: Floats = (centres[kinds] + generator.normal(size=(count, 2))).astype(np.float32)
    column = legend("kind", [f"kind {kind}" for kind in kinds])
    assert column is not None
    page = work / "map.html"
    ids = [f"images/{number}.jpg" for number in range(count)]
    page.write_text(map_page("Map", "", ids, [None] * count, points, [column], None), "utf-8")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--enable-unsafe-swiftshader"],
            chromium_sandbox=False,
        )
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.goto(page.as_uri())
        runs = [opened.evaluate("lookalikeMap.measure(40)") for _ in range(5)]
        browser.close()
    row: list[Cell] = [count, float(np.median(runs)), float(max(runs))]
    return Table("The map's page, drawn by the processor", ["points", "frames/s", "best"], [row])


def groups(options: argparse.Namespace, work: Path) -> Table:
    """Normalised mutual information of clusters with labels, beside scikit-learn's k-means."""
    from sklearn.cluster import KMeans

    with lookalike.open(work) as library:
        library.add(
            options.table,
            path_template=options.path_template,
            id_column=options.id_column,
            label_column=options.label_column,
        )
        labels = np.unique(
            [str(library.get(id_).label) for id_ in library.ids], return_inverse=True
        )[1]
        matrix = np.asarray(library.matrix())
        chosen = library.clusters()
    points, whole = ground(matrix, 0), matrix.astype(np.float32)
    rows: list[list[Cell]] = []
    for k in (4, 6, 8, 12, 16, len(np.unique(labels)), 24, 32, 48):
        ours = [agreement(by_means(points, k, seed).codes, labels) for seed in range(SEEDS)]
        theirs = [
            agreement(KMeans(k, n_init=3, random_state=seed).fit_predict(whole), labels)
            for seed in range(SEEDS)
        ]
        rows.append([k, float(np.mean(ours)), float(np.mean(theirs))])
    note = f"Chosen by the silhouette: {len(chosen.clusters)}. Means of {SEEDS} seeds."
    columns = ["k", "lookalike clusters", "scikit-learn's KMeans on the vectors"]
    return Table("Mutual information of clusters and labels", columns, rows, note)


def main() -> None:
    """Read the options, measure, print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("table", nargs="?", help="labelled images: measure clusters on them")
    parser.add_argument("--path-template")
    parser.add_argument("--id-column")
    parser.add_argument("--label-column")
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--new", type=int, default=1_000)
    parser.add_argument("--frames", type=int, default=100_000, help="points on the page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if options.table:
            print(groups(options, work).markdown())
            return
        print(frames(options.frames, work).markdown(), flush=True)
        print(layout(options.count, options.new, work).markdown())


if __name__ == "__main__":
    main()
