"""`lookalike train` as a person runs it: networks so small that each run takes seconds."""

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import family_weights
import lookalike
from lookalike.errors import ModelError, TrainingError, UsageError
from lookalike.learn.train.config import make_config
from lookalike.learn.train.network import make_network
from lookalike.learn.train.run import Trained
from lookalike.models.model import find_model
from shell import command, environment, index, run
from torchvision_shim import declare_torchvision_operators

pytestmark = [pytest.mark.extra, pytest.mark.timeout(600)]
COLOURS = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (50, 60, 210)}
TINY: dict[str, Any] = {"backbone": "test_resnet", "size": 32, "batch": 16, "rate": 0.005}


@pytest.fixture(scope="module")
def marks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photos of a disc, a square or bars, in three colours; some labels are missing."""
    folder = tmp_path_factory.mktemp("marks")
    generator = np.random.default_rng(0)
    rows = []
    for number in range(96):
        shape, colour = ("disc", "square", "bars")[number % 3], list(COLOURS)[number // 3 % 3]
        image = Image.new("RGB", (48, 48), (235, 235, 235))
        pen = ImageDraw.Draw(image)
        x, y = generator.integers(4, 14, 2).tolist()
        if shape == "disc":
            pen.ellipse((x, y, x + 28, y + 28), COLOURS[colour])
        elif shape == "square":
            pen.rectangle((x, y, x + 28, y + 28), COLOURS[colour])
        else:
            for step in range(0, 30, 8):
                pen.rectangle((x, y + step, x + 28, y + step + 3), COLOURS[colour])
        image.save(folder / f"{number:03d}.png")
        known = "" if generator.random() < 1 / 3 else shape
        part = "test" if number >= 72 else "learn"
        rows.append((f"{number:03d}.png", shape, known, colour, part, f"s{number // 2}", "one"))
    with (folder / "marks.csv").open("w", newline="") as file:
        names = ("image", "shape", "some_shape", "paint", "part", "sender", "same")
        csv.writer(file).writerows([names, *rows])
    index(folder, "marks.csv", "--model", "pixels")
    return folder


@pytest.fixture(scope="module")
def variables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return family_weights.environment(tmp_path_factory.mktemp("site")) | {"OMP_NUM_THREADS": "1"}


@pytest.fixture(autouse=True)
def alone() -> None:
    """One thread, as in the other processes: so that sums are rounded alike."""
    declare_torchvision_operators()
    import torch

    torch.set_num_threads(1)


def train(folder: Path, name: str, *, fresh: bool = False, **settings: Any) -> Trained:
    """Train in this process, which has torch already: half of a command's time is its import."""
    with lookalike.open(folder) as library:
        trained = library.train(folder / "runs" / name, TINY | settings, fresh=fresh)
    assert trained is not None
    return trained


