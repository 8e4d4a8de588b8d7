from __future__ import annotations

import io
import json
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import LibraryBusyError, SourceError, UnknownNameError, UsageError
from lookalike.share import pack as packing
from lookalike.share.pack import pack
from lookalike.share.pack_names import sample_name, suffix_of
from lookalike.sources import open_source
from lookalike.sources.tf_example import read_example, write_example
from lookalike.store.lock import WriterLock
from lookalike.types import Reference, Rejected
from shell import photo

COUNT = 23
EXTRA = pytest.mark.extra
FORMATS = ["tar", pytest.param("tfrecord", marks=EXTRA), pytest.param("parquet", marks=EXTRA)]


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of drawn photos, one of them a PNG, with labels and metadata."""
    folder = tmp_path_factory.mktemp("photos")
    (folder / "in").mkdir()
    for number in range(COUNT):
        photo(folder / "in" / f"{number:03d}.jpg", number)
    Image.open(folder / "in/004.jpg").save(folder / "in/004.png")
    (folder / "in/004.jpg").unlink()
    rows = ["file,label,price,kids,note"]
    for n in range(COUNT):
        suffix = "png" if n == 4 else "jpg"
        label = "" if n == 5 else ["Dress", "Hat", "Größe L"][n % 3]
        rows.append(f"in/{n:03d}.{suffix},{label},{n * 1.5},{'true' if n % 2 else 'false'},n {n}")
    (folder / "t.csv").write_text("\n".join(rows) + "\n")
    return folder / "t.csv"


def source(table: Path):
    return open_source(str(table), label_column="label")


def shards(out: Path) -> list[Path]:
    return sorted(out.glob("images-*"))


def known(library) -> list[tuple]:
    return sorted((one.id, one.label, one.content.sha256) for one in library.head(1000))


@pytest.mark.parametrize("format_", FORMATS)
def test_a_pack_is_indexed_to_the_library_that_its_files_make(
    table: Path, tmp_path: Path, format_: str
) -> None:
    report = pack(source(table), tmp_path / "out", format_, shards=3)
    assert (report.images, report.shards, report.rejects) == (COUNT, 3, [])
    assert (tmp_path / "out/classes.txt").read_text("utf-8") == "Dress\nGröße L\nHat\n"

    with (
        lookalike.open(tmp_path / "files", model="pixels") as files,
        lookalike.open(tmp_path / "packed", model="pixels") as packed,
    ):
        files.add(table, label_column="label")
        for shard in shards(tmp_path / "out"):
            done = packed.add(shard)
            assert done.rejected == 0
        assert known(packed) == known(files)
        assert packed.ids == files.ids
        assert np.array_equal(packed.matrix(), files.matrix())
        one = packed.get("in/007.jpg")
        assert {**one.meta, "kids": bool(one.meta["kids"])} == {
            "price": 10.5, "kids": True, "note": "n 7",
        }  # fmt: skip
        assert packed.thumbnail("in/007.jpg")
        again = packed.add(shards(tmp_path / "out")[0])
        assert again.unchanged == again.offered
        other = packed.add_space("again", "colour-histogram")
        assert (other.embedded, other.rejected) == (COUNT, 0)


@pytest.mark.parametrize("format_", FORMATS)
def test_the_same_source_gives_the_same_files_and_nothing_twice(
    table: Path, tmp_path: Path, format_: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    pack(source(table), first, format_, shard_images=10)
    pack(source(table), second, format_, shard_images=10)
    one, two = shards(first), shards(second)
    assert len(one) == 3
    assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]

    one[1].unlink()
    one[2].write_bytes(one[2].read_bytes()[:-100])
    read: list[object] = []
    monkeypatch.setattr(
        packing, "read_bytes", lambda at: (read.append(at), Path(at.path).read_bytes())[1]
    )
    report = pack(source(table), first, format_, shard_images=10)
    assert (report.kept, report.shards, report.images) == (1, 3, COUNT)
    assert len(read) == COUNT - 7
    assert [path.read_bytes() for path in shards(first)] == [path.read_bytes() for path in two]


def test_a_stopped_run_goes_on(table: Path, tmp_path: Path) -> None:
    turns = iter([False, False, True])
    report = pack(source(table), tmp_path / "out", "tar", shards=5, stop=lambda: next(turns))
    assert report.interrupted
    assert len(shards(tmp_path / "out")) == 2
    report = pack(source(table), tmp_path / "out", "tar", shards=5)
    assert (report.kept, report.shards, report.images) == (2, 5, COUNT)


def test_what_changed_is_written_again(tmp_path: Path) -> None:
    for number in range(6):
        photo(tmp_path / f"{number}.jpg", number)
    out = tmp_path / "out"
    pack(open_source(str(tmp_path)), out, "tar", shards=3)
    photo(tmp_path / "3.jpg", 77)
    report = pack(open_source(str(tmp_path)), out, "tar", shards=3)
    assert report.kept == 2
    with tarfile.open(shards(out)[1]) as archive:
        member = archive.extractfile("3.jpg")
        assert member is not None
        assert member.read() == (tmp_path / "3.jpg").read_bytes()


def test_what_is_no_image_is_left_out_by_name(tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg", 1)
    (tmp_path / "b.jpg").write_bytes(b"<html>")
    (tmp_path / "c.jpg").write_bytes(b"")
    (tmp_path / "d.jpg").symlink_to("nowhere")
    report = pack(open_source(str(tmp_path)), tmp_path / "out", "tar")
    assert report.images == 1
    assert {(one.id, one.reason) for one in report.rejects} == {
        ("b.jpg", "not-an-image"), ("c.jpg", "empty"), ("d.jpg", "missing"),
    }  # fmt: skip
    again = pack(open_source(str(tmp_path)), tmp_path / "out", "tar")
    assert again.kept == 1
    assert again.rejects == report.rejects


def test_two_runs_and_two_packs_over_one_folder_are_refused(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    pack(source(table), out, "tar", shards=2)
    with pytest.raises(UsageError, match="holds another pack"):
        pack(source(table), out, "tar", shards=3)
    with WriterLock(out / ".pack/lock"), pytest.raises(LibraryBusyError, match="Another process"):
        pack(source(table), out, "tar", shards=2)


@pytest.mark.parametrize(
    ("format_", "shards_", "error"),
    [("zip", 1, UnknownNameError), ("tar", COUNT + 1, UsageError)],
)
def test_what_cannot_be_packed_is_refused(
    table: Path, tmp_path: Path, format_: str, shards_: int, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pack(source(table), tmp_path / "out", format_, shards=shards_)
    assert not (tmp_path / "out").exists()


def test_an_empty_source_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There are no images"):
        pack(open_source(str(tmp_path)), tmp_path / "out", "tar")


@pytest.mark.parametrize(
    ("id_", "name"),
    [
        ("a/b.jpg", "a/b"),
        ("a.b/c.d.jpg", "a.b/c_d"),
        ("/abs/x.png", "abs/x"),
        ("../../etc/x.jpg", "_/_/etc/x"),
        (".hidden/.x.jpg", "_hidden/_x"),
        ("https://h/x.jpg?y=1.2", "https:/h/x_jpg?y=1_2"),
        ("no suffix", "no suffix"),
        ("", "_"),
        ("a\\b\n.jpg", "a_b_"),
    ],
)
def test_names_are_keys_that_webdataset_can_take(id_: str, name: str) -> None:
    assert sample_name(id_) == name
    assert ".." not in name.split("/")


def test_a_suffix_says_what_the_image_is() -> None:
    assert suffix_of("a.JPEG", "JPEG") == "JPEG"
    assert suffix_of("a.png", "JPEG") == "jpg"
    assert suffix_of("a", "PNG") == "png"


def test_names_that_meet_are_told_apart(tmp_path: Path) -> None:
    for number, name in enumerate(("a.b.jpg", "a_b.jpg", "A_B.jpg")):
        photo(tmp_path / name, number)
    pack(open_source(str(tmp_path)), tmp_path / "out", "tar")
    with tarfile.open(shards(tmp_path / "out")[0]) as archive:
        names = archive.getnames()
    keys = {Path(name).stem.lower() for name in names}
    assert len(keys) == 3
    assert len(names) == 6


def test_labels_beside_images_in_a_tar_become_theirs(tmp_path: Path) -> None:
    data = photo(tmp_path / "x.jpg", 1).read_bytes()
    members = {
        "a.cls": b"7", "a.jpg": data, "b.jpg": data,
        "b.json": b'{"label": "Hat", "price": 3, "list": [1], "width": 5}',
        "c.jpg": data, "c.json": b"{broken", "d.json": b"{}", "e.x.jpg": data,
        "e.x.json": b'{"label": null, "caption": "nice"}',
    }  # fmt: skip
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        for name, body in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    opened = open_source(str(tmp_path / "x.tar"))
    offers = {offer.id: offer for offer in opened.references() if isinstance(offer, Reference)}
    assert {id_: (one.label, dict(one.meta)) for id_, one in offers.items()} == {
        "a.jpg": ("7", {}), "b.jpg": ("Hat", {"price": 3}), "c.jpg": (None, {}),
        "e.x.jpg": (None, {"caption": "nice"}),
    }  # fmt: skip
    assert opened.notes == ["1 file without an image extension skipped: 'd.json'"]


def test_an_example_is_read_as_it_was_written() -> None:
    features = {"b": b"\x00" * 300, "i": -5, "big": 2**62, "f": 1.5, "é": "ü".encode(), "e": b""}
    data = write_example(features)
    found = read_example(data)
    assert found.pop("f") == [1.5]
    assert (found.pop("i"), found.pop("big")) == ([-5], [2**62])
    spans = {name: data[at.offset : at.offset + at.length] for name, (at,) in found.items()}
    assert spans == {"b": b"\x00" * 300, "é": "ü".encode(), "e": b""}


def test_what_is_no_example_is_told_and_never_hangs() -> None:
    rng = np.random.default_rng(5)
    whole = write_example({"image/encoded": b"x" * 50, "n": 3, "f": 2.0})
    for _ in range(3000):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), rng.integers(1, 4)):
            data[place] = rng.integers(0, 256)
        try:
            read_example(bytes(data[: rng.integers(0, len(data) + 1)]))
        except ValueError:
            continue


@EXTRA
def test_protobuf_reads_an_example_and_writes_one_that_is_read() -> None:
    message = example_class()
    ours = message.FromString(write_example({"b": b"xyz", "i": -7, "f": 0.25}))
    assert ours.features.feature["b"].bytes_list.value == [b"xyz"]
    assert ours.features.feature["i"].int64_list.value == [-7]
    assert ours.features.feature["f"].float_list.value == [0.25]

    theirs = message()
    theirs.features.feature["many"].int64_list.value.extend([1, -2, 3])
    theirs.features.feature["floats"].float_list.value.extend([0.5, 0.25, 4])
    theirs.features.feature["none"].bytes_list.SetInParent()
    data = theirs.SerializeToString()
    assert read_example(data) == {"many": [1, -2], "floats": [0.5, 0.25], "none": []}


def example_class():
    """tf.train.Example as protobuf knows it, from its definition."""
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="example.proto", package="t", syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto
    for name, type_ in (("Bytes", field.TYPE_BYTES), ("Float", field.TYPE_FLOAT),
                        ("Int64", field.TYPE_INT64)):  # fmt: skip
        one = file.message_type.add(name=f"{name}List")
        one.field.add(name="value", number=1, type=type_, label=field.LABEL_REPEATED)
    feature = file.message_type.add(name="Feature")
    feature.oneof_decl.add(name="kind")
    for number, name in enumerate(("Bytes", "Float", "Int64"), 1):
        feature.field.add(name=f"{name.lower()}_list", number=number, type=field.TYPE_MESSAGE,
                          type_name=f".t.{name}List", label=field.LABEL_OPTIONAL,
                          oneof_index=0)  # fmt: skip
    features = file.message_type.add(name="Features")
    entry = features.nested_type.add(name="FeatureEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, type=field.TYPE_STRING, label=field.LABEL_OPTIONAL)
    entry.field.add(name="value", number=2, type=field.TYPE_MESSAGE, type_name=".t.Feature",
                    label=field.LABEL_OPTIONAL)  # fmt: skip
    features.field.add(name="feature", number=1, type=field.TYPE_MESSAGE,
                       type_name=".t.Features.FeatureEntry",
                       label=field.LABEL_REPEATED)  # fmt: skip
    example = file.message_type.add(name="Example")
    example.field.add(name="features", number=1, type=field.TYPE_MESSAGE, type_name=".t.Features",
                      label=field.LABEL_OPTIONAL)  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Example"))


@pytest.fixture
def expected(table: Path) -> dict[str, tuple[bytes, str | None]]:
    return {
        offer.id: ((table.parent / offer.id).read_bytes(), offer.label)
        for offer in source(table).references()
        if isinstance(offer, Reference)
    }


@EXTRA
@pytest.mark.filterwarnings("ignore")
def test_webdataset_reads_a_tar(table: Path, tmp_path: Path, expected: dict) -> None:
    webdataset = pytest.importorskip("webdataset")
    pack(source(table), tmp_path, "tar", shards=2)

    files = [str(path) for path in shards(tmp_path)]
    read = {}
    for sample in webdataset.WebDataset(files, shardshuffle=False):
        facts = json.loads(sample["json"])
        suffix = facts["id"].rpartition(".")[2]
        assert sample["__key__"] + "." + suffix == facts["id"]
        read[facts["id"]] = (sample[suffix], facts["label"])
        if facts["label"]:
            assert int(sample["cls"]) == ["Dress", "Größe L", "Hat"].index(facts["label"])
    assert read == expected


@EXTRA
def test_the_tfrecord_package_reads_a_tfrecord(table: Path, tmp_path: Path, expected: dict) -> None:
    reader = pytest.importorskip("tfrecord.reader")
    pack(source(table), tmp_path, "tfrecord", shards=2)

    read = {}
    for path in shards(tmp_path):
        for one in reader.tfrecord_loader(str(path), None, None):
            label = one.get("image/class/text")
            id_ = bytes(one["image/filename"]).decode()
            read[id_] = (bytes(one["image/encoded"]), label and bytes(label).decode())
            with Image.open(table.parent / id_) as image:
                assert (int(one["image/width"][0]), int(one["image/height"][0])) == image.size
    assert read == expected


@EXTRA
@pytest.mark.filterwarnings("ignore")
def test_datasets_reads_a_parquet(
    table: Path, tmp_path: Path, expected: dict, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    pack(source(table), tmp_path / "out", "parquet", shards=2)

    read = datasets.load_dataset(
        "parquet",
        data_files=[str(path) for path in shards(tmp_path / "out")],
        split="train",
        cache_dir=str(tmp_path / "cache"),
    )
    assert isinstance(read.features["image"], datasets.Image)
    assert read.features["label"].names == ["Dress", "Größe L", "Hat"]
    assert read[0]["image"].size == Image.open(table.parent / "in/000.jpg").size
    plain = read.cast_column("image", datasets.Image(decode=False))
    names = [*read.features["label"].names, None]
    rows = {
        row["id"]: (row["image"]["bytes"], names[-1 if row["label"] is None else row["label"]])
        for row in plain
    }
    assert rows == expected


@EXTRA
def test_a_damaged_tfrecord_gives_what_stands_before(table: Path, tmp_path: Path) -> None:
    pack(source(table), tmp_path, "tfrecord", shards=1)
    (path,) = shards(tmp_path)
    whole = path.read_bytes()
    (length,) = struct.unpack_from("<Q", whole)
    second = 12 + length + 4

    path.write_bytes(whole[:20] + b"\xff" + whole[21:])
    first, *rest = open_source(str(path)).references()
    assert isinstance(first, Rejected)
    assert (first.reason, len(rest)) == ("truncated", COUNT - 1)

    for broken in (whole[: second + 5], whole[: second + 500],
                   whole[:second] + b"\x01" + whole[second + 1 :]):  # fmt: skip
        path.write_bytes(broken)
        offers = []
        with pytest.raises(SourceError, match="cannot be read on"):
            offers.extend(open_source(str(path)).references())
        assert [offer.id for offer in offers] == ["in/000.jpg"]


@EXTRA
def test_a_tfrecord_in_gzip_is_read(table: Path, tmp_path: Path) -> None:
    import gzip

    pack(source(table), tmp_path, "tfrecord", shards=1)
    (path,) = shards(tmp_path)
    packed = tmp_path / "x.tfrecord.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    with lookalike.open(tmp_path / "library", model="pixels") as library:
        assert library.add(packed).embedded == COUNT
        packed.write_bytes(packed.read_bytes()[:-500])
        with pytest.raises(SourceError):
            list(open_source(str(packed)).references())


@EXTRA
def test_a_parquet_of_others_with_bytes_and_without(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    data = photo(tmp_path / "x.jpg", 1).read_bytes()
    cells = [{"bytes": data, "path": None}, {"bytes": None, "path": "x.jpg"}, None]
    pq.write_table(pa.table({"img": cells, "label": [1, 2, 3]}), tmp_path / "a.parquet")
    one, two, three = open_source(str(tmp_path / "a.parquet")).references()
    assert (one.id, one.label) == ("a.parquet:1", "1")
    assert (two.id, two.location.path) == ("x.jpg", str(tmp_path / "x.jpg"))
    assert isinstance(three, Rejected)
    assert three.reason == "bad-row"

    pq.write_table(pa.table({"jpg": [data], "name": ["n"]}), tmp_path / "b.parquet")
    (only,) = open_source(str(tmp_path / "b.parquet"), id_column="name").references()
    assert (only.id, only.location.data) == ("n", data)
    with pytest.raises(SourceError, match="has no column"):
        list(open_source(str(tmp_path / "b.parquet"), id_column="nome").references())
