"""The shared photos and their table: 1,546 rows, 5 of them without a file."""

import csv

from clothing import CLOTHING, TABLE, needs_clothing
from shell import index, outcomes, run


@needs_clothing
def test_the_table_of_clothing_is_indexed_and_then_left_alone(tmp_path):
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    there = {r["image"] for r in rows if (CLOTHING / "images" / f"{r['image']}.jpg").is_file()}
    missing = {row["image"] for row in rows} - there
    assert (len(there), len(missing)) == (1541, 5)
    options = ["--path-template", "images/{image}.jpg", "--id-column", "image"]
    options += ["--label-column", "label", "-L", tmp_path]

    first = index(tmp_path, TABLE, *options, expect=3)
    assert first["embedded"] + first["duplicate"] == len(there)
    assert first["reasons"] == {"missing": len(missing)}
    assert {reject["id"] for reject in first["rejects"]} == missing

    again = index(tmp_path, TABLE, *options, expect=3)
    assert outcomes(again) == (0, len(there), 0, len(missing))
    assert again["seconds"] < 2
    info = run(tmp_path, "info", "--head", 2000, "--json").json
    assert {image["id"] for image in info["head"]} == there
    labels = {row["image"]: row["label"] for row in rows}
    assert all(image["label"] == labels[image["id"]] for image in info["head"])
