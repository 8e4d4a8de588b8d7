"""A service over many vectors without an index says at its start what helps."""

import shutil

import numpy as np
import pytest

import lookalike
from lookalike.api import advice, server
from lookalike.cli.serve import serve

VALUES = 8 * 1280


@pytest.fixture
def folder(album, tmp_path):
    shutil.copytree(album / ".lookalike", tmp_path / ".lookalike")
    return tmp_path


def said(folder, monkeypatch, capsys, most, **options):
    """What `lookalike serve` says at its start, where so many values take long."""
    monkeypatch.setattr(advice, "MOST", most)
    monkeypatch.setattr(server, "run_server", lambda *_: None)
    serve([folder], port=0, **options)
    first, *others, last = capsys.readouterr().err.splitlines()
    assert (first.split()[:3], last) == (["Serving", "8", "images"], "Stopped.")
    return others


def test_a_scan_of_many_values_is_told_with_the_remedy(folder, monkeypatch, capsys):
    (sentence,) = said(folder, monkeypatch, capsys, VALUES)
    assert "all 8 vectors of space 'main'" in sentence
    assert sentence.endswith("lookalike index --latency 1ms")


def test_a_scan_of_fewer_values_is_not(folder, monkeypatch, capsys):
    assert said(folder, monkeypatch, capsys, VALUES + 1) == []


def test_an_index_needs_no_remedy(tmp_path, monkeypatch):
    monkeypatch.setattr(advice, "MOST", 1200 * 16)
    vectors = np.random.default_rng(0).normal(size=(1200, 16)).astype(np.float32)
    with lookalike.open(tmp_path, model="pixels") as library:
        library.import_vectors("given", [([f"{place}" for place in range(1200)], vectors)])
        (sentence,) = advice.unindexed(library)
        assert "all 1,200 vectors of space 'given'" in sentence
        library.build_index("hnsw", space="given")
        assert [*advice.unindexed(library)] == []


def test_another_space_is_named_in_the_remedy_and_one_elsewhere_is_not(folder, monkeypatch):
    monkeypatch.setattr(advice, "MOST", 1)
    with lookalike.open(folder) as library:
        library.add_space("colours", "colour-histogram")
        sentences = list(advice.unindexed(library))
        assert [one.rpartition("1ms")[2] for one in sentences] == ["", " --space colours"]
        assert [*advice.unindexed(library, "main")] == sentences[1:]


def test_by_default_it_is_fifty_thousand_vectors_of_1280():
    assert advice.MOST == 50_000 * 1280
