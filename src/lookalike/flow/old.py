"""Configurations of two older programs, told as steps: a folder's vectorizer, and an image finder.

The first has `pictures_path`, the second `images_dataframe_path`; both worked from the folder in
which they were started.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from lookalike.errors import UnknownNameError, UsageError
from lookalike.flow.entries import Entry, known_keys
from lookalike.sources.table_formats import table_format

VECTORIZER = {
    "pictures_path",
    "file_list_path",
    "vectors_path",
    "infer_classes",
    "reduce_vector_dimensionality",
    "generate_tsne",
    "tsne_path",
}
FINDER = {
    "images_dataframe_path",
    "trained_model_path",
    "vectors_path",
    "ann_index_path",
    "path_field",
    "labels_field",
    "layer_to_get_input",
    "input_size",
    "batch_size",
    "ann_index",
}
GROUPS = ("paths", "dataframe", "model")
METRICS = {"l2": "l2", "cosinesimil": "cosine", "l1": "l1", "negdotprod": "ip"}
ENGINES = {"hnsw": "hnsw", "seq_search": "exact", "brute_force": "exact"}
_ROWS_LOOKED_AT = 20


@dataclass(frozen=True, slots=True)
class Modern:
    """The steps that do what an old configuration asks for, and what differs, in sentences."""

    settings: dict[str, Any]
    notes: list[str] = field(default_factory=list)

    def text(self) -> str:
        """The configuration as YAML."""
        import yaml

        return str(yaml.safe_dump(self.settings, sort_keys=False, allow_unicode=True))


def modernised(root: Entry) -> Modern | None:
    """What an old configuration asks for; None for a file that is none.

    Raises `UsageError` and `UnknownNameError` with the line of a key that is wrong.
    """
    entries = root.mapping("a configuration")
    if "steps" in entries:
        return None
    flat = _flattened(entries)
    if "pictures_path" in flat:
        known_keys(flat, VECTORIZER, "key")
        return _vectorizer(flat)
    if "images_dataframe_path" in flat:
        known_keys(flat, FINDER, "key")
        return _finder(flat)
    return None


def _flattened(entries: dict[str, Entry]) -> dict[str, Entry]:
    """The keys below `paths`, `dataframe` and `model` beside the others."""
    flat: dict[str, Entry] = {}
    for name, entry in entries.items():
        inner = isinstance(entry.value, dict) and name in GROUPS
        flat |= entry.mapping(f"`{name}:`") if inner else {name: entry}
    return flat


def _vectorizer(flat: dict[str, Entry]) -> Modern:
    """A folder, Xception with global max pooling, perhaps means of four, perhaps a map."""
    pictures = _existing(flat, "pictures_path")
    classes, reduced, drawn = (
        name in flat and flat[name].switch(f"`{name}`")
        for name in ("infer_classes", "reduce_vector_dimensionality", "generate_tsne")
    )
    index: dict[str, Any] = {
        "sources": [pictures],
        "model": "xception|mean:4" if reduced else "xception",
        "metric": "l2",
    }
    if classes:
        index["label-from"] = "folder"
    steps: dict[str, Any] = {"index": index}
    notes = ["Vectors are kept as float16, as long as the network makes them: --metric l2."]
    library = _export(flat, steps, notes)
    if "file_list_path" in flat:
        notes.append(
            f"{_path(flat, 'file_list_path')} is not written: ids are paths below {pictures}, "
            "and those of the rows lie beside the vectors."
        )
    if drawn:
        drawing = _path(flat, "tsne_path") if "tsne_path" in flat else "map.html"
        page = str(Path(drawing).with_suffix(".html"))
        steps["map"] = {"html": page}
        notes.append(f"The t-SNE is kept in the library and drawn in {page}.")
    return Modern({"library": library, "steps": steps}, notes)


def _finder(flat: dict[str, Entry]) -> Modern:
    """A table of paths, the input of a layer of a Keras model, an approximate index."""
    for name in ("trained_model_path", "path_field"):
        if name not in flat:
            entry = flat["images_dataframe_path"]
            raise UsageError(f"{entry.file} has images_dataframe_path, so it needs `{name}` too.")
    table = _existing(flat, "images_dataframe_path")
    model = f"keras:{_existing(flat, 'trained_model_path')}"
    if "layer_to_get_input" in flat:
        model += f"#{flat['layer_to_get_input'].text('`layer_to_get_input`')}"
    metric, engine, notes = _ann_index(flat)
    index: dict[str, Any] = {"sources": [table], "model": model, "metric": metric}
    index |= _path_option(table, flat["path_field"])
    label = flat["labels_field"].value if "labels_field" in flat else None
    if isinstance(label, str) and label != "None":
        index["label-column"] = label
    if "input_size" in flat or "batch_size" in flat:
        notes.append("input_size and batch_size are the model's own and chosen to fit.")
    steps: dict[str, Any] = {"index": index}
    library = _export(flat, steps, notes)
    if engine is not None:
        steps["engine"] = {"command": "index", "engine": engine}
    return Modern({"library": library, "steps": steps}, notes)


def _ann_index(flat: dict[str, Entry]) -> tuple[str, str | None, list[str]]:
    """Metric and engine, and what is otherwise than nmslib's parameters say."""
    if "ann_index" not in flat:
        return "cosine", None, []
    inside = flat["ann_index"].mapping("`ann_index:`")
    known_keys(inside, {"init_time", "index_time", "query_time", "k"}, "key of `ann_index`")
    started = inside["init_time"].mapping("`init_time:`") if "init_time" in inside else {}
    engine = _known(started, "method", ENGINES, "hnsw")
    metric = _known(started, "space", METRICS, "cosinesimil")
    notes = [f"The index is {engine}; its parameters are tuned to a measured recall of 0.95."]
    if "k" in inside:
        notes.append(f"k is said when searching: lookalike search -k {inside['k'].value}")
    return metric, engine, notes


