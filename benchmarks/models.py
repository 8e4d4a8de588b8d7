"""Images a second of each runtime and architecture: the network alone, every core busy.

As a script it measures one architecture of timm with drawn weights and prints JSON.

python -m benchmarks.models vit_small_patch16_224 SECONDS ROUNDS
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.material import Bench
from benchmarks.processes import module, run
from benchmarks.report import Cell, Table
from lookalike.cores import cores
from lookalike.images.preprocess import Preprocessing
from lookalike.models.network import ON_CORES, Feeding, Network, NetworkOptions, open_onnx
from lookalike.models.torch_model import to_onnx
from lookalike.models.torch_network import TorchNetwork, Vision, import_torch
from lookalike.models.trying import least_cosine, pictures

ARCHITECTURES = {
    "efficientnet-lite0": "efficientnet_lite0",
    "efficientnet-b0": "efficientnet_b0",
    "resnet50": "resnet50",
    "vit-small": "vit_small_patch16_224",
    "vit-base": "vit_base_patch16_224",
    "xception": "legacy_xception",
}
RUNTIMES = {
    "ONNX Runtime fp32": ("onnx", "fp32"),
    "OpenVINO auto": ("openvino", "auto"),
    "torch fp32": ("auto", "fp32"),
    "torch bf16": ("auto", "bf16"),
}
GPU = "GPU bf16, compiled"
GPU_BATCH = 256
SIDE = 224
SEEN = Preprocessing(SIDE, SIDE, "bicubic", (127.5,) * 3, (127.5,) * 3, fit="squash")
SAME = 0.9
"""The least cosine to ONNX Runtime in fp32 at which a speed counts: drawn weights feel bf16."""
Opener = Callable[[], tuple[Network, Feeding]]


def measure(bench: Bench) -> list[Table]:
    """One row an architecture, one column a runtime."""
    names = list(ARCHITECTURES)[: bench.few(len(ARCHITECTURES), 2)]
    seconds, rounds = bench.few(2, 1), bench.few(bench.rounds, 1)
    found: dict[str, dict[str, float]] = {}
    for name in names:
        command = module("models", ARCHITECTURES[name], str(seconds), str(rounds))
        found[name] = json.loads(run(command)[1].splitlines()[-1])
    columns = list(dict.fromkeys(each for rates in found.values() for each in rates))
    rows: list[list[Cell]] = [
        [name, *(rates.get(column, "no") for column in columns)] for name, rates in found.items()
    ]
    return [
        Table(
            "The network alone, images a second",
            ["architecture at 224", *columns],
            rows,
            f"Drawn weights; a stream on each of {cores()} cores, {ON_CORES.batch} images a batch "
            f"({GPU_BATCH} on a GPU); the median of {rounds} turns of {seconds} s. OpenVINO "
            "computes in bf16 where the processor has it.",
        )
    ]


def main() -> None:
    """Measure one architecture in turns, each runtime once a turn."""
    architecture, seconds, rounds = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    vision = drawn(architecture)
    graph = to_onnx(vision, SEEN, vision.run_once(SEEN), architecture)
    pixels = pictures(ON_CORES.batch, SIDE)
    opened = {name: opener(vision, graph, name)() for name in RUNTIMES}
    expected = opened["ONNX Runtime fp32"][0].run(pixels)
    for name, (network, _) in opened.items():
        cosine = least_cosine(network.run(pixels), expected)
        if cosine < SAME:
            raise SystemExit(f"{architecture}, {name}: cosine {cosine:.4f} to ONNX Runtime")
    rates: dict[str, list[float]] = {name: [] for name in opened}
    for _ in range(rounds):
        for name, (network, feeding) in opened.items():
            rates[name].append(images_a_second(network, feeding, seconds))
    if import_torch("the GPU").cuda.is_available():
        on_gpu = NetworkOptions(precision="bf16", batch=GPU_BATCH, streams=2, device="cuda")
        network = TorchNetwork(vision, SEEN, on_gpu)
        feeding = Feeding(GPU_BATCH, 2)
        rates[GPU] = [images_a_second(network, feeding, seconds) for _ in range(rounds)]
    print(json.dumps({name: statistics.median(turns) for name, turns in rates.items()}))


def drawn(architecture: str) -> Vision:
    """The architecture with drawn weights, its normalisations fitted to some pictures."""
    sys.path.append(str(Path(__file__).parents[1] / "tests"))
    import_module("torchvision_shim").declare_torchvision_operators()
    torch = import_torch(architecture)
    timm: Any = import_module("timm")
    torch.manual_seed(0)
    network = timm.create_model(architecture, num_classes=0)
    for part in network.modules():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.momentum = None
    vision = Vision(network, network)
    with torch.no_grad():
        network.train()(vision.planes(pictures(8, SIDE), SEEN))
    network.eval()
    return vision


def opener(vision: Vision, graph: bytes, name: str) -> Opener:
    """How a runtime opens the network, and what keeps it busy on all cores."""
    runtime, precision = RUNTIMES[name]
    options = NetworkOptions(runtime, precision, ON_CORES.batch, cores(), "cpu")
    feeding = Feeding(ON_CORES.batch, cores())
    if name.startswith("torch"):
        return lambda: (TorchNetwork(vision, SEEN, options), feeding)
    return lambda: (open_onnx(graph, options), feeding)


def images_a_second(network: Network, feeding: Feeding, seconds: float) -> float:
    """All streams run batch after batch; what was begun before the end is counted whole."""
    pixels = np.resize(pictures(ON_CORES.batch, SIDE), (feeding.batch, SIDE, SIDE, 3))
    streams = feeding.streams or cores()

    def stream(until: float) -> int:
        done = 0
        while time.perf_counter() < until:
            network.run(pixels)
            done += feeding.batch
        return done

    with ThreadPoolExecutor(streams) as threads:
        list(threads.map(stream, [time.perf_counter() + seconds / 8] * streams))
        started = time.perf_counter()
        done = sum(threads.map(stream, [started + seconds] * streams))
        return done / (time.perf_counter() - started)


if __name__ == "__main__":
    main()
