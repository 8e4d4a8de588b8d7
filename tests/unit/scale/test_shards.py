"""Shards, merged, are the library that one process makes; what is half done counts as nothing."""

import asyncio
import csv
import io
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lookalike
from lookalike.embed.resources import Resources
from lookalike.errors import RecipeMismatchError, SourceError, UsageError
from lookalike.fetch.policy import FetchPolicy
from lookalike.scale.job import Job
from lookalike.scale.shards import write_shard
from lookalike.sources.table_plan import TableOptions
from shell import age, index, outcomes, photo, photos, picture, run, start
from web import Request, Web, answer

pytestmark = pytest.mark.extra
EVERYTHING = (
    "SELECT id, sha256, images.uri, location, label, meta, images.size, mtime_ns, sources.uri, "
    "width, height, format, phash, contents.size, vector, webp FROM images "
    "JOIN contents USING (content) JOIN sources USING (source) JOIN vectors USING (content) "
    "LEFT JOIN thumbnails USING (content) ORDER BY key"
)
REJECTS = (
    "SELECT id, rejects.uri, reason, detail, sources.uri FROM rejects "
    "JOIN sources USING (source) ORDER BY id"
)
SPACES = "SELECT name, recipe, fingerprint, dim, metric FROM spaces"


def everything(place: Path) -> list[list[tuple[Any, ...]]]:
    """All that a library holds, in the order of its keys, read with SQLite alone."""
    with closing(sqlite3.connect(place / ".lookalike" / "library.db")) as connection:
        return [connection.execute(query).fetchall() for query in (EVERYTHING, REJECTS, SPACES)]


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 70 rows: photos, copies, broken and missing ones, rows without a path."""
    folder = tmp_path_factory.mktemp("catalogue")
    photos(folder, range(60))
    for seed in (3, 30, 31):
        shutil.copy(folder / f"{seed:03d}.jpg", folder / f"{seed + 57:03d}.jpg")
    (folder / "cut.jpg").write_bytes((folder / "001.jpg").read_bytes()[:300])
    (folder / "text.jpg").write_text("no image")
    photo(folder / "s\u00f6ft \u732b.png", 77)
    age(folder)
    names = [path.name for path in sorted(folder.iterdir())] + ["gone.jpg", "", ""]
    with (folder / "all.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "path", "kind", "price"))
        for number, name in enumerate(names):
            writer.writerow((f"s{number}", name, ("hat", "dress", "")[number % 3], number / 4))
    return folder / "all.csv"


OPTIONS = ("--id-column", "sku", "--label-column", "kind", "--thumbnails")


def test_merged_shards_are_the_library_of_one_process(tmp_path: Path, catalogue: Path) -> None:
    for name in ("single", "merged"):
        (tmp_path / name).mkdir()
    alone = index(tmp_path / "single", catalogue, *OPTIONS, expect=3)
    options = TableOptions(id_column="sku", label_column="kind")
    job = Job(str(catalogue), str(tmp_path / "shards"), 3, table=options, thumbnails=True)
    for number in (3, 1):
        write_shard(job, number)
    done = run(tmp_path, "index", catalogue, *OPTIONS, "--shard", "2/3", "--out", "shards")
    assert done.code in (0, 3), done.err
    merged = run(tmp_path / "merged", "merge", tmp_path / "shards", "--json")
    assert merged.code == 3, merged.err
    assert outcomes(merged.json) == outcomes(alone)
    assert merged.json["reasons"] == alone["reasons"]
    assert everything(tmp_path / "merged") == everything(tmp_path / "single")

    again = run(tmp_path / "merged", "merge", tmp_path / "shards", "--json").json
    assert outcomes(again) == (0, 63 + 1, 0, alone["rejected"])
    assert everything(tmp_path / "merged") == everything(tmp_path / "single")
    index_again = index(tmp_path / "merged", catalogue, *OPTIONS, expect=3)
    assert index_again["embedded"] == index_again["duplicate"] == 0
    assert run(tmp_path / "merged", "doctor", "--json").json["well"]


def test_bits_archives_and_file_systems_of_fsspec(tmp_path: Path, catalogue: Path) -> None:
    """What only memory holds, and vectors of bits, come through too."""
    shutil.make_archive(str(tmp_path / "all"), "gztar", catalogue.parent)
    place = tmp_path / "single"
    model = "colour-histogram|lsh:100,seed=4"
    with lookalike.open(place, model=model) as library:
        library.add(tmp_path / "all.tar.gz")
    url = "memory://bits"
    for number in (1, 2):
        write_shard(Job(str(tmp_path / "all.tar.gz"), url, 2, model=model), number)
    with lookalike.open(tmp_path / "merged", model=model) as library:
        report = library.merge(url)
        assert report.rejected == 2
    assert everything(tmp_path / "merged") == everything(place)


def test_what_is_half_written_is_made_again(tmp_path: Path, catalogue: Path) -> None:
    job = Job(str(catalogue), str(tmp_path / "out"), 2)
    whole = write_shard(job, 1)
    path = Path(whole.file)
    good = path.read_bytes()
    (path.parent / f".writing-{path.name}.0123").write_bytes(good[:500])
    assert write_shard(job, 1).again
    for damaged in (b"", good[:-4], good[: len(good) // 2], b"PAR1" + b"\0" * 100 + b"PAR1"):
        path.write_bytes(damaged)
        made = write_shard(job, 1)
        assert not made.again
        assert made.offered == whole.offered
    assert list(path.parent.iterdir()) == [path]

    write_shard(job, 2)
    middle = good.index(b"PAR1") + 4 + 2000
    path.write_bytes(good[:middle] + bytes([good[middle] ^ 255]) + good[middle + 1 :])
    with lookalike.open(tmp_path / "library") as library, pytest.raises(SourceError, match="again"):
        library.merge(tmp_path / "out")


def test_a_killed_worker_leaves_nothing_that_counts(tmp_path: Path) -> None:
    photos(tmp_path / "photos", range(300))
    command = ("index", "photos", "--shard", "1/1", "--out", "out")
    with start(tmp_path, *command) as process:
        while not list((tmp_path).glob("out/.writing-*")):
            assert process.poll() is None
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
    assert not list(tmp_path.glob("out/shard-*"))
    assert run(tmp_path, "merge", "out").code == 1
    assert run(tmp_path, *command).code == 0
    assert len(list((tmp_path / "out").iterdir())) == 1


def test_two_at_once_do_no_harm(tmp_path: Path, catalogue: Path) -> None:
    command = ("index", catalogue, *OPTIONS, "--shard", "1/1", "--out", "out")
    with start(tmp_path, *command) as one, start(tmp_path, *command) as other:
        assert {one.wait(100), other.wait(100)} == {3}
        one.communicate(), other.communicate()
    assert [path.name for path in (tmp_path / "out").iterdir()] == [
        "shard-000001-of-000001.parquet"
    ]
    assert run(tmp_path, "merge", "out").code == 3


def test_shards_of_two_jobs_never_meet(tmp_path: Path, catalogue: Path) -> None:
    out = str(tmp_path / "out")
    write_shard(Job(str(catalogue), out, 2), 1)
    for other in (
        Job(str(catalogue), out, 3),
        Job(str(catalogue), out, 2, model="pixels"),
        Job(str(catalogue), out, 2, metric="l2"),
        Job(str(catalogue), out, 2, limit=5),
        Job(str(catalogue.parent), out, 2),
    ):
        with pytest.raises(UsageError, match="another job"):
            write_shard(other, 2)
    with (
        lookalike.open(tmp_path / "a") as library,
        pytest.raises(SourceError, match="lacks 1 of 2"),
    ):
        library.merge(out)
    write_shard(Job(str(catalogue), out, 2), 2)
    with (
        lookalike.open(tmp_path / "b", model="pixels") as library,
        pytest.raises(RecipeMismatchError, match="model was 'pixels'"),
    ):
        library.merge(out)


def test_what_the_library_read_since_stays(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photos(folder, range(6))
    write_shard(Job(str(folder), str(tmp_path / "out"), 1), 1)
    picture(99).save(folder / "002.jpg")
    with lookalike.open(tmp_path) as library:
        library.add(folder)
        newer = library.get("002.jpg").content.sha256
        report = library.merge(tmp_path / "out")
        assert (report.unchanged, report.embedded) == (6, 0)
        assert library.get("002.jpg").content.sha256 == newer


def test_shards_that_say_nothing_of_labels_leave_them(tmp_path: Path) -> None:
    """As a folder indexed again without --label-from does; another picture changes nothing."""
    folder = tmp_path / "photos"
    photos(folder / "hats", range(3))
    age(folder)
    (tmp_path / "table.csv").write_text(
        "path,kind,price\n" + "".join(f"photos/hats/{n:03d}.jpg,hat,{n}\n" for n in range(3))
    )
    names = [f"photos/hats/{n:03d}.jpg" for n in range(3)]
    write_shard(Job(str(tmp_path), str(tmp_path / "bare"), 1), 1)
    with lookalike.open(tmp_path / "library") as library:
        library.add(tmp_path / "table.csv", label_column="kind")
        picture(9).save(folder / "hats" / "002.jpg")
        for shards, label in (("bare", "hat"), ("later", "hat"), ("told", "hats")):
            table = TableOptions(label_from="folder") if shards == "told" else TableOptions()
            write_shard(Job(str(tmp_path), str(tmp_path / shards), 1, table=table), 1)
            library.merge(tmp_path / shards)
            told = [(image.label, dict(image.meta)) for image in map(library.get, names)]
            assert told == [(label, {"price": n}) for n in range(3)]


def test_stopped_on_the_way_nothing_is_written(tmp_path: Path) -> None:
    photos(tmp_path / "photos", range(200))
    asked: Iterator[bool] = iter([False] * 3 + [True] * 1000)
    job = Job(str(tmp_path / "photos"), str(tmp_path / "out"), 1)
    report = write_shard(job, 1, stop=lambda: next(asked))
    assert report.interrupted
    assert list((tmp_path / "out").iterdir()) == []


def test_a_shard_is_a_table_for_others(tmp_path: Path, catalogue: Path) -> None:
    import pyarrow.parquet as pq

    write_shard(Job(str(catalogue), str(tmp_path), 1), 1)
    table = pq.read_table(tmp_path / "shard-000001-of-000001.parquet")
    assert str(table.schema.field("vector").type).startswith("fixed_size_list<")
    assert table.schema.field("vector").type.list_size == 1280
    by_outcome = {row["id"]: row for row in table.to_pylist()}
    lone = next(row for row in by_outcome.values() if row["outcome"] == "embedded")
    assert abs(float(np.linalg.norm(lone["vector"])) - 1) < 1e-3
    assert all(row["vector"] is None for row in by_outcome.values() if row["reason"])
    assert table.column("place").to_pylist() == sorted(table.column("place").to_pylist())


async def shop(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/3` is photo 3 after a while that differs, `/x...` is gone."""
    name = request.path.strip("/")
    await asyncio.sleep(int(sha256(name.encode()).hexdigest()[:2], 16) / 2000)
    buffer = io.BytesIO()
    if name.isdigit():
        picture(int(name) % 30).save(buffer, "PNG")
    writer.write(answer(buffer.getvalue(), 200 if name.isdigit() else 404))


def test_urls_that_arrive_in_any_order(tmp_path: Path) -> None:
    table = tmp_path / "shop.csv"
    with Web(shop) as web:
        rows = [f"p{n},{web.url(f'/{n}' if n % 9 else f'/x{n}')}" for n in range(50)]
        table.write_text("\n".join(["sku,photo", *rows]) + "\n")
        options = {"url_column": "photo", "id_column": "sku"}
        using = Resources(fetch=FetchPolicy(allow_private=True))
        with lookalike.open(tmp_path / "single", fetch=using.fetch) as library:
            library.add(table, **options)
        job = Job(str(table), str(tmp_path / "out"), 2, table=TableOptions(**options))
        for number in (1, 2):
            write_shard(job, number, using)
        assert {web.asked[f"/{n}"] for n in range(50) if n % 9} == {2}
    with lookalike.open(tmp_path / "merged") as library:
        assert library.merge(tmp_path / "out").rejected == 6
    merged, single = everything(tmp_path / "merged"), everything(tmp_path / "single")
    assert [sorted(table, key=str) for table in merged] == [
        sorted(table, key=str) for table in single
    ]
