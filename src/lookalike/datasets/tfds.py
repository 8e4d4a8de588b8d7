"""Data sets as tensorflow_datasets keeps them: in its folder, or else from its public bucket.

A folder `NAME[/CONFIG]/VERSION` holds `dataset_info.json`, `features.json`, names of labels in
`FEATURE.labels.txt`, and TFRecord shards of `tf.train.Example`. What is fetched is put there, so
that it serves both programs.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lookalike.datasets.about import UNSTATED, About
from lookalike.errors import SourceError
from lookalike.fetch.files import fetch_file, fetch_text
from lookalike.fetch.policy import FetchPolicy
from lookalike.sources.tfrecord import TfrecordSource
from lookalike.types import Reference, Rejected, readable

INFO, FEATURES = "dataset_info.json", "features.json"
VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
SHARD = "{name}-{split}.tfrecord-{number:05d}-of-{total:05d}"


@dataclass(frozen=True, slots=True)
class Bucket:
    """Where prepared data sets lie on the web: Google's public bucket of tensorflow_datasets."""

    host: str = "https://storage.googleapis.com"
    name: str = "tfds-data"
    folder: str = "datasets"

    def names(self, prefix: str, policy: FetchPolicy) -> list[str]:
        """The files below `prefix`, relative to the folder of data sets."""
        found: list[str] = []
        start = f"{self.folder}/{prefix}"
        base = f"{self.host}/storage/v1/b/{self.name}/o?prefix={quote(start, safe='')}"
        token = ""
        while True:
            more = f"&pageToken={quote(token, safe='')}" if token else ""
            page = _json(fetch_text(base + more, policy), base)
            items = page.get("items", [])
            found += [str(item["name"]).removeprefix(f"{self.folder}/") for item in items]
            token = str(page.get("nextPageToken", ""))
            if not token:
                return found

    def url(self, file: str) -> str:
        """Where one of these files is."""
        return f"{self.host}/{self.name}/{quote(f'{self.folder}/{file}')}"


BUCKET = Bucket()


@dataclass(frozen=True, slots=True)
class TfdsDataset:
    """One version of a data set: a folder, in which shards that are missing are fetched."""

    about: About
    folder: Path
    name: str
    shards: Mapping[str, Sequence[int]]
    image: str | None
    labels: Mapping[str, Sequence[str]]
    policy: FetchPolicy
    place: str
    bucket: Bucket

    def offers(self, split: str | None, count: int | None) -> Iterator[Reference | Rejected]:
        """Images shard by shard; only the shards that hold the first `count` are needed."""
        left = count
        for chosen in self.about.chosen(split):
            lengths = self.shards[chosen]
            for number in range(len(lengths)):
                if left is not None and left <= 0:
                    return
                for offer in self._shard(chosen, number, len(lengths)):
                    if left is not None:
                        if left <= 0:
                            return
                        left -= 1
                    yield offer

    def _shard(self, split: str, number: int, total: int) -> Iterator[Reference | Rejected]:
        file = SHARD.format(name=self.name, split=split, number=number, total=total)
        path = self.folder / file
        if not path.is_file():
            fetch_file(self.bucket.url(f"{self.place}/{file}"), path, self.policy)
        label = next(iter(self.labels), None)
        for offer in TfrecordSource(str(path), self.image, label).references():
            yield _named(offer, split, self.labels.get(label or "", ()))


def open_tfds(
    text: str,
    name: str,
    config: str | None,
    version: str | None,
    policy: FetchPolicy,
    data_dir: Path | None,
    bucket: Bucket = BUCKET,
) -> TfdsDataset:
    """A data set of tensorflow_datasets: the newest version on disk, else the newest on the web.

    Raises `SourceError` when there is none, or its description cannot be read.
    """
    root = data_dir or Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser()
    base = f"{name}/{config}" if config else name
    folder = _on_disk(root / base, version) or _fetched(root, base, version, policy, bucket)
    info, features = (_json((folder / file).read_text("utf-8"), file) for file in (INFO, FEATURES))
    try:
        image, labels = _features(folder, features)
        about, shards = _told(text, name, info)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"{INFO} or {FEATURES} in {folder} is not as tensorflow_datasets writes it: {error!r}."
        ) from error
    place = f"{base}/{folder.name}"
    return TfdsDataset(about, folder, name, shards, image, labels, policy, place, bucket)


def _told(text: str, name: str, info: Mapping[str, Any]) -> tuple[About, dict[str, list[int]]]:
    """What `dataset_info.json` says: title, licence, and the lengths of shards by split."""
    shards = {
        str(split["name"]): [int(length) for length in split.get("shardLengths", [])]
        for split in info.get("splits", [])
    }
    stated = info.get("redistributionInfo", {}).get("license")
    urls = info.get("location", {}).get("urls") or ["https://www.tensorflow.org/datasets/catalog"]
    title = " ".join(str(info.get("description", name)).split())[:200]
    return About(text, title, str(stated or UNSTATED), str(urls[0]), tuple(shards)), shards


def _on_disk(base: Path, version: str | None) -> Path | None:
    if not base.is_dir():
        return None
    found = [
        path
        for path in base.iterdir()
        if VERSION.fullmatch(path.name) and (path / INFO).is_file() and (path / FEATURES).is_file()
    ]
    if version is not None:
        found = [path for path in found if path.name == version]
    return max(found, key=lambda path: _number(path.name), default=None)


def _fetched(
    root: Path, base: str, version: str | None, policy: FetchPolicy, bucket: Bucket
) -> Path:
    """The small files of a version, brought to where tensorflow_datasets would have them."""
    names = bucket.names(f"{base}/", policy)
    versions = {
        parts[0]
        for name in names
        if (parts := name.removeprefix(f"{base}/").split("/"))[1:] == [INFO]
        and VERSION.fullmatch(parts[0])
    }
    if version is not None:
        versions &= {version}
    if not versions:
        what = f"{base} {version or ''}".strip()
        raise SourceError(
            f"There is no prepared data set {what!r} in {root}, nor in the bucket of "
            "tensorflow_datasets. Is it spelled as in its catalogue, with its configuration? "
            f"Else prepare it: tfds build {base}."
        )
    newest = max(versions, key=_number)
    for name in names:
        file = name.removeprefix(f"{base}/{newest}/")
        if "/" not in file and file.endswith((".json", ".txt")):
            fetch_file(bucket.url(name), root / base / newest / file, policy)
    return root / base / newest


def _features(folder: Path, features: Mapping[str, Any]) -> tuple[str | None, dict[str, list[str]]]:
    """The feature that holds the image, and the names of labels by feature."""
    inner = features.get("featuresDict", {}).get("features", {})
    images = [name for name, feature in inner.items() if "image" in feature]
    labels = {}
    for name, feature in inner.items():
        path = folder / f"{name}.labels.txt"
        if "classLabel" in feature and "/" not in name and path.is_file():
            labels[name] = path.read_text("utf-8").splitlines()
    return next(iter(images), None), labels


def _named(offer: Reference | Rejected, split: str, names: Sequence[str]) -> Reference | Rejected:
    """The offer with its split, and its label as a word."""
    if isinstance(offer, Rejected):
        return offer
    label = offer.label
    if label is not None and label.isdigit() and int(label) < len(names):
        label = readable(names[int(label)])
    return replace(offer, label=label, meta={"split": split, **offer.meta})


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _json(text: str, what: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise SourceError(f"{what} is not JSON: {error}.") from error
    if not isinstance(found, dict):
        raise SourceError(f"{what} is not what it should be: a JSON object.")
    return found
