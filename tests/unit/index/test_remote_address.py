from __future__ import annotations

import sys
from pathlib import Path

import pytest

import lookalike
from lookalike.errors import MissingExtraError, UnknownNameError, UsageError
from lookalike.index.remote.address import parse_address, plain_name, without_secrets
from lookalike.index.remote.milvus_text import writable
from lookalike.index.remote.mirror import (
    Graph,
    MirrorColumn,
    Published,
    mirror_column,
    of_kind,
    published_from,
)
from lookalike.store.fields import Field

URL = "postgresql://me:s%3Acret@db.example:6432/shop?sslmode=require&sslpassword=hush#t1"


def test_a_url_is_taken_apart() -> None:
    address = parse_address(URL)
    assert (address.scheme, address.host, address.port) == ("postgresql", "db.example", 6432)
    assert (address.user, address.password, address.database) == ("me", "s:cret", "shop")
    assert address.options == {"sslmode": "require", "sslpassword": "hush"}
    assert address.table("main") == "t1"
    assert parse_address("postgres://h/d").scheme == "postgresql"
    assert parse_address("milvus://[::1]:19530").shown == "milvus://[::1]:19530/"


def test_secrets_are_not_shown() -> None:
    address = parse_address(URL)
    assert address.shown == "postgresql://me@db.example:6432/shop#t1"
    assert "cret" not in repr(address)
    assert "hush" not in repr(address)
    assert without_secrets("no: s:cret, hush, require", address) == "no: ***, ***, require"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:pa/ss@h:x/d",
        "postgresql://me:secret@h:99999/d",
        "postgresql://me:secret@[h/d",
        "postgresql://me:secret@h/d?sslmode",
        "postgresql://me:secret@h/d#Robert'); DROP TABLE x",
        "postgresql://me:secret@h/d#" + "x" * 49,
        "milvus://me:secret@h#9lives",
    ],
)
def test_what_cannot_be_read_is_not_repeated(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    assert "secret" not in str(caught.value)
    assert "pa/ss" not in str(caught.value)


def test_other_servers() -> None:
    for url in ("mysql://me:secret@h/d", "exact", "/etc/passwd", ""):
        with pytest.raises(UnknownNameError) as caught:
            parse_address(url)
        assert "secret" not in str(caught.value)


def test_names_are_plain_and_stay_apart() -> None:
    names = ["price", "Price", "prïce", "pr ice", 'x"; DROP', "", "x" * 200, "x" * 201, "価格"]
    plain = [plain_name(name, 40) for name in names]
    assert plain[0] == "price"
    assert len(set(plain)) == len(names)
    assert all(len(name) <= 40 and name.replace("_", "").isalnum() for name in plain)
    assert all(name.isascii() for name in plain)
    tables = {parse_address("milvus://h").table(name) for name in names}
    assert len(tables) == len(names)
    assert all(table.startswith("lookalike_") and len(table) <= 48 for table in tables)


def test_columns_of_every_origin_stay_apart() -> None:
    fields = [
        Field("image", "label"),
        Field("meta", "label"),
        Field("meta", "vector"),
        Field("meta", "key"),
        Field("derived", "label"),
    ]
    named = [mirror_column(field, "text").name for field in fields]
    assert named == ["label", "meta_label", "meta_vector", "meta_key", "derived_label"]


def test_values_become_of_their_columns_kind() -> None:
    assert of_kind(7, "text") == "7"
    assert of_kind(True, "text") == "true"
    assert of_kind(("a", "b"), "text") == "a b"
    assert of_kind("1970-01-02", "date") == 86_400_000_000
    assert of_kind("late", "number") is None
    assert of_kind(True, "number") is None
    assert of_kind(None, "text") is None
    assert of_kind(("a",), "list") == ("a",)


def test_the_state_is_read_as_it_was_written() -> None:
    columns = (MirrorColumn(Field("meta", 'a"b'), "number", "meta_a_b"),)
    graph = Graph("cosine", 16, 100)
    state = Published("ab", "cd", 4, False, "cosine", columns, graph, 3, "t", 7, "u", 1000)
    assert published_from(state.to_json()) == state
    assert state.done().version == 7
    assert (state.done().target, state.done().after, state.done().token) == (0, 0, "u")
    for text in ("", "[]", "{}", '{"format": 99}', '{"format": 1, "columns": 3}'):
        with pytest.raises(lookalike.errors.LibraryError, match="--replace"):
            published_from(text)


def test_milvus_gets_no_control_characters() -> None:
    assert writable("a\0b\x1f\x85\n\té") == "a�b��\n\té"


@pytest.mark.parametrize(
    ("url", "extra"), [("postgresql://h", "postgres"), ("milvus://h", "milvus")]
)
def test_without_the_extra(
    url: str, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psycopg", "pymilvus"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("postgres", "postgres_errors", "milvus"):
        monkeypatch.delitem(sys.modules, f"lookalike.index.remote.{module}", raising=False)
    with lookalike.open(tmp_path) as library, pytest.raises(MissingExtraError) as caught:
        library.publish(url)
    assert f"pip install 'lookalike[{extra}]'" in str(caught.value)
