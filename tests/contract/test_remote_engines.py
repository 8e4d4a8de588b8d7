"""What is published to PostgreSQL and Milvus is found there as it is in the library."""

from __future__ import annotations

import hashlib
import shutil
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lookalike
from lookalike.errors import RecipeMismatchError, ServerError, UsageError
from lookalike.library.library import Library
from lookalike.store import Store
from lookalike.types import (
    Content,
    Embedded,
    File,
    Floats,
    Metric,
    Reference,
    Scalar,
    Stamp,
    Unchanged,
)
from servers import Milvus, Postgres

pytestmark = pytest.mark.extra
DIM = 24
NOW = 1_700_000_000_000_000_000
HOSTILE = "x'); DROP TABLE lookalike_main; -- \"]%s{}\\ é\0"
Row = tuple[str | None, dict[str, Scalar]]


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


@pytest.fixture(scope="module")
def milvus() -> Iterator[Milvus]:
    server = Milvus()
    yield server
    server.close()


@pytest.fixture(params=["postgresql", "milvus"])
def url(request: pytest.FixtureRequest) -> str:
    """A place of its own for each test."""
    name = f"t{zlib.crc32(request.node.nodeid.encode()):x}"
    if request.param == "milvus":
        return f"{request.getfixturevalue('milvus').url()}#{name}"
    server: Postgres = request.getfixturevalue("postgres")
    return f"{server.url()}#{name}"


@pytest.fixture
def on_postgres(postgres: Postgres, request: pytest.FixtureRequest) -> str:
    return f"{postgres.url()}#t{zlib.crc32(request.node.nodeid.encode()):x}"


def clustered(n: int, seed: int = 0, dim: int = DIM) -> Floats:
    generator = np.random.default_rng(seed)
    middle = np.random.default_rng(99).standard_normal((40, dim))
    vectors = middle[generator.integers(40, size=n)] + generator.standard_normal((n, dim))
    return vectors.astype(np.float32)


def made(directory: Path, metric: Metric = "cosine", dim: int = DIM, *, bits: bool = False) -> Path:
    recipe = {
        "model": "import:x",
        "reducers": [],
        "normalised": metric == "cosine",
        "dtype": "bits" if bits else "float16",
    }
    with Store.create(directory / ".lookalike") as store:
        store.space_add("main", recipe, f"{dim:032x}", dim, metric)
    return directory


def put(
    store: Store, vectors: Floats, prefix: str = "v", rows: dict[int, Row] | None = None
) -> None:
    space, source = store.space(), store.source("/x")
    some = []
    for number, vector in enumerate(vectors):
        label, meta = (rows or {}).get(number, (None, {}))
        some.append(embedded(reference(f"{prefix}{number:05d}", label, **meta), vector))
    for start in range(0, len(some), 500):
        store.write(space, source, some[start : start + 500], NOW)


def reference(id_: str, label: str | None = None, **meta: Scalar) -> Reference:
    return Reference(id_, File(f"/x/{id_}"), label, meta)


def embedded(about: Reference, vector: Floats, version: str = "") -> Embedded:
    sha = hashlib.sha256(f"{about.id}{version}".encode()).digest()
    content = Content(sha, 1000, 40 + sha[0] % 3, 30, "JPEG", 5)
    return Embedded(about, Stamp(1000, 5), content, vector)


def changed(store: Store, id_: str, vector: Floats) -> None:
    outcome = embedded(reference(id_), vector, "changed")
    store.write(store.space(), store.source("/x"), [outcome], NOW)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with lookalike.open(made(tmp_path)) as opened:
        put(opened._store, clustered(1500))
        yield opened


def same_as_here(library: Library, url: str, queries: Floats, k: int = 10, **how: object) -> float:
    """Full answers, in order, with true scores; returns the share of what is nearest in truth."""
    there = library.search_many(list(queries), k, engine=url, **how)
    here = library.search_many(list(queries), k, exact=True, **how)
    shares = []
    for found, truth in zip(there, here, strict=True):
        assert len(found) == len(truth)
        assert len(set(found.ids)) == len(found)
        assert (np.diff(found.scores) <= 0).all()
        scores = dict(zip(truth.ids, truth.scores, strict=True))
        for id_, score in zip(found.ids, found.scores, strict=True):
            assert score == pytest.approx(scores.get(id_, score), abs=2e-6)
        shares.append(np.mean(found.scores >= truth.scores[-1] - 2e-6) if len(truth) else 1.0)
    return float(np.mean(shares))


def test_published_and_searched(library: Library, url: str) -> None:
    report = library.publish(url)
    assert (report.sent, report.removed, report.rows) == (1500, 0, 1500)
    assert report.recall >= 0.95
    assert same_as_here(library, url, clustered(40, seed=1)) >= 0.95
    again = library.publish(url)
    assert (again.sent, again.removed, again.rows) == (0, 0, 1500)


def test_any_question(library: Library, url: str) -> None:
    """Any number of results, never the question itself, and what has no answer."""
    library.publish(url)
    for k in (1, 100, 1500, 1507):
        assert same_as_here(library, url, clustered(3, seed=2), k) >= 0.95
    assert "v00017" not in library.search("id:v00017", 5, engine=url).ids
    assert library.search("id:v00017", 5, include_query=True, engine=url).ids[0] == "v00017"
    for k in (0, -3):
        with pytest.raises(UsageError):
            library.search(clustered(1)[0], k, engine=url)
    for query in (np.zeros(DIM), np.full(DIM, np.nan), np.ones(5)):
        with pytest.raises(UsageError):
            library.search(query.astype(np.float32), engine=url)


def test_only_what_changed_goes(library: Library, url: str) -> None:
    library.publish(url)
    put(library._store, -clustered(30, seed=3), "new")
    library.remove([f"v{number:05d}" for number in range(100, 140)])
    changed(library._store, "v00017", clustered(1, seed=4)[0])
    stale = library.search(clustered(1500)[110], 5, engine=url)
    assert "v00110" not in stale.ids
    assert stale.explanation is not None
    assert "behind the library" in stale.explanation.scan
    report = library.publish(url)
    assert (report.sent, report.removed, report.rows) == (31, 41, 1490)
    assert library.search(-clustered(30, seed=3)[5], 1, engine=url).ids == ["new00005"]
    assert library.search(clustered(1, seed=4)[0], 1, engine=url).ids == ["v00017"]
    assert same_as_here(library, url, clustered(30, seed=5)) >= 0.95


def test_it_outlives_the_process(library: Library, url: str, tmp_path: Path) -> None:
    library.publish(url)
    before = library.search(clustered(1, seed=6)[0], engine=url)
    with lookalike.open(tmp_path) as again:
        after = again.search(clustered(1, seed=6)[0], engine=url)
        assert again.publish(url).sent == 0
    assert (after.ids, after.scores.tolist()) == (before.ids, before.scores.tolist())


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_every_metric(tmp_path: Path, url: str, metric: Metric) -> None:
    with lookalike.open(made(tmp_path, metric)) as library:
        put(library._store, clustered(800) * np.float32(3))
        library.publish(url)
        assert same_as_here(library, url, clustered(30, seed=5)) >= 0.95
        if metric == "cosine":
            assert same_as_here(library, url, clustered(9, seed=5), metric="l2") >= 0.95


def test_ties(tmp_path: Path, url: str) -> None:
    vectors = clustered(300)
    vectors[100:120] = vectors[7]
    with lookalike.open(made(tmp_path)) as library:
        put(library._store, vectors)
        library.publish(url, index="none")
        found = library.search(vectors[7], 21, engine=url)
    assert found.ids == ["v00007", *(f"v{number:05d}" for number in range(100, 120))]


def test_few_or_none(tmp_path: Path, url: str) -> None:
    with lookalike.open(made(tmp_path)) as library:
        assert library.publish(url).rows == 0
        assert library.search(clustered(1)[0], engine=url).ids == []
        put(library._store, clustered(3))
        assert library.publish(url).sent == 3
        assert len(library.search(clustered(1)[0], engine=url)) == 3
        library.remove([f"v{number:05d}" for number in range(3)])
        assert library.publish(url).rows == 0
        assert library.search(clustered(1)[0], engine=url).ids == []


