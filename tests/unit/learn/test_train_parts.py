"""The parts of a training that need torch, each held against its definition."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lookalike.errors import ModelError, TrainingError
from lookalike.evaluate.truth import MISSING
from lookalike.learn.train.augment import augmented, centred
from lookalike.learn.train.checkpoint import (
    moments,
    read_checkpoint,
    restore_moments,
    write_checkpoint,
)
from lookalike.learn.train.colour import colour_targets
from lookalike.learn.train.config import METRIC_LOSSES, MINERS, make_config
from lookalike.learn.train.exporting import export_network
from lookalike.learn.train.network import make_network, preprocessing_for
from lookalike.learn.train.objective import Targets, balance, make_objective
from lookalike.learn.train.pace import make_optimizer, set_rate
from lookalike.learn.train.ranks import Ranks
from lookalike.learn.train.steps import NotFiniteError, Stepper
from lookalike.models.classic.oklab import to_oklab
from lookalike.models.model import find_model
from torchvision_shim import declare_torchvision_operators

pytestmark = pytest.mark.extra


@pytest.fixture(autouse=True)
def operators() -> None:
    declare_torchvision_operators()


def config_of(**settings: Any) -> Any:
    return make_config({"tasks": ["kind"], "backbone": "test_resnet", "size": 32} | settings)


def targets_of(codes: list[int], **more: list[int]) -> Targets:
    columns = {"kind": codes, **more}
    return Targets({name: np.array(values) for name, values in columns.items()}, None)


def test_a_task_is_the_weighted_cross_entropy_of_what_is_known() -> None:
    import torch

    scores = np.array([[2.0, 0, 1], [0, 1, 0], [1, 1, 1], [0, 3, 1]], np.float32)
    codes, weights = [0, MISSING, 2, 1], np.array([1.0, 2, 0.5], np.float32)
    objective = make_objective(config_of(), {"kind": weights}, 0, 5)
    outputs = {"head/kind": torch.tensor(scores), "embedding": torch.zeros(4, 5)}
    total, parts = objective(outputs, targets_of(codes), targets_of(codes))
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    known = [(row, code) for row, code in enumerate(codes) if code != MISSING]
    expected = sum(-weights[c] * math.log(chances[r, c]) for r, c in known)
    expected /= sum(weights[c] for _, c in known)
    assert float(total) == pytest.approx(expected, rel=1e-5)
    assert float(parts["kind"]) == pytest.approx(expected, rel=1e-5)


def test_no_known_label_is_no_loss() -> None:
    import torch

    outputs = {"head/kind": torch.ones(3, 2, requires_grad=True), "embedding": torch.zeros(3, 5)}
    objective = make_objective(config_of(), {"kind": np.ones(2, np.float32)}, 0, 5)
    total, _ = objective(outputs, targets_of([MISSING] * 3), targets_of([MISSING] * 3))
    total.backward()
    assert float(total.detach()) == 0
    assert not outputs["head/kind"].grad.any()


def test_uncertainty_weighs_losses_as_kendall_does() -> None:
    import torch

    config = config_of(tasks=["kind", "sleeve"], colour="dominant", weighting="uncertainty")
    ones = np.ones(2, np.float32)
    objective = make_objective(config, {"kind": ones, "sleeve": ones}, 0, 5)
    with torch.no_grad():
        objective.log_variances.copy_(torch.tensor([0.5, -0.3, 0.1]))
    generator = torch.Generator().manual_seed(0)
    outputs = {
        "head/kind": torch.randn(4, 2, generator=generator),
        "head/sleeve": torch.randn(4, 2, generator=generator),
        "head/dominant-colour": torch.randn(4, 3, generator=generator),
        "embedding": torch.zeros(4, 5),
    }
    colours = np.zeros((4, 3), np.float32)
    codes = {"kind": np.array([0, 1, 0, 1]), "sleeve": np.array([1, 1, 0, 0])}
    targets = Targets(codes, colours)
    total, parts = objective(outputs, targets, targets)
    one, two, three = (float(parts[name]) for name in ("kind", "sleeve", "dominant-colour"))
    first, second, third = (3 * math.tanh(s / 3) for s in (0.5, -0.3, 0.1))
    expected = math.exp(-first) * one + first / 2 + math.exp(-second) * two + second / 2
    expected += 0.5 * math.exp(-third) * three + third / 2
    assert float(total.detach()) == pytest.approx(expected, rel=1e-5)


def test_rare_classes_weigh_more_and_the_mean_is_one() -> None:
    codes = np.array([0] * 60 + [1] * 30 + [2] * 1 + [MISSING] * 9)
    weights = balance(codes, 3)
    assert weights[1] / weights[0] == pytest.approx(2)
    assert weights[2] / weights[0] == pytest.approx(10)
    known = codes[codes != MISSING]
    assert weights[known].mean() == pytest.approx(1, rel=1e-5)


@pytest.mark.parametrize("loss", METRIC_LOSSES)
def test_every_loss_of_distances_draws_together_what_is_alike(loss: str) -> None:
    import torch

    torch.manual_seed(1)
    miner = "none" if loss == "supcon" else "semihard"
    config = config_of(tasks=[], alike="item", loss=loss, miner=miner)
    objective = make_objective(config, {}, 4, 8)
    vectors = torch.nn.Parameter(torch.randn(16, 8))
    codes = np.array([*[0, 1, 2] * 5, MISSING])
    targets = Targets({"item": codes}, None)
    optimizer = torch.optim.Adam([vectors, *objective.parameters()], 0.05)
    before = vectors[15].detach().clone()
    for _ in range(80):
        optimizer.zero_grad()
        total, _ = objective({"embedding": vectors}, targets, targets)
        total.backward()
        optimizer.step()
    unit = torch.nn.functional.normalize(vectors.detach()[:15]).numpy()
    cosines = unit @ unit.T
    same = codes[:15, None] == codes[None, :15]
    assert cosines[same].mean() > cosines[~same].mean() + 0.5
    assert torch.equal(vectors[15].detach(), before)


@pytest.mark.parametrize("miner", MINERS)
def test_every_miner_works_and_a_class_of_one_does_no_harm(miner: str) -> None:
    import torch

    config = config_of(tasks=[], alike="item", miner=miner)
    objective = make_objective(config, {}, 2, 8)
    for codes in ([0, 0, 1, 1], [0, 1, MISSING, MISSING], [0, MISSING, MISSING, MISSING]):
        vectors = torch.randn(4, 8, requires_grad=True)
        targets = Targets({"item": np.array(codes)}, None)
        total, _ = objective({"embedding": vectors}, targets, targets)
        total.backward()
        assert torch.isfinite(total)


def stepper(part: int, **settings: Any) -> Stepper:
    """Twelve random pictures of two tasks and a network without normalisations over the batch."""
    import torch

    config = config_of(tasks=["kind", "sleeve"], backbone="test_vit", size=160, **settings)
    torch.manual_seed(0)
    network = make_network(config, {"kind": 3, "sleeve": 2})
    ones = {"kind": np.ones(3, np.float32), "sleeve": np.array([1.0, 3.0], np.float32)}
    objective = make_objective(config, ones, 0, 64)
    pixels = np.random.default_rng(0).integers(0, 256, (12, 170, 170, 3)).astype(np.uint8)
    sleeves = [0, 1, MISSING, MISSING, MISSING, MISSING, 1, 0, 1, MISSING, 0, 1]
    codes = {"kind": np.arange(12) % 3, "sleeve": np.array(sleeves)}
    optimizer = make_optimizer(network, objective, config)
    return Stepper(
        config, network, objective, optimizer, pixels, Targets(codes, None), lambda x: x / 255,
        ("colour",), "fp32", Ranks(0, 1, torch.device("cpu")), part, [],
    )  # fmt: skip


def weights_after(one: Stepper) -> dict[str, np.ndarray]:
    set_rate(one.optimizer, 1e-3)
    one.network.eval()  # without dropout, so that only the parts differ
    for number in range(2):
        one.step(np.arange(12), (0, 0, number))
    return {name: each.detach().numpy() for name, each in one.network.state_dict().items()}


def test_a_batch_in_parts_teaches_what_the_whole_would() -> None:
    whole, parts = weights_after(stepper(12)), weights_after(stepper(3))
    for name, expected in whole.items():
        assert np.allclose(parts[name], expected, atol=2e-5), name


def test_out_of_memory_halves_the_parts_and_learns_the_same() -> None:
    import torch

    one = stepper(12)
    plain, most = one.network.forward, 4

    def limited(planes: Any) -> Any:
        if len(planes) > most:
            raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
        return plain(planes)

    one.network.forward = limited
    found = weights_after(one)
    assert one.part == 3
    assert len(one.notes) == 2
    for name, expected in weights_after(stepper(12)).items():
        assert np.allclose(found[name], expected, atol=2e-5), name
    one.network.forward = lambda _: (_ for _ in ()).throw(MemoryError())
    with pytest.raises(TrainingError, match="Not even 2 images of 160 pixels"):
        one.step(np.arange(12), (0, 0, 0))


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    one = stepper(12)
    one.network.forward = lambda _: (_ for _ in ()).throw(RuntimeError("shapes do not fit"))
    with pytest.raises(RuntimeError, match="shapes"):
        one.step(np.arange(12), (0, 0, 0))


def test_a_loss_that_is_no_number_is_said() -> None:
    one = stepper(12)
    one.normalise = lambda planes: planes * float("nan")
    with pytest.raises(NotFiniteError):
        one.step(np.arange(12), (0, 0, 0))


def test_lower_layers_learn_more_slowly() -> None:
    config = config_of(layer_decay=0.5, rate=1.0, embedding=8)
    network = make_network(config, {"kind": 3})
    optimizer = make_optimizer(network, make_objective(config, {}, 0, 8), config)
    share = {
        id(each): group["share"] for group in optimizer.param_groups for each in group["params"]
    }
    found = {name: share[id(each)] for name, each in network.named_parameters()}
    assert len(found) == len(list(network.parameters()))
    assert found["heads.0.weight"] == found["projection.weight"] == 1.0
    stem, last = found["backbone.conv1.0.weight"], found["backbone.layer4.0.conv1.weight"]
    assert stem < last <= 1.0
    biases = [one for one in optimizer.param_groups if one["weight_decay"] == 0]
    assert all(each.ndim == 1 for one in biases for each in one["params"])


def test_a_checkpoint_brings_everything_back(tmp_path: Path) -> None:
    import torch

    one = stepper(12)
    weights_after(one)
    path = tmp_path / "last.safetensors"
    parts = {"network": one.network.state_dict(), "optimizer": moments(one.optimizer)}
    write_checkpoint(path, parts, {"epoch": 3})
    other = stepper(12)
    found, state = read_checkpoint(path)
    other.network.load_state_dict(found["network"])
    restore_moments(other.optimizer, found["optimizer"])
    assert state == {"epoch": 3}
    for each in (one, other):
        set_rate(each.optimizer, 1e-3)
        each.step(np.arange(12), (0, 1, 0))
    for mine, theirs in zip(one.network.parameters(), other.network.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(TrainingError, match="damaged"):
        read_checkpoint(path)


def test_augmentation_draws_the_same_for_the_same_seed_and_keeps_what_it_must() -> None:
    import torch

    left = np.zeros((40, 48, 48, 3), np.uint8)
    left[:, :, :24] = (220, 40, 30)
    left[:, :, 24:] = (40, 30, 220)
    device = torch.device("cpu")
    one = augmented(left, 40, ("colour", "left-right"), (1, 2), device)
    assert torch.equal(one, augmented(left, 40, ("colour", "left-right"), (1, 2), device))
    assert not torch.equal(one, augmented(left, 40, ("colour", "left-right"), (1, 3), device))
    assert one.shape == (40, 3, 40, 40)
    assert (one[:, 0, 10:30, 2] > one[:, 2, 10:30, 2]).all()
    mirrored = augmented(left, 40, ("colour",), (1, 2), device)
    redder = (mirrored[:, 0, 20, 2] > mirrored[:, 2, 20, 2]).float().mean()
    assert 0.2 < float(redder) < 0.8
    assert centred(left, 40).shape == (40, 40, 40, 3)


def test_the_dominant_colour_is_that_of_the_thing() -> None:
    pictures = np.full((2, 64, 64, 3), 245, np.uint8)
    pictures[0, 16:48, 16:48] = (200, 40, 40)
    pictures[1, 16:48, 16:48] = (40, 60, 200)
    found = colour_targets(pictures, "dominant") / 10
    assert np.abs(found - to_oklab(pictures[:, 32, 32])).max() < 0.06
    shares = colour_targets(pictures, "histogram")
    assert shares.shape == (2, 968)
    assert np.allclose(shares.sum(axis=1), 1, atol=1e-4)


def test_a_network_is_written_with_its_layers_and_one_that_differs_is_not(tmp_path: Path) -> None:
    import torch

    config = config_of(tasks=["the kind", "sleeve"], embedding=12, colour="dominant")
    torch.manual_seed(0)
    network = make_network(config, {"the kind": 4, "sleeve": 2})
    path = tmp_path / "model.onnx"
    photos = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.uint8)
    layers = export_network(network, preprocessing_for(config), path, photos)
    widths = {one.name: one.width for one in layers}
    assert widths["embedding"] == 12
    assert widths["head/the kind"] == 4
    assert [*widths][:2] == ["pooled", "embedding"]
    assert max(one.difference for one in layers) < 1e-3
    assert find_model(f"onnx:{path}#embedding").preprocessing.crop == 32

    plain = network.forward
    path.unlink()

    def drifting(planes: Any) -> Any:
        found = plain(planes)
        return found | {"embedding": found["embedding"] + 0.1 * torch.compiler.is_exporting()}

    network.forward = drifting
    with pytest.raises(ModelError, match="does not give what torch gives in embedding"):
        export_network(network, preprocessing_for(config), path, photos)
    assert not list(tmp_path.iterdir())
