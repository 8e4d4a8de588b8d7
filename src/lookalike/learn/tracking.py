"""Keeps the record of a run in an MLflow store: parameters, figures, files, the model as ONNX."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from lookalike.errors import UnknownNameError
from lookalike.learn.tracker import NoTracker, Status, Tracker
from lookalike.models.mlflow_file import DIGEST, MODEL, PREPROCESSING, digest_of
from lookalike.models.mlflow_store import ARTIFACTS, connected, local_file, store_address
from lookalike.models.onnx_read import read_onnx
from lookalike.models.sidecar import METADATA_KEY, stated_preprocessing
from lookalike.types import Scalar

TRACKERS = ("mlflow",)
EXPERIMENT = "lookalike"
KIND = "lookalike.kind"
DATA_DIGEST = "data.images_sha256"
"""The parameter with the digest of the images; MLflow shows it as the run's data set too."""
_ENDS: Mapping[Status, str] = {
    "finished": "FINISHED",
    "failed": "FAILED",
    "interrupted": "KILLED",
}
_AT_ONCE = 100
_LONGEST = 6000
_SHORT_DIGEST = 32


@contextmanager
def tracked(track: str | None, kind: str, name: str) -> Iterator[Tracker]:
    """The tracker that `track` names, for one run; None keeps no record.

    The run is finished when the block is left: as failed where an error ended it, as
    interrupted where the user did. Raises `UnknownNameError`, `MissingExtraError`,
    `ServerError`.
    """
    tracker = start_run(track, kind, name)
    try:
        yield tracker
    except KeyboardInterrupt:
        tracker.finish("interrupted")
        raise
    except BaseException:
        tracker.finish("failed")
        raise
    tracker.finish("finished")


def start_run(track: str | None, kind: str, name: str) -> Tracker:
    """Begin a run of a kind, as train or evaluate; whoever begins it finishes it."""
    if track is None:
        return NoTracker()
    if track not in TRACKERS:
        raise UnknownNameError("tracker", track, TRACKERS)
    return MlflowTracker(kind, name)


class MlflowTracker:
    """One run in the MLflow store that `store_address` gives; satisfies `Tracker`."""

    def __init__(self, kind: str, name: str) -> None:
        self.address = store_address()
        with connected(self.address, create=True) as client:
            run = client.create_run(_experiment(client, self.address), run_name=name)
            self.run_id = str(run.info.run_id)
            client.set_tag(self.run_id, KIND, kind)
        self._has_model = False

    def parameters(self, values: Mapping[str, Scalar]) -> None:
        """All that the run was asked for, by dotted names."""
        from mlflow.entities import Param

        told = [
            Param(_name(key), str(value)[:_LONGEST])
            for key, value in values.items()
            if value is not None
        ]
        with connected(self.address) as client:
            for part in _parts(told):
                client.log_batch(self.run_id, params=part)
            if DATA_DIGEST in values:
                client.log_inputs(self.run_id, [_data_set(values)])

    def metrics(self, step: int, values: Mapping[str, float]) -> None:
        """The figures of one step."""
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        told = [Metric(_name(key), float(value), now, step) for key, value in values.items()]
        with connected(self.address) as client:
            for part in _parts(told):
                client.log_batch(self.run_id, metrics=part)

    def artifact(self, path: Path) -> None:
        """A file; the first ONNX file becomes the run's model, its preprocessing beside it."""
        with connected(self.address) as client:
            if path.suffix == ".onnx" and not self._has_model:
                self._model(client, path)
            else:
                client.log_artifact(self.run_id, str(path))

    def finish(self, status: Status) -> None:
        """The run is over."""
        with connected(self.address) as client:
            client.set_terminated(self.run_id, _ENDS[status])

    def _model(self, client: Any, path: Path) -> None:
        with tempfile.TemporaryDirectory() as draft:
            folder = Path(draft) / "model"
            folder.mkdir()
            shutil.copyfile(path, folder / MODEL)
            stated = stated_preprocessing(path, _metadata(path))
            if stated is not None:
                text = json.dumps(stated.as_recipe(), indent=2)
                (folder / PREPROCESSING).write_text(text, encoding="utf-8")
            digest = digest_of(folder)
            about = yaml.safe_dump(_about(self.run_id))
            (folder / "MLmodel").write_text(about, encoding="utf-8")
            client.log_artifacts(self.run_id, str(folder), "model")
        client.set_tag(self.run_id, DIGEST, digest)
        self._has_model = True


def write_artifact(tracker: Tracker, name: str, content: str | bytes) -> None:
    """Hand a tracker a file of this name and content."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        tracker.artifact(path)


def _experiment(client: Any, address: str) -> str:
    name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or EXPERIMENT
    known = client.get_experiment_by_name(name)
    if known is not None:
        return str(known.experiment_id)
    file = local_file(address)
    place = None if file is None else (file.absolute().parent / ARTIFACTS / name).as_uri()
    return str(client.create_experiment(name, artifact_location=place))


def _data_set(values: Mapping[str, Scalar]) -> Any:
    from mlflow.entities import Dataset, DatasetInput

    digest = str(values[DATA_DIGEST])[:_SHORT_DIGEST]
    told = {key: value for key, value in values.items() if key.startswith("data.")}
    name = str(values.get("data.library", "images"))
    return DatasetInput(Dataset(name, digest, "lookalike", json.dumps(told)), [])


def _metadata(path: Path) -> str | None:
    properties = read_onnx(path, data=False).metadata_props
    return next((str(one.value) for one in properties if one.key == METADATA_KEY), None)


def _about(run_id: str) -> dict[str, Any]:
    """What MLflow itself says of an ONNX model, so that its own tools read it too."""
    import mlflow
    import onnx

    onnx_flavour = {
        "code": None,
        "data": MODEL,
        "onnx_session_options": None,
        "onnx_version": onnx.__version__,
        "providers": ["CPUExecutionProvider"],
        "save_as_external_data": False,
    }
    return {
        "artifact_path": "model",
        "flavors": {"onnx": onnx_flavour},
        "mlflow_version": mlflow.__version__,
        "run_id": run_id,
    }


def _name(text: str) -> str:
    """A name that MLflow takes: `precision@10` becomes `precision_at_10`."""
    return re.sub(r"[^\w\-. :/]", "_", text.replace("@", "_at_"), flags=re.ASCII)


def _parts(values: Sequence[Any]) -> Iterator[list[Any]]:
    each = iter(values)
    while part := list(islice(each, _AT_ONCE)):
        yield part