def test_without_an_index_it_is_exact(library: Library, url: str) -> None:
    assert library.publish(url, index="none").reach == 0
    assert same_as_here(library, url, clustered(40, seed=1)) == 1
    page = library.search(clustered(1)[0], 5, offset=5, engine=url)
    assert page.ids == library.search(clustered(1)[0], 10, exact=True).ids[5:]


def test_exact_beside_an_index(library: Library, on_postgres: str, milvus: Milvus) -> None:
    library.publish(on_postgres, m=2, ef_construction=4)
    query = clustered(1, seed=8)[0]
    found = library.search(query, 50, exact=True, engine=on_postgres)
    assert found.ids == library.search(query, 50, exact=True).ids
    there = f"{milvus.url()}#exactness"
    library.publish(there)
    with pytest.raises(UsageError, match="by its index only"):
        library.search(query, exact=True, engine=there)
    with pytest.raises(UsageError, match="does not compare by l1"):
        library.search(query, metric="l1", engine=there)


WORDS = ("Dress", "hat", "it's \"\\ %s", HOSTILE.replace("\0", ""))
FILTERS = (
    "label = Dress", "label != Dress", "label in (Dress, hat)", "label not in (Dress)",
    "label is null", "label is not null", "label > a", "price < 20", "price >= 20.5",
    "price in (1, 2.5)", "price != 3", "not price <= 30", "sold = true", "sold != true",
    "day >= 2024-02 and day < 2024-04-03", "day = 2024-03", "colour in (red, blue)",
    "colour != red", "id = v00005", "width > 40 and (label = hat or price < 10)",
    "mixed = 7", "mixed = seven", "label = nothing", "price is null or sold = false",
)  # fmt: skip


def described(store: Store, n: int) -> None:
    rows: dict[int, Row] = {}
    for number in range(n):
        meta: dict[str, Scalar] = {"price": number / 2 if number % 3 else number}
        if number % 2:
            meta["sold"] = number % 4 == 1
        if number % 5:
            meta["day"] = f"2024-{number % 12 + 1:02d}-{number % 28 + 1:02d}"
        meta["mixed"] = 7 if number % 2 else "seven"
        meta[HOSTILE.replace("\0", "")] = "found"
        rows[number] = (WORDS[number % 4] if number % 7 else None, meta)
    put(store, clustered(n), rows=rows)
    contents = [image.content_key for image in store.images_by_key(range(1, n + 1))]
    store.derive("colour", [(key, ["red", "blue"][: key % 3]) for key in contents if key % 4])


def test_filters_mean_what_they_mean_here(tmp_path: Path, url: str) -> None:
    with lookalike.open(made(tmp_path)) as library:
        described(library._store, 400)
        library.publish(url)
        for where in FILTERS:
            here = library.search(clustered(1)[0], 400, where=where, exact=True)
            there = library.search(clustered(1)[0], 400, where=where, engine=url)
            assert sorted(there.ids) == sorted(here.ids), where
            few = library.search(clustered(1)[0], 7, where=where, engine=url)
            assert len(few) == min(7, len(here)), where


def test_patterns(tmp_path: Path, on_postgres: str, milvus: Milvus) -> None:
    with lookalike.open(made(tmp_path)) as library:
        described(library._store, 60)
        for url in (on_postgres, f"{milvus.url()}#patterns"):
            library.publish(url)
        for where in ("label like 'dR%'", "label not like '%a%'", "colour like 'R_d'"):
            here = library.search(clustered(1)[0], 60, where=where, exact=True)
            there = library.search(clustered(1)[0], 60, where=where, engine=on_postgres)
            assert there.ids == here.ids, where
        with pytest.raises(UsageError, match="no `like`"):
            library.search(clustered(1)[0], where="label like 'd%'", engine=url)


