"""The client knows every operation of the OpenAPI, each of its parameters, and every answer."""

import json
import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from lookalike.client import Client, answers, overviews
from lookalike.client.transport import Request

OPENAPI = json.loads(
    (Path(__file__).parents[3] / "docs" / "reference" / "openapi.json").read_text("utf-8")
)
SCHEMAS = OPENAPI["components"]["schemas"]
RECORDS = {
    "ClusterNamed": overviews.ClusterNamed,
    "ClusterOut": overviews.Cluster,
    "ClustersAnswer": overviews.Clusters,
    "ColourOut": overviews.Colour,
    "ColumnOut": overviews.Column,
    "DuplicatesAnswer": overviews.Duplicates,
    "EntryOut": overviews.Entry,
    "FacetOut": overviews.Facet,
    "FacetsAnswer": overviews.Facets,
    "GroupOut": overviews.Group,
    "Health": answers.Health,
    "HitOut": answers.Hit,
    "ImageOut": answers.Image,
    "ImagesAnswer": answers.Images,
    "IndexOut": overviews.Index,
    "JobOut": answers.Job,
    "Judgement": answers.Judgement,
    "LibraryAnswer": overviews.Held,
    "LibraryOut": answers.Named,
    "MapAnswer": overviews.Map,
    "PairOut": overviews.Pair,
    "PlanAnswer": overviews.Plan,
    "Ready": answers.Ready,
    "RejectOut": overviews.Reject,
    "RejectsAnswer": overviews.Rejects,
    "RejectsOut": overviews.Reason,
    "SearchAnswer": answers.Hits,
    "SpaceOut": overviews.Space,
    "ValueOut": overviews.Value,
    "Versions": overviews.Versions,
}
LISTS = {"EmbeddingsAnswer", "JobsAnswer", "JudgementsAnswer", "LibrariesAnswer", "SpacesAnswer"}
NUMBERS = {"Decided", "MovedAnswer"}
"""Answers that hold one list, or one number: the client gives that."""
IMAGE = b"an image"
FULL = {"id": "x", "label": "l", "meta": {"a": 1}}


