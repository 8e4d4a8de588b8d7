"""Names of models in an MLflow store, and where that store is found; MLflow is not needed."""

from pathlib import Path

import pytest

from lookalike.errors import MissingExtraError, UsageError
from lookalike.models.mlflow_file import digest_of, look_up
from lookalike.models.mlflow_store import local_file, store_address
from lookalike.models.model import find_model
from lookalike.models.spec import Spec, parse_spec


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("mlflow:models:/net@best", Spec("models:/net@best", "mlflow")),
        ("mlflow:models:/net/3#pool@avg", Spec("models:/net/3", "mlflow", node="pool", head="avg")),
        ("mlflow:models:/net@best@max", Spec("models:/net@best", "mlflow", head="max")),
        ("mlflow:runs:/0a1b/model", Spec("runs:/0a1b/model", "mlflow")),
    ],
)
def test_a_name_keeps_its_alias_beside_node_and_head(text: str, spec: Spec) -> None:
    assert parse_spec(text) == spec
    assert str(spec) == text


@pytest.mark.parametrize(
    "name", ["models:/net", "models:/net/latest", "models:/a/b/c", "runs:/zz/model", "net@best"]
)
def test_other_names_are_refused_before_a_store_is_asked(name: str) -> None:
    with pytest.raises(UsageError, match="models:/NAME@ALIAS"):
        look_up(None, name)


def test_the_store_is_found_upward_as_a_library_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)
    assert store_address() == f"sqlite:///{deep / 'mlflow.db'}"
    (tmp_path / ".lookalike").mkdir()
    assert store_address() == f"sqlite:///{tmp_path / 'mlflow.db'}"
    (tmp_path / "a" / "mlflow.db").touch()
    assert local_file(store_address()) == tmp_path / "a" / "mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:5000")
    assert store_address() == "http://127.0.0.1:5000"
    assert local_file(store_address()) is None


def test_the_digest_is_of_the_files_that_are_read_and_of_no_others(tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"net")
    before = digest_of(tmp_path)
    (tmp_path / "python_model.pkl").write_bytes(b"never opened")
    assert digest_of(tmp_path) == before
    (tmp_path / "model.preprocessing.json").write_text("{}")
    assert digest_of(tmp_path) != before


def test_without_the_extra_its_pip_line_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "mlflow", None)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:////nowhere/mlflow.db")
    with pytest.raises(MissingExtraError, match=r"lookalike\[mlflow\]"):
        find_model("mlflow:models:/net@best")
