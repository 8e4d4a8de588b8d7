import stat
import struct
import zipfile
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources.archive import ArchiveSource
from lookalike.types import Reference, Rejected, ZipMember


def packed(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_images_are_offered_in_place(tmp_path: Path) -> None:
    members = {"b/2.JPG": b"two", "1.png": b"one", "b/": b"", "b/notes.txt": b"", "./3.gif": b"333"}
    path = packed(tmp_path / "a.zip", members)
    source = ArchiveSource(str(path))
    assert list(source.references()) == [
        Reference("b/2.JPG", ZipMember(str(path), "b/2.JPG", 3)),
        Reference("1.png", ZipMember(str(path), "1.png", 3)),
        Reference("3.gif", ZipMember(str(path), "./3.gif", 3)),
    ]
    assert source.notes == ["1 file without an image extension skipped: 'b/notes.txt'"]
    assert source.uri == str(path)


def test_the_label_is_the_folder_in_the_archive(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"x/dresses/1.jpg": b"", "top.jpg": b"", "../up.jpg": b""})
    source = ArchiveSource(str(path), label_from="folder")
    labels = [r.label for r in source.references() if isinstance(r, Reference)]
    assert labels == ["dresses", None, None]


def test_clutter_and_links_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"x")
        archive.writestr("__MACOSX/._a.jpg", b"x")
        archive.writestr(".thumbs/b.jpg", b"x")
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, b"a.jpg")
    source = ArchiveSource(str(path))
    assert [r.id for r in source.references()] == ["a.jpg"]
    assert source.notes == [
        "2 dot-files or dot-folders skipped, such as '__MACOSX/._a.jpg'",
        "1 link inside the archive skipped: 'link.jpg'",
    ]


def test_encrypted_and_foreign_members_are_rejected(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"a.jpg": b"x", "b.jpg": b"y", "c.jpg": b"z"})
    data = bytearray(path.read_bytes())
    headers = [i for i in range(len(data)) if data[i : i + 4] == b"PK\1\2"]
    struct.pack_into("<H", data, headers[0] + 8, 0x1)
    struct.pack_into("<H", data, headers[1] + 10, 98)
    path.write_bytes(data)
    offers = list(ArchiveSource(str(path)).references())
    assert offers == [
        Rejected("a.jpg", f"{path}!a.jpg", "unreadable", "encrypted in the archive"),
        Rejected("b.jpg", f"{path}!b.jpg", "unreadable", "zip compression method 98"),
        Reference("c.jpg", ZipMember(str(path), "c.jpg", 1)),
    ]


def test_two_members_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.jpg", b"1")
        archive.writestr("b.jpg", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.jpg", b"2")
    with pytest.raises(DuplicateIdError, match=r"Members 1 and 3 of .*a\.zip have .*'a\.jpg'"):
        list(ArchiveSource(str(path)).references())


@pytest.mark.parametrize("keep", [0, 10, 60, 150])
def test_a_cut_archive_is_a_source_error(tmp_path: Path, keep: int) -> None:
    path = packed(tmp_path / "a.zip", {"a.jpg": b"x" * 100, "b.jpg": b"y"})
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match="cannot be read as a zip archive"):
        list(ArchiveSource(str(path)).references())


def test_a_name_that_is_not_the_utf8_it_claims(tmp_path: Path) -> None:
    path = packed(tmp_path / "a.zip", {"é.jpg": b"x"})
    path.write_bytes(path.read_bytes().replace("é".encode(), b"\xff\xfe"))
    with pytest.raises(SourceError, match="cannot be read as a zip archive"):
        list(ArchiveSource(str(path)).references())


def test_every_single_damaged_byte_of_the_directory_is_survived(tmp_path: Path) -> None:
    good = packed(tmp_path / "a.zip", {"a.jpg": b"x", "b/c.png": b"y"}).read_bytes()
    path = tmp_path / "b.zip"
    for position in range(good.index(b"PK\1\2"), len(good)):
        for byte in (0, 0x7F, 0xFF):
            path.write_bytes(good[:position] + bytes([byte]) + good[position + 1 :])
            try:
                for offer in ArchiveSource(str(path)).references():
                    offer.id.encode()
            except (SourceError, DuplicateIdError):
                pass
