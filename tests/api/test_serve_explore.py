"""The whole of a library over HTTP: counts, facets, map, clusters, duplicates, jobs, vectors."""

import base64
import io
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import lookalike
from serving import PROBLEM, served
from shell import photo, picture

ENDED = {"done", "failed", "cancelled"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A library of ten photos, two of them one picture, and one reject; and a small other one."""
    root = tmp_path_factory.mktemp("explore")
    for seed in range(9):
        photo(root / "shop" / "in" / ("hats" if seed < 4 else "socks") / f"{seed}.png", seed)
    picture(8).resize((72, 54)).save(root / "shop" / "in" / "socks" / "8 small.jpg", quality=90)
    (root / "shop" / "in" / "socks" / "broken.png").write_bytes(b"no image")
    photo(root / "other" / "in" / "only.png", 50)
    for name in ("shop", "other"):
        with lookalike.open(root / name) as library:
            library.add(root / name / "in", label_from="folder" if name == "shop" else None)
    return root


@pytest.fixture(scope="module")
def server(folders):
    with served(folders, "shop", "other") as running:
        yield running


@pytest.fixture(scope="module")
def library(folders):
    with lookalike.open(folders / "shop", create=False) as opened:
        yield opened


def finished(server, job):
    until = time.monotonic() + 60
    while job["state"] not in ENDED:
        assert time.monotonic() < until, job
        time.sleep(0.05)
        job = server.get(f"/v1/jobs/{job['id']}").json
    return job


def done(server, **job):
    answer = server.send("POST", "/v1/jobs", job)
    assert answer.status == 202, answer.body
    ended = finished(server, answer.json)
    assert ended["state"] == "done", ended
    return ended


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_what_was_never_made_is_said_to_be_missing(server):
    for noun in ("map", "clusters", "duplicates"):
        answer = server.get(f"/v1/{noun}")
        assert (answer.status, answer.headers["content-type"]) == (404, PROBLEM)
        assert f'"kind": "{noun}"' in answer.json["detail"]


def test_the_library_tells_what_it_holds(server, library):
    told = server.get("/v1/library").json
    assert (told["name"], told["images"], told["contents"]) == ("shop", 10, 10)
    assert [(one["reason"], one["images"]) for one in told["rejects"]] == [("not-an-image", 1)]
    (space,) = told["spaces"]
    assert (space["name"], space["dim"], space["words"], space["index"]) == (
        "main",
        1280,
        False,
        None,
    )
    columns = {one["name"]: one for one in told["columns"]}
    assert (columns["label"]["kind"], columns["label"]["distinct"]) == ("text", 2)
    assert "source" not in columns
    assert told["versions"]["library"] == library.version
    assert str(library.directory.parent) not in str(told)


def test_rejects_come_in_pages(server):
    answer = server.get("/v1/rejects", count=1).json
    assert [(one["id"], one["reason"]) for one in answer["rejects"]] == [
        ("socks/broken.png", "not-an-image")
    ]
    assert server.get("/v1/rejects", after=answer["next"]).json["rejects"] == []
    assert server.get("/v1/rejects", reason="missing").json["rejects"] == []


def test_facets_are_those_of_the_library_and_have_an_etag(server, library):
    answer = server.get("/v1/facets", where="label = hats", columns="label")
    assert answer.json["images"] == 4 == len(library.filter("label = hats"))
    (label,) = answer.json["facets"]
    assert label["values"] == [{"value": "hats", "images": 4}]
    known = {"If-None-Match": answer.headers["etag"]}
    again = server.ask("GET", "/v1/facets", headers=known, where="label = hats", columns="label")
    assert (again.status, again.body) == (304, b"")
    assert server.get("/v1/facets", columns="none").status == 422


def test_a_map_is_laid_out_by_a_job_and_drawn_from_arrays(server, library, folders):
    made = done(server, kind="map", method="pca")
    assert made["result"]["images"] == 10
    answer = server.get("/v1/map", colour="label")
    drawn = library.map()
    assert answer.json["ids"] == drawn.ids
    points = np.stack([floats(answer.json["x"]), floats(answer.json["y"])], axis=1)
    np.testing.assert_array_equal(points, drawn.points)
    (colour,) = answer.json["colours"]
    codes = np.frombuffer(base64.b64decode(colour["codes"]), np.uint8)
    assert [colour["names"][code] for code in codes] == [
        library.get(id_).label for id_ in drawn.ids
    ]
    some = server.get("/v1/map", where="label = socks").json
    assert set(some["ids"]) == set(library.filter("label = socks"))

    known = {"If-None-Match": answer.headers["etag"]}
    plain = server.get("/v1/map").headers["etag"]

    def stays():
        coloured = server.ask("GET", "/v1/map", headers=known, colour="label").status
        plainly = server.ask("GET", "/v1/map", headers={"If-None-Match": plain}).status
        return coloured == 304, plainly == 304

    assert stays() == (True, True)
    said = {"query": "hats/0.png", "image": "hats/1.png", "verdict": 1}
    assert server.send("POST", "/v1/judgements", said).status == 204
    assert stays() == (True, True)
    server.send("PATCH", "/v1/image?id=hats/0.png", {"meta": {"seen": 1}})
    assert stays() == (False, True)
    (seen,) = server.get("/v1/map", colour="seen").json["colours"]
    codes = np.frombuffer(base64.b64decode(seen["codes"]), np.uint8).tolist()
    assert seen["names"] == ["1", "no value"]
    assert codes == [int(id_ != "hats/0.png") for id_ in drawn.ids]
    server.send("PATCH", "/v1/image?id=hats/0.png", {"meta": {"seen": None}})
    photo(folders / "shop" / "in" / "more.png", 77)
    library.add(folders / "shop" / "in" / "more.png")
    assert stays() == (False, False)
    assert server.get("/v1/map").json["unplaced"] == 1
    library.remove(library.ids[-1:])
    assert stays() == (False, False)
    assert server.get("/v1/map").json["ids"] == drawn.ids
    done(server, kind="map", method="pca", refresh=True)
    assert server.get("/v1/map", space="none").status == 422


def test_clusters_are_found_listed_and_renamed(server, library):
    assert done(server, kind="clusters", k=2)["result"]["clusters"] == 2
    listed = server.get("/v1/clusters").json
    assert sum(one["images"] for one in listed["clusters"]) + listed["strays"] == 10
    first = listed["clusters"][0]
    members = server.get("/v1/cluster", name=first["name"], count=1000).json["images"]
    assert len(members) == first["images"]
    assert set(first["central"]) <= {image["id"] for image in members}

    named = server.ask(
        "PATCH",
        f"/v1/cluster?name={first['name']}",
        b'{"name": "Warm \\"things\\""}',
        {"Content-Type": "application/json"},
    )
    assert (named.status, named.json["name"]) == (200, 'Warm "things"')
    again = server.get("/v1/cluster", name='Warm "things"', count=1000).json["images"]
    assert again == members
    assert 'Warm "things"' in {one["name"] for one in server.get("/v1/clusters").json["clusters"]}
    for answer in (
        server.get("/v1/cluster", name=first["name"]),
        server.send("PATCH", "/v1/cluster?name=none", {"name": "x"}),
    ):
        assert answer.status == 404
    assert server.send("PATCH", "/v1/cluster?name=Warm%20%22things%22", {"name": "3"}).status == 422


def test_duplicates_are_decided_planned_moved_and_brought_back(server, library, folders):
    done(server, kind="duplicates")
    shown = server.get("/v1/duplicates").json
    (group,) = shown["groups"]
    pair = ["socks/8 small.jpg", "socks/8.png"]
    assert sorted(image["id"] for image in group["images"]) == pair
    assert {"width", "height", "format", "bytes"} <= set(group["differs"])
    assert (shown["current"], shown["undoable"]) == (True, False)
    assert server.get("/v1/library").json["compared"]
    with served(folders, "shop") as after_a_start:
        assert after_a_start.get("/v1/duplicates").json == shown

    small = folders / "shop" / "in" / "socks" / "8 small.jpg"
    plan = server.send("POST", "/v1/duplicates/plan", {}).json
    goes = {entry["id"]: entry["match"] for entry in plan["entries"] if entry["action"] == "move"}
    assert goes == {"socks/8 small.jpg": "socks/8.png"}
    assert plan["bytes"] == small.stat().st_size
    assert str(folders) not in str(plan)
    turned = server.send("POST", "/v1/duplicates/plan", {"drop": ["socks/8.png"]}).json
    assert [one["id"] for one in turned["entries"] if one["action"] == "move"] == ["socks/8.png"]
    both = server.send("POST", "/v1/duplicates/plan", {"stay": pair}).json
    assert both["moves"] == 0

    before = small.read_bytes()
    applied = server.send("POST", "/v1/duplicates/apply", {"digest": plan["digest"]})
    assert applied.json == {"files": 1}
    assert not small.exists()
    assert server.get("/v1/image", id="socks/8 small.jpg").status == 404
    left = server.get("/v1/duplicates").json
    assert (left["groups"], left["undoable"]) == ([], True)
    stale = server.send("POST", "/v1/duplicates/apply", {"digest": plan["digest"]})
    assert (stale.status, str(folders) in stale.body.decode()) == (409, False)
    unknown = server.send("POST", "/v1/duplicates/apply", {"digest": "0" * 64})
    assert unknown.status == 404

    assert server.ask("POST", "/v1/duplicates/undo").json == {"files": 1}
    assert small.read_bytes() == before
    assert server.get("/v1/image", id="socks/8 small.jpg").status == 200
    assert not server.get("/v1/duplicates").json["undoable"]
    assert server.ask("POST", "/v1/duplicates/undo").status == 422

    done(server, kind="duplicates")
    verdict = {"verdict": "not-duplicates", "ids": pair}
    assert server.send("POST", "/v1/duplicates/decisions", verdict).json == {"pairs": 1}
    left = server.get("/v1/duplicates").json
    assert (left["groups"], left["decided"]) == ([], 1)
    assert library.duplicates().groups == []


def test_vectors_come_in_the_shape_that_clients_know(server, library, folders):
    path = folders / "shop" / "in" / "hats" / "0.png"
    uri = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    asked = {"input": [{"id": "hats/0.png"}, uri], "model": "main"}
    answer = server.send("POST", "/v1/embeddings", asked).json
    assert (answer["object"], answer["model"]) == ("list", "main")
    stored = library.vector("hats/0.png").astype(np.float32)
    for place, one in enumerate(answer["data"]):
        assert (one["index"], one["object"]) == (place, "embedding")
        np.testing.assert_allclose(one["embedding"], stored, atol=1e-3)
    encoded = server.send("POST", "/v1/embeddings", asked | {"encoding_format": "base64"}).json
    np.testing.assert_array_equal(
        floats(encoded["data"][0]["embedding"]), np.float32(answer["data"][0]["embedding"])
    )
    for wrong in (
        {"input": "a red hat"},
        {"input": []},
        {"input": "data:image/png,xx"},
        {"input": {"id": "hats/0.png"}, "dimensions": 3},
        {"input": {"id": "hats/0.png"}, "model": "none"},
        {"input": [{"id": "hats/0.png"}] * 65},
    ):
        assert server.send("POST", "/v1/embeddings", wrong).status == 422, wrong
    assert server.send("POST", "/v1/embeddings", {"input": {"id": "none"}}).status == 404


def test_many_files_are_added_as_a_job_that_is_heard_to_the_end(server, library):
    files = []
    for seed in (60, 61):
        data = io.BytesIO()
        picture(seed).save(data, "PNG")
        files.append(("image", f"{seed}.png", data.getvalue()))
    files.append(("image", "broken.jpg", b"no image"))
    before = len(library)
    answer = server.upload("/v1/jobs/images", [*files, ("label", None, b"new")])
    assert answer.status == 202
    told = server.ask("GET", f"/v1/jobs/{answer.json['id']}/events")
    assert told.headers["content-type"].startswith("text/event-stream")
    events = told.body.decode().strip().split("\n\n")
    assert events[-1].startswith("event: end\n")
    ended = server.get(f"/v1/jobs/{answer.json['id']}").json
    assert (ended["state"], ended["done"], ended["total"]) == ("done", 3, 3)
    assert (ended["result"]["embedded"], ended["result"]["rejected"]) == (2, 1)
    assert [(one["id"], one["reason"]) for one in ended["result"]["refused"]] == [
        ("broken.jpg", "not-an-image")
    ]
    assert len(library) == before + 2
    assert len(library.filter("label = new")) == 2
    for image in library.images(where="label = new"):
        assert server.ask("DELETE", "/v1/image", id=image.id).status == 204


def test_jobs_fail_with_a_sentence_and_can_be_stopped(server):
    failed = finished(server, server.send("POST", "/v1/jobs", {"kind": "map", "space": "no"}).json)
    assert (failed["state"], failed["problem"]["status"]) == ("failed", 422)
    slow = [{"kind": "clusters", "k": 2}, {"kind": "duplicates", "level": "scene"}]
    first, second = (server.send("POST", "/v1/jobs", job).json for job in slow)
    assert server.ask("DELETE", f"/v1/jobs/{second['id']}").status == 200
    assert finished(server, second)["state"] == "cancelled"
    assert finished(server, first)["state"] == "done"
    listed = [job["id"] for job in server.get("/v1/jobs").json["jobs"]]
    assert listed[:3] == [second["id"], first["id"], failed["id"]]
    assert server.get("/v1/jobs/0123456789abcdef").status == 404
    for wrong in ({}, {"kind": "rm"}, {"kind": "map", "path": "/"}, {"kind": "add", "images": []}):
        assert server.send("POST", "/v1/jobs", wrong).status == 422


def test_nothing_tells_where_on_the_servers_disks_images_were_listed(server, folders):
    for name in ("source", "Source", "image.source"):
        for path, field in (("/v1/facets", "columns"), ("/v1/map", "colour")):
            answer = server.get(path, **{field: name})
            assert answer.status == 422
            assert str(folders) not in answer.body.decode()
        guess = f"not ({name} like '/%')"
        for path in ("/v1/facets", "/v1/map", "/v1/images"):
            assert server.get(path, where=guess).status == 422
        asked = {"positive": [{"id": "hats/0.png"}], "where": guess}
        assert server.send("POST", "/v1/search", asked).status == 422
    for path in ("/v1/library", "/v1/facets", "/v1/clusters", "/v1/rejects", "/v1/images"):
        assert str(folders) not in server.get(path).body.decode()


def test_each_library_answers_below_its_name(server, folders):
    listed = server.get("/v1/libraries").json["libraries"]
    assert [(one["name"], one["default"]) for one in listed] == [("shop", True), ("other", False)]
    below = listed[1]["path"]
    assert [one["id"] for one in server.get(f"{below}/images").json["images"]] == ["only.png"]
    assert server.get("/v1/image", id="only.png").status == 404
    found = server.send("POST", f"{below}/search", {"positive": [{"id": "only.png"}]})
    assert (found.status, found.json["hits"]) == (200, [])
    assert server.get(f"{below}/image/thumbnail", id="only.png").status == 200
    data = Path(folders / "shop" / "in" / "hats" / "0.png").read_bytes()
    added = server.upload(f"{below}/images", [("image", "x.png", data), ("id", None, b"twin")])
    assert added.status == 201
    assert server.get("/v1/image", id="twin").status == 404
    (hit,) = server.search(positive=[{"id": "hats/0.png"}], k=1).json["hits"]
    assert hit["id"] != "twin"
    assert server.get("/v1/library").json["name"] == "shop"
    for path in ("/v1/libraries/none/images", "/v1/libraries/..%2fother/images"):
        assert server.ask("GET", path).status == 404
    assert Image.open(io.BytesIO(server.get(f"{below}/image/original", id="twin").body)).size
