"""Runs and models in a real MLflow store, local and behind a server."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import lookalike
from lookalike.errors import ModelError, ServerError, UnknownNameError, UsageError
from lookalike.learn.registered import drop_alias, register, registered, set_alias
from lookalike.library.tracking import (
    data_facts,
    record_classifier,
    record_evaluation,
    record_teaching,
)
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions
from shell import photo, photos, run

mlflow = pytest.importorskip("mlflow")
pytestmark = [pytest.mark.extra, pytest.mark.filterwarnings("ignore")]
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 32, 32, 3), np.uint8)
SERVER = os.environ.get("LOOKALIKE_TEST_MLFLOW") or ""
"""The `mlflow` command of an installation of the whole package, which has the server."""
NO_SITE = """
import socket
def refuse(*arguments, **_):
    raise AssertionError(f"asked the network: {arguments}")
socket.socket.connect = refuse
socket.getaddrinfo = refuse
"""


def network(path: Path, seed: int) -> Path:
    """A small convolutional network in NCHW, float in, two outputs in turn."""
    generator = np.random.default_rng(seed)

    def weights(name: str, *shape: int) -> Any:
        return numpy_helper.from_array(generator.normal(size=shape).astype(np.float32), name)

    nodes = [
        helper.make_node("Conv", ["image", "k"], ["c"], strides=[4, 4]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Flatten", ["p"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "w"], ["kind"]),
    ]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["n", 3, 32, 32])],
        [helper.make_tensor_value_info("kind", TensorProto.FLOAT, ["n", 3])],
        [weights("k", 16, 3, 4, 4), weights("w", 16, 3)],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)
    stated = {
        "shorter_side": 32, "crop": 32, "interpolation": "bilinear", "mean": [127.5] * 3,
        "scale": [64.0] * 3, "fit": "crop", "channels": "rgb",
    }  # fmt: skip
    path.with_suffix(".preprocessing.json").write_text(json.dumps(stated))
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos with a label in a library, a network, and a store with a registered model."""
    made = tmp_path_factory.mktemp("tracked")
    photos(made, range(60))
    rows = [(f"{number:03d}.jpg", "abc"[number % 3]) for number in range(60)]
    with (made / "table.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *rows])
    network(made / "net.onnx", 1)
    with lookalike.open(made, model="colour-histogram") as opened:
        opened.add(made / "table.csv", label_column="label")
    return made


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(folder)


def store_of(folder: Path) -> Any:
    address = f"sqlite:///{folder / 'mlflow.db'}"
    return mlflow.MlflowClient(address, address)


def runs_of(store: Any) -> list[Any]:
    """The newest first."""
    known = store.get_experiment_by_name("lookalike")
    assert known is not None
    return list(store.search_runs([known.experiment_id]))


def files_of(one: Any) -> dict[str, Path]:
    place = Path(one.info.artifact_uri.removeprefix("file://"))
    return {path.name: path for path in place.iterdir()}


def vectors(spec: str) -> np.ndarray:
    return find_model(spec).open(NetworkOptions("onnx", "fp32", 4)).run(PIXELS)


def test_each_kind_of_run_keeps_parameters_figures_files_and_the_data(folder: Path) -> None:
    with lookalike.open(folder) as opened:
        with opened.tracked("mlflow", "teach", "kinds", {"force": True}) as tracker:
            taught = opened.teach("kinds", force=True)
            record_teaching(tracker, taught)
        with opened.tracked("mlflow", "classify fit", "kind", {"method": "knn"}) as tracker:
            record_classifier(tracker, opened.fit_classifier("kind", method="knn"))
        with opened.tracked("mlflow", "evaluate", "both", {}) as tracker:
            judged = opened.evaluate(spaces=["main", "kinds"])
            record_evaluation(tracker, judged, opened.thumbnail)
    runs = {one.data.tags["lookalike.kind"]: one for one in runs_of(store_of(folder))[:3]}
    digest = hashlib.sha256()
    for number in range(60):
        name = f"{number:03d}.jpg"
        content = hashlib.sha256((folder / name).read_bytes()).hexdigest().upper()
        digest.update(repr((name, content)).encode())
    for one in runs.values():
        assert one.info.status == "FINISHED"
        assert one.data.params["data.images"] == "60"
        assert one.data.params["data.images_sha256"] == digest.hexdigest()
        (seen,) = one.inputs.dataset_inputs
        assert digest.hexdigest().startswith(seen.dataset.digest)
    assert runs["teach"].data.params["force"] == "True"
    assert runs["classify fit"].data.params["method"] == "knn"
    told = json.loads(files_of(runs["teach"])["taught.json"].read_text())
    assert runs["teach"].data.metrics["mAP_at_R/after"] == told["after"] == taught.lesson.after
    learned = np.load(files_of(runs["teach"])["map.npz"], allow_pickle=False)
    np.testing.assert_array_equal(learned["weights"], taught.lesson.map.weights)
    assert "accuracy/low" in runs["classify fit"].data.metrics
    assert "<html" in files_of(runs["classify fit"])["report.html"].read_text()
    assert "<html" in files_of(runs["evaluate"])["report.html"].read_text()
    found = runs["evaluate"].data.metrics
    assert found["main/precision_at_10"] == judged["precision@10"].value
    assert found["main/precision_at_10/high"] == judged["precision@10"].high


def test_the_data_are_named_by_what_they_are_not_by_where_they_lie(
    folder: Path, tmp_path: Path
) -> None:
    shutil.copytree(folder, tmp_path / "copy", ignore=shutil.ignore_patterns("mlflow*", ".look*"))
    copy = tmp_path / "copy"
    with lookalike.open(copy, model="pixels") as opened, lookalike.open(folder) as first:
        opened.add(copy / "table.csv", label_column="label")
        ours, theirs = data_facts(first._store), data_facts(opened._store)
        for name in ("data.images_sha256", "data.columns_sha256"):
            assert ours[name] == theirs[name]
        assert ours["data.library"] != theirs["data.library"]
        opened.remove(["003.jpg"])
        assert data_facts(opened._store)["data.images_sha256"] != ours["data.images_sha256"]


def test_a_refused_teaching_is_kept_as_a_failed_run(folder: Path) -> None:
    done = run(folder, "teach", "bad", "--from", "judgements", "--track", "mlflow")
    assert done.code != 0
    last = runs_of(store_of(folder))[0]
    assert last.info.status == "FAILED"
    assert last.data.params["source"] == "judgements"


def test_a_registered_model_gives_the_same_vectors_from_anywhere(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = vectors("onnx:net.onnx#embedding")
    made = run(folder, "models", "register", "onnx:net.onnx#embedding", "net", "--alias", "best")
    assert made.code == 0, made.err
    assert made.out.strip() == "mlflow:models:/net/1"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    (listed,) = (one for one in registered() if one.model == "net")
    assert listed.aliases == ["best"]
    for spec in (
        "mlflow:models:/net@best",
        "mlflow:models:/net/1",
        f"mlflow:runs:/{listed.run}/model",
    ):
        np.testing.assert_array_equal(vectors(spec), ours)
    assert find_model("mlflow:models:/net@best").name == "mlflow:models:/net/1"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    photo = str(folder / "000.jpg")
    code = run(tmp_path, "embed", photo, "--model", "mlflow:models:/net@best", "--json")
    assert code.code == 0, code.err


def test_a_space_keeps_its_version_when_the_alias_moves(folder: Path) -> None:
    network(folder / "two.onnx", 2)
    register("onnx:net.onnx#embedding", "moved", ["best"])
    with lookalike.open(folder) as opened:
        opened.add_space("seen", "mlflow:models:/moved@best")
        register("onnx:two.onnx#embedding", "moved", ["best"])
        rows = [(one.version, one.aliases) for one in registered() if one.model == "moved"]
        assert rows == [(2, ["best"]), (1, [])]
        (seen,) = (one for one in opened.spaces() if one.name == "seen")
        assert seen.spec == "mlflow:models:/moved/1"
        photo(folder / "more" / "new.jpg", 99)
        assert opened.add(folder / "more").notes == []
        assert len(opened.matrix("seen")) == 61
        opened.remove(["new.jpg"])
        opened.drop_space("seen")
    set_alias("moved", "best", 1)
    drop_alias("moved", "best")
    assert all(not one.aliases for one in registered() if one.model == "moved")
    with pytest.raises(UnknownNameError, match="alias of moved"):
        drop_alias("moved", "best")


def test_a_model_that_was_changed_in_the_store_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = register("onnx:net.onnx", "spoiled")
    (kept,) = folder.glob(f"mlartifacts/**/{made.run}/**/model.onnx")
    shutil.copy(network(tmp_path / "other.onnx", 4), kept)
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(ModelError, match="not those that were logged"):
        find_model(made.spec)


def test_a_run_with_pickled_code_beside_the_model_runs_none_of_it(
    folder: Path, tmp_path: Path
) -> None:
    store = store_of(folder)
    made = store.create_experiment("theirs", artifact_location=(tmp_path / "kept").as_uri())
    one = store.create_run(made).info.run_id
    trap = tmp_path / "trap"
    (trap / "code").mkdir(parents=True)
    about = "flavors:\n  python_function:\n    loader_module: evil\n    code: code\n"
    (trap / "MLmodel").write_text(about)
    (trap / "code" / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    (trap / "python_model.pkl").write_bytes(b"cos\nsystem\n(S'touch ran'\ntR.")
    store.log_artifacts(one, str(trap), "model")
    with pytest.raises(ModelError, match=r"no model\.onnx among its files"):
        find_model(f"mlflow:runs:/{one}/model")
    shutil.copy(folder / "net.onnx", trap / "model.onnx")
    store.log_artifacts(one, str(trap), "model")
    assert find_model(f"mlflow:runs:/{one}/model#embedding").shape == (16,)
    assert not (tmp_path / "ran").exists()
    assert not (folder / "ran").exists()


def test_mlflow_itself_reads_what_was_logged(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = register("onnx:net.onnx#embedding", "read")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'mlflow.db'}")
    model = mlflow.onnx.load_model(f"runs:/{made.run}/model")
    (found,) = ReferenceEvaluator(model).run(None, {"pixels": PIXELS})
    np.testing.assert_allclose(found, vectors("onnx:net.onnx#embedding"), atol=1e-4)


def test_nothing_asks_the_network(folder: Path, tmp_path: Path) -> None:
    """MLflow itself falls silent under CI and pytest, so those variables are taken away."""
    (tmp_path / "sitecustomize.py").write_text(NO_SITE)
    telling = re.compile("CI$|.*_ACTIONS$|PYTEST|DO_NOT|BUILDKITE|TF_BUILD|MLFLOW|.*_CI$")
    free = {name: value for name, value in os.environ.items() if not telling.match(name)}
    code = (
        "from lookalike.learn.registered import register, registered\n"
        "from mlflow.telemetry.client import get_telemetry_client\n"
        "register('onnx:net.onnx', 'silent'); registered()\n"
        "assert get_telemetry_client() is None\n"
        "import mlflow.telemetry.utils as utils\n"
        "assert utils.is_telemetry_disabled() and not utils._IS_IN_CI_ENV_OR_TESTING\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=free | {"PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "asked the network" not in done.stderr


@pytest.mark.parametrize(
    ("text", "name", "error", "said"),
    [
        ("colour-histogram", "x", UsageError, "ONNX"),
        ("onnx:net.onnx|pca:4", "x", UsageError, "without the steps"),
        ("onnx:net.onnx", "a/b", UsageError, "cannot be the name"),
    ],
)
def test_wrong_requests_are_refused_in_words(
    text: str, name: str, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        register(text, name)


def test_a_name_that_the_store_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    network(tmp_path / "net.onnx", 1)
    register("onnx:net.onnx", "somebody", ["best"])
    with pytest.raises(ServerError, match="nobody"):
        register("mlflow:models:/nobody@best", "x")


def test_asking_a_store_that_is_not_there_makes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServerError, match="no MLflow store"):
        find_model("mlflow:models:/net@best")
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_ends_the_command_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        began = time.monotonic()
        with pytest.raises(ServerError, match=address):
            find_model("mlflow:models:/net@best")
    assert time.monotonic() - began < 30


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    if not SERVER:
        pytest.skip("LOOKALIKE_TEST_MLFLOW names no `mlflow` command with a server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = subprocess.Popen(
        [SERVER, "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{tmp_path / 'served.db'}",
         "--artifacts-destination", str(tmp_path / "served")],
        cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"},
    )  # fmt: skip
    try:
        for _ in range(240):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.25)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)


def test_a_real_server_keeps_runs_and_models(
    folder: Path, tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = vectors("onnx:net.onnx#embedding")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server)
    monkeypatch.setenv("LOOKALIKE_CACHE", str(tmp_path / "cache"))
    register("onnx:net.onnx#embedding", "net", ["best"])
    monkeypatch.chdir(tmp_path)
    np.testing.assert_array_equal(vectors("mlflow:models:/net@best"), ours)
    done = run(folder, "evaluate", "--track", "mlflow", MLFLOW_TRACKING_URI=server)
    assert done.code == 0, done.err
    store = mlflow.MlflowClient(server, server)
    kinds = {one.data.tags["lookalike.kind"]: one for one in runs_of(store)}
    assert set(kinds) == {"register", "evaluate"}
    names = {one.path for one in store.list_artifacts(kinds["evaluate"].info.run_id)}
    assert names == {"evaluation.json", "report.html"}
