"""Comparisons are made once: later runs, and later questions of one run, read them."""

import sqlite3

import numpy as np
import pytest

import lookalike
from lookalike.explore import compared
from lookalike.explore.compared import Compared
from lookalike.explore.prints import Print
from lookalike.explore.verify import same_picture
from shell import photo, picture


@pytest.fixture
def made(monkeypatch):
    """The comparisons that were really made."""
    calls = []

    def counted(one, other, *, cut):
        calls.append((one.digest, other.digest, cut))
        return same_picture(one, other, cut=cut)

    monkeypatch.setattr(compared, "same_picture", counted)
    return calls


def printed(image):
    return Print.of(np.asarray(image.convert("RGB")))


def test_what_was_said_once_is_said_again(made):
    file = sqlite3.connect(":memory:")
    whole, stranger = printed(picture(1)), printed(picture(2))
    turned = printed(picture(1).rotate(90, expand=True))
    pairs = [(one, other) for one in (whole, stranger, turned) for other in (whole, turned)]
    first = Compared(file)
    said = [first.match(*pair, cut=cut) for pair in pairs for cut in (True, False)]
    assert said == [same_picture(*pair, cut=cut) for pair in pairs for cut in (True, False)]
    assert any(said)
    assert None in said
    asked = len(made)
    first.save()
    for memory in (first, Compared(file)):
        again = [memory.match(*pair, cut=cut) for pair in pairs for cut in (True, False)]
        assert again == said
    assert len(made) == asked


@pytest.mark.parametrize("damage", ["DROP TABLE compared", "UPDATE compared SET score = 'x'"])
def test_a_damaged_memory_is_worked_out_anew(damage, made):
    file = sqlite3.connect(":memory:")
    one = printed(picture(1))
    memory = Compared(file)
    found = memory.match(one, one, cut=True)
    memory.save()
    file.execute(damage)
    assert memory.match(one, one, cut=True) == found
    assert len(made) == 2
    memory.save()


def test_a_second_search_compares_only_what_is_new(tmp_path, made):
    for seed in range(6):
        photo(tmp_path / "in" / f"{seed}.png", seed)
    picture(0).resize((48, 36)).save(tmp_path / "in" / "small.png")
    with lookalike.open(tmp_path) as library:
        library.add(tmp_path / "in")
        found = library.duplicates().as_dict()
        assert found["groups"]
        assert made
        before = set(made)
        made.clear()
        assert library.duplicates().as_dict() == found
        assert not made
        photo(tmp_path / "in" / "7.png", 7)
        library.add(tmp_path / "in")
        library.duplicates()
        assert made
        assert not before & set(made)
