"""The jobs for Slurm and Kubernetes on `docs/how-to/scale-out.md` make one library's shards."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import lookalike
from shell import photos

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "scale-out.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def slurm_job() -> str:
    return 'srun() { "$@"; }\n' + block("bash")


def kubernetes_job() -> str:
    spec = yaml.safe_load(block("yaml"))["spec"]
    assert spec["completions"] == 64
    (container,) = spec["template"]["spec"]["containers"]
    assert container["command"] == ["sh", "-c"]
    (script,) = container["args"]
    return str(script)


@pytest.mark.extra
@pytest.mark.parametrize(
    ("job", "variable", "first"),
    [(slurm_job(), "SLURM_ARRAY_TASK_ID", 1), (kubernetes_job(), "JOB_COMPLETION_INDEX", 0)],
    ids=["slurm", "kubernetes"],
)
def test_a_job_of_two_tasks(tmp_path: Path, job: str, variable: str, first: int) -> None:
    names = photos(tmp_path / "photos" / "hats", range(8))
    script = job.replace("/data", str(tmp_path)).replace("/64", "/2")
    for number in (first, first + 1):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        variables = os.environ | {"PATH": path, variable: str(number)}
        subprocess.run(["bash", "-c", script], env=variables, check=True, timeout=100)
    with lookalike.open(tmp_path / "library") as library:
        library.merge(tmp_path / "shards")
        assert sorted(library.ids) == [f"hats/{name}" for name in names]
