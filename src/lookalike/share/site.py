"""A static site: a folder of plain files in which a browser searches by itself.

Everything but thumbnails is JavaScript that hands its data over when it is loaded, since that
is the only thing a page opened from disk may load.
"""

from __future__ import annotations

import json
import tempfile
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from lookalike.errors import LookalikeError, UsageError
from lookalike.explore.map_columns import Legend
from lookalike.share.site_model import SiteModel
from lookalike.share.site_order import alike_order
from lookalike.share.site_sheets import ACROSS, TILES, Picture, usual_shape, write_sheet
from lookalike.types import Floats, Halves, Metric, readable

METRICS: tuple[Metric, ...] = ("cosine", "ip", "l2")
"""Those that the page can compare by."""
OnStep = Callable[[str, int, int], None]
MARK = "data/site.js"
"""The file by which a folder is known to be a site."""
_IMAGES_AT_ONCE = 4096
_BYTES_AT_ONCE = 3 << 20
_BUILT = ("app.js", "app.css")


@dataclass(frozen=True, slots=True)
class Published:
    """What a site shows of images, in the library's order: all of the same length n.

    `vectors` (n, dim) float16; `points` (n, 2) float32 in the plane, NaN where an image has no
    place, None without a map; `space` is the name of what made the vectors, `model` what makes
    one of a visitor's picture, None where they cannot ask with one.
    """

    title: str
    space: str
    metric: Metric
    vectors: Halves
    ids: Sequence[str]
    labels: Sequence[str | None]
    columns: Sequence[Legend]
    points: Floats | None
    picture: Picture
    model: SiteModel | None = None


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What was written, in bytes: `vectors`, `thumbnails`, `model`, and `other`.

    `missing` is how many images have no thumbnail.
    """

    directory: Path
    images: int
    files: int
    vectors: int
    thumbnails: int
    model: int
    other: int
    missing: int
    has_map: bool

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return self.vectors + self.thumbnails + self.model + self.other

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return {
            "directory": str(self.directory),
            "images": self.images,
            "files": self.files,
            "bytes": self.size,
            "vectors": self.vectors,
            "thumbnails": self.thumbnails,
            "model": self.model,
            "other": self.other,
            "without_thumbnail": self.missing,
            "map": self.has_map,
        }


def check_directory(directory: Path) -> None:
    """Refuse to write where something else lies. Raises `UsageError`."""
    if directory.is_dir() and ((directory / MARK).exists() or not any(directory.iterdir())):
        return
    if directory.is_symlink() or directory.exists():
        raise UsageError(
            f"{directory} is there and is no site of this command: name a folder that is new "
            "or empty."
        )


def write_site(directory: Path, shown: Published, on_step: OnStep) -> SiteReport:
    """Write the site, in place of the one before only once it is whole. Raises `UsageError`."""
    check_directory(directory)
    if shown.metric not in METRICS:
        raise UsageError(
            f"A site compares by {' or '.join(METRICS)}; the space {shown.space!r} by "
            f"{shown.metric}. Name another one with --space."
        )
    if not shown.ids:
        raise UsageError("There is nothing to publish: no image is in this space and filter.")
    place = directory.resolve()
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix=f".{place.name}.") as name:
        made = Path(name) / "site"
        missing = _write(made, shown, on_step)
        _swap(made, place, Path(name) / "before")
    sizes = {path: path.stat().st_size for path in place.rglob("*") if path.is_file()}
    vectors = sum(size for path, size in sizes.items() if path.name.startswith("vectors-"))
    thumbnails = sum(size for path, size in sizes.items() if path.suffix == ".webp")
    model = sum(size for path, size in sizes.items() if path.name.startswith("model-"))
    return SiteReport(
        directory=directory,
        images=len(shown.ids),
        files=len(sizes),
        vectors=vectors,
        thumbnails=thumbnails,
        model=model,
        other=sum(sizes.values()) - vectors - thumbnails - model,
        missing=missing,
        has_map=shown.points is not None,
    )


def _swap(made: Path, directory: Path, before: Path) -> None:
    if directory.exists():
        directory.rename(before)
    try:
        made.rename(directory)
    except OSError:
        if before.exists():
            before.rename(directory)
        raise


def _write(folder: Path, shown: Published, on_step: OnStep) -> int:
    """Write all files; returns how many images have no thumbnail."""
    (folder / "data").mkdir(parents=True)
    (folder / "thumbs").mkdir()
    on_step("ordering", 0, 1)
    order = alike_order(shown.vectors, TILES)
    digest = sha256()
    missing, shape = _write_thumbnails(folder / "thumbs", shown, order.tolist(), digest, on_step)
    facts = {
        "title": readable(shown.title),
        "count": len(order),
        "dim": shown.vectors.shape[1],
        "metric": shown.metric,
        "columns": [
            {
                "name": readable(column.name),
                "names": [readable(name) for name in column.names],
                "ordered": column.ordered,
                "kinds": column.kinds,
            }
            for column in shown.columns
        ],
        "map": shown.points is not None,
        "imagesAtOnce": _IMAGES_AT_ONCE,
        "vectorsAtOnce": max(1, _BYTES_AT_ONCE // (2 * shown.vectors.shape[1])),
        "tile": {"width": shape[0], "height": shape[1], "across": ACROSS},
        "model": None,
    }
    if shown.model is not None:
        parts = _write_model(folder / "data", shown.model.weights, digest)
        facts["model"] = {**shown.model.facts, "parts": parts}
    _write_images(folder / "data", shown, order, missing, digest)
    _write_vectors(folder / "data", shown, order, int(str(facts["vectorsAtOnce"])), digest, on_step)
    digest.update(json.dumps(facts).encode())
    _hand_over(folder / MARK, "site", facts)
    for name in _BUILT:
        built = _built(name)
        digest.update(built.encode())
        (folder / name).write_text(built, "utf-8")
    page = _built("index.html").replace("{title}", escape(readable(shown.title)))
    page = page.replace("{version}", digest.hexdigest()[:12])
    (folder / "index.html").write_text(page, "utf-8")
    (folder / ".nojekyll").touch()
    return len(missing)


def _write_thumbnails(
    folder: Path, shown: Published, order: Sequence[int], digest: Any, on_step: OnStep
) -> tuple[set[int], tuple[int, int]]:
    """The rows without a thumbnail, and the shape of a tile."""
    shape = usual_shape(len(order), shown.picture)
    missing: set[int] = set()
    for sheet, start in enumerate(range(0, len(order), TILES)):
        rows = order[start : start + TILES]
        path = folder / f"{sheet}.webp"
        there = write_sheet(path, rows, shown.picture, shape)
        missing.update(row for row, has in zip(rows, there, strict=True) if not has)
        if path.exists():
            digest.update(path.read_bytes())
        on_step("thumbnails", start + len(rows), len(order))
    return missing, (shape.width, shape.height)


def _write_images(
    folder: Path, shown: Published, order: Any, missing: set[int], digest: Any
) -> None:
    """Ids, labels, places in the library and on the map, and the codes of columns, in parts."""
    for number, start in enumerate(range(0, len(order), _IMAGES_AT_ONCE)):
        rows = order[start : start + _IMAGES_AT_ONCE]
        listed = rows.tolist()
        labels = [shown.labels[row] for row in listed]
        part: dict[str, Any] = {
            "ids": [readable(shown.ids[row]) for row in listed],
            "labels": [None if label is None else readable(label) for label in labels],
            "places": _base64(rows.astype("<u4")),
            "columns": [_base64(column.codes[rows]) for column in shown.columns],
            "missing": [place for place, row in enumerate(listed) if row in missing],
        }
        if shown.points is not None:
            part["points"] = _base64(shown.points[rows].astype("<f4"))
        digest.update(_hand_over(folder / f"images-{number}.js", f"images-{number}", part))


def _write_vectors(
    folder: Path, shown: Published, order: Any, at_once: int, digest: Any, on_step: OnStep
) -> None:
    for number, start in enumerate(range(0, len(order), at_once)):
        rows = np.asarray(shown.vectors[order[start : start + at_once]]).astype("<f2")
        name = f"vectors-{number}"
        digest.update(_hand_over(folder / f"{name}.js", name, _base64(rows)))
        on_step("vectors", min(start + at_once, len(order)), len(order))


def _write_model(folder: Path, weights: Halves, digest: Any) -> int:
    """The weights of the model, in parts; returns how many."""
    starts = range(0, len(weights), _BYTES_AT_ONCE // 2)
    for number, start in enumerate(starts):
        part = weights[start : start + starts.step].astype("<f2")
        name = f"model-{number}"
        digest.update(_hand_over(folder / f"{name}.js", name, _base64(part)))
    return len(starts)


def _hand_over(path: Path, name: str, data: Any) -> bytes:
    """Write a script that gives `data` to the page; ASCII whatever is in it."""
    text = f'lookalikeData("{name}",{json.dumps(data, separators=(",", ":"))});\n'
    path.write_text(text, "ascii")
    return text.encode("ascii")


def _base64(values: Any) -> str:
    return b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def _built(name: str) -> str:
    """A file of the page as `make web` built it."""
    file = files(__package__).joinpath("site_page", name)
    if not file.is_file():
        raise LookalikeError(f"{name} of the site is not in this package. Run: make web")
    return file.read_text("utf-8")
