"""What is measured on: photos or drawn garments, large JPEGs made of them, distinct copies."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from PIL import Image

from lookalike.demo.garments import draw_catalogue

SUFFIXES = {".jpg", ".jpeg"}
LARGE = (4000, 3000)


@dataclass(frozen=True, slots=True)
class Bench:
    """One campaign: the photos, a folder for what it makes, and how much is measured."""

    photos: Path
    work: Path
    rounds: int = 3
    quick: bool = False

    def few(self, full: int, quick: int) -> int:
        """A count for the campaign, or the small one for a trial."""
        return quick if self.quick else full

    @property
    def files(self) -> list[Path]:
        """The photos by name; a trial takes the first ones."""
        found = sorted(p for p in self.photos.rglob("*") if p.suffix.lower() in SUFFIXES)
        return found[: self.few(len(found), 96)]


def drawn_photos(folder: Path) -> Path:
    """The demo's garments, for a machine without photos."""
    return draw_catalogue(folder).parent / "images"


def linked(files: list[Path], folder: Path) -> Path:
    """A folder of exactly these files."""
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).symlink_to(file.resolve())
    return folder


def large_jpegs(files: list[Path], folder: Path, count: int) -> Path:
    """12-megapixel JPEGs of quality 90 made from photos."""
    folder.mkdir(parents=True)
    for number, file in enumerate(islice(cycle(files), count)):
        with Image.open(file) as image:
            rgb = image.convert("RGB")
        size = LARGE if rgb.width >= rgb.height else LARGE[::-1]
        rgb.resize(size, Image.Resampling.BICUBIC).save(folder / f"{number:04d}.jpg", quality=90)
    return folder


def distinct_copies(files: list[Path], folder: Path, count: int) -> Path:
    """`count` files, no two with the same bytes: photos, some with bytes after their end."""
    folder.mkdir(parents=True)
    for number, file in enumerate(islice(cycle(files), count)):
        copy = folder / f"{number:06d}.jpg"
        copy.write_bytes(file.read_bytes() + b"\0" * (number // len(files)))
        os.utime(copy, (1_600_000_000, 1_600_000_000))
    return folder
