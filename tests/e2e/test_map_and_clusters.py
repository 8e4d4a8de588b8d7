"""`lookalike map` and `lookalike clusters` as a person types them."""

import pytest
from PIL import Image

from shell import index, photos, run


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "photos").mkdir()
    photos(folder / "photos", range(8))
    index(folder, "photos")
    return folder


def test_a_map_is_drawn_kept_and_written(shop):
    first = run(shop, "map", "--method", "pca", "--html", "map.html", "--png", "map.png")
    assert first.code == 0, first.err
    assert first.out.startswith("8 images of space main by pca, laid out, 0 placed now")
    assert "http" not in (shop / "map.html").read_text("utf-8").replace("http-equiv", "")
    with Image.open(shop / "map.png") as image:
        assert image.size == (3 * 64, 3 * 64)
    photos(shop / "photos", range(20, 23))
    index(shop, "photos")
    again = run(shop, "map", "--json").json
    assert (again["images"], again["new"], again["laid_out"]) == (11, 3, False)


def test_clusters_are_named_and_filtered_by(shop):
    found = run(shop, "clusters", "-k", "2", "--html", "clusters.html")
    assert found.code == 0, found.err
    assert len(found.rows) == 2
    assert (shop / "clusters.html").read_text("utf-8").count("<h2>") == 2
    named = run(shop, "clusters", "--name", "1=favourites", "--json").json
    assert named["clusters"][0]["cluster"] == "favourites"
    hits = run(shop, "search", "photos/000.jpg", "--where", "cluster = favourites", "--json")
    assert hits.code == 0, hits.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["map", "--method", "tnse"], "tsne"),
        (["map", "--colour", "prise", "--method", "pca", "--html", "x.html"], "Unknown column"),
        (["clusters", "--name", "dresses"], "3=dresses"),
        (["clusters", "-k", "2", "--method", "density"], "no k"),
    ],
)
def test_wrong_usage_says_what_is_right(shop, arguments, said):
    done = run(shop, *arguments)
    assert done.code == 2
    assert said in done.err
    assert not (shop / "x.html").exists()
