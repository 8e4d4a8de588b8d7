"""The first runs of a network on many threads at once: none may wait for another for ever."""

import subprocess
import sys

import pytest

AT_ONCE = """
import sys, threading
import numpy as np
from lookalike.models.model import find_model
from lookalike.models.network import NetworkOptions

network = find_model("efficientnet-lite0").open(NetworkOptions("openvino", batch=1, streams=8))
pixels = np.zeros((1, 224, 224, 3), np.uint8)
together = threading.Barrier(8)


def first() -> None:
    together.wait()
    network.run(pixels)


sys.setswitchinterval(1e-6)
threads = [threading.Thread(target=first) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
"""


@pytest.mark.extra
def test_first_runs_by_openvino_do_not_wait_for_one_another() -> None:
    for _ in range(6):
        subprocess.run([sys.executable, "-c", AT_ONCE], check=True)
