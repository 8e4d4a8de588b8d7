"""Data sets in the layouts in which they really lie: from a server, then from the disk alone."""

import csv
import io
import json
import tarfile
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from lookalike.datasets.about import About
from lookalike.datasets.fetching import fetch_images
from lookalike.datasets.known import TableDataset, known_datasets
from lookalike.datasets.names import open_dataset
from lookalike.errors import SourceError, UnknownNameError, UsageError
from lookalike.fetch.pace import Pace
from lookalike.fetch.policy import FetchPolicy
from lookalike.fetch.run import Fetching
from lookalike.images.resize import Resizing
from shell import index, picture, run
from web import Web, answer

LOCAL = FetchPolicy(allow_private=True)
HOW = Fetching(policy=LOCAL, pace=Pace(host_rate=0, first_wait=0.01), workers=1)
KINDS = ("daisy", "tulip")


def jpeg(seed: int) -> bytes:
    buffer = io.BytesIO()
    picture(seed).save(buffer, "JPEG")
    return buffer.getvalue()


def rows(out: Path) -> list[dict[str, str]]:
    with (out / "outcomes.csv").open(newline="") as file:
        return list(csv.DictReader(file))


class Files:
    """Serves bytes by path, and lists names as Google's buckets do."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    async def __call__(self, request, writer):
        parts = urlsplit(request.path)
        if parts.path.startswith("/storage/v1/b/"):
            prefix = parse_qs(parts.query)["prefix"][0]
            names = sorted(n for n in self.files if n.startswith(f"/tfds-data/{prefix}"))
            start = int(parse_qs(parts.query).get("pageToken", ["0"])[0])
            page = {"items": [{"name": n.removeprefix("/tfds-data/")} for n in names[start:][:3]]}
            more = {"nextPageToken": str(start + 3)} if len(names) > start + 3 else {}
            writer.write(answer(json.dumps(page | more).encode()))
        elif parts.path in self.files:
            writer.write(answer(self.files[parts.path]))
        else:
            writer.write(answer(status=404))


def test_a_table_on_the_web_becomes_images_with_labels(tmp_path, monkeypatch):
    files = {f"/images/{n}.jpg": jpeg(n) for n in range(3)}
    files["/images.csv"] = b"image,label,kids\n0,Hat,True\n1,Shoe,False\n2,Hat,False\n9,Hat,True\n"
    said = []
    with Web(Files(files)) as web:
        about = About("dataset:clothing", "Clothes", "free", "https://clothes.example")
        found = TableDataset(
            about, web.url("/images.csv"), web.url("/images/{image}.jpg"), "image", "label"
        )
        monkeypatch.setattr("lookalike.datasets.names.known_datasets", lambda: {"clothing": found})
        two = fetch_images("dataset:clothing", tmp_path, HOW, count=2, on_about=said.append)
        whole = fetch_images("dataset:clothing", tmp_path, HOW)
        assert web.asked["/images.csv"] == web.asked["/images/0.jpg"] == 1

    assert said == [about]
    assert (two.rows, two.fetched) == (2, 2)
    assert (whole.rows, whole.fetched, whole.failed) == (4, 3, 1)
    assert [(row["id"], row["label"], row["kids"], row["status"]) for row in rows(tmp_path)] == [
        ("0", "Hat", "true", "fetched"),
        ("1", "Shoe", "false", "fetched"),
        ("2", "Hat", "false", "fetched"),
        ("9", "Hat", "true", "failed"),
    ]
    assert (tmp_path / rows(tmp_path)[1]["file"]).read_bytes() == files["/images/1.jpg"]


def test_the_data_sets_with_short_names_say_where_they_are_from():
    for found in known_datasets().values():
        assert found.about.licence
        assert found.about.homepage.startswith("https://")
        assert found.table.startswith("https://")
        assert found.images.startswith("https://")
    assert "{image}" in known_datasets()["clothing"].images


@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("dataset:cloting", UnknownNameError, "Did you mean clothing"),
        ("dataset:kaggle/x", UsageError, "dataset:tfds/NAME"),
    ],
)
def test_names_that_are_none(tmp_path, name, error, said):
    with pytest.raises(error, match=said):
        fetch_images(name, tmp_path / "out", HOW)
    assert not (tmp_path / "out").exists()


def test_options_of_tables_and_of_data_sets_are_told_apart(tmp_path):
    with pytest.raises(UsageError, match="for data sets"):
        fetch_images("urls.csv", tmp_path, HOW, split="train")
    with pytest.raises(UsageError, match="no --url-column"):
        fetch_images("dataset:clothing", tmp_path, HOW, url_column="url")
    with pytest.raises(UsageError, match="is not split"):
        fetch_images("dataset:clothing", tmp_path, HOW, split="train")


def flowers(version: str, licence: str | None = "CC BY 2.0") -> dict[str, bytes]:
    """The files of a data set of tensorflow_datasets: two shards of three, one of two."""
    from lookalike.sources.tf_example import write_example
    from lookalike.sources.tfrecord_frames import frame

    info = {
        "name": "flowers",
        "description": "Flowers,\nin  colour.",
        "fileFormat": "tfrecord",
        "location": {"urls": ["https://flowers.example"]},
        "splits": [
            {"name": "train", "numBytes": "9", "shardLengths": ["3", "3"]},
            {"name": "test", "numBytes": "9", "shardLengths": ["2"]},
        ],
        "version": version,
    }
    if licence:
        info["redistributionInfo"] = {"license": licence}
    made = "tensorflow_datasets.core.features"
    features = {
        "pythonClassName": f"{made}.features_dict.FeaturesDict",
        "featuresDict": {
            "features": {
                "picture": {
                    "pythonClassName": f"{made}.image_feature.Image",
                    "image": {"shape": {"dimensions": ["-1", "-1", "3"]}, "dtype": "uint8"},
                },
                "kind": {
                    "pythonClassName": f"{made}.class_label_feature.ClassLabel",
                    "classLabel": {"numClasses": "2"},
                },
            }
        },
    }

    def shard(numbers):
        return b"".join(frame(write_example({"picture": jpeg(n), "kind": n % 2})) for n in numbers)

    return {
        f"flowers/{version}/{name}": data
        for name, data in {
            "dataset_info.json": json.dumps(info).encode(),
            "features.json": json.dumps(features).encode(),
            "kind.labels.txt": "\n".join(KINDS).encode() + b"\n",
            "flowers-train.tfrecord-00000-of-00002": shard(range(3)),
            "flowers-train.tfrecord-00001-of-00002": shard(range(3, 6)),
            "flowers-test.tfrecord-00000-of-00001": shard(range(6, 8)),
        }.items()
    }


@pytest.mark.extra
def test_tensorflow_datasets_on_disk(tmp_path):
    for version in ("3.0.1", "10.0.0"):
        for name, data in flowers(version, None).items():
            path = tmp_path / "data" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    said: list[About] = []
    report = fetch_images(
        "dataset:tfds/flowers",
        tmp_path / "out",
        Fetching(resizing=Resizing("keep-ratio", 32), workers=1),
        data_dir=tmp_path / "data",
        on_about=said.append,
    )
    again = fetch_images(
        "dataset:tfds/flowers",
        tmp_path / "out",
        Fetching(resizing=Resizing("keep-ratio", 32), workers=1),
        data_dir=tmp_path / "data",
    )

    assert said[0].title == "Flowers, in colour."
    assert "not stated" in said[0].licence
    assert said[0].splits == ("train", "test")
    assert (report.rows, report.fetched, again.known, again.asked) == (8, 8, 8, 0)
    found = rows(tmp_path / "out")
    assert [(row["split"], row["label"]) for row in found] == [
        ("train" if n < 6 else "test", KINDS[n % 2]) for n in range(8)
    ]
    assert len({row["id"] for row in found}) == 8
    assert all(min(int(row["width"]), int(row["height"])) == 32 for row in found)
    assert open_dataset("dataset:tfds/flowers:3.0.1", LOCAL, tmp_path / "data").about.splits
    done = index(
        tmp_path, "out/outcomes.csv", "--path-column", "file", "--id-column", "id",
        "--label-column", "label", "--model", "pixels",
    )  # fmt: skip
    assert done["embedded"] == 8


@pytest.mark.extra
def test_tensorflow_datasets_from_their_bucket_only_what_is_needed(tmp_path):
    from lookalike.datasets.take import keep_images
    from lookalike.datasets.tfds import Bucket, open_tfds

    files = {f"/tfds-data/datasets/{name}": data for name, data in flowers("3.0.1").items()}
    with Web(Files(files)) as web:
        bucket = Bucket(web.url("").rstrip("/"))
        opened = open_tfds("dataset:tfds/flowers", "flowers", None, None, LOCAL, tmp_path, bucket)
        assert opened.about.licence == "CC BY 2.0"
        assert not any("tfrecord" in path for path in web.asked)
        report = keep_images(opened, tmp_path / "out", HOW, split="train", count=2)
        asked = sorted(path for path in web.asked if "tfrecord" in path)
        with pytest.raises(SourceError, match=r"flowers 9\.9\.9"):
            open_tfds("x", "flowers", None, "9.9.9", LOCAL, tmp_path / "else", bucket)
        with pytest.raises(UnknownNameError, match="Did you mean test"):
            keep_images(opened, tmp_path / "none", HOW, split="tests")

    assert (report.rows, report.fetched) == (2, 2)
    assert [path.rpartition("/")[2] for path in asked] == ["flowers-train.tfrecord-00000-of-00002"]
    assert not list(tmp_path.rglob("*.part"))


def test_a_description_that_is_none_of_theirs(tmp_path):
    folder = tmp_path / "flowers" / "1.0.0"
    folder.mkdir(parents=True)
    (folder / "features.json").write_text("{}")
    for text, said in (('{"splits": [{}]}', "not as tensorflow_datasets"), ("[]", "JSON object")):
        (folder / "dataset_info.json").write_text(text)
        with pytest.raises(SourceError, match=said):
            open_dataset("dataset:tfds/flowers", LOCAL, tmp_path)


CARD = """---
pretty_name: Small flowers
license: cc-by-4.0
configs:
- config_name: default
  data_files:
  - split: train
    path: data/train-*
  - split: test
    path: data/test-*
