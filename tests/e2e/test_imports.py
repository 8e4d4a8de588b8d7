"""A cold search imports what it uses and nothing else: that is most of its time."""

import re
import subprocess
import sys

import pytest

from shell import environment, index, photo, photos

ALWAYS = {"lookalike", "numpy", "typer"}
"""What every search needs."""
WITH_TYPER = {
    "annotated_doc",
    "annotated_types",
    "pydantic",
    "pydantic_core",
    "shellingham",
    "typing_extensions",
    "typing_inspection",
}
"""What typer needs; not all of it in every version."""
LOADED = re.compile(r"^import time: +\d+ \| +\d+ \| +(\S+)$", re.MULTILINE)


@pytest.fixture(scope="module")
def album(tmp_path_factory):
    folder = tmp_path_factory.mktemp("imports")
    photos(folder, range(4))
    index(folder, ".", "-L", folder)
    return folder


def imported(folder, *arguments):
    """Names of all modules that a search loads, and the other packages among them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "lookalike", "search", *arguments],
        cwd=folder,
        env=environment({}),
        capture_output=True,
        text=True,
        check=True,
    )
    modules = set(LOADED.findall(done.stderr))
    installed = {name.split(".")[0] for name in modules}
    installed -= sys.stdlib_module_names | {"sitecustomize", "usercustomize", "imported"}
    return modules, {name for name in installed if not name.startswith(("_", "org"))}


def test_a_search_by_id_needs_no_network_and_no_decoder(album):
    modules, packages = imported(album, "id:001.jpg")

    assert packages - WITH_TYPER == ALWAYS | {"PIL"}
    assert "PIL.JpegImagePlugin" not in modules


def test_a_search_by_a_new_file_adds_the_runtime_and_the_decoders(album, tmp_path):
    modules, packages = imported(album, str(photo(tmp_path / "new.jpg", 77)))

    assert packages - WITH_TYPER == ALWAYS | {"PIL", "onnxruntime"}
    assert "PIL.JpegImagePlugin" in modules
    assert "PIL.EpsImagePlugin" not in modules


@pytest.mark.parametrize("query", ["id:001.jpg", "new.jpg"])
def test_nothing_heavy_and_no_server_is_imported(album, query):
    photo(album / "new.jpg", 78)
    modules, _ = imported(album, query)

    unused = (
        *("torch", "pandas", "pyarrow", "faiss", "openvino", "onnx", "scipy", "sklearn"),
        *("yaml", "rich", "pygments", "fastapi", "uvicorn", "httpx", "http.server", "ssl"),
        *("asyncio", "multiprocessing", "lookalike.demo.run"),
    )
    assert modules & set(unused) == set()