def test_hostile_words_are_words(tmp_path: Path, url: str) -> None:
    """In ids, labels, names of columns and of the space, values of filters."""
    with lookalike.open(made(tmp_path)) as library:
        described(library._store, 60)
        vectors = clustered(2, seed=11)
        hostile = [
            embedded(reference(f"{HOSTILE}{number}", HOSTILE), vector)
            for number, vector in enumerate(vectors)
        ]
        library._store.write(library.space, library._store.source("/x"), hostile, NOW)
        report = library.publish(url)
        assert report.rows == 62
        found = library.search(vectors[0], 1, engine=url)
        assert found.ids == [library.search(vectors[0], 1).ids[0]]
        quoted = HOSTILE.replace("'", "''")
        column = '"' + HOSTILE.replace("\0", "").replace('"', '""') + '"'
        for where in (
            f"label = '{quoted}'",
            f"id in ('{quoted}0', a)",
            f"{column} = found",
            f"{column} != '{quoted}'",
        ):
            here = library.search(vectors[0], 62, where=where, exact=True)
            there = library.search(vectors[0], 62, where=where, engine=url)
            assert sorted(there.ids) == sorted(here.ids), where
        assert all(name.replace("_", "").isalnum() for name in report.columns.values())
        assert library.publish(url).rows == 62


def test_columns_come_and_change_and_go(tmp_path: Path, url: str) -> None:
    with lookalike.open(made(tmp_path)) as library:
        store = library._store
        put(store, clustered(50), rows={n: (None, {"size2": n, "late": None}) for n in range(50)})
        library.publish(url)
        query = clustered(1)[0]
        assert len(library.search(query, 50, where="size2 < 10", engine=url)) == 10
        store.write(
            store.space(),
            store.source("/x"),
            [Unchanged(reference("v00007", "x", size2="seven", late=3, new="a"), Stamp(1000, 5))],
            NOW,
        )
        for where in ("size2 = seven", "new = a"):
            with pytest.raises(UsageError, match="new or of another kind"):
                library.search(query, where=where, engine=url)
        library.publish(url)
        assert library.search(query, 50, where="size2 = 8", engine=url).ids == ["v00008"]
        for where in ("size2 = seven", "late = 3", "new = a", "label = x"):
            assert library.search(query, 50, where=where, engine=url).ids == ["v00007"], where
        keys = [image.content_key for image in store.images_by_key(range(1, 51))]
        store.set_derived("colour", {key: ["red"] for key in keys[:20]})
        library.publish(url)
        assert len(library.search(query, 50, where="colour = red", engine=url)) == 20
        store.set_derived("colour", {key: ["red"] for key in keys[:5]})
        library.publish(url)
        assert len(library.search(query, 50, where="colour = red", engine=url)) == 5
        store.drop_derived("colour")
        assert "derived.colour" not in library.publish(url).columns


def test_a_selective_filter_never_starves(tmp_path: Path, on_postgres: str) -> None:
    """What is left lies furthest from the question: an index alone would not get there."""
    vectors = clustered(3000)
    query = clustered(1, seed=14)[0]
    far = np.argsort((vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) @ query)[:12]
    rows: dict[int, Row] = {int(number): ("rare", {}) for number in far}
    with lookalike.open(made(tmp_path)) as library:
        put(library._store, vectors, rows=rows)
        library.publish(on_postgres, m=4, ef_construction=16)
        found = library.search(query, 10, where="label = rare", engine=on_postgres)
        assert found.ids == library.search(query, 10, where="label = rare", exact=True).ids


def test_what_else_is_there_is_not_written_over(library: Library, url: str, tmp_path: Path) -> None:
    library.publish(url)
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    with lookalike.open(made(tmp_path / "b", dim=8)) as short:
        put(short._store, clustered(5, dim=8))
        with pytest.raises(RecipeMismatchError, match=f"vectors of {DIM} dimensions, not 8"):
            short.publish(url)
        with pytest.raises(RecipeMismatchError):
            short.search(clustered(1, dim=8)[0], engine=url)
    with lookalike.open(made(tmp_path / "c")) as other:
        put(other._store, clustered(5))
        with pytest.raises(RecipeMismatchError, match="another library"):
            other.publish(url)
        assert other.publish(url, replace=True).rows == 5
    with pytest.raises(RecipeMismatchError, match="another library"):
        library.search(clustered(1)[0], engine=url)


