"""Which commands can be steps, and what each reads and writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lookalike.tables.places import beside, clean_outputs
from lookalike.tables.splits import Splitting

Aspect = Literal["images", "vectors", "verdicts"]
"""What a step can see of a library: its images, the vectors of a space, what people judged."""


@dataclass(frozen=True, slots=True)
class Kind:
    """What a command reads and writes, by its parameters.

    `reads` name files that have to be there, `writes` what it makes; `sees` is what it depends
    on in the library. `changes`: it adds images or vectors. `tells`: it writes columns, which
    later steps may filter by. `model` holds a model's spec. `again` are options with which it
    may be run a second time. `beside` gives, by the options, the files that are made beside
    what is read where no `out` is given. `own_library`: that of the whole configuration is not
    meant.
    """

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    sees: tuple[Aspect, ...] = ()
    changes: bool = False
    tells: bool = False
    model: str | None = None
    again: Mapping[str, bool] = field(default_factory=dict)
    beside: Callable[[Mapping[str, Any]], list[str]] = lambda _: []
    own_library: bool = False


def _cleaned(options: Mapping[str, Any]) -> list[str]:
    return [str(clean_outputs(str(options["table"]))[0])]


def _parts(options: Mapping[str, Any]) -> list[str]:
    usual = Splitting()
    train, valid = options.get("train", usual.train), options.get("valid", usual.valid)
    shares = Splitting(float(train), float(valid)).shares
    return [str(beside(str(options["table"]), part)) for part in shares]


_SPACE: tuple[Aspect, ...] = ("images", "vectors")

KINDS: Mapping[str, Kind] = {
    "fetch": Kind(reads=("table",), writes=("out",)),
    "clean": Kind(reads=("table",), writes=("out", "report"), beside=_cleaned),
    "split": Kind(reads=("table",), writes=("out",), beside=_parts, own_library=True),
    "index": Kind(reads=("sources",), changes=True, model="model"),
    "import": Kind(reads=("vectors", "ids"), sees=("images",), changes=True),
    "embed": Kind(reads=("files",), writes=("out",), model="model"),
    "space add": Kind(sees=("images",), changes=True, model="spec"),
    "columns add": Kind(sees=("images",), tells=True),
    "teach": Kind(
        reads=("judgements",),
        sees=("images", "vectors", "verdicts"),
        changes=True,
        again={"replace": True},
    ),
    "classify fit": Kind(sees=_SPACE, tells=True, again={"replace": True}),
    "classify apply": Kind(sees=_SPACE, tells=True),
    "map": Kind(writes=("html", "png"), sees=_SPACE),
    "clusters": Kind(writes=("html",), sees=_SPACE, tells=True),
    "outliers": Kind(writes=("html",), sees=_SPACE, tells=True),
    "duplicates": Kind(writes=("plan", "html"), sees=_SPACE),
    "neighbours": Kind(writes=("out",), sees=_SPACE),
    "calibrate": Kind(writes=("diagram",), sees=(*_SPACE, "verdicts")),
    "evaluate": Kind(reads=("judgements",), writes=("html", "out"), sees=(*_SPACE, "verdicts")),
    "export vectors": Kind(writes=("path", "out"), sees=_SPACE),
    "pack": Kind(reads=("source",), writes=("out",)),
    "export site": Kind(writes=("directory",), sees=_SPACE),
    "publish": Kind(sees=_SPACE),
}
