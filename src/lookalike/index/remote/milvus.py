"""A mirror in Milvus: one collection, filled by upserts, searched by HNSW or a scan."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote

import grpc
import numpy as np
from numpy.typing import NDArray
from pymilvus import DataType, MilvusClient
from pymilvus.exceptions import MilvusException

from lookalike.errors import ServerError, UsageError
from lookalike.index.halves import as_floats
from lookalike.index.remote.address import Address, without_secrets
from lookalike.index.remote.milvus_text import writable
from lookalike.index.remote.mirror import (
    STATES,
    Language,
    MirrorColumn,
    OnStep,
    Published,
    Rows,
    Where,
    published_from,
)
from lookalike.store.column import Value
from lookalike.types import Keys, Metric

_METRICS: dict[Metric, str] = {"cosine": "COSINE", "ip": "IP", "l2": "L2"}
_MOST_COUNT = 16_384
_MOST_DIM = 32_768
_LONGEST_TEXT = 65_535
_LONGEST_WORD = 1_024
_MOST_WORDS = 1_024
_AT_ONCE = 4_096
_SECONDS = 60.0
_STRONG = "Strong"


class MilvusMirror:
    """A collection of a Milvus database; safe to use from several threads."""

    language: Language = "milvus"
    metrics: Sequence[Metric] = tuple(_METRICS)
    reaches: Sequence[int] = (20, 40, 80, 160, 320, 640, 1280)

    def __init__(self, address: Address, table: str) -> None:
        self._address = address
        self._name = table
        self._loaded = False
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL)  # errors are told once, by us
        options = dict(address.options)
        scheme = "https" if options.pop("tls", "false").lower() in {"true", "1", "yes"} else "http"
        if options:
            raise UsageError(f"A milvus:// URL takes the option tls, not {min(options)!r}.")
        host = f"[{address.host}]" if ":" in address.host else quote(address.host)
        token = f"{address.user}:{address.password}" if address.user else address.password
        with self._said():
            self._client = MilvusClient(
                uri=f"{scheme}://{host or '127.0.0.1'}:{address.port or 19530}",
                token=token,
                db_name=address.database,
                timeout=10,
            )

    def claim(self) -> None:
        """Milvus knows no locks."""

    def published(self) -> Published | None:
        """What was published into this collection, None if nothing was."""
        with self._said():
            if not self._client.has_collection(STATES, timeout=_SECONDS):
                return None
            self._load()
            found = self._client.get(
                STATES, ids=[self._name], output_fields=["state"], timeout=_SECONDS
            )
            return published_from(found[0]["state"]) if found else None

    def begin(self, state: Published, before: Published | None) -> bool:
        """Make the collection; where its columns or its index would change, make it anew."""
        if state.bits:
            raise UsageError(
                "Spaces of bits are published to PostgreSQL, not to Milvus; or search them in "
                "the library, where a scan of bits is quick."
            )
        _check_metric(state.metric)
        if state.dim > _MOST_DIM:
            raise UsageError(f"Milvus holds no vectors of {state.dim:,} dimensions.")
        same = before is not None and (before.columns, before.graph, before.metric) == (
            state.columns,
            state.graph,
            state.metric,
        )
        with self._said():
            if not self._client.has_collection(STATES, timeout=_SECONDS):
                self._client.create_collection(
                    STATES,
                    schema=_states_schema(),
                    index_params=_index_of("FLAT", "L2", {}, "unused"),
                    consistency_level=_STRONG,
                    timeout=_SECONDS,
                )
            there = self._client.has_collection(self._name, timeout=_SECONDS)
            if not same or not there:
                if there:
                    self._client.drop_collection(self._name, timeout=_SECONDS)
                self._create(state)
        self.keep(state)
        return not same or not there

    def put(self, rows: Rows, state: Published) -> None:
        """Rows, then the state: after a break in between, the same rows are sent again."""
        names = [column.name for column in state.columns]
        columns = [
            [_cell(value, column) for value in values]
            for column, values in zip(state.columns, rows.values, strict=True)
        ]
        vectors = as_floats(rows.vectors)
        records = [
            {"key": key, "vector": vector, **dict(zip(names, cells, strict=True))}
            for key, vector, *cells in zip(rows.keys.tolist(), vectors, *columns, strict=True)
        ]
        with self._said():
            self._client.upsert(self._name, records, timeout=_SECONDS)
        self.keep(state)

    def remove(self, keys: Keys) -> None:
        """Remove rows."""
        with self._said():
            for start in range(0, len(keys), _AT_ONCE):
                some = keys[start : start + _AT_ONCE].tolist()
                self._client.delete(self._name, ids=some, timeout=_SECONDS)

    def keep(self, state: Published) -> None:
        """Keep the state."""
        text = state.to_json()
        record = {"name": self._name, "state": text, "unused": [0.0, 0.0]}
        if len(text.encode()) > _LONGEST_TEXT:
            raise UsageError("This library has more columns than Milvus can be told of.")
        with self._said():
            self._client.upsert(STATES, [record], timeout=_SECONDS)

    def finish(self, state: Published, memory: int | None, on_step: OnStep) -> None:  # noqa: ARG002
        """Seal what was sent; Milvus builds its index by itself."""
        on_step("building the index", 0, 1)
        with self._said():
            self._client.flush(self._name, timeout=_SECONDS * 10)

    def nearest(
        self,
        state: Published,
        queries: NDArray[Any],
        count: int,
        metric: Metric,
        where: Where | None,
        without: Sequence[Keys],
        reach: int | None,
    ) -> list[Keys]:
        """By the collection's own index; it can be asked exactly only where that is none."""
        _check_metric(metric)
        if metric != state.metric:
            raise UsageError(
                f"This was published to Milvus for {state.metric}; publish it again with "
                f"--metric {metric}, or search by {state.metric}."
            )
        if reach is None and state.graph is not None:
            raise UsageError(
                "Milvus searches by its index only, so --exact, --offset and --within cannot be. "
                "Leave them out, or publish with --index none."
            )
        wide = min(count, _MOST_COUNT)
        how = {} if reach is None else {"ef": max(wide, reach + count - 10)}
        found = []
        for query, hidden in zip(queries, without, strict=True):
            terms = [] if where is None else [f"({where[0]})"]
            if len(hidden):
                terms.append(f"key not in {hidden.tolist()}")
            chosen = " and ".join(terms)
            keys = self._search(query, metric, wide, chosen, how)
            found.append(keys if len(keys) == wide else self._matching(chosen, keys))
        return found

    def _search(
        self, query: NDArray[Any], metric: Metric, count: int, chosen: str, how: dict[str, int]
    ) -> Keys:
        with self._said():
            answer = self._client.search(
                self._name,
                data=[query.astype(np.float32)],
                limit=count,
                filter=chosen,
                search_params={"metric_type": _METRICS[metric], "params": how},
                consistency_level=_STRONG,
                timeout=_SECONDS,
            )
        return np.fromiter((hit["key"] for hit in answer[0]), np.int64)

    def _matching(self, chosen: str, found: Keys) -> Keys:
        """All that a filter leaves: an index may miss some of few. At most what Milvus gives."""
        with self._said():
            rows = self._client.query(
                self._name,
                filter=chosen,
                output_fields=["key"],
                limit=_MOST_COUNT,
                consistency_level=_STRONG,
                timeout=_SECONDS,
            )
        return np.union1d(found, np.fromiter((row["key"] for row in rows), np.int64))

    def rows(self) -> int:
        """How many rows there are."""
        with self._said():
            found = self._client.query(
                self._name,
                filter="",
                output_fields=["count(*)"],
                consistency_level=_STRONG,
                timeout=_SECONDS,
            )
            return int(found[0]["count(*)"])

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _load(self) -> None:
        """Have the collections in memory, which they are not after Milvus was started anew."""
        if not self._loaded:
            for name in (STATES, self._name):
                if self._client.has_collection(name, timeout=_SECONDS):
                    self._client.load_collection(name, timeout=_SECONDS)
            self._loaded = True

    def _create(self, state: Published) -> None:
        schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
        schema.add_field("key", DataType.INT64, is_primary=True)
        schema.add_field("vector", DataType.FLOAT_VECTOR, dim=state.dim)
        for column in state.columns:
            schema.add_field(column.name, nullable=True, **_type(column))
        by = _METRICS[state.metric]
        index = _index_of("FLAT", by, {})
        if state.graph is not None:
            how = {"M": state.graph.m, "efConstruction": state.graph.ef_construction}
            index = _index_of("HNSW", by, how)
        self._client.create_collection(
            self._name,
            schema=schema,
            index_params=index,
            consistency_level=_STRONG,
            timeout=_SECONDS,
        )

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Errors of pymilvus become a `ServerError` that names the server and no secret."""
        try:
            yield
        except (MilvusException, grpc.RpcError, grpc.FutureTimeoutError) as error:
            what = getattr(error, "message", "") or str(error) or type(error).__name__
            raise ServerError(
                _message(without_secrets(what, self._address), self._address)
            ) from None


def _message(what: str, address: Address) -> str:
    first = " ".join(what.split())[:300].rstrip(".")
    low = first.lower()
    if "auth" in low or "denied" in low:
        return f"{address.shown} refuses: {first}. Check the user and the password in the URL."
    if "database not found" in low or "database does not exist" in low:
        return f"{address.shown} refuses: {first}. Make the database first, or leave it out."
    if any(sign in low for sign in ("connect", "unavailable", "deadline", "timeout")):
        return (
            f"{address.shown} cannot be reached: {first}. Is the server running, and are host and "
            "port right? What was sent stays there: run the same command again."
        )
    return f"{address.shown} refuses: {first}."


def _states_schema() -> Any:
    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("name", DataType.VARCHAR, is_primary=True, max_length=100)
    schema.add_field("state", DataType.VARCHAR, max_length=_LONGEST_TEXT)
    schema.add_field("unused", DataType.FLOAT_VECTOR, dim=2)  # Milvus has no collection without
    return schema


def _index_of(kind: str, metric: str, parameters: dict[str, int], field: str = "vector") -> Any:
    index = MilvusClient.prepare_index_params()
    index.add_index(field, index_type=kind, metric_type=metric, params=parameters)
    return index


def _type(column: MirrorColumn) -> dict[str, Any]:
    match column.kind:
        case "number":
            return {"datatype": DataType.DOUBLE}
        case "boolean":
            return {"datatype": DataType.BOOL}
        case "date":
            return {"datatype": DataType.INT64}
        case "list":
            return {
                "datatype": DataType.ARRAY,
                "element_type": DataType.VARCHAR,
                "max_length": _LONGEST_WORD,
                "max_capacity": _MOST_WORDS,
            }
        case _:
            return {"datatype": DataType.VARCHAR, "max_length": _LONGEST_TEXT}


def _cell(value: Value, column: MirrorColumn) -> object:
    if isinstance(value, tuple):
        return [_short(word, _LONGEST_WORD) for word in value[:_MOST_WORDS]]
    if isinstance(value, str):
        return _short(value, _LONGEST_TEXT)
    return float(value) if column.kind == "number" and value is not None else value


def _short(text: str, most: int) -> str:
    """A text of at most so many bytes, which is how Milvus counts."""
    text = writable(text)
    data = text.encode()
    return text if len(data) <= most else data[:most].decode(errors="ignore")


def _check_metric(metric: Metric) -> None:
    if metric not in _METRICS:
        raise UsageError(f"Milvus does not compare by {metric}: use cosine, ip or l2.")
