"""What a mirror of a space on a server is: how it is filled, how far it is, how it is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias

from numpy.typing import NDArray

from lookalike.errors import LibraryError
from lookalike.index.remote.address import plain_name
from lookalike.sources.columns import as_text
from lookalike.store.column import Kind, Value
from lookalike.store.fields import Field
from lookalike.store.moments import moment
from lookalike.types import Keys, Metric, Stored

Language = Literal["postgres", "milvus"]
"""In which a mirror takes its filters; see `search/filters`."""
Where: TypeAlias = tuple[str, Sequence[Any]]
"""A filter in the language of a mirror: its text, and values for the places in it."""
OnStep = Callable[[str, int, int], None]

STATES = "lookalike_published"
"""The table or collection in which servers keep how far each mirror has come."""
_FORMAT = 1
_LONGEST_NAME = 60
_TYPES: Mapping[Kind, tuple[type, ...]] = {
    "number": (int, float),
    "boolean": (bool,),
    "list": (tuple,),
}


@dataclass(frozen=True, slots=True)
class MirrorColumn:
    """A column of the library, its kind when it was published, and its name on the server."""

    field: Field
    kind: Kind
    name: str


def mirror_column(field: Field, kind: Kind) -> MirrorColumn:
    """A column under a name that begins with where it is from, unless every image has it."""
    prefix = "" if field.origin == "image" else f"{field.origin}_"
    name = prefix + plain_name(field.name, _LONGEST_NAME - len(prefix))
    return MirrorColumn(field, kind, name)


def of_kind(value: Value, kind: Kind) -> Value:
    """A value as its column has it: a text, number, boolean, microseconds since 1970, words."""
    right = _TYPES.get(kind)
    if value is None or right is not None:  # a value that was written meanwhile goes next time
        return value if right is not None and type(value) in right else None
    if isinstance(value, tuple):
        return " ".join(value)
    return moment(as_text(value)) if kind == "date" else as_text(value)


@dataclass(frozen=True, slots=True)
class Graph:
    """The HNSW index of a mirror: `m` links a node, `ef_construction` candidates for each."""

    metric: Metric
    m: int
    ef_construction: int


@dataclass(frozen=True, slots=True)
class Published:
    """What a server holds of a space, and how far it has come.

    `library` names the library's history, `fingerprint` the recipe. Everything up to data
    version `version` is there; of what changed up to `target` all keys up to `after`. `token`
    and `target_token` tell these versions from those of a copy that went another way. `graph`
    is None where vectors are scanned; `reach` is its search effort, `recall` what that gave.
    """

    library: str
    fingerprint: str
    dim: int
    bits: bool
    metric: Metric
    columns: tuple[MirrorColumn, ...]
    graph: Graph | None
    version: int = 0
    token: str = ""
    target: int = 0
    target_token: str = ""
    after: int = 0
    reach: int = 0
    recall: float = 0.0

    def done(self) -> Published:
        """The same when what was under way has come to its end."""
        return replace(
            self, version=self.target, token=self.target_token, target=0, target_token="", after=0
        )

    def to_json(self) -> str:
        """As it is kept on the server."""
        return json.dumps({"format": _FORMAT, **asdict(self)})


def published_from(text: str) -> Published:
    """What `to_json` wrote. Raises `LibraryError` for what another version wrote."""
    try:
        data = json.loads(text)
        if data.pop("format") != _FORMAT:
            raise ValueError
        columns = tuple(
            MirrorColumn(Field(**one["field"]), one["kind"], one["name"])
            for one in data.pop("columns")
        )
        graph = data.pop("graph")
        return Published(columns=columns, graph=graph and Graph(**graph), **data)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise LibraryError(
            "What the server keeps of a publish was written by another version of Lookalike. "
            "Publish anew with --replace."
        ) from error


@dataclass(frozen=True, slots=True)
class Rows:
    """Some images: keys (m,), vectors (m, ...) as stored, and their values column by column."""

    keys: Keys
    vectors: Stored
    values: Sequence[Sequence[Value]]


class Mirror(Protocol):
    """One table or collection on a server. Every method may raise `ServerError`."""

    language: Language
    metrics: Sequence[Metric]
    reaches: Sequence[int]

    def claim(self) -> None:
        """See that nobody else publishes here until this is closed, where that can be."""

    def published(self) -> Published | None:
        """What was published, None if nothing was."""

    def begin(self, state: Published, before: Published | None) -> bool:
        """Make room for `state`, which follows `before`; whether all rows have to be sent."""

    def put(self, rows: Rows, state: Published) -> None:
        """Add rows, or write them over, and keep the state: both or, where possible, none."""

    def remove(self, keys: Keys) -> None:
        """Remove rows; those that are not there are passed over."""

    def keep(self, state: Published) -> None:
        """Keep the state."""

    def finish(self, state: Published, memory: int | None, on_step: OnStep) -> None:
        """Make the graph, unless it is there; `memory` is bytes the server may use for it."""

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
        """Keys of the `count` nearest of each query, by the graph at `reach`; None: exactly."""

    def rows(self) -> int:
        """How many rows there are."""

    def close(self) -> None:
        """Let go of the server."""
