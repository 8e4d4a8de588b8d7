"""Shards that go straight to PostgreSQL or Milvus: all images, their vectors and columns."""

import csv
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import lookalike
from lookalike.scale.job import Job
from lookalike.scale.shards import write_shard
from lookalike.sources.table_plan import TableOptions
from servers import Milvus, Postgres
from shell import photos, run

pytestmark = pytest.mark.extra


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of 41 rows of a table, some of them copies, and the same as shards."""
    place = tmp_path_factory.mktemp("place")
    photos(place, range(36))
    for seed in range(5):
        shutil.copy(place / f"{seed:03d}.jpg", place / f"copy{seed}.jpg")
    (place / "bad.jpg").write_text("no image")
    with (place / "all.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("sku", "path", "kind", "price", "sale"))
        for number, path in enumerate(sorted(place.glob("*.jpg"))):
            row = (f"s{number}", path.name, ("hat", "")[number % 2], number / 2, number < 5)
            writer.writerow(row)
    columns = {"id_column": "sku", "label_column": "kind"}
    with lookalike.open(place) as library:
        library.add(place / "all.csv", **columns)
    job = Job(str(place / "all.csv"), str(place / "out"), 3, table=TableOptions(**columns))
    for number in (1, 2, 3):
        write_shard(job, number)
    return place


def test_postgres_holds_what_the_shards_hold(place: Path) -> None:
    import psycopg

    server = Postgres()
    try:
        for _ in range(2):
            done = run(place, "publish", server.url(), "--shards", "out", "--json")
            assert done.code == 0, done.err
        assert (done.json["sent"], done.json["rows"]) == (0, 41)
        with psycopg.connect(server.url()) as connection, lookalike.open(place) as library:
            rows: list[tuple[Any, ...]] = connection.execute(
                "SELECT id, label, meta_price, meta_sale, vector::text FROM lookalike_main"
            ).fetchall()
            assert sorted(row[0] for row in rows) == sorted(library.ids)
            for id_, label, price, sale, vector in rows:
                image = library.get(id_)
                assert (label, float(price), sale) == (
                    image.label, image.meta["price"], image.meta["sale"]
                )  # fmt: skip
                values = np.array(vector[1:-1].split(","), np.float32)
                assert np.allclose(values, library.vector(id_), rtol=1e-3, atol=1e-7)
            query = "SELECT vector FROM lookalike_main WHERE id = %s"
            nearest = connection.execute(
                f"SELECT 1 - (vector <=> ({query})) AS near FROM lookalike_main "
                "ORDER BY near DESC LIMIT 3",
                ("s20",),
            ).fetchall()
            scores = library.matrix().astype(float) @ library.vector("s20").astype(float)
            expected = np.sort(scores)[::-1][:3]
            assert np.allclose([near for (near,) in nearest], expected, atol=1e-3)
        other = run(place, "publish", server.url())
        assert other.code == 1
        assert "--replace" in other.err
    finally:
        server.close()


@pytest.fixture
def milvus() -> Iterator[Milvus]:
    server = Milvus()
    yield server
    server.close()


def test_milvus_goes_on_where_it_was_broken_off(place: Path, milvus: Milvus) -> None:
    from pymilvus import MilvusClient

    from lookalike.library.publishing import Publishing
    from lookalike.library.publishing_shards import publish_shards

    asked = iter([False, True])
    url = milvus.url() + "#some"
    first = publish_shards(str(place / "out"), url, Publishing(), stop=lambda: next(asked))
    assert first.interrupted
    assert 0 < first.sent < 41
    second = publish_shards(str(place / "out"), url, Publishing())
    assert (first.sent + second.sent, second.rows) == (41, 41)
    client = MilvusClient(f"http://127.0.0.1:{milvus.port}")
    try:
        rows = client.query("some", filter="key >= 0", output_fields=["id", "meta_price"])
    finally:
        client.close()
    with lookalike.open(place) as library:
        assert {row["id"]: row["meta_price"] for row in rows} == {
            id_: library.get(id_).meta["price"] for id_ in library.ids
        }