def test_what_was_never_published(library: Library, url: str) -> None:
    with pytest.raises(UsageError, match="lookalike publish"):
        library.search(clustered(1)[0], engine=url)


def test_interrupted_it_goes_on(tmp_path: Path, url: str) -> None:
    with lookalike.open(made(tmp_path)) as library:
        put(library._store, clustered(3500))
        sent: list[int] = []

        def step(stage: str, done: int, total: int) -> None:
            sent.append(done)

        report = library.publish(url, on_step=step, stop=lambda: len(sent) >= 2)
        assert (report.interrupted, report.sent, report.rows) == (True, 2000, 2000)
        library.remove(["v00003", "v03200"])
        changed(library._store, "v00017", clustered(1, seed=4)[0])
        report = library.publish(url)
        assert (report.interrupted, report.sent, report.removed) == (False, 1501, 3)
        assert report.rows == 3498
        assert same_as_here(library, url, clustered(20, seed=5)) >= 0.95


def test_a_backup_that_went_another_way(library: Library, url: str, tmp_path: Path) -> None:
    library.close()
    shutil.copytree(tmp_path / ".lookalike", tmp_path / "b" / ".lookalike")
    with lookalike.open(tmp_path) as one:
        put(one._store, clustered(5, seed=1), "one")
        assert one.publish(url).sent == 1505
    with lookalike.open(tmp_path / "b") as other:
        put(other._store, clustered(5, seed=2), "other")
        assert other.publish(url).sent == 1505
        found = other.search(clustered(5, seed=2)[3], 1, engine=url)
        assert found.ids == ["other00003"]


def test_bits(tmp_path: Path, on_postgres: str, milvus: Milvus) -> None:
    generator = np.random.default_rng(0)
    signs = generator.random((600, 45)) < generator.random(45)
    packed = np.packbits(signs, axis=1)
    with lookalike.open(made(tmp_path, "hamming", 45, bits=True)) as library:
        put(library._store, packed)
        assert library.publish(on_postgres).rows == 600
        for number in (0, 77):
            query = f"id:v{number:05d}"
            here = library.search(query, 20)
            for how in ({}, {"exact": True}):
                there = library.search(query, 20, engine=on_postgres, **how)
                assert there.scores.tolist() == here.scores.tolist()
        with pytest.raises(UsageError, match="bits with bits"):
            library.search(positive=["id:v00000", "id:v00001"], engine=on_postgres)
        with pytest.raises(UsageError, match="Spaces of bits"):
            library.publish(f"{milvus.url()}#bits")


def test_too_long_for_an_index(tmp_path: Path, on_postgres: str) -> None:
    with lookalike.open(made(tmp_path, dim=4100)) as library:
        put(library._store, clustered(20, dim=4100))
        with pytest.raises(UsageError, match="--index none"):
            library.publish(on_postgres)
        library.publish(on_postgres, index="none")
        assert same_as_here(library, on_postgres, clustered(3, seed=1, dim=4100)) == 1


def test_another_index_is_made_of_what_is_there(library: Library, on_postgres: str) -> None:
    import psycopg

    library.publish(on_postgres)
    report = library.publish(on_postgres, m=24, ef_construction=64, metric="l2", memory=64 << 20)
    assert report.sent == 0
    assert library.publish(on_postgres).sent == 0
    with psycopg.connect(on_postgres.partition("#")[0]) as connection:
        (definition,) = connection.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s", (f"{report.table}_hnsw",)
        ).fetchone()
    assert "halfvec_l2_ops" in definition
    assert "m='24'" in definition
    assert "ef_construction='64'" in definition


def test_two_publishers_do_not_meet(library: Library, on_postgres: str) -> None:
    met = []

    def step(stage: str, done: int, total: int) -> None:
        if not met:
            with pytest.raises(ServerError, match="Somebody else is publishing"):
                library.publish(on_postgres)
            met.append(stage)

    library.publish(on_postgres, on_step=step)
    assert met == ["sending"]
