"""What `doctor` says of extras: each that the package has, and what of it is installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from lookalike.library import health


def test_every_extra_is_known_with_its_packages() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text("utf-8"))["project"]
    found = health.extras()
    assert {"classic", "fast", "keras", "torch"} <= found.keys()
    for extra in found.keys() & project["optional-dependencies"].keys():
        assert found[extra]
    assert found["classic"] == ["opencv-python-headless"]


def test_what_is_missing_of_an_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ["numpy>=2", "numpy>=2; extra == 'all'", "no-such-thing>=1; extra == 'all'"]
    monkeypatch.setattr(health, "requires", lambda _: asked)
    assert health.extras() == {"all": ["numpy", "no-such-thing"]}
    check = health._extra("all", health.extras()["all"])
    assert check.well
    assert check.found.startswith("numpy ")
    assert check.found.endswith("no-such-thing not installed: pip install 'lookalike[all]'")
