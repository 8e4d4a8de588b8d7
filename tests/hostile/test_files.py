"""A folder of broken, false and hostile files: each has its reason, the good ones are indexed."""

import io
import os
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from shell import index, outcomes, photo, photos, picture, run, start


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def one_bit_png(width: int, height: int, raw: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(raw, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(kind, data) for kind, data in parts)


def encoded(image_format: str) -> bytes:
    buffer = io.BytesIO()
    picture(50, 300, 200).save(buffer, image_format)
    return buffer.getvalue()


def bad_files(folder: Path) -> dict[str, str]:
    """Write files that cannot be used; name -> the reason each must have."""
    jpeg, png = encoded("JPEG"), encoded("PNG")
    contents = {
        "cut.jpg": (jpeg[: len(jpeg) // 2], "truncated"),
        "cut.png": (png[: len(png) // 2], "truncated"),
        "almost.jpg": (jpeg[:-1], "truncated"),
        "head.jpg": (jpeg[:20], "truncated"),
        "empty.jpg": (b"", "empty"),
        "text.jpg": (b"I am no image", "not-an-image"),
        "page.png": (b"<html><script>alert(1)</script></html>", "not-an-image"),
        "zeros.jpg": (bytes(5000), "not-an-image"),
        "huge.png": (one_bit_png(60_000, 60_000, b""), "too-large"),
        "bomb.png": (one_bit_png(20_000, 20_000, bytes(20_000 * 2501)), "too-large"),
    }
    for name, (data, _) in contents.items():
        (folder / name).write_bytes(data)
    (folder / "nowhere.jpg").symlink_to("nothing-here.jpg")
    (folder / "circle.jpg").symlink_to("circle.jpg")
    reasons = {name: reason for name, (_, reason) in contents.items()}
    return {**reasons, "nowhere.jpg": "missing", "circle.jpg": "unreadable"}


def test_each_bad_file_has_its_reason_and_the_good_ones_are_indexed(tmp_path):
    folder = tmp_path / "in"
    good = set(photos(folder, range(5)))
    (folder / "png.jpg").write_bytes(encoded("PNG"))
    (folder / "jpeg.PNG").write_bytes(encoded("JPEG"))
    (folder / "webp.gif").write_bytes(encoded("WEBP"))
    good |= {"png.jpg", "jpeg.PNG", "webp.gif"}
    expected = bad_files(folder)
    (folder / "folder.jpg").mkdir()
    os.mkfifo(folder / "pipe.jpg")

    report = index(tmp_path, "in", "--prune", expect=3)

    assert {reject["id"]: reject["reason"] for reject in report["rejects"]} == expected
    assert outcomes(report) == (len(good), 0, 0, len(expected))
    assert any("special file" in note and "pipe.jpg" in note for note in report["notes"])
    kept = {reject["id"]: reject for reject in run(tmp_path, "rejects", "--json").json}
    assert {id_: reject["reason"] for id_, reject in kept.items()} == expected
    assert kept["huge.png"]["detail"] == "60000 x 60000 is more than 100,000,000 pixels"
    assert run(tmp_path, "show", "png.jpg", "--json").json["format"] == "PNG"
    assert run(tmp_path, "info", "--json").json["images"] == len(good)
    assert run(tmp_path, "doctor", "--json").json["well"]


def test_a_bad_query_is_one_sentence_and_never_hangs(tmp_path):
    photos(tmp_path, range(2))
    index(tmp_path, "000.jpg", "001.jpg")
    bad_files(tmp_path)
    (tmp_path / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "pipe.jpg")

    for name, reason in {
        "cut.jpg": "truncated",
        "bomb.png": "too-large",
        "pipe.jpg": "unreadable",
        "folder.jpg": "unreadable",
        "nothing.jpg": "missing",
    }.items():
        done = run(tmp_path, "search", name)

        assert (done.code, done.out) == (1, "")
        assert done.err.startswith(f"Error: {reason}: {name}: ")
        assert len(done.err.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_and_a_folder_that_may_not_be_read_are_said_so(tmp_path):
    photos(tmp_path / "in", range(3))
    photo(tmp_path / "in" / "closed" / "a.jpg", 9)
    (tmp_path / "in" / "001.jpg").chmod(0)
    (tmp_path / "in" / "closed").chmod(0)
    try:
        report = index(tmp_path, "in", expect=3)
    finally:
        (tmp_path / "in" / "closed").chmod(0o755)

    assert report["reasons"] == {"unreadable": 1}
    assert report["embedded"] == 2
    assert any("closed" in note and "Permission denied" in note for note in report["notes"])


def test_named_in_a_list_a_pipe_and_a_folder_are_rejected_too(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    (tmp_path / "folder.jpg").mkdir()

    report = index(tmp_path, "-", stdin=b"pipe.jpg\nfolder.jpg\n", expect=3)

    assert [(r["id"], r["reason"]) for r in report["rejects"]] == [
        ("pipe.jpg", "unreadable"),
        ("folder.jpg", "unreadable"),
    ]


def test_files_that_vanish_while_they_are_indexed_are_missing(tmp_path):
    names = photos(tmp_path / "in", range(300))
    gone = names[-60:]
    process = start(tmp_path, "index", "in", "-v", "--json")
    with process:
        assert process.stderr is not None
        first = process.stderr.readline()
        for name in gone:
            (tmp_path / "in" / name).unlink()
        _, err = process.communicate(timeout=60)

    assert first.startswith(b"embedded: 000.jpg")
    assert process.returncode == 3, err
    rejects = run(tmp_path, "rejects", "--json").json
    assert {reject["id"]: reject["reason"] for reject in rejects} == dict.fromkeys(gone, "missing")
    assert run(tmp_path, "info", "--json").json["images"] == 240


def test_limits_on_pixels_and_time_are_the_users(tmp_path):
    photos(tmp_path / "in", range(2))
    picture(9, 400, 300).save(tmp_path / "in" / "large.png")

    report = index(tmp_path, "in", "--max-pixels", 10_000, expect=3)

    assert [(r["id"], r["reason"]) for r in report["rejects"]] == [("large.png", "too-large")]


def test_an_archive_cut_short_or_with_damaged_members_keeps_what_is_whole(tmp_path):
    photos(tmp_path / "in", range(4))
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        for path in sorted((tmp_path / "in").iterdir()):
            archive.write(path, path.name)
    data = bytearray((tmp_path / "in.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "in.zip") as archive:
        offset = archive.getinfo("002.jpg").header_offset + 200
    data[offset] ^= 255
    (tmp_path / "flipped.zip").write_bytes(data)
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])

    report = index(tmp_path, "flipped.zip", expect=3)
    assert [(r["id"], r["reason"]) for r in report["rejects"]] == [("002.jpg", "unreadable")]
    assert outcomes(report) == (3, 0, 0, 1)

    cut = run(tmp_path, "index", "cut.zip")
    assert cut.code == 1
    assert "cut.zip" in cut.err
    assert run(tmp_path, "info", "--json").json["images"] == 3


@pytest.mark.parametrize("image_format", ["PNG", "TIFF", "WEBP"])
def test_an_image_without_content_is_indexed_like_any_other(tmp_path, image_format):
    Image.new("RGBA", (1, 1), (0, 0, 0, 0)).save(tmp_path / "dot.png", image_format)
    Image.new("L", (3000, 1), 0).save(tmp_path / "line.png", image_format)

    assert outcomes(index(tmp_path, "dot.png", "line.png")) == (2, 0, 0, 0)
