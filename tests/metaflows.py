"""Runs a configuration as a Metaflow flow, and compares the libraries that two ways have made."""

import subprocess
import sys
from pathlib import Path

import numpy as np

import lookalike
from shell import environment


def flow(folder: Path, config: str, shards: int = 2, **variables: str) -> tuple[int, str]:
    """The exit code of a flow, and all it said."""
    home = {"USERNAME": "tester", "METAFLOW_HOME": str(folder / "home")}
    done = subprocess.run(
        [sys.executable, "-m", "lookalike.flows.vectorize", "--no-pylint", "--metadata", "local",
         "--datastore", "local", "--datastore-root", str(folder / "metaflow"),
         "run", "--config", config, "--shards", str(shards), "--max-workers", "2"],
        cwd=folder, env=environment(home | variables), capture_output=True, text=True,
        timeout=3_000, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def same(one: Path, other: Path) -> int:
    """How many images two libraries have, which are the same in all that counts."""
    with lookalike.open(one, create=False) as a, lookalike.open(other, create=False) as b:
        assert a.ids == b.ids
        np.testing.assert_allclose(a.matrix(), b.matrix(), atol=1e-5)
        for id_ in a.ids:
            assert (a.get(id_).label, a.get(id_).meta) == (b.get(id_).label, b.get(id_).meta)
        assert [(r.id, r.reason) for r in a.rejects()] == [(r.id, r.reason) for r in b.rejects()]
        return len(a.ids)
