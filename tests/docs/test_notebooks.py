"""The notebooks of examples/ run from the first cell to the last, and are kept without outputs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from shell import environment

NOTEBOOKS = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))
RUN = """
import ast, json, sys

names = {"__name__": "__main__"}
for cell in json.load(open(sys.argv[1], encoding="utf-8"))["cells"]:
    if cell["cell_type"] != "code":
        continue
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, cell["id"], "exec"), names)
    if last is not None:
        value = eval(compile(ast.Expression(last.value), cell["id"], "eval"), names)
        page = getattr(value, "_repr_html_", None)
        print("a grid of", page().count("<img")) if page else print(repr(value)[:200])
"""
"""What a notebook does: cell after cell in one place, the last value of each shown."""


def cells(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One for all: those that come later find the catalogue drawn."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_has_objectives_and_no_outputs(path):
    assert "At the end you can" in "".join(cells(path)[0]["source"])
    code = [cell for cell in cells(path) if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert path.stat().st_size < 20_000


@pytest.mark.extra
@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_a_notebook_runs(path, folder):
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(path)],
        cwd=folder, env=environment({}), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "a grid of " in done.stdout
    assert "a grid of 0" not in done.stdout
