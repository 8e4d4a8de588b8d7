"""A bundle opens elsewhere with the same answers; one that was touched is refused."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import lookalike
from lookalike.errors import LibraryDamagedError, UsageError
from lookalike.library.unbundling import is_bundle, open_bundle
from shell import photo, photos


def network(path: Path) -> Path:
    kernel = np.random.default_rng(0).normal(size=(16, 3, 4, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "k"], ["c"], strides=[4, 4]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["n", 16])],
        [numpy_helper.from_array(kernel, "k")],
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(made, path)
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose network lies in a file that will not be there elsewhere."""
    folder = tmp_path_factory.mktemp("home")
    photos(folder / "photos", range(24))
    net = network(folder / "net.onnx")
    with lookalike.open(folder, model=f"onnx:{net}") as library:
        library.add(folder / "photos")
        library.add_space("small", f"onnx:{net}|pca:4")
        library.add_space("dots", "pixels")
        library.judge("000.jpg", "001.jpg", 1.0)
    (folder / "lookalike.yml").write_text("search: {k: 5}\n")
    return folder


@pytest.mark.parametrize("name", ["bundle", "bundle.zip"])
def test_the_same_answers_elsewhere_without_the_model_file(
    home: Path, tmp_path: Path, name: str
) -> None:
    query = photo(tmp_path / "new.jpg", 99)
    with lookalike.open(home) as library:
        made = library.export_bundle(tmp_path / name, settings=home / "lookalike.yml")
        wanted = {
            space: library.search(str(query), k=24, space=space)
            for space in ("main", "small", "dots")
        }
    assert (made.images, made.models, made.without_model) == (24, 1, [])
    assert is_bundle(tmp_path / name)
    hidden = home / "net.away"
    (home / "net.onnx").rename(hidden)
    try:
        done = open_bundle(tmp_path / name, tmp_path / "there", made.digest)
        assert done.images == 24
        assert (tmp_path / "there" / "lookalike.yml").read_text() == "search: {k: 5}\n"
        with lookalike.open(tmp_path / "there", create=False) as library:
            for space, hits in wanted.items():
                found = library.search(str(query), k=24, space=space)
                assert found.ids == hits.ids
                np.testing.assert_array_equal(found.scores, hits.scores)
            assert library.judgements()[0].query == "000.jpg"
            photo(tmp_path / "more" / "more.jpg", 77)
            assert library.add(tmp_path / "more").embedded == 1
            assert library.check() == []
    finally:
        hidden.rename(home / "net.onnx")


def changed(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(content)


def test_a_bundle_that_was_touched_is_refused(home: Path, tmp_path: Path) -> None:
    with lookalike.open(home) as library:
        digest = library.export_bundle(tmp_path / "whole").digest
    manifest = json.loads((tmp_path / "whole" / "bundle.json").read_text())
    assert set(manifest["files"]) >= {"library.db", "models/models.json"}
    for number, name in enumerate(manifest["files"]):
        copy = tmp_path / f"copy-{number}"
        shutil.copytree(tmp_path / "whole", copy)
        changed(copy, name)
        with pytest.raises(LibraryDamagedError, match="was changed"):
            open_bundle(copy, tmp_path / "there")
        (copy / name).unlink()
        with pytest.raises(LibraryDamagedError, match="is missing"):
            open_bundle(copy, tmp_path / "there")
    shutil.copytree(tmp_path / "whole", tmp_path / "more")
    (tmp_path / "more" / "extra.py").write_text("evil")
    with pytest.raises(LibraryDamagedError, match=r"extra\.py"):
        open_bundle(tmp_path / "more", tmp_path / "there")
    (tmp_path / "more" / "extra.py").unlink()
    manifest["images"] += 1
    (tmp_path / "more" / "bundle.json").write_text(json.dumps(manifest))
    with pytest.raises(LibraryDamagedError, match="not the bundle of that digest"):
        open_bundle(tmp_path / "more", tmp_path / "there", digest)
    assert not (tmp_path / "there" / ".lookalike").exists()


def test_an_archive_cannot_write_outside_or_without_end(home: Path, tmp_path: Path) -> None:
    with lookalike.open(home) as library:
        library.export_bundle(tmp_path / "whole.zip")
    with zipfile.ZipFile(tmp_path / "whole.zip") as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    manifest = json.loads(members["bundle.json"])

    def written(name: str, about: dict[str, object], **more: bytes) -> Path:
        path = tmp_path / name
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            parts = {**members, "bundle.json": json.dumps(about).encode(), **more}
            for member, content in parts.items():
                archive.writestr(member, content)
        return path

    outside = {**manifest["files"], "../evil": {"bytes": 1, "sha256": "0" * 64}}
    path = written("outside.zip", {**manifest, "files": outside}, **{"../evil": b"x"})
    with pytest.raises(LibraryDamagedError, match="no part of a bundle"):
        open_bundle(path, tmp_path / "there")
    assert not (tmp_path / "evil").exists()
    path = written("bomb.zip", manifest, **{"library.db": bytes(200_000_000)})
    with pytest.raises(LibraryDamagedError, match="was changed"):
        open_bundle(path, tmp_path / "there")
    (tmp_path / "cut.zip").write_bytes((tmp_path / "whole.zip").read_bytes()[:-40])
    assert not is_bundle(tmp_path / "cut.zip")


def test_nothing_is_written_over(home: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with lookalike.open(home) as library:
        with pytest.raises(UsageError, match="there already"):
            library.export_bundle(tmp_path / "taken")
        with pytest.raises(UsageError, match="no folder"):
            library.export_bundle(tmp_path / "no" / "b.zip")
        library.export_bundle(tmp_path / "b.zip")
    with pytest.raises(UsageError, match="library in"):
        open_bundle(tmp_path / "b.zip", home)


def test_a_carried_model_that_changed_is_not_used(home: Path, tmp_path: Path) -> None:
    with lookalike.open(home) as library:
        library.export_bundle(tmp_path / "b")
    done = open_bundle(tmp_path / "b", tmp_path / "there")
    (kept,) = done.directory.glob("models/*.onnx")
    kept.write_bytes(kept.read_bytes() + b"\0")
    with (
        lookalike.open(tmp_path / "there") as library,
        pytest.raises(Exception, match="carries"),
    ):
        library.search(str(photo(tmp_path / "q.jpg", 55)))
