"""What `lookalike doctor` looks at beside a library: model files, runtimes, environment."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

import numpy as np

from lookalike.cores import cores
from lookalike.embed.resources import Resources
from lookalike.embed.way import find_way
from lookalike.errors import LookalikeError
from lookalike.models.cache import cache_directory
from lookalike.models.model import DEFAULT_MODEL

PACKAGE = "lookalike"
CORE_PACKAGES = (PACKAGE, "numpy", "pillow", "onnxruntime", "faiss-cpu")


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it is well, and what was found."""

    name: str
    well: bool
    found: str


def check_environment() -> list[Check]:
    """Versions, extras, the cache directory, and the model run once on a grey image."""
    return [
        Check("python", True, f"{platform.python_version()} on {platform.platform()}"),
        Check("sqlite", True, sqlite3.sqlite_version),
        Check("cores", True, str(cores())),
        *(Check(name, found is not None, found or "missing") for name, found in _packages()),
        *(_extra(extra, packages) for extra, packages in sorted(extras().items())),
        _cache(),
        _model(DEFAULT_MODEL),
    ]


def _packages() -> list[tuple[str, str | None]]:
    return [(name, _version(name)) for name in CORE_PACKAGES]


def extras() -> dict[str, list[str]]:
    """Each extra of the installed package, with the packages that it asks for."""
    found: dict[str, list[str]] = {}
    for line in requires(PACKAGE) or ():
        asked = _ASKED.match(line)
        if asked and asked["package"] != PACKAGE:
            found.setdefault(asked["extra"], []).append(asked["package"])
    return found


_ASKED = re.compile(r"(?P<package>[\w.-]+).*;.*\bextra\s*==\s*['\"](?P<extra>[\w-]+)['\"]")


def _extra(extra: str, packages: list[str]) -> Check:
    versions = {package: _version(package) for package in packages}
    there = ", ".join(f"{package} {found}" for package, found in versions.items() if found)
    missing = ", ".join(package for package, found in versions.items() if not found)
    hint = f"{missing} not installed: pip install '{PACKAGE}[{extra}]'" if missing else ""
    return Check(f"extra {extra}", True, "; ".join(filter(None, [there, hint])))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _cache() -> Check:
    folder = cache_directory()
    nearest = next(place for place in (folder, *folder.parents) if place.exists())
    writable = os.access(nearest, os.W_OK)
    problem = "" if writable else ": cannot be written; models are built anew at each start"
    return Check("model cache", writable, f"{folder}{problem}")


def _model(name: str) -> Check:
    try:
        embedder = Resources().embedder(find_way(name, normalised=True), many=False)
    except LookalikeError as error:
        return Check(f"model {name}", False, str(error))
    side = embedder.preprocessing.crop
    vector = embedder.embed(np.full((side, side, 3), 128, np.uint8))
    embedder.close()
    well = bool(np.isfinite(vector).all()) and abs(float(np.linalg.norm(vector)) - 1) < 1e-3
    found = f"{len(vector)} values, {embedder.runtime}, {embedder.precision}"
    return Check(f"model {name}", well, found if well else f"gives nonsense: {found}")
