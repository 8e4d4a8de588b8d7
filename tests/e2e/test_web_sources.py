"""A table of URLs as a source: indexed from the web, shown when the web is gone."""

import asyncio
import io
from pathlib import Path

from PIL import Image

import lookalike
from lookalike.fetch.policy import FetchPolicy
from shell import index, outcomes, picture, run
from web import Request, Web, answer


async def shop(request: Request, writer: asyncio.StreamWriter) -> None:
    """`/3.jpg` is photo 3, `/copy.jpg` photo 0 again; all else is gone, `/page.jpg` is HTML."""
    name = request.path.strip("/").removesuffix(".jpg")
    if name == "page":
        writer.write(answer(b"<!doctype html><p>sorry</p>"))
    elif name.isdigit() or name == "copy":
        buffer = io.BytesIO()
        picture(int(name) if name.isdigit() else 0).save(buffer, "PNG")
        writer.write(answer(buffer.getvalue()))
    else:
        writer.write(answer(b"", 404))


def listed(folder: Path, web: Web, names: list[str]) -> Path:
    rows = [f"p{number},{web.url(f'/{name}.jpg')},hat" for number, name in enumerate(names)]
    path = folder / "shop.csv"
    path.write_text("\n".join(["sku,photo,kind", *rows]) + "\n")
    return path


def test_a_table_of_urls_is_indexed_and_asked_for_once(tmp_path: Path) -> None:
    options = ("--url-column", "photo", "--id-column", "sku", "--label-column", "kind")
    with Web(shop) as web:
        names = [*map(str, range(8)), "copy", "missing", "page"]
        table = listed(tmp_path, web, names)
        report = index(tmp_path, table, *options, "--allow-private", expect=3)
        assert outcomes(report) == (8, 0, 1, 2)
        assert report["reasons"] == {"http": 1, "not-an-image": 1}
        asked = web.asked.copy()
        assert {asked[f"/{name}.jpg"] for name in names} == {1}
        again = index(tmp_path, table, *options, "--allow-private", expect=3)
        assert outcomes(again) == (0, 9, 0, 2)
        assert {web.asked[f"/{name}.jpg"] for name in names[:9]} == {1}
        with lookalike.open(tmp_path, fetch=FetchPolicy(allow_private=True)) as library:
            added = library.add_space("small", "pixels")  # from the originals: asked for again
            assert (added.embedded + added.duplicate, added.rejected) == (9, 0)
    shown = run(tmp_path, "show", "p3", "--json").json
    assert (shown["label"], shown["width"], shown["file"]) == ("hat", 96, web.url("/3.jpg"))
    with lookalike.open(tmp_path, create=False) as library:
        kept = library.thumbnail("p3")
        assert kept is not None
        assert Image.open(io.BytesIO(kept)).size == (96, 72)
        assert library.search("id:p0", k=1).ids == ["p8"]


def test_private_addresses_are_not_asked(tmp_path: Path) -> None:
    with Web(shop) as web:
        table = listed(tmp_path, web, ["1", "2"])
        report = index(tmp_path, table, "--url-column", "photo", expect=3)
        assert (report["reasons"], web.connections) == ({"forbidden": 2}, 0)
        report = index(tmp_path, table, "--url-column", "photo", "--allow-host", "127.0.0.1")
        assert outcomes(report) == (2, 0, 0, 0)
    done = run(tmp_path, "show", web.url("/1.jpg"), "--json")
    assert done.json["id"] == web.url("/1.jpg")


def test_options_that_do_not_go_together(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("url\nhttp://a.test/1.jpg\n")
    done = run(tmp_path, "index", "t.csv", "--url-column", "url", "--path-column", "url")
    assert (done.code, "not both" in done.err) == (2, True)
    done = run(tmp_path, "index", "t.csv", "--url-column", "link")
    assert (done.code, "no column 'link'" in done.err) == (1, True)
