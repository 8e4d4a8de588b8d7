"""Groups of near-duplicates that a library keeps: the same when opened again, less what went."""

import shutil
import threading

import pytest

import lookalike
from lookalike.store.store import Store
from shell import photo


@pytest.fixture
def folder(tmp_path):
    """Three files of the same bytes, two others of the same, and one alone."""
    for seed, copies in enumerate(("abc", "de", "f")):
        photo(tmp_path / "in" / f"{copies[0]}.png", seed)
        for name in copies[1:]:
            shutil.copy(tmp_path / "in" / f"{copies[0]}.png", tmp_path / "in" / f"{name}.png")
    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in")
    return tmp_path


def ids(kept):
    return [[image.id for image in group.images] for group in kept.duplicates.groups]


def test_groups_are_kept_until_images_go_or_are_decided_on(folder):
    with lookalike.open(folder) as library:
        assert library.kept_duplicates() is None
        found = library.duplicates("bytes")
        assert not library.has_kept_duplicates
        version = library.version
        library.duplicates("bytes", keep=True)
        assert library.version == version  # nothing but what can be made again
    with lookalike.open(folder) as library:
        kept = library.kept_duplicates()
        assert library.has_kept_duplicates
        assert (kept.level, kept.current, ids(kept)) == (
            "bytes",
            True,
            [["a.png", "b.png", "c.png"], ["d.png", "e.png"]],
        )
        assert kept.duplicates.as_dict()["groups"] == found.as_dict()["groups"]
        assert kept.duplicates.plan().digest == found.plan().digest
        library.remove(["a.png"])
        kept = library.kept_duplicates()
        assert (kept.current, ids(kept)) == (False, [["b.png", "c.png"], ["d.png", "e.png"]])
        library.decide_duplicates("keep-both", ["b.png", "c.png"])
        photo(folder / "in" / "d.png", 9)
        library.add(folder / "in")
        kept = library.kept_duplicates()
        assert (ids(kept), kept.duplicates.decided) == ([], 1)


def test_a_search_that_was_stopped_keeps_nothing(folder):
    with lookalike.open(folder) as library:
        library.duplicates("bytes", keep=True, stop=lambda: True)
        assert not library.has_kept_duplicates


def test_who_found_them_waits_for_who_writes(folder):
    with lookalike.open(folder) as library, Store.open(library.directory) as other:
        with other.writing():
            finding = threading.Thread(
                target=library.duplicates, args=["bytes"], kwargs={"keep": True}
            )
            finding.start()
            finding.join(1.5)
            assert finding.is_alive()
            assert not library.has_kept_duplicates
        finding.join(30)
        assert library.has_kept_duplicates
