import bz2
import gzip
import io
import lzma
import subprocess
import tarfile
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources import tar_members
from lookalike.sources.archive import ArchiveSource
from lookalike.types import Blob, Reference, Rejected, TarMember

COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    ".tar.gz": gzip.compress, ".tgz": gzip.compress, ".tar.bz2": bz2.compress,
    ".tar.xz": lzma.compress,
}  # fmt: skip


def tar_bytes(members: dict[str, bytes], format_: int = tarfile.PAX_FORMAT) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format_) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def offered(path: Path) -> tuple[list[str], str]:
    """Ids until the end or an error, and that error's message."""
    ids = []
    try:
        for offer in ArchiveSource(str(path)).references():
            offer.id.encode()
            ids.append(offer.id)
    except SourceError as error:
        return ids, str(error)
    return ids, ""


IMAGES = {
    "a.jpg": b"A" * 700,
    "d/" + "long" * 60 + ".png": b"B" * 512,
    "d/é\n.gif": b"",
    "./e.webp": b"E" * 1025,
}
IDS = [*list(IMAGES)[:3], "e.webp"]


@pytest.mark.parametrize("format_", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_members_of_a_plain_tar_are_slices_of_it(tmp_path: Path, format_: int) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(tar_bytes({**IMAGES, "n.txt": b"n"}, format_))
    source = ArchiveSource(str(path))
    offers = [r for r in source.references() if isinstance(r, Reference)]
    assert [r.id for r in offers] == IDS
    data = path.read_bytes()
    for reference, (name, expected) in zip(offers, IMAGES.items(), strict=True):
        place = reference.location
        assert isinstance(place, TarMember)
        assert (place.path, place.name) == (str(path), name)
        assert data[place.offset : place.offset + place.length] == expected
    assert source.notes == ["1 file without an image extension skipped: 'n.txt'"]


@pytest.mark.parametrize("suffix", COMPRESS)
def test_members_of_a_compressed_tar_come_as_bytes(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(COMPRESS[suffix](tar_bytes(IMAGES)))
    source = ArchiveSource(str(path))
    for _ in range(2):
        assert [r.location for r in source.references() if isinstance(r, Reference)] == [
            Blob(str(path), name, data) for name, data in IMAGES.items()
        ]


def test_compression_is_told_by_the_bytes_not_by_the_name(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(gzip.compress(tar_bytes(IMAGES)))
    assert offered(path) == (IDS, "")
    path = tmp_path / "b.tgz"
    path.write_bytes(tar_bytes(IMAGES))
    assert offered(path) == (IDS, "")


def test_what_gnu_tar_writes_is_read(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    (folder / "dresses").mkdir(parents=True)
    (folder / "dresses/1.jpg").write_bytes(b"one")
    (folder / "2.jpg").write_bytes(b"two")
    (folder / "hard.jpg").hardlink_to(folder / "2.jpg")
    (folder / "soft.jpg").symlink_to("2.jpg")
    (folder / ".dot.jpg").write_bytes(b"dot")
    with (folder / "sparse.jpg").open("wb") as file:
        file.seek(10_000_000)
        file.write(b"end")
    path = tmp_path / "a.tar"
    subprocess.run(["tar", "--sort=name", "-S", "-cf", path, "-C", folder, "."], check=True)
    source = ArchiveSource(str(path), label_from="folder")
    found = [r for r in source.references() if isinstance(r, Reference)]
    assert [(r.id, r.label) for r in found] == [("2.jpg", None), ("dresses/1.jpg", "dresses")]
    assert source.notes == [
        "1 dot-file or dot-folder skipped: './.dot.jpg'",
        "2 links inside the archive skipped, such as './hard.jpg'",
        "1 special file (pipes, sockets, devices, sparse files) skipped: './sparse.jpg'",
    ]


def test_a_member_too_large_for_memory_is_rejected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tar_members, "BLOB_LIMIT", 1024)
    path = tmp_path / "a.tgz"
    path.write_bytes(gzip.compress(tar_bytes(IMAGES)))
    offers = list(ArchiveSource(str(path)).references())
    assert [type(offer) for offer in offers] == [Reference, Reference, Reference, Rejected]
    rejected = offers[-1]
    assert isinstance(rejected, Rejected)
    assert (rejected.id, rejected.reason) == ("e.webp", "too-large")
    assert rejected.uri == f"{path}!e.webp"


def test_the_real_limit_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.tgz"
    with (
        tarfile.open(path, "w:gz", compresslevel=1) as archive,
        Path("/dev/zero").open("rb") as zeros,
    ):
        info = tarfile.TarInfo("huge.jpg")
        info.size = tar_members.BLOB_LIMIT + 1
        archive.addfile(info, zeros)
        archive.addfile(tarfile.TarInfo("small.jpg"))
    [huge, small] = ArchiveSource(str(path)).references()
    assert isinstance(huge, Rejected)
    assert huge.reason == "too-large"
    assert small.id == "small.jpg"


def test_one_name_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    first, second = tar_bytes({"x/a.jpg": b"1"}), tar_bytes({"./x/a.jpg": b"2"})
    path.write_bytes(first[:1024] + second)
    with pytest.raises(DuplicateIdError, match=r"Members 1 and 2 of .*'x/a\.jpg'"):
        list(ArchiveSource(str(path)).references())


@pytest.mark.parametrize("suffix", [".tar", ".tgz", ".tar.bz2", ".tar.xz"])
def test_an_archive_cut_short_gives_what_came_before_and_an_error(
    tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    noise = {f"{i}.jpg": bytes((i * j) % 251 for j in range(20_000)) for i in range(1, 9)}
    whole = COMPRESS.get(suffix, bytes)(tar_bytes(noise))
    previous = 0
    for share in (0.3, 0.5, 0.8, 0.93):
        path.write_bytes(whole[: int(len(whole) * share)])
        ids, message = offered(path)
        assert ids == list(noise)[: len(ids)]
        assert previous <= len(ids) <= 8
        assert "cannot be read on as a tar archive" in message
        previous = len(ids)
    path.write_bytes(whole)
    assert offered(path) == (list(noise), "")


def test_a_plain_tar_cut_at_any_block_tells(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    whole = tar_bytes({"a.jpg": b"x" * 600, "b.jpg": b"y" * 100}, tarfile.USTAR_FORMAT)
    expected = {0: [], 1: [], 2: [], 3: ["a.jpg"], 4: ["a.jpg"], 5: ["a.jpg", "b.jpg"]}
    for blocks, ids in expected.items():
        path.write_bytes(whole[: 512 * blocks])
        found, message = offered(path)
        assert (found, bool(message)) == (ids, True)
    path.write_bytes(whole[: 512 * 6])
    assert offered(path) == (["a.jpg", "b.jpg"], "")


def test_a_damaged_header_in_the_middle_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    data = bytearray(tar_bytes({"a.jpg": b"x", "b.jpg": b"y"}, tarfile.USTAR_FORMAT))
    data[1024 + 3] ^= 0xFF
    path.write_bytes(data)
    ids, message = offered(path)
    assert ids == ["a.jpg"]
    assert "no end mark" in message


def header(name: bytes, size: bytes, type_: bytes = b"0") -> bytes:
    """One ustar header with a right checksum and `size` as its raw 12 bytes."""
    block = bytearray(name.ljust(100, b"\0") + b"0000644\0" * 3)
    block += size + b"00000000000\0" + b" " * 8 + type_ + bytes(100) + b"ustar\00000"
    block = block.ljust(512, b"\0")
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


NEGATIVE = b"\xff" * 11 + b"\x9c"
ENORMOUS = b"\x80" + b"\x7f" * 11
A_GIBIBYTE = b"%011o\0" % 2**30


@pytest.mark.parametrize(
    "block",
    [
        header(b"a.jpg", NEGATIVE),
        header(b"a.jpg", ENORMOUS),
        header(b"pax", NEGATIVE, b"x"),
        header(b"pax", ENORMOUS, b"x"),
        header(b"pax", A_GIBIBYTE, b"g"),
        header(b"long", A_GIBIBYTE, b"L"),
        (header(b"long", b"%011o\0" % 5, b"L") + b"a.jpg".ljust(512, b"\0")) * 3000,
        header(b"s.jpg", b"%011o\0" % 512, b"S"),
        bytes(range(256)) * 20,
    ],
    ids=["negative", "enormous", "pax-negative", "pax-enormous", "pax-bomb", "name-bomb", "nested",
         "sparse", "noise"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".tar", ".tgz"])
def test_hostile_headers_are_errors_without_hanging(
    tmp_path: Path, block: bytes, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    good = header(b"ok.jpg", b"%011o\0" % 2) + b"ok".ljust(512, b"\0")
    path.write_bytes(COMPRESS.get(suffix, bytes)(good + block + bytes(4096)))
    ids, message = offered(path)
    assert ids[0] == "ok.jpg"
    assert ids[1:] in ([], ["a.jpg"])
    assert "cannot be read on as a tar archive" in message or block[156:157] == b"S"


def test_every_damaged_byte_of_a_small_archive_is_survived(tmp_path: Path) -> None:
    good = tar_bytes({"a.jpg": b"x", "é.jpg": b"y"})
    path = tmp_path / "a.tar"
    for position in range(0, len(good) - 8192, 3):
        for byte in (0, ord("9"), 0xFF):
            path.write_bytes(good[:position] + bytes([byte]) + good[position + 1 :])
            offered(path)


@pytest.mark.parametrize("content", [b"", b"not a tar", b"\x1f\x8b\x08", b"BZh9", b"\xfd7zXZ\0"])
def test_what_is_no_archive_is_a_source_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(content)
    ids, message = offered(path)
    assert ids == []
    assert str(path) in message


def test_a_name_that_is_not_utf8_has_a_readable_id(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    path.write_bytes(header(b"\xff.jpg", b"%011o\0" % 0) + bytes(1024))
    [reference] = ArchiveSource(str(path)).references()
    assert reference.id == "\\xff.jpg"


def test_thousands_of_members_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.tar"
    with path.open("wb") as file:
        for i in range(20_000):
            file.write(header(b"%06d.jpg" % i, b"%011o\0" % 0))
        file.write(bytes(1024))
    tracemalloc.start()
    try:
        count = sum(1 for _ in tar_members.tar_members(str(path)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == 20_000
    assert peak < 2_000_000
