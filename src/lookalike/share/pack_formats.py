"""How a shard is written: WebDataset tar, TFRecord of `tf.train.Example`, Parquet as on the hub."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, Any, TypeAlias

from lookalike.errors import MissingExtraError
from lookalike.share.pack_names import suffix_of
from lookalike.share.pack_plan import PackPlan, meta_name
from lookalike.sources.tf_example import write_example
from lookalike.sources.tfrecord_frames import frame
from lookalike.types import Scalar

GROUP_ROWS = 100
"""Rows of a row group: a reader that wants one image reads so many."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One image, byte for byte as it was; `width` and `height` as stored, not turned upright."""

    id: str
    name: str
    data: bytes
    format: str
    width: int
    height: int
    label: str | None
    number: int | None
    meta: Mapping[str, Scalar]

    @property
    def path(self) -> str:
        """Its name with the suffix of what it is."""
        return f"{self.name}.{suffix_of(self.id, self.format)}"

    @property
    def sha256(self) -> str:
        """The sha256 of its bytes in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


Samples: TypeAlias = Iterator[Sample]
WriteShard: TypeAlias = Callable[[IO[bytes], Samples, PackPlan], None]


def write_tar(file: IO[bytes], samples: Samples, _plan: PackPlan) -> None:
    """Members `NAME.jpg`, `NAME.json`, and `NAME.cls` (the number of the label), in this order."""
    for sample in samples:
        facts = {
            "id": sample.id,
            "label": sample.label,
            "width": sample.width,
            "height": sample.height,
            "sha256": sample.sha256,
            **sample.meta,
        }
        file.write(_member(sample.path, sample.data))
        if sample.number is not None:
            file.write(_member(f"{sample.name}.cls", str(sample.number).encode()))
        text = json.dumps(facts, ensure_ascii=False, allow_nan=False)
        file.write(_member(f"{sample.name}.json", text.encode("utf-8", "backslashreplace")))
    file.write(bytes(2 * tarfile.BLOCKSIZE))


def _member(name: str, data: bytes) -> bytes:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(data), 0o644
    head = entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
    return b"".join((head, data, bytes(-len(data) % tarfile.BLOCKSIZE)))


def write_tfrecord(file: IO[bytes], samples: Samples, _plan: PackPlan) -> None:
    """A `tf.train.Example` an image, with the names of TensorFlow's own data sets."""
    for sample in samples:
        features: dict[str, bytes | float | int] = {
            "image/encoded": sample.data,
            "image/format": _tf_format(sample.format),
            "image/filename": sample.id.encode("utf-8", "backslashreplace"),
            "image/width": sample.width,
            "image/height": sample.height,
            "image/key/sha256": sample.sha256.encode(),
        }
        if sample.label is not None and sample.number is not None:
            features["image/class/text"] = sample.label.encode("utf-8", "backslashreplace")
            features["image/class/label"] = sample.number
        for name, value in sample.meta.items():
            if value is not None:
                features[name] = value.encode() if isinstance(value, str) else value
        file.write(frame(write_example(features)))


def _tf_format(image_format: str) -> bytes:
    return {"MPO": b"jpeg"}.get(image_format, image_format.lower().encode())


def write_parquet(file: IO[bytes], samples: Samples, plan: PackPlan) -> None:
    """`image` (bytes, path), `label`, `id` and metadata, described as `datasets` describes them."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = _parquet_schema(pa, plan)
    labelled = bool(plan.classes)
    with parquet.ParquetWriter(file, schema, write_page_checksum=True) as writer:
        while some := list(islice(samples, GROUP_ROWS)):
            columns: dict[str, list[Any]] = {
                "image": [{"bytes": one.data, "path": one.path} for one in some],
                "id": [one.id for one in some],
                **({"label": [one.number for one in some]} if labelled else {}),
                **{name: [one.meta[name] for one in some] for name in _meta_kinds(plan)},
            }
            writer.write_table(pa.table(columns, schema))


def _meta_kinds(plan: PackPlan) -> dict[str, str]:
    return {meta_name(column): kind for column, kind in plan.columns.items()}


def _parquet_schema(pa: Any, plan: PackPlan) -> Any:
    types = {"bool": "bool", "int": "int64", "float": "float64", "text": "string"}
    plain = {"id": "string"}
    plain |= {name: types[kind] for name, kind in _meta_kinds(plan).items()}
    features: dict[str, Any] = {"image": {"_type": "Image"}}
    fields = [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())]))]
    for name, type_ in plain.items():
        features[name] = {"dtype": type_, "_type": "Value"}
        fields.append((name, getattr(pa, {"bool": "bool_"}.get(type_, type_))()))
        if name == "id" and plan.classes:
            features["label"] = {"names": list(plan.classes), "_type": "ClassLabel"}
            fields.append(("label", pa.int64()))
    about = json.dumps({"info": {"features": features}})
    return pa.schema(fields, metadata={"huggingface": about})


@dataclass(frozen=True, slots=True)
class PackFormat:
    """The suffix of shards and who writes them."""

    suffix: str
    write: WriteShard


FORMATS = {
    "tar": PackFormat("tar", write_tar),
    "tfrecord": PackFormat("tfrecord", write_tfrecord),
    "parquet": PackFormat("parquet", write_parquet),
}


def check_format(name: str) -> None:
    """Raises `MissingExtraError` where what writes the format is not installed."""
    try:
        if name == "parquet":
            import pyarrow as _  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Writing Parquet", "tables") from error
    if name == "tfrecord":
        frame(b"")
