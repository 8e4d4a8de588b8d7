import os
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.errors import SourceError, UsageError
from lookalike.sources import open_source
from lookalike.sources.archive import ArchiveSource
from lookalike.sources.extensions import is_image_name
from lookalike.sources.folder import FolderSource
from lookalike.sources.paths import PathsSource
from lookalike.sources.table import TableSource


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.zip", ArchiveSource), ("a.TAR", ArchiveSource), ("a.tar.gz", ArchiveSource),
        ("a.tgz", ArchiveSource), ("a.csv", TableSource), ("a.CSV.GZ", TableSource),
        ("a.tsv", TableSource), ("a.jsonl.gz", TableSource), ("a.parquet", TableSource),
        ("a.jpg", PathsSource), ("a.HEIC", PathsSource),
    ],
)  # fmt: skip
def test_a_file_is_told_by_its_name(tmp_path: Path, name: str, kind: type) -> None:
    path = tmp_path / name
    path.touch()
    assert type(open_source(str(path))) is kind


@pytest.mark.parametrize("name", ["photos", "odd.csv", "odd.zip", "odd.jpg"])
def test_a_folder_is_a_folder_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    assert type(open_source(str(tmp_path / name))) is FolderSource


def test_a_single_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jpg").touch()
    monkeypatch.chdir(tmp_path)
    source = open_source("./a.jpg", label_from="folder")
    [reference] = source.references()
    assert (source.uri, reference.id) == (f"paths:{tmp_path}", "a.jpg")


@pytest.mark.parametrize("name", ["notes.txt", "a.gz", "a.parquet.gz", "jpg", "table"])
def test_an_unknown_kind_is_said_with_what_would_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(SourceError, match=r"is not a folder, .*\.csv.*\.zip.*standard input"):
        open_source(str(tmp_path / name))


def test_a_target_that_is_not_there_is_said_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    with pytest.raises(SourceError, match=r"There is no .*photso'\. Did you mean .*photos'\?"):
        open_source(str(tmp_path / "photso"))
    with pytest.raises(SourceError, match="Check the path"):
        open_source(str(tmp_path / "no" / "where"))
    with pytest.raises(SourceError, match="There is no 'a\\\\x00b'"):
        open_source("a\0b")
    with pytest.raises(SourceError, match="There is no ''"):
        open_source("")


def test_table_options_are_refused_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "a.zip").touch()
    for target in (tmp_path, tmp_path / "a.zip"):
        with pytest.raises(UsageError, match="--path-column, --label-column: for tables only"):
            open_source(str(target), path_column="x", label_column="y")


def test_a_pipe_is_no_source(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "t.csv")
    with pytest.raises(SourceError, match="is a pipe"):
        open_source(str(tmp_path / "t.csv"))


def test_a_link_to_nowhere_is_said_when_read(tmp_path: Path) -> None:
    for name in ("t.csv", "a.zip", "a.tar"):
        (tmp_path / name).symlink_to("nowhere")
        with pytest.raises(SourceError, match="No such file"):
            list(open_source(str(tmp_path / name)).references())


def test_image_names() -> None:
    for name in ("a.jpg", "a.JPEG", "a.b.WebP", "d/a.tiff", ".jpg", "x.jp2", "x.avif", "x.heic"):
        assert is_image_name(name)
    for name in ("jpg", "a.jpg.txt", "a.", "a.svg", "a.pdf", "jpg/a", "a.jpg "):
        assert not is_image_name(name)


def test_importing_sources_imports_nothing_heavy() -> None:
    script = (
        "import sys, lookalike.sources; print(' '.join({m.split('.')[0] for m in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"PIL", "pyarrow", "pandas", "faiss", "onnx", "onnxruntime", "rich"}