def history(folder: Path, name: str) -> list[dict[str, Any]]:
    lines = (folder / "runs" / name / "history.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def test_two_tasks_become_a_space_that_finds_what_agrees_in_both(marks: Path) -> None:
    trained = train(
        marks, "two", tasks=["some_shape", "paint"], epochs=12, held_out="part=test",
        weighting="uncertainty", keep=["colour"],
    )  # fmt: skip
    assert trained.held_out == 24
    for column in ("some_shape", "paint"):
        assert trained.after[column] > trained.before[column] + 0.05
        assert trained.accuracy[column] > 0.7
    assert trained.better
    folder = marks / "runs" / "two"
    assert {path.name for path in folder.iterdir()} == {
        "best.safetensors", "config.json", "curves.png", "history.jsonl", "last.safetensors",
        "model.onnx", "recipe.json", "report.json",
    }  # fmt: skip
    recipe = json.loads((folder / "recipe.json").read_text())
    assert recipe["classes"]["paint"] == ["blue", "green", "red"]
    assert recipe["preprocessing"]["crop"] == 32
    assert json.loads((folder / "config.json").read_text())["epochs"] == 12
    assert [row["epoch"] for row in history(marks, "two")] == [*range(13)]
    with lookalike.open(marks) as library:
        library.add_space("two", trained.spec)
        judged = library.evaluate(
            ["shape", "paint"], spaces=["main", "two"], where="part = test", metric="map@r"
        )
        before, after = (one.figures["map@r"].value for one in judged.contenders)
        assert after > before + 0.1
        assert len(library.search("id:072.png", k=3, space="two").ids) == 3
    with pytest.raises(UsageError, match="finished training"):
        train(marks, "two", tasks=["paint"])
    scores = find_model(f"onnx:{folder / 'model.onnx'}#head/paint")
    assert scores.shape == (3,)


def test_triplets_with_colour_learn_what_is_alike(marks: Path) -> None:
    trained = train(
        marks, "alike", alike="shape", colour="dominant", embedding=16, epochs=10, frozen=1,
        held_out="part=test", accumulate=2, layer_decay=0.8,
    )  # fmt: skip
    assert trained.after["shape"] > trained.before["shape"] + 0.15
    assert [one.name for one in trained.layers] == ["pooled", "embedding", "head/dominant-colour"]
    losses = [row["dominant-colour"] for row in history(marks, "alike")[1:]]
    assert min(losses) < losses[0] / 2


def test_frozen_layers_stay_as_they_are(marks: Path) -> None:
    from safetensors.torch import load_file

    train(marks, "cold", tasks=["paint"], epochs=1, frozen=1, ema=0.0)
    file = load_file(marks / "runs" / "cold" / "last.safetensors")
    own = {name[8:]: each for name, each in file.items() if name.startswith("network/")}
    declare_torchvision_operators()
    import torch

    torch.manual_seed(0)
    fresh = make_network(make_config(TINY | {"tasks": ["paint"]}), {"paint": 3}).state_dict()
    same = {name for name, each in fresh.items() if torch.equal(own[name], each)}
    assert {name for name in fresh if name.startswith("backbone.")} == same
    assert {name for name in fresh if name.startswith("heads.")}.isdisjoint(same)


def test_a_stopped_training_goes_on_to_the_same_result(
    marks: Path, variables: dict[str, str]
) -> None:
    flags = [f"--{name}={value}" for name, value in TINY.items()]
    given = ("--task", "paint", "--epochs", "5", "--held-out", "part=test", "--name", "stopped")
    for ending, epoch in ((signal.SIGKILL, 2), (signal.SIGINT, 4)):
        started = subprocess.Popen(
            command("train", *flags, *given),
            cwd=marks, env=environment(variables), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        assert started.stderr is not None
        for line in started.stderr:
            if line.startswith(f"epoch {epoch}:".encode()):
                break
        os.kill(started.pid, ending)
        started.communicate()
        assert started.returncode == (130 if ending == signal.SIGINT else -ending)
        assert not (marks / "runs" / "stopped" / "report.json").exists()
    ended = subprocess.run(
        command("train", *flags, *given),
        cwd=marks, env=environment(variables), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert "epoch 3:" not in ended.stderr
    assert "epoch 5:" in ended.stderr
    assert "Written: runs/stopped" in ended.stdout
    train(marks, "whole", tasks=["paint"], epochs=5, held_out="part=test")
    for mine, theirs in zip(history(marks, "stopped"), history(marks, "whole"), strict=True):
        for name in ("loss", "map@r"):
            assert mine[name] == (theirs[name] and pytest.approx(theirs[name], abs=1e-4))


def test_a_loss_that_diverges_is_stopped_and_the_last_good_weights_are_kept(marks: Path) -> None:
    train(marks, "wild", tasks=["paint"], epochs=1)
    report = marks / "runs" / "wild" / "report.json"
    report.unlink()
    with pytest.raises(TrainingError, match="grew out of hand") as caught:
        train(marks, "wild", tasks=["paint"], epochs=3, rate=1e30, warmup=0.0)
    assert "best.safetensors" in str(caught.value)
    assert len(history(marks, "wild")) == 2
    train(marks, "wild", tasks=["paint"], epochs=2)
    assert len(history(marks, "wild")) == 3
    with pytest.raises(UsageError, match="--fresh"):
        train(marks, "wild", tasks=["paint"], epochs=2)
    report.unlink()
    with pytest.raises(TrainingError, match="another tasks"):
        train(marks, "wild", tasks=["shape"], epochs=2)
    train(marks, "wild", tasks=["shape"], epochs=1, fresh=True)


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"tasks": ["same"]}, UsageError, "1 class"),
        ({"tasks": ["colour"]}, UsageError, "Unknown column 'colour'"),
        ({"tasks": ["paint"], "backbone": "test_resnett"}, UsageError, "test_resnet"),
        ({"tasks": ["paint"], "weights": "no.safetensors"}, ModelError, "There are no weights"),
        ({"tasks": ["paint"], "device": "cudaa"}, UsageError, "cannot use the device"),
        ({"tasks": ["paint"], "metric": "map@k"}, UsageError, "Unknown metric"),
        ({"tasks": ["paint"], "track": "mlflov"}, UsageError, "mlflow"),
        ({"tasks": ["paint"], "held_out": "part"}, UsageError, "COLUMN=VALUE"),
        ({"tasks": ["paint"], "held_out": "part=none"}, UsageError, "0 queries"),
        ({"tasks": ["paint"], "where": "part = none"}, UsageError, "No image"),
    ],
)
def test_wrong_wishes_are_named_before_anything_is_learned(
    marks: Path, settings: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        train(marks, "wrong", fresh=True, **{"epochs": 1} | settings)
    assert not (marks / "runs" / "wrong" / "model.onnx").exists()


def test_a_weight_that_is_none_is_wrong_usage(marks: Path) -> None:
    done = run(marks, "train", "--task", "paint", "--loss-weight", "paint")
    assert (done.code, "kind=0.5" in done.err) == (2, True)
    done = run(marks, "train")
    assert (done.code, "Nothing to learn" in done.err) == (2, True)


def test_two_processes_train_one_network(marks: Path, variables: dict[str, str]) -> None:
    flags = [f"--{name}={value}" for name, value in TINY.items()]
    given = ("--task", "paint", "--epochs", "3", "--held-out", "part=test", "--name", "pair")
    done = subprocess.run(
        [
            sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2",
            "-m", "lookalike", "train", *flags, *given,
        ],
        cwd=marks, env=environment(variables), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout.count("Written: runs/pair") == 1
    rows = history(marks, "pair")
    assert [row["epoch"] for row in rows] == [0, 1, 2, 3]
    assert rows[-1]["paint"] < rows[1]["paint"]


def test_weights_of_a_file_are_tuned_further(marks: Path) -> None:
    family_weights.torch_checkpoint(marks)
    given = {"tasks": ["paint"], "epochs": 1, "weights": str(marks / "tuned.safetensors")}
    trained = train(marks, "tuned", **given)
    assert trained.before != train(marks, "random", tasks=["paint"], epochs=1).before
