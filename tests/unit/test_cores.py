"""How many cores a process may use."""

import os
import subprocess
import sys

import pytest

ALONE = """
import os
os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
from lookalike.cores import cores
print(cores())
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system keeps no such set")
def test_only_the_cores_that_a_scheduler_left_are_counted():
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
