"""The MLflow store of runs and models: where it lies, and how it is asked; its telemetry off."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lookalike.errors import MissingExtraError, ServerError
from lookalike.types import LIBRARY_NAME

FILE = "mlflow.db"
ARTIFACTS = "mlartifacts"
FEATURE = "Keeping record of runs and models"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "GIT_PYTHON_REFRESH": "quiet",
}
"""Settings of MLflow; all but the first can be set otherwise in the environment."""


def store_address() -> str:
    """The address of the store: `MLFLOW_TRACKING_URI`, or what MLflow was told in this process.

    Without either it is `mlflow.db`, in the nearest folder upward from the working folder that
    has one, or has a library; else in the working folder.
    """
    if chosen := os.environ.get("MLFLOW_TRACKING_URI"):
        return chosen
    loaded: Any = sys.modules.get("mlflow")
    if loaded is not None and loaded.is_tracking_uri_set():
        return str(loaded.get_tracking_uri())
    here = Path.cwd()
    holds = (FILE, LIBRARY_NAME)
    for folder in (here, *here.parents):
        if any((folder / name).exists() for name in holds):
            return f"sqlite:///{folder / FILE}"
    return f"sqlite:///{here / FILE}"


def local_file(address: str) -> Path | None:
    """The file of a store that is one of SQLite; None for any other."""
    kind, _, path = address.partition(":///")
    return Path(path) if kind == "sqlite" and path else None


@contextmanager
def connected(address: str, *, create: bool = False) -> Iterator[Any]:
    """A client (`mlflow.MlflowClient`) of the store at an address; it sends no telemetry.

    A local store is made only with `create`. Raises `MissingExtraError`, and `ServerError` for
    whatever the store refuses.
    """
    make = _client_class()
    file = local_file(address)
    if not create and file is not None and not file.exists():
        raise ServerError(
            f"There is no MLflow store {file}. MLFLOW_TRACKING_URI names another one; "
            "`lookalike models register` and --track mlflow make one here."
        )
    from mlflow.exceptions import MlflowException

    try:
        yield make(address, address)
    except MlflowException as error:
        said = str(error).strip().splitlines()[0].rstrip(".")
        raise ServerError(
            f"The MLflow store {address} does not do it: {said}. "
            "MLFLOW_TRACKING_URI names another store."
        ) from error


def artifacts(source: str, address: str) -> Any:
    """The repository of the files below an artifact URI, as `runs:/ID/model`."""
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

    return get_artifact_repository(source, tracking_uri=address, registry_uri=address)


def _client_class() -> Any:
    """`mlflow.MlflowClient`; making one of a local store makes its file."""
    started = "mlflow" in sys.modules
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    try:
        from mlflow import MlflowClient
        from mlflow.telemetry import set_telemetry_client

        if started:
            set_telemetry_client()
        import sqlalchemy  # noqa: F401  mlflow-skinny does without; its local store does not
    except ImportError as error:
        raise MissingExtraError(FEATURE, "mlflow") from error
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient
