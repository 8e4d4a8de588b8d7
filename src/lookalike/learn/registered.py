"""Models registered in an MLflow store: their versions, and the aliases that name one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lookalike.errors import UnknownNameError, UsageError
from lookalike.learn.tracking import MlflowTracker
from lookalike.models.mlflow_file import DIGEST, look_up
from lookalike.models.mlflow_store import connected, store_address
from lookalike.models.model import find_model
from lookalike.models.spec import Spec, parse_spec
from lookalike.models.trying import export


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a registered model; `spec` is how it is named as a model here."""

    model: str
    version: int
    aliases: Sequence[str]
    run: str
    sha256: str

    @property
    def spec(self) -> str:
        """`mlflow:models:/NAME/VERSION`."""
        return f"mlflow:models:/{self.model}/{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "model": self.model,
            "version": self.version,
            "aliases": list(self.aliases),
            "spec": self.spec,
            "run": self.run,
            "sha256": self.sha256,
        }


def register(text: str, name: str, aliases: Sequence[str] = ()) -> Version:
    """Make a model the next version of a registered one; its aliases move to it.

    A model of a run, `mlflow:runs:/ID/model`, stays where it is; any other is written as ONNX
    into a run of its own. Raises `UsageError` for a model that cannot be had as ONNX, or a name
    with `/`, `:` or `@` in it; `ModelError`, `ServerError`, `MissingExtraError`.
    """
    for one in (name, *aliases):
        _check(one)
    spec = parse_spec(text)
    if spec.reducers:
        steps = "|".join(map(str, spec.reducers))
        raise UsageError(f"Only a network is registered, without the steps after it: {steps}.")
    address = store_address()
    source, digest = _kept(text, spec, name, address)
    from mlflow.exceptions import MlflowException

    with connected(address) as client:
        try:
            client.get_registered_model(name)
        except MlflowException:
            client.create_registered_model(name)
        run_id = source.removeprefix("runs:/").partition("/")[0]
        tags = {} if digest is None else {DIGEST: digest}
        made = client.create_model_version(name, source, run_id=run_id, tags=tags)
        for alias in aliases:
            client.set_registered_model_alias(name, alias, made.version)
        return _version(client, client.get_model_version(name, made.version))


def registered() -> list[Version]:
    """Every version of every registered model, by name, the newest first."""
    with connected(store_address()) as client:
        found: list[Version] = []
        models = client.search_model_versions()
        while True:
            found += [_version(client, one) for one in models]
            if not models.token:
                break
            models = client.search_model_versions(page_token=models.token)
    return sorted(found, key=lambda one: (one.model, -one.version))


def set_alias(name: str, alias: str, version: int) -> None:
    """Make an alias of a registered model stand for a version. Raises `ServerError`."""
    _check(alias)
    with connected(store_address()) as client:
        client.set_registered_model_alias(name, alias, str(version))


def drop_alias(name: str, alias: str) -> None:
    """Take an alias away. Raises `UnknownNameError`, `ServerError`."""
    with connected(store_address()) as client:
        known = client.get_registered_model(name).aliases
        if alias not in known:
            raise UnknownNameError(f"alias of {name}", alias, known)
        client.delete_registered_model_alias(name, alias)


def _kept(text: str, spec: Spec, name: str, address: str) -> tuple[str, str | None]:
    """Where the store keeps the files of a model, and their digest; brought there if need be."""
    if spec.loader == "mlflow" and not (spec.node or spec.head):
        with connected(address) as client:
            found = look_up(client, spec.name)
            return found.source, found.digest
    source = f"runs:/{_logged(text, name)}/model"
    with connected(address) as client:
        return source, look_up(client, source).digest


def _logged(text: str, name: str) -> str:
    """The id of a new run that holds a model as ONNX."""
    model = find_model(text)
    tracker = MlflowTracker("register", name)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        try:
            export(model, path)
            tracker.parameters({"model": model.name, "weights_sha256": model.weights_sha256})
            tracker.artifact(path)
        except BaseException:
            tracker.finish("failed")
            raise
    tracker.finish("finished")
    return tracker.run_id


def _version(client: Any, one: Any) -> Version:
    aliases = one.aliases
    if not aliases:  # a search leaves them out
        known = client.get_registered_model(one.name).aliases
        aliases = [alias for alias, version in known.items() if str(version) == str(one.version)]
    digest = one.tags.get(DIGEST, "")
    return Version(one.name, int(one.version), sorted(aliases), one.run_id or "", digest)


def _check(name: str) -> None:
    if not name.strip() or set("/:@#|") & set(name):
        raise UsageError(
            f"{name!r} cannot be the name of a registered model or an alias: none of / : @ # | may "
            "be in it."
        )
