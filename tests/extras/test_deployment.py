"""The files of deploy/: linted, and the Dockerfile's own steps taken in an empty environment."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from lookalike.cli.config import load_config
from lookalike.cli.main import app
from servers import accepts
from shell import environment, photos, run

pytestmark = pytest.mark.extra
ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
PAGE = ROOT / "docs" / "how-to" / "deploy.md"
TOOLS = Path(sys.executable).parent
KEY = "a-key-of-many-letters"


@dataclass(frozen=True)
class Step:
    """An instruction of a Dockerfile."""

    name: str
    words: str


def stages(path: Path) -> list[list[Step]]:
    """The instructions of each stage."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    steps = [Step(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]
    starts = [number for number, step in enumerate(steps) if step.name == "FROM"]
    return [steps[a:b] for a, b in zip(starts, [*starts[1:], len(steps)], strict=True)]


def taken(steps: list[Step], name: str) -> list[str]:
    return [step.words for step in steps if step.name == name]


def test_the_linters_find_nothing():
    linted = subprocess.run(
        [TOOLS / "hadolint", DEPLOY / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (linted.returncode, linted.stdout) == (0, "")
    schema = [TOOLS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*schema, DEPLOY / "compose.yaml"], capture_output=True, check=False)
    assert checked.returncode == 0, checked.stdout


def test_compose_names_what_is_there():
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    load_config(DEPLOY / "config.yml", app)
    ours = {name: one for name, one in compose["services"].items() if one["image"] == "lookalike"}
    assert set(ours) == {"lookalike", "index", "publish", "served-by-postgres"}
    for name, service in ours.items():
        words = [word for word in service["command"] if not word.startswith("--config")]
        (command,) = {"serve", "index", "publish"} & set(words)
        assert run(ROOT, command, "--help").code == 0
        assert (DEPLOY / service["build"]["context"]).resolve() == ROOT, name
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert service["read_only"] is True
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DEPLOY / source).exists(), source
            elif not source.startswith("$"):
                assert source in compose["volumes"]
    variables = ours["served-by-postgres"]["environment"]
    assert "LOOKALIKE_SERVE_ENGINE" in run(ROOT, "serve", "--help").out + " ".join(variables)


def test_the_image_is_small_by_its_context_and_not_run_by_root():
    build, final = stages(DEPLOY / "Dockerfile")
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    for words in taken(build, "COPY"):
        for source in words.split()[:-1]:
            assert (ROOT / source).exists()
            assert f"!{source}" in allowed
    (user,) = taken(final, "USER")
    assert user.split(":")[0] not in {"0", "root"}
    names = [step.name for step in final]
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert {"HEALTHCHECK", "VOLUME", "EXPOSE", "STOPSIGNAL"} <= set(names)
    assert not taken(final, "ADD")


@pytest.mark.timeout(600)
def test_its_own_steps_make_a_service_that_is_healthy_and_stops(tmp_path):
    if accepts(8765):
        pytest.skip("The port of the image is taken here.")
    build, final = stages(DEPLOY / "Dockerfile")
    place = tmp_path / "image"
    (source,) = taken(build, "WORKDIR")
    _copy(taken(build, "COPY"), place / source.lstrip("/"))
    variables = environment({"PATH": os.environ["PATH"], "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    base = re.fullmatch(r"python:3\.(\d+)-slim AS build", taken(build, "FROM")[0])
    assert base is not None
    assert 11 <= int(base[1]) <= 14
    for words in taken(build, "RUN"):
        command = _inside(words, place).replace("python -m venv", f"{sys.executable} -m venv", 1)
        command = command.replace("--no-cache-dir", "")
        subprocess.run(["sh", "-euc", command], cwd=place / "src", env=variables, check=True)

    library, cache = place / "library", place / "cache"
    photos(library, range(4))
    said = dict(pair.split("=", 1) for words in taken(final, "ENV") for pair in shlex.split(words))
    said = {name: _inside(value, place) for name, value in said.items()}
    said["PATH"] = said["PATH"].replace("$PATH", os.environ["PATH"])
    said["LOOKALIKE_SERVE_API_KEY"] = KEY
    said["LOOKALIKE_SERVE_HOST"] = "127.0.0.1"  # nobody else is to reach a test
    variables = {k: v for k, v in variables.items() if k != "PYTHONPATH"} | said
    tool = shutil.which("lookalike", path=said["PATH"])
    assert tool == str(place / "opt/lookalike/bin/lookalike")
    subprocess.run([tool, "index", "."], cwd=library, env=variables, check=True)
    assert cache.is_dir()

    (entry,), (arguments,) = taken(final, "ENTRYPOINT"), taken(final, "CMD")
    process = subprocess.Popen([*yaml.safe_load(entry), *yaml.safe_load(arguments)], env=variables)
    try:
        check = yaml.safe_load(taken(final, "HEALTHCHECK")[0].partition("CMD")[2])
        for _ in range(100):
            healthy = subprocess.run(check, env=variables, capture_output=True, check=False)
            if healthy.returncode == 0:
                break
            time.sleep(0.1)
        assert healthy.returncode == 0, healthy.stderr
        asked = subprocess.run(
            ["python", "-c", ASK], env=variables, capture_output=True, text=True, check=True
        )
        assert asked.stdout.split() == ["4", "html"]
    finally:
        process.send_signal(getattr(signal, taken(final, "STOPSIGNAL")[0]))
        assert process.wait(30) == 0


ASK = f"""
import lookalike, urllib.request
with lookalike.Client(key={KEY!r}) as client:
    client.ready()
    print(len(client.images().images))
with urllib.request.urlopen("http://127.0.0.1:8765/") as page:
    print("html" if b"<html" in page.read().lower() else "nothing")
"""


def test_the_unit_and_the_proxy_of_the_page_say_what_the_service_takes():
    text = PAGE.read_text(encoding="utf-8")
    unit = re.search(r"```ini\n(.*?)```", text, re.DOTALL)
    proxy = re.search(r"```nginx\n(.*?)```", text, re.DOTALL)
    assert unit is not None
    assert proxy is not None
    start = re.search(r"^ExecStart=/opt/lookalike/bin/lookalike (.+)$", unit[1], re.MULTILINE)
    assert start is not None
    assert run(ROOT, *start[1].split(), "--help").code == 0
    options = run(ROOT, "serve", "--help").out
    for name in re.findall(r"LOOKALIKE_SERVE_(\w+)=", unit[1]):
        assert f"--{name.lower().replace('_', '-')}" in options
    assert proxy[1].count("{") == proxy[1].count("}")
    assert "proxy_set_header Host" in proxy[1]


def _copy(copies: list[str], to: Path) -> None:
    to.mkdir(parents=True)
    for words in copies:
        *sources, place = words.split()
        for source in sources:
            if (ROOT / source).is_dir():
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / source, to / place, ignore=ignored)
            else:
                shutil.copy(ROOT / source, to / place)


def _inside(text: str, place: Path) -> str:
    """The folders of the image, below a folder of the test."""
    return re.sub(r"(?<![\w/.])/(opt|src|library|cache)\b", rf"{place}/\1", text)
