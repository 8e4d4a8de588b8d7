"""Photos with near-duplicates among them, and all that is known of them: what moving must keep."""

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from PIL import ImageOps

from shell import index, picture

ROWS = {
    "images": "key, id, content, location, uri, size, mtime_ns, label, meta, added",
    "contents": "*",
    "vectors": "space, content, vector",
    "thumbnails": "*",
}


def files(folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """Bytes, time in ns and mode of every file below a folder."""
    return {
        str(path.relative_to(folder)): (
            path.read_bytes(),
            path.stat().st_mtime_ns,
            path.stat().st_mode,
        )
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(place: Path) -> dict[str, list[tuple[object, ...]]]:
    """All that the library knows of its images, read with SQLite alone."""
    with closing(sqlite3.connect(place / ".lookalike" / "library.db")) as connection:
        return {
            table: sorted(connection.execute(f"SELECT {names} FROM {table}").fetchall())
            for table, names in ROWS.items()
        }


def album(place: Path) -> Path:
    """Six different photos; of the first a copy, a smaller, a mirrored and a cut one."""
    folder = place / "photos"
    (folder / "test").mkdir(parents=True)
    for seed in range(6):
        picture(seed, 320, 240).save(folder / f"{seed}.jpg", quality=90)
    first = picture(0, 320, 240)
    shutil.copy(folder / "0.jpg", folder / "0 copy.jpg")
    first.resize((160, 120)).save(folder / "0 small.jpg")
    ImageOps.mirror(first).save(folder / "test" / "0 mirrored.jpg")
    picture(1, 320, 240).save(folder / "test" / "1 again.png")
    for number, path in enumerate(sorted(folder.rglob("*.*"))):
        os.utime(path, ns=(10**18, 10**18 + number * 10**9 + 7))
    index(place, folder)
    return folder
