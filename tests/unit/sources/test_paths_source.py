import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lookalike.errors import DuplicateIdError, SourceError
from lookalike.sources import paths_source, split_paths
from lookalike.types import File, Reference, Rejected


def test_ids_are_the_paths_as_given_and_relative_ones_start_at_the_base(tmp_path: Path) -> None:
    given = ["a.jpg", "./b//c.png", "../up.jpg", "/abs/x.gif", "no-extension", " space .jpg"]
    source = paths_source(given, str(tmp_path))
    assert list(source.references()) == [
        Reference("a.jpg", File(f"{tmp_path}/a.jpg")),
        Reference("b/c.png", File(f"{tmp_path}/b/c.png")),
        Reference("../up.jpg", File(f"{tmp_path}/../up.jpg")),
        Reference("/abs/x.gif", File("/abs/x.gif")),
        Reference("no-extension", File(f"{tmp_path}/no-extension")),
        Reference(" space .jpg", File(f"{tmp_path}/ space .jpg")),
    ]
    assert source.uri == f"paths:{tmp_path}"
    assert source.notes == []


def test_the_base_is_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert paths_source([]).uri == f"paths:{tmp_path}"


def test_the_label_is_the_folder_that_holds_the_image(tmp_path: Path) -> None:
    base = tmp_path / "shop"
    source = paths_source(["dresses/1.jpg", "2.jpg"], str(base), label_from="folder")
    labels = [r.label for r in source.references() if isinstance(r, Reference)]
    assert labels == ["dresses", "shop"]


def test_repeated_paths_are_offered_once(tmp_path: Path) -> None:
    source = paths_source(["a.jpg", "", "./a.jpg", "b.jpg", "a.jpg"], str(tmp_path))
    assert [r.id for r in source.references()] == ["a.jpg", "b.jpg"]
    assert source.notes == ["2 repeated paths skipped, such as './a.jpg'"]


def test_one_id_for_two_files_is_refused(tmp_path: Path) -> None:
    source = paths_source(["x.jpg", "a\udcff.jpg", "a\\xff.jpg"], str(tmp_path))
    with pytest.raises(DuplicateIdError, match=r"Paths 2 and 3 .* 'a\\\\xff\.jpg'"):
        list(source.references())


def test_a_nul_within_a_path_is_a_rejected_row(tmp_path: Path) -> None:
    [offer] = paths_source(["a.jpg\0b.jpg"], str(tmp_path)).references()
    assert isinstance(offer, Rejected)
    assert offer.reason == "bad-row"
    assert "-0" in offer.detail
    assert "\0" not in offer.id + offer.uri


def test_paths_are_split_by_lines() -> None:
    data = b"a.jpg\nb c.jpg\r\n\n\xff.jpg\nlast.jpg"
    expected = ["a.jpg", "b c.jpg", "", os.fsdecode(b"\xff.jpg"), "last.jpg"]
    assert list(split_paths(io.BytesIO(data))) == expected


def test_paths_are_split_by_nul() -> None:
    data = b"new\nline.jpg\0cr\r\0b.jpg\0"
    assert list(split_paths(io.BytesIO(data), b"\0")) == ["new\nline.jpg", "cr\r", "b.jpg"]


def test_paths_across_chunks_stay_whole() -> None:
    paths = [f"{'p' * 1000}{i}.jpg" for i in range(500)]
    assert list(split_paths(io.BytesIO("\n".join(paths).encode()))) == paths


def test_an_endless_path_is_refused() -> None:
    with pytest.raises(SourceError, match="above 65,536 bytes"):
        list(split_paths(io.BytesIO(b"x" * 10_000_000)))


def test_the_first_path_is_offered_before_the_stream_ends() -> None:
    script = (
        "import sys\nfrom lookalike.sources import paths_source, split_paths\n"
        "source = paths_source(split_paths(sys.stdin.buffer))\n"
        "for found in source.references(): print(found.id, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"one.jpg\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"one.jpg\n"
        process.stdin.close()
        assert process.stdout.read() == b""
