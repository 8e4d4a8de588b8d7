"""Loads `mlflow:models:/NAME@ALIAS#NODE@HEAD`: an ONNX file that an MLflow store keeps.

Of what a store holds, only `model.onnx`, what belongs to it and its preprocessing are read:
nothing is unpickled, and no code that came with a model is run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lookalike.errors import ModelError, UsageError
from lookalike.models import onnx_file
from lookalike.models.cache import cache_directory
from lookalike.models.mlflow_store import artifacts, connected, store_address
from lookalike.models.model import Model
from lookalike.models.spec import Spec

MODEL = "model.onnx"
PREPROCESSING = "model.preprocessing.json"
FILES = (MODEL, "model.onnx.data", PREPROCESSING)
"""The files of a model that are read; what else lies beside them is left alone."""
DIGEST = "lookalike.sha256"
"""The tag of a run and of a registered version with the digest of these files."""
_FORMS = (
    re.compile(r"models:/(?P<model>[^/@]+)@(?P<alias>[^/@]+)"),
    re.compile(r"models:/(?P<model>[^/@]+)/(?P<version>\d+)"),
    re.compile(r"runs:/(?P<run>[0-9a-f]+)/(?P<path>[^/].*)"),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A model of a store: its lasting name, where its files are, and their digest if known."""

    name: str
    source: str
    digest: str | None


def load(spec: Spec) -> Model:
    """The model that a name stands for; an alias is followed once, to the version it names now.

    Raises `UsageError` for a name of another form, `ServerError` when the store does not know
    it, `ModelError` when its files are not what was kept there, `MissingExtraError`.
    """
    address = store_address()
    with connected(address) as client:
        found = look_up(client, spec.name)
        path = _fetched(found, address)
    plain = onnx_file.load(replace(spec, loader="onnx", name=str(path)))
    return replace(plain, name=str(replace(spec, name=found.name, reducers=())))


def look_up(client: Any, name: str) -> Found:
    """What a store knows of `models:/NAME@ALIAS`, `models:/NAME/VERSION` or `runs:/ID/model`."""
    parts = next((match.groupdict() for form in _FORMS if (match := form.fullmatch(name))), None)
    if parts is None:
        raise UsageError(
            f"{name!r} is no model of an MLflow store. Written are models:/NAME@ALIAS, "
            "models:/NAME/VERSION and runs:/ID/model."
        )
    if "run" in parts:
        tags: Mapping[str, str] = client.get_run(parts["run"]).data.tags
        digest = tags.get(DIGEST) if parts["path"] == "model" else None
        return Found(name, name, digest)
    if "alias" in parts:
        version = client.get_model_version_by_alias(parts["model"], parts["alias"])
    else:
        version = client.get_model_version(parts["model"], parts["version"])
    source = str(version.source)
    return Found(f"models:/{version.name}/{version.version}", source, version.tags.get(DIGEST))


def digest_of(folder: Path) -> str:
    """The sha256 of the files of a model in a folder, by name and content; in hexadecimal."""
    total = hashlib.sha256()
    for name in FILES:
        if (folder / name).is_file():
            with (folder / name).open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
            total.update(f"{name} {content}\n".encode())
    return total.hexdigest()


def _fetched(found: Found, address: str) -> Path:
    """The model's file in the cache; brought there if it is missing or damaged."""
    cache = cache_directory() / "mlflow"
    if found.digest is not None and re.fullmatch("[0-9a-f]{64}", found.digest):
        kept = cache / found.digest
        if kept.is_dir() and digest_of(kept) == found.digest:
            return kept / MODEL
    try:
        return _brought(found, address, cache)
    except OSError as error:
        raise ModelError(f"{found.name} cannot be kept in {cache}: {error.strerror}.") from error


def _brought(found: Found, address: str, cache: Path) -> Path:
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as draft:
        repository = artifacts(found.source, address)
        there = {Path(one.path).name: one.path for one in repository.list_artifacts()}
        if MODEL not in there:
            raise ModelError(
                f"{found.name} has no {MODEL} among its files ({', '.join(sorted(there)) or 'none'}"
                "). Only models kept as ONNX are read."
            )
        folder = Path(draft) / "model"
        folder.mkdir()
        for name in FILES:
            if name in there:
                repository.download_artifacts(name, dst_path=str(folder))
        digest = digest_of(folder)
        if found.digest not in {None, digest}:
            raise ModelError(
                f"The files of {found.name} are not those that were logged: their digest is "
                f"{digest[:16]}..., not {str(found.digest)[:16]}... They are not used."
            )
        kept = cache / digest
        if kept.exists() and digest_of(kept) != digest:
            shutil.rmtree(kept)
        try:
            folder.rename(kept)
        except OSError:
            if not kept.is_dir() or digest_of(kept) != digest:  # else another process was quicker
                raise
    return kept / MODEL
