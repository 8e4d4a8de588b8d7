import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources.folder import FolderSource
from lookalike.types import File, Reference


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def ids(source: FolderSource) -> list[str]:
    return [reference.id for reference in source.references()]


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder with one below that may not be read, seen without root's privileges."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        touch(folder, "a.jpg", "locked/b.jpg", "z/c.jpg")
        (folder / "locked").chmod(0)
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        yield folder
        if root:
            os.seteuid(0)
        (folder / "locked").chmod(0o755)


def test_every_image_is_offered_in_the_order_of_the_ids(tmp_path: Path) -> None:
    names = ["b/2.JPG", "b/10.PnG", "a.webp", "a/deep/er/x.tif", "a/0.HEIC", "z.Jp2", "a0.gif"]
    touch(tmp_path, *names)
    source = FolderSource(str(tmp_path))
    assert ids(source) == sorted(names)
    assert ids(source) == sorted(names)
    assert source.notes == []
    assert source.uri == str(tmp_path)


def test_a_reference_has_the_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "in/a.jpg")
    monkeypatch.chdir(tmp_path)
    source = FolderSource("./in")
    assert list(source.references()) == [Reference("a.jpg", File(str(tmp_path / "in/a.jpg")))]
    assert source.uri == str(tmp_path / "in")


def test_the_label_is_the_folder_that_holds_the_image(tmp_path: Path) -> None:
    touch(tmp_path, "shop/dresses/1.jpg", "shop/dresses/red/2.jpg", "shop/3.jpg")
    source = FolderSource(str(tmp_path / "shop"), label_from="folder")
    assert {found.id: found.label for found in source.references()} == {
        "dresses/1.jpg": "dresses",
        "dresses/red/2.jpg": "red",
        "3.jpg": "shop",
    }
    assert {found.label for found in FolderSource(str(tmp_path)).references()} == {None}


def test_what_is_passed_over_is_counted_and_said(tmp_path: Path) -> None:
    touch(
        tmp_path, "a.jpg", ".b.jpg", ".lookalike/thumb.webp", "n.txt", "m.mp4", "jpg", "k.jpg.bak"
    )
    os.mkfifo(tmp_path / "pipe.jpg")
    source = FolderSource(str(tmp_path))
    assert ids(source) == ["a.jpg"]
    said = sorted(source.notes)
    assert len(said) == 3
    assert said[0] == "1 dot-file or dot-folder skipped: '.b.jpg'"
    assert said[1].startswith("1 special file (pipes, sockets, devices, sparse files) skipped: ")
    assert said[2].startswith("4 files without an image extension skipped, such as '")


def test_a_dot_folder_named_by_the_user_is_read(tmp_path: Path) -> None:
    touch(tmp_path, ".hidden/a.jpg")
    assert ids(FolderSource(str(tmp_path / ".hidden"))) == ["a.jpg"]


def test_a_socket_is_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("s.png")
        assert ids(FolderSource(".")) == []


def test_loops_of_links_end_and_real_folders_give_the_ids(tmp_path: Path) -> None:
    touch(tmp_path, "in/z/1.jpg", "in/z/2.jpg", "out/3.jpg", "out/deep/4.jpg")
    inside = tmp_path / "in"
    (inside / "a").symlink_to("z")
    (inside / "z/loop").symlink_to("..")
    (inside / "above").symlink_to("..")
    (inside / "self").symlink_to("self")
    (inside / "out").symlink_to(tmp_path / "out")
    (tmp_path / "out/back").symlink_to(inside)
    source = FolderSource(str(inside))
    found = ids(source)
    assert sorted(name.rpartition("/")[2] for name in found) == ["1.jpg", "2.jpg", "3.jpg", "4.jpg"]
    assert found[:2] == ["z/1.jpg", "z/2.jpg"]
    assert ids(source) == found
    assert any("links to folders that were listed already" in note for note in source.notes)


def test_links_among_many_folders_do_not_multiply(tmp_path: Path) -> None:
    names = [f"d{i:02}" for i in range(30)]
    for name in names:
        touch(tmp_path, f"{name}/i.jpg")
    for name in names:
        for other in names:
            (tmp_path / name / f"to-{other}").symlink_to(f"../{other}")
    assert ids(FolderSource(str(tmp_path))) == [f"{name}/i.jpg" for name in names]


def test_linked_and_broken_files_are_offered(tmp_path: Path) -> None:
    touch(tmp_path, "real.jpg")
    (tmp_path / "same.jpg").symlink_to("real.jpg")
    (tmp_path / "gone.jpg").symlink_to("nowhere.jpg")
    assert ids(FolderSource(str(tmp_path))) == ["gone.jpg", "real.jpg", "same.jpg"]


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS allows UTF-8 names alone")
def test_strange_names_are_kept(tmp_path: Path) -> None:
    names = [
        "new\nline.jpg", "qu\"o'te.jpg", "<script>.jpg", "cafe\u0301.jpg", "caf\u00e9.jpg",
        "\udcff\udcfe.jpg", " .jpg", "a\tb.png", "ü/ß.jpg", "{x}.jpg", "100%.jpg", "-rf.jpg",
    ]  # fmt: skip
    touch(tmp_path, *names)
    found = list(FolderSource(str(tmp_path)).references())
    assert {f.id for f in found} == {*names, "\\xff\\xfe.jpg"} - {"\udcff\udcfe.jpg"}
    for reference in found:
        reference.id.encode()
        assert isinstance(reference.location, File)
        assert Path(reference.location.path).read_bytes() == b"x"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS allows UTF-8 names alone")
def test_two_names_of_one_readable_form_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "a\udcff.jpg", "a\\xff.jpg")
    with pytest.raises(DuplicateIdError, match=r"a\\\\xff\.jpg.*b'a\\xff.jpg'.*Rename"):
        ids(FolderSource(str(tmp_path)))


def test_an_unreadable_folder_is_said(locked_folder: Path) -> None:
    source = FolderSource(str(locked_folder))
    assert ids(source) == ["a.jpg", "z/c.jpg"]
    assert source.notes == ["folder 'locked/' could not be read: Permission denied"]
    with pytest.raises(SourceError, match="cannot be read: Permission denied"):
        ids(FolderSource(str(locked_folder / "locked")))


def test_a_folder_that_is_gone_is_a_source_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        ids(FolderSource(str(tmp_path / "gone")))


def test_a_very_deep_folder_is_walked(tmp_path: Path) -> None:
    depth = 1500
    script = (
        "import os,sys\nos.chdir(sys.argv[1])\n"
        f"for _ in range({depth}):\n os.mkdir('d'); os.chdir('d')\nopen('x.jpg','w').close()"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True)
    try:
        assert ids(FolderSource(str(tmp_path))) == ["d/" * depth + "x.jpg"]
    finally:
        subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_many_faults_are_summed_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, *(f"d{i:02}/x.jpg" for i in range(25)), "ok.jpg")
    real = os.scandir

    def failing(path: str) -> object:
        if Path(path).name.startswith("d"):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", failing)
    source = FolderSource(str(tmp_path))
    assert ids(source) == ["ok.jpg"]
    assert len(source.notes) == 21
    assert source.notes[-1] == "5 more such faults"