def _known(entries: dict[str, Entry], name: str, known: dict[str, str], default: str) -> str:
    written = entries[name].text(f"`{name}`") if name in entries else default
    if written not in known:
        raise UnknownNameError(f"{name} in {entries[name].place},", written, known)
    return known[written]


def _export(flat: dict[str, Entry], steps: dict[str, Any], notes: list[str]) -> str:
    """The step that writes the vectors, and the folder of the library: where they lie."""
    if "vectors_path" not in flat:
        return "."
    out = _path(flat, "vectors_path")
    if Path(out).suffix.lower() != ".npy":
        out += ".npy"
    steps["vectors"] = {"command": "export vectors", "out": out}
    notes.append(f"The ids of the rows of {out} lie beside it.")
    return str(Path(out).parent)


def _path_option(table: str, column: Entry) -> dict[str, str]:
    """Paths of a table go from its folder; where they went from the working folder, say so.

    The id is then the path as it is written, without the way up.
    """
    name = column.text("`path_field`")
    here = Path.cwd()
    folder = Path(table).absolute().parent
    cells = _first_cells(table, name)
    if any((folder / cell).is_file() for cell in cells) or folder == here:
        return {"path-column": name}
    if not any((here / cell).is_file() for cell in cells):
        return {"path-column": name}
    up = Path(os.path.relpath(here, folder)).as_posix()
    written = name.replace("{", "{{").replace("}", "}}")
    return {"path-template": f"{up}/{{{written}}}", "id-column": name}


def _first_cells(table: str, column: str) -> list[str]:
    known = table_format(table)
    if known is None:
        return []
    rows = islice(known.rows(table), _ROWS_LOOKED_AT)
    return [str(row.cells[column]) for row in rows if row.cells.get(column)]


def _path(flat: dict[str, Entry], name: str) -> str:
    return flat[name].text(f"`{name}`")


def _existing(flat: dict[str, Entry], name: str) -> str:
    path = _path(flat, name)
    if not Path(path).exists():
        raise UsageError(
            f"{flat[name].place}: `{name}` names {path!r}, and there is no such file or folder. "
            "It is relative to the working folder."
        )
    return path