---
# Flowers
"""


def parquet(numbers) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    features = {"label": {"names": list(KINDS), "_type": "ClassLabel"}, "image": {"_type": "Image"}}
    told = json.dumps({"info": {"features": features}})
    table = pa.table(
        {
            "image": [{"bytes": jpeg(n), "path": f"{n}.jpg"} for n in numbers],
            "label": [n % 2 for n in numbers],
        }
    ).replace_schema_metadata({"huggingface": told})
    out = io.BytesIO()
    pq.write_table(table, out)
    return out.getvalue()


class Hub:
    """The hub's answers for one repository of data."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    async def __call__(self, request, writer):
        path = urlsplit(request.path).path
        name = path.partition("/resolve/main/")[2]
        if path.startswith("/api/datasets/org/flowers/tree/"):
            tree = [
                {"type": "file", "oid": "b" * 40, "size": len(data), "path": file}
                for file, data in self.files.items()
            ]
            writer.write(answer(json.dumps(tree).encode()))
        elif path.startswith("/datasets/org/flowers/") and name in self.files:
            data, etag = self.files[name], f'"{hash(name) & 0xFFFFFFFF:040x}"'
            writer.write(answer(data, ETag=etag, X_Repo_Commit="a" * 40))
        else:
            writer.write(answer(status=404, X_Error_Code="RepoNotFound"))


