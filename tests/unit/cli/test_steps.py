"""Steps of a configuration are held against the commands; what is wrong has its line."""

from pathlib import Path

import pytest

from lookalike.cli.main import app
from lookalike.cli.steps import read_steps
from lookalike.errors import UsageError
from lookalike.flow.entries import parse_entries
from lookalike.flow.plan import check_files

CONFIG = """\
library: out
steps:
  index:
    sources: [in]
    model: colour-histogram
  seen:
    command: space add
    name: px
    spec: pixels
  clusters:
    k: 2
    html: out/pages/clusters.html
  nearest:
    command: neighbours
    out: out/nearest.csv
    k: 3
"""


def steps(text):
    found = read_steps(parse_entries(text, Path("config.yml")), app)
    check_files(found)
    return found


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()


def test_options_are_those_of_the_commands():
    found = {step.name: (step.command, step.options) for step in steps(CONFIG)}

    assert found == {
        "index": ("index", {"sources": ["in"], "model": "colour-histogram", "library": "out"}),
        "seen": ("space add", {"name": "px", "spec": "pixels", "library": "out"}),
        "clusters": ("clusters", {"k": 2, "html": "out/pages/clusters.html", "library": "out"}),
        "nearest": ("neighbours", {"out": "out/nearest.csv", "k": 3, "library": "out"}),
    }


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("steps:", "step:"), "config.yml, line 2, 'step'. Did you mean steps?"),
        (("  index:", "  indexx:"), "line 3, 'indexx'. Did you mean index?"),
        (("k: 3", "kk: 3"), "Unknown option of `nearest` in config.yml, line 16, 'kk'."),
        (("k: 3", "k: many"), "line 16: `k`: Input should be a valid integer"),
        (("k: 3", "k: 2.5"), "line 16: `k`: Input should be a valid integer"),
        (("k: 3", "k: yes"), "line 16: `k` is not true or false"),
        (("k: 3", "k: [1, 2]"), "line 16: `k` takes one value"),
        (("k: 3", "k: 0"), "line 16: `k`: Input should be greater than"),
        (("    k: 3", "    after: [nearest]"), "steps wait for each other: `nearest`"),
        (("    k: 3", "    after: [indx]"), "Did you mean index"),
        (("[in]", "[inn]"), "line 3: step `index` reads 'inn'"),
        (("[in]", "[out/nearest.csv]"), "'nearest' writes it, but runs later"),
        (("    out: out/nearest.csv\n", ""), "line 13: step `nearest` needs `out`"),
        (("command: neighbours", "command: search"), "line 14, 'search'"),
        (("sources: [in]", 'sources: ["-"]'), "a step has no standard input"),
        (("library: out", "library: [out]"), "line 1: `library` must be text"),
        (("sources: [in]", "sources: [in]\n    sources: [in]"), "line 5: 'sources' is there twice"),
    ],
)
def test_a_wrong_configuration_is_told_with_its_line(change, said):
    with pytest.raises(UsageError) as caught:
        steps(CONFIG.replace(*change))

    assert said in str(caught.value)
