"""Steering by colour: what `--weight main=1 --weight colour=1` does to the neighbours.

    python -m benchmarks.steering images.csv --path-template 'images/{image}.jpg' \\
        --id-column image --label-column label --page steering.html
"""

from __future__ import annotations

import argparse
import colorsys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

import lookalike
from benchmarks.report import Table
from lookalike.models.classic.colours import dominant_colours
from lookalike.search.sheet import SheetGroup, SheetQuery, contact_sheet

K = 10
SHOWN = 10
WAYS: dict[str, dict[str, float]] = {
    "main": {"main": 1},
    "main=1 colour=0.5": {"main": 1, "colour": 0.5},
    "main=1 colour=1": {"main": 1, "colour": 1},
    "colour": {"colour": 1},
}


def judged_colour(path: str) -> str:
    """A colour by a judge that knows no histogram: the median pixel of the centre, by its hue."""
    with Image.open(path) as image:
        rgb = image.convert("RGB")
    width, height = rgb.size
    centre = rgb.crop((width // 3, height // 3, 2 * width // 3, 2 * height // 3))
    red, green, blue = np.median(np.asarray(centre).reshape(-1, 3), axis=0) / 255
    hue, saturation, value = colorsys.rgb_to_hsv(red, green, blue)
    if value < 0.25:
        return "black"
    if saturation < 0.15:
        return "white" if value > 0.75 else "grey"
    return f"hue {round(hue * 8) % 8}"


def main() -> None:
    """Index the table, add the colour space, and compare the three ways of searching."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("table")
    parser.add_argument("--path-template")
    parser.add_argument("--id-column")
    parser.add_argument("--label-column")
    parser.add_argument("--page", type=Path, help="ten queries, each way, as pictures")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, lookalike.open(folder) as library:
        library.add(
            options.table,
            path_template=options.path_template,
            id_column=options.id_column,
            label_column=options.label_column,
        )
        library.add_space("colour", "colour-histogram")
        ids = library.ids
        images = {id_: library.get(id_) for id_ in ids}
        judged = {id_: judged_colour(images[id_].uri) for id_ in ids}
        vectors = zip(ids, library.matrix("colour"), strict=True)
        named = {id_: dominant_colours(row.astype(np.float32))[0][0] for id_, row in vectors}
        rows: list[list[str | float]] = []
        pages: list[list[lookalike.Hits]] = []
        queries = [f"id:{id_}" for id_ in ids]
        for name, weights in WAYS.items():
            answers = library.search_many(queries, K, weights=weights)
            pages.append(answers[:: len(ids) // SHOWN][:SHOWN])
            shares = np.array(
                [
                    (
                        named[id_] == named[found],
                        judged[id_] == judged[found],
                        images[id_].label == images[found].label,
                    )
                    for id_, hits in zip(ids, answers, strict=True)
                    for found in hits.ids
                ]
            ).mean(axis=0)
            rows.append([name, *map(float, shares)])
        columns = ["weights", "same named colour", "same judged colour", f"label precision@{K}"]
        print(Table("Steering by colour", columns, rows).markdown())
        if options.page is not None:
            groups = []
            for query in zip(*pages, strict=True):
                for name, hits in zip(WAYS, query, strict=True):
                    sheet = hits.sheet()
                    caption = SheetQuery(name, sheet.query.picture)
                    groups.append(SheetGroup(caption, sheet.matches))
            options.page.write_text(contact_sheet("Steering by colour", groups), "utf-8")


if __name__ == "__main__":
    main()