@pytest.mark.extra
def test_the_hub_first_from_the_net_then_without_one(tmp_path):
    files = {
        "README.md": CARD.encode(),
        "data/train-00000-of-00001.parquet": parquet(range(5)),
        "data/test-00000-of-00001.parquet": parquet(range(3)),
    }
    command = ("fetch", "dataset:hf/org/flowers", "--workers", 1, "--json", "--out")
    home = {"HF_HOME": str(tmp_path / "home"), "PYTHONHASHSEED": "0"}
    with Web(Hub(files)) as web:
        served = home | {"HF_ENDPOINT": web.url("").rstrip("/")}
        done = run(tmp_path, *command, "one", "--split", "train", "--count", 4, **served)
        assert not any("test-00000" in path for path in web.asked)
        wrong = run(tmp_path, *command, "no", "--split", "tests", **served)
        nobody = run(tmp_path, "fetch", "dataset:hf/org/trees", "--out", "no", **served)

    assert (done.code, done.json["fetched"]) == (0, 4)
    assert "Small flowers" in done.err
    assert "Licence: cc-by-4.0" in done.err
    assert [(row["id"], row["label"]) for row in rows(tmp_path / "one")] == [
        (f"train/{n}.jpg", KINDS[n % 2]) for n in range(4)
    ]
    assert (wrong.code, "Did you mean test" in wrong.err) == (2, True)
    assert (nobody.code, "no data set 'org/trees'" in nobody.err) == (1, True)
    offline = run(
        tmp_path, *command, "two", "--format", "shards", "--split", "train",
        HF_HUB_OFFLINE="1", **home,
    )  # fmt: skip
    assert (offline.code, offline.json["fetched"]) == (0, 5)
    with tarfile.open(tmp_path / "two" / "shards" / "00000.tar") as tar:
        facts = [json.load(tar.extractfile(m)) for m in tar if m.name.endswith(".json")]
    assert [fact["label"] for fact in facts] == [KINDS[n % 2] for n in range(5)]
    gone = run(tmp_path, *command, "three", "--split", "test", HF_HUB_OFFLINE="1", **home)
    assert (gone.code, "Unknown split" in gone.err) == (2, True)


@pytest.mark.extra
def test_folders_and_archives_of_the_hub_in_its_cache(tmp_path):
    commit = "c" * 40
    folder = tmp_path / "home" / "hub" / "datasets--org--flowers"
    snapshot = folder / "snapshots" / commit
    for number in range(6):
        split = "train" if number < 4 else "valid"
        path = snapshot / split / KINDS[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(jpeg(number))
    (folder / "refs").mkdir()
    (folder / "refs" / "main").write_text(commit)
    found = run(
        tmp_path, "fetch", "dataset:hf/org/flowers", "--out", "out", "--workers", 1,
        HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path / "home"),
    )  # fmt: skip

    assert found.code == 0
    assert "Licence: not stated" in found.err
    assert "Splits: train, validation" in found.err
    assert [(row["id"], row["label"], row["split"]) for row in rows(tmp_path / "out")] == [
        *[(f"train/train/daisy/{n}.jpg", "daisy", "train") for n in (0, 2)],
        *[(f"train/train/tulip/{n}.jpg", "tulip", "train") for n in (1, 3)],
        ("validation/valid/daisy/4.jpg", "daisy", "validation"),
        ("validation/valid/tulip/5.jpg", "tulip", "validation"),
    ]
