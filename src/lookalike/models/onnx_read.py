"""Reads an ONNX file, with its external data only where they lie in the file's own folder."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError

SIZE_LIMIT = 2**31 - 2**20
"""A serialized model cannot be larger; a file with external data can."""
LEAST_OPSET = 7


def read_onnx(path: Path, *, data: bool = True) -> Any:
    """The model in a file, as an `onnx.ModelProto`; without `data`, external data stay outside.

    Raises `ModelError` for what is no ONNX model, needs an opset before 7, or points to
    data outside of its own folder.
    """
    import onnx
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    try:
        model = onnx.load(path, format="protobuf", load_external_data=False)
    except DecodeError as error:
        raise ModelError(f"{path} is no ONNX model, or is damaged.") from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    if not model.graph.node:
        raise ModelError(f"{path} is no ONNX model: it has no nodes.")
    opset = max(
        (each.version for each in model.opset_import if each.domain in {"", "ai.onnx"}), default=0
    )
    if opset < LEAST_OPSET:
        raise ModelError(
            f"{path} uses ONNX opset {opset}; at least {LEAST_OPSET} is needed. "
            "Convert it with onnx.version_converter, or export it again."
        )
    if data:
        _read_external(model, path)
    return model


def _read_external(model: Any, path: Path) -> None:
    """Take the tensors that lie in files beside the model into it, in place."""
    from onnx import TensorProto

    files = external_files(model, path)
    for file in files:
        if not file.is_file():
            raise ModelError(f"{path} keeps weights in {file.name}, which is not beside it.")
    size = sum(file.stat().st_size for file in files)
    if size > SIZE_LIMIT:
        raise ModelError(f"{path} has {size / 1e9:.1f} GB of weights; at most 2 GB can be run.")
    for tensor in _tensors(model):
        if tensor.data_location == TensorProto.EXTERNAL:
            entries = {entry.key: entry.value for entry in tensor.external_data}
            file = path.parent / entries["location"]
            try:
                length = int(entries.get("length", -1))
                with file.open("rb") as opened:
                    opened.seek(int(entries.get("offset", 0)))
                    tensor.raw_data = opened.read(length)
            except (ValueError, OSError) as error:
                raise ModelError(f"{file} cannot be read as {path} says: {error}") from error
            if len(tensor.raw_data) < length:
                raise ModelError(f"{file} ends before its weights do.")
            tensor.data_location = TensorProto.DEFAULT
            del tensor.external_data[:]


def external_files(model: Any, path: Path) -> list[Path]:
    """The files beside `path` that hold tensors of it. Raises `ModelError` for any elsewhere.

    Links count as what they lead to: to the same folder, or, as in the hub's cache, to the
    folder that `path` itself is a link to.
    """
    names = {
        entry.value
        for tensor in _tensors(model)
        for entry in tensor.external_data
        if entry.key == "location"
    }
    homes = (path.parent.resolve(), path.resolve().parent)
    for name in sorted(names):
        outside = Path(name).is_absolute() or ".." in Path(name).parts or not Path(name).name
        target = (path.parent / name).resolve()
        if outside or not any(target.is_relative_to(home) for home in homes):
            raise ModelError(f"{path} points to data outside of its folder: {name!r}. Refused.")
    return [path.parent / name for name in sorted(names)]


def weights_digest(files: Sequence[Path]) -> str:
    """The sha256 of one file; of several, that of their sorted digests."""
    digests = []
    for file in files:
        with file.open("rb") as opened:
            digests.append(hashlib.file_digest(opened, "sha256").hexdigest())
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _tensors(model: Any) -> Iterator[Any]:
    """Every constant of a model, those inside of its nodes and functions too."""
    yield from model.graph.initializer
    for sparse in model.graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for nodes in [model.graph.node, *(function.node for function in model.functions)]:
        yield from _tensors_of_nodes(nodes)


def _tensors_of_nodes(nodes: Any) -> Iterator[Any]:
    for node in nodes:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from graph.initializer
                for sparse in graph.sparse_initializer:
                    yield from (sparse.values, sparse.indices)
                yield from _tensors_of_nodes(graph.node)