def sample(schema: dict[str, Any]) -> Any:
    """A value that a schema allows, with every property."""
    if "$ref" in schema:
        return sample(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return sample([one for one in schema["anyOf"] if one.get("type") != "null"][-1])
    if "const" in schema or "enum" in schema:
        return schema.get("const", (schema.get("enum") or [None])[0])
    match schema.get("type"):
        case "object" if "properties" in schema:
            return {name: sample(one) for name, one in schema["properties"].items()}
        case "object":
            return {}
        case "array":
            return [sample(schema["items"])]
        case "integer" | "number":
            return 1
        case "boolean":
            return True
    return "AACAPw=="  # also 1.0 in base64


class Recorder:
    """In the place of a transport: keeps what is asked and answers with samples."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, set[str], set[str]]] = []

    def send(self, request: Request) -> bytes:
        path, _, query = request.path.partition("?")
        path = re.sub(r"(?<=/jobs/)(?!images$)[^/]+", "{id}", path)
        operation = OPENAPI["paths"][path][request.method.lower()]
        said = {pair.partition("=")[0] for pair in query.split("&") if pair}
        self.asked.append((f"{request.method} {path}", said, self._fields(request)))
        (status,) = (one for one in operation["responses"] if one.startswith("2"))
        content = operation["responses"][status].get("content", {})
        json_schema = content.get("application/json", {}).get("schema")
        return b"" if json_schema is None else json.dumps(sample(json_schema)).encode()

    def lines(self, request: Request) -> list[bytes]:
        self.send(request)
        ended = sample(SCHEMAS["JobOut"]) | {"state": "done", "problem": None}
        return [b"event: end\n", b"data: " + json.dumps(ended).encode() + b"\n", b"\n"]

    def _fields(self, request: Request) -> set[str]:
        if request.body is None:
            return set()
        if request.kind == "application/json":
            body = json.loads(request.body)
            return self._names(body)
        return set(re.findall(r'form-data; name="(\w+)"', request.body.decode("latin-1")))

    def _names(self, body: Any) -> set[str]:
        if not isinstance(body, dict):
            return set()
        items = [one for key in ("positive", "negative", "input") for one in body.get(key, [])]
        inner = {f"item.{name}" for one in items for name in one}
        return set(body) | inner


def call_everything(client: Client) -> None:
    how = {"where": "a = 1", "min_match": 0.5, "min_similarity": 0.1, "offset": 1, "space": "s"}
    image = {"image": IMAGE, "crop": (0, 0, 0.5, 0.5)}
    every = [
        {**image, "weight": 2},
        "id:x",
        "text:red",
        "https://example.org/a.jpg",
        [1.0, 2.0],
        {"id": "x", "weight": 2.0},
    ]
    client.search(None, 3, positive=every, negative=["id:y"], weights={"s": 1.0}, **how)
    client.search(image, 3, **how)
    client.embeddings(every[:4], model="s", dimensions=2, user="me")
    client.get("x")
    client.images(3, after=2, where="a = 1", newest=True)
    client.thumbnail("x")
    client.original("x")
    client.add(IMAGE, "x", label="l", meta={"a": 1})
    client.add("https://example.org/a.jpg", "x", label="l", meta={"a": 1})
    client.change("x", label=None, meta={"a": None})
    client.delete("x")
    client.judgements()
    client.judge("x", "y", 1)
    client.library()
    client.rejects(3, after="a", reason="broken")
    client.spaces()
    client.facets("a = 1", ["a"])
    client.map("s", where="a = 1", colour=["a"])
    client.clusters()
    client.cluster("c", 3, after=1)
    client.rename_cluster("c", "d")
    client.duplicates(3, offset=1)
    client.decide("keep-both", ["x", "y"])
    client.plan_duplicates("best", stay=["x"], drop=["y"])
    client.apply_duplicates("0")
    client.undo_duplicates()
    client.jobs()
    client.job("0")
    client.stop("0")
    client.finished(client.add_urls([{"url": "https://example.org/a.jpg", **FULL}]))
    client.add_files([IMAGE], label="l")
    client.lay_out_map("s", method="pca", refresh=True)
    client.find_clusters("s", method="kmeans", k=3, refresh=True)
    client.find_duplicates("picture", space="s", across="label")
    client.build_index("s", engine="hnsw")
    client.libraries()
    client.health()
    client.ready()
    client.metrics()


@pytest.fixture(scope="module")
def asked() -> dict[str, tuple[set[str], set[str]]]:
    client, recorder = Client(), Recorder()
    client._transport = recorder  # type: ignore[assignment]
    call_everything(client)
    found: dict[str, tuple[set[str], set[str]]] = {}
    for name, query, body in recorder.asked:
        before = found.get(name, (set(), set()))
        found[name] = before[0] | query, before[1] | body
    return found


def test_each_operation_has_a_method(asked: dict[str, Any]) -> None:
    there = {
        f"{method.upper()} {path}" for path, ways in OPENAPI["paths"].items() for method in ways
    }
    assert set(asked) == there


def test_each_parameter_is_known(asked: dict[str, Any]) -> None:
    for name, (query, body) in asked.items():
        method, _, path = name.partition(" ")
        operation = OPENAPI["paths"][path][method.lower()]
        parameters = operation.get("parameters", [])
        assert query == {one["name"] for one in parameters if one["in"] == "query"}, name
        content = operation.get("requestBody", {}).get("content", {})
        schemas = [one["schema"] for one in content.values()]
        named = [one for schema in schemas for one in schema.get("oneOf", [schema])]
        taken = {field for one in named for field in resolved(one).get("properties", {})}
        if "input" in taken or "positive" in taken:
            taken |= {f"item.{field}" for field in SCHEMAS["SearchItem"]["properties"]}
        if "input" in taken:
            body |= {"item.vector"}  # a vector needs no embedding
        assert body == taken, name


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMAS[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
    return found


def test_each_answer_is_a_record_with_its_fields() -> None:
    answered = set()
    for ways in OPENAPI["paths"].values():
        for operation in ways.values():
            for status, response in operation["responses"].items():
                schema = response.get("content", {}).get("application/json", {}).get("schema", {})
                if status.startswith("2") and "$ref" in schema:
                    answered |= everything_below(schema["$ref"].rpartition("/")[2])
    unknown = answered - set(RECORDS) - LISTS - NUMBERS - {"EmbeddingOut", "Usage"}
    assert not unknown
    for name, record in RECORDS.items():
        assert is_dataclass(record)
        assert {field.name for field in fields(record)} == set(SCHEMAS[name]["properties"]), name


def everything_below(name: str) -> set[str]:
    below = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(SCHEMAS[name]))
    return {name}.union(*map(everything_below, below))
