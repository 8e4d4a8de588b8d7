"""lookalike export site, by the real command."""

from shell import index, picture, run


def test_a_site_of_some_images_and_what_is_refused(tmp_path):
    for number in range(12):
        folder = tmp_path / "photos" / ("hats" if number % 3 else "coats")
        folder.mkdir(parents=True, exist_ok=True)
        picture(number, 160, 120).save(folder / f"{number}.png")
    index(tmp_path, tmp_path / "photos", "--label-from", "folder")

    done = run(tmp_path, "export", "site", "shop", "--title", "Hats & <coats>", "--json")
    assert done.code == 0, done.err
    assert (done.json["images"], done.json["map"], done.json["without_thumbnail"]) == (12, False, 0)
    page = (tmp_path / "shop" / "index.html").read_text("utf-8")
    assert "<title>Hats &amp; &lt;coats&gt;</title>" in page
    everything = b"".join(path.read_bytes() for path in (tmp_path / "shop").rglob("*.js"))
    assert str(tmp_path).encode() not in everything

    again = run(tmp_path, "export", "site", "shop", "--where", "label = hats")
    assert again.code == 0, again.err
    assert again.out.strip().endswith("index.html")
    assert "8 images" in again.err
    assert "lookalike map" in again.err

    run(tmp_path, "space", "add", "small", "efficientnet-lite0|pca:4")
    other = run(tmp_path, "export", "site", "none", "--with-model", "--space", "small")
    assert other.code == 2
    assert "differs in" in other.err
    assert "reducers" in other.err
    with_model = run(tmp_path, "export", "site", "shop", "--with-model", "--json")
    assert 8e6 < with_model.json["model"] < 10e6

    refused = run(tmp_path, "export", "site", "photos")
    assert refused.code == 2
    assert "no site" in refused.err
    nothing = run(tmp_path, "export", "site", "none", "--where", "label = shoes")
    assert nothing.code == 2
    unknown = run(tmp_path, "export", "site", "none", "--column", "pirce")
    assert unknown.code == 2
    assert not (tmp_path / "none").exists()
    (tmp_path / "photos" / "hats" / "1.png").unlink()
    run(tmp_path, "map", "--method", "pca")
    mapped = run(tmp_path, "export", "site", "shop", "--column", "label", "--json")
    assert mapped.json["map"] is True
