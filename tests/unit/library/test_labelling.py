"""Labels of clusters and images in a real library: what goes before what, and undoing."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from lookalike.errors import SourceError, UnknownIdError, UnknownNameError, UsageError
from lookalike.library.library import Library

COLOURS = {"red": (210, 20, 20), "green": (20, 160, 30), "blue": (20, 30, 200)}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    generator = np.random.default_rng(0)
    for number in range(90):
        name = list(COLOURS)[number % 3]
        shade = np.clip(np.array(COLOURS[name]) + generator.integers(-20, 20, 3), 0, 255)
        Image.new("RGB", (32, 32), tuple(map(int, shade))).save(folder / f"{name}-{number:02d}.png")
    with lookalike.open(folder, model="pixels") as library:
        library.add(folder)
        library.clusters(k=6)
    return folder


@pytest.fixture
def library(made: Path) -> Iterator[Library]:
    with lookalike.open(made) as opened:
        yield opened
        for name in opened._store.label_names():
            while opened._store.undo_labels(name) is not None:
                pass


def truth(id_: str) -> str:
    return id_.partition("-")[0]


def clusters_by_truth(library: Library) -> dict[str, str]:
    return {one.name: truth(one.central[0]) for one in library.clusters().clusters}


def test_a_few_labelled_clusters_label_the_rest_rightly(library: Library) -> None:
    named = clusters_by_truth(library)
    assert library.label("kind", clusters=named) == 3 * len(named)
    done = library.propagate_labels("kind", sure=0.8)
    assert done.answered + done.unsure == 90 - 3 * len(named)
    assert done.answered > 40
    for colour in COLOURS:
        found = library.filter(f'kind = "{colour}" and kind_p >= 0.8')
        assert found
        assert {truth(id_) for id_ in found} == {colour}
    spread = library.filter("kind_origin = propagated")
    assert len(spread) == done.answered


def test_given_labels_stay_whatever_comes_after(library: Library) -> None:
    named = clusters_by_truth(library)
    odd = library.clusters().clusters[0].central[0]
    library.label("kind", {odd: "odd"})
    library.label("kind", clusters=named)
    library.label("kind", {odd: "odder"})
    library.propagate_labels("kind", sure=0.5)
    assert library.filter("kind = odder and kind_origin = given") == [odd]
    standing = library.labels("kind")
    assert standing.counts["odder"] == {"given": 1}
    total = sum(sum(by.values()) for by in standing.counts.values())
    assert total + standing.unlabelled == 90


def test_each_act_is_undone_by_itself(library: Library) -> None:
    named = clusters_by_truth(library)
    library.label("kind", clusters=named)
    first = library.propagate_labels("kind", sure=0.5)
    library.label("kind", {"red-00.png": "scarlet"})
    second = library.propagate_labels("kind", sure=0.5)
    assert library.undo_labels("kind") == ("propagated", second.answered)
    assert library.undo_labels("kind") == ("given", 1)
    assert library.filter("kind = scarlet") == []
    assert len(library.filter("kind_origin = propagated")) == first.answered
    assert library.undo_labels("kind") == ("propagated", first.answered)
    assert library.undo_labels("kind") == ("cluster", 3 * len(named))
    with pytest.raises(UsageError, match="Nothing is labelled"):
        library.undo_labels("kind")


def test_what_is_not_sure_any_more_is_not_called_so(library: Library) -> None:
    library.label("kind", clusters=clusters_by_truth(library))
    assert library.propagate_labels("kind", sure=0.5).answered
    assert not library.propagate_labels("kind", sure=1.0).answered
    assert library.filter("kind_origin = propagated") == []


def test_doubts_are_never_what_was_given(library: Library) -> None:
    library.label("kind", clusters=clusters_by_truth(library))
    library.label("kind", {"red-00.png": "red", "blue-02.png": "blue"})
    doubts = library.label_doubts("kind", 12)
    assert len({one.id for one in doubts}) == 12
    assert not {"red-00.png", "blue-02.png"} & {one.id for one in doubts}


def test_a_file_labels_images_and_clusters(library: Library, tmp_path: Path) -> None:
    named = clusters_by_truth(library)
    rows = "\n".join(f'"{name}","{label}"' for name, label in named.items())
    (tmp_path / "clusters.csv").write_text(f"cluster,label\n{rows}\n")
    taken = library.take_labels("kind", tmp_path / "clusters.csv")
    assert (taken.images, taken.clusters) == (0, len(named))
    (tmp_path / "ids.csv").write_text("id,label\nred-00.png,ruby\nblue-02.png,\nno.png,red\n")
    taken = library.take_labels("kind", tmp_path / "ids.csv")
    assert (taken.images, list(taken.unknown)) == (1, ["no.png"])
    assert library.filter("kind = ruby") == ["red-00.png"]


def test_wrong_requests_are_refused(library: Library, tmp_path: Path) -> None:
    for name in ("label", "cluster", "width", " x"):
        with pytest.raises(UsageError):
            library.label(name, {"red-00.png": "red"})
    with pytest.raises(UnknownIdError):
        library.label("kind", {"nobody.png": "red"})
    with pytest.raises(UnknownNameError):
        library.label("kind", clusters={"99": "red"})
    with pytest.raises(UsageError, match="no label"):
        library.label("kind", {"red-00.png": " "})
    assert library._store.label_names() == []
    (tmp_path / "bad.csv").write_text("name,word\na,b\n")
    with pytest.raises(SourceError, match="other columns"):
        library.take_labels("kind", tmp_path / "bad.csv")
    library.label("kind", {"red-00.png": "red", "blue-02.png": "blue"})
    with pytest.raises(UsageError, match="how sure"):
        library.propagate_labels("kind")
    with pytest.raises(UsageError, match="above 0"):
        library.propagate_labels("kind", sure=90)
