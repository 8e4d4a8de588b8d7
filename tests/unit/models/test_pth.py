"""The restricted unpickler: hand-made checkpoints, good and bad; nothing in one ever runs."""

from __future__ import annotations

import pickle
import random
import struct
from pathlib import Path

import numpy as np
import pytest

from lookalike.errors import ModelError
from lookalike.models.pth import MAGIC_NUMBER, read_state_dict

# Opcodes of the pickle protocol, see the source of Python's pickletools.
MARK, TUPLE, REDUCE, STOP, NONE, FALSE, PERSID = b"(", b"t", b"R", b".", b"N", b"\x89", b"Q"


def pushed(value: str | int | tuple[int, ...]) -> bytes:
    """The opcodes that put a value on the stack."""
    if isinstance(value, str):
        text = value.encode()
        return b"X" + struct.pack("<I", len(text)) + text
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    return MARK + b"".join(map(pushed, value)) + TUPLE


def global_(module: str, name: str) -> bytes:
    return f"c{module}\n{name}\n".encode()


def tensor(
    key: str,
    length: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    offset: int = 0,
    kind: str = "FloatStorage",
    storage: str = "storage",
) -> bytes:
    """The opcodes of a tensor as torch's first file format writes it."""
    named = (
        MARK
        + pushed(storage)
        + global_("torch", kind)
        + pushed(key)
        + pushed("cpu")
        + pushed(length)
        + NONE
        + TUPLE
        + PERSID
    )
    hooks = global_("collections", "OrderedDict") + MARK + TUPLE + REDUCE
    arguments = named + pushed(offset) + pushed(shape) + pushed(stride) + FALSE + hooks
    return global_("torch._utils", "_rebuild_tensor_v2") + MARK + arguments + TUPLE + REDUCE


def state_dict(tensors: dict[str, bytes]) -> bytes:
    """The pickle of an OrderedDict of tensors."""
    items = b"".join(pushed(name) + opcodes for name, opcodes in tensors.items())
    made = global_("collections", "OrderedDict") + MARK + TUPLE + REDUCE
    return b"\x80\x02" + made + MARK + items + b"u" + STOP


def checkpoint(tensors: bytes, storages: dict[str, np.ndarray], *, start: bytes = b"") -> bytes:
    head = start or pickle.dumps(MAGIC_NUMBER, 2)
    system = {"protocol_version": 1001, "little_endian": True}
    parts = [head, pickle.dumps(1001, 2), pickle.dumps(system, 2), tensors]
    parts.append(pickle.dumps(list(storages), 2))
    for values in storages.values():
        parts += [struct.pack("<q", values.size), values.tobytes()]
    return b"".join(parts)


def good() -> bytes:
    return checkpoint(
        state_dict(
            {
                "whole": tensor("0", 6, (2, 3), (3, 1)),
                "turned": tensor("0", 6, (3, 2), (1, 3)),
                "last": tensor("0", 6, (2,), (1,), offset=4),
                "steps": tensor("1", 1, (), (), kind="LongStorage"),
            }
        ),
        {"0": np.arange(6, dtype="<f4"), "1": np.array([2**40], "<i8")},
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def test_tensors_are_views_of_their_storages(path: Path) -> None:
    path.write_bytes(good())
    found = read_state_dict(path)
    assert list(found) == ["whole", "turned", "last", "steps"]
    np.testing.assert_array_equal(found["whole"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(found["turned"], [[0, 3], [1, 4], [2, 5]])
    np.testing.assert_array_equal(found["last"], [4, 5])
    assert found["steps"].shape == ()
    assert found["steps"] == 2**40
    assert {str(array.dtype) for array in found.values()} == {"float32", "int64"}


@pytest.mark.parametrize("place", ["magic", "tensors", "keys"])
@pytest.mark.parametrize(
    "callable_",
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("subprocess", "call"),
        ("torch", "load"),
        ("torch._utils", "_rebuild_tensor"),
        ("torch", "FloatStorage.__init__"),
    ],
)
def test_no_code_in_a_checkpoint_runs(
    path: Path, tmp_path: Path, place: str, callable_: tuple[str, str]
) -> None:
    witness = tmp_path / "witness"
    call = global_(*callable_) + MARK + pushed(f"touch {witness}") + TUPLE + REDUCE + STOP
    malicious = b"\x80\x02" + call
    match place:
        case "magic":
            data = checkpoint(state_dict({}), {}, start=malicious)
        case "tensors":
            data = checkpoint(malicious, {})
        case _:
            data = checkpoint(state_dict({}), {}).removesuffix(pickle.dumps([], 2)) + malicious
    path.write_bytes(data)
    with pytest.raises(ModelError):
        read_state_dict(path)
    assert not witness.exists()


def test_a_dotted_name_reaches_nothing(path: Path) -> None:
    """Protocol 4 can ask for `torch` -> `serialization.os.system`."""
    dotted = pushed("torch") + pushed("serialization.os.system") + b"\x93"
    path.write_bytes(checkpoint(b"\x80\x04" + dotted + MARK + TUPLE + REDUCE + STOP, {}))
    with pytest.raises(ModelError, match="refused"):
        read_state_dict(path)


@pytest.mark.parametrize(
    ("shape", "stride", "offset"),
    [
        ((7,), (1,), 0),
        ((6,), (1,), 1),
        ((2, 3), (4, 1), 0),
        ((2,), (1,), -1),
        ((3,), (-1,), 5),
        ((1000,), (0,), 0),
        ((-2,), (1,), 0),
        ((2, 3), (1,), 0),
    ],
)
def test_a_view_beyond_its_storage_is_refused(
    path: Path, shape: tuple[int, ...], stride: tuple[int, ...], offset: int
) -> None:
    values = {"0": np.arange(6, dtype="<f4")}
    path.write_bytes(checkpoint(state_dict({"x": tensor("0", 6, shape, stride, offset)}), values))
    with pytest.raises(ModelError):
        read_state_dict(path)


@pytest.mark.parametrize("stated", [5, 7, -6, 2**31 - 1])
def test_a_storage_of_another_size_is_refused(path: Path, stated: int) -> None:
    values = {"0": np.arange(6, dtype="<f4")}
    path.write_bytes(checkpoint(state_dict({"x": tensor("0", stated, (2,), (1,))}), values))
    with pytest.raises(ModelError):
        read_state_dict(path)


def test_a_tensor_without_its_storage_is_refused(path: Path) -> None:
    tensors = state_dict({"x": tensor("0", 6, (2,), (1,))})
    path.write_bytes(checkpoint(tensors, {"1": np.arange(6, dtype="<f4")}))
    with pytest.raises(ModelError):
        read_state_dict(path)
    path.write_bytes(checkpoint(tensors, {}))
    with pytest.raises(ModelError, match="outside of its own data"):
        read_state_dict(path)


def test_a_truncated_file_is_refused_wherever_it_ends(path: Path) -> None:
    data = good()
    for end in range(len(data)):
        path.write_bytes(data[:end])
        with pytest.raises(ModelError):
            read_state_dict(path)


@pytest.mark.parametrize(
    "tensors",
    [
        pickle.dumps([1, 2, 3], 2),
        pickle.dumps({"x": 1}, 2),
        pickle.dumps(None, 2),
        state_dict({"x": tensor("0", 6, (2,), (1,), kind="HalfStorage")}),
        state_dict({"x": tensor("0", 6, (2,), (1,), storage="module")}),
    ],
)
def test_anything_but_plain_tensors_is_refused(path: Path, tensors: bytes) -> None:
    path.write_bytes(checkpoint(tensors, {"0": np.arange(6, dtype="<f4")}))
    with pytest.raises(ModelError):
        read_state_dict(path)


def test_damage_anywhere_is_a_model_error_or_other_numbers(path: Path) -> None:
    rng = random.Random(628)
    data = good()
    for _ in range(500):
        damaged = bytearray(data)
        for _ in range(rng.choice((1, 1, 2, 8))):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            found = read_state_dict(path)
        except ModelError:
            continue
        assert all(isinstance(array, np.ndarray) for array in found.values())


def test_a_file_that_is_not_there_is_said(path: Path) -> None:
    with pytest.raises(ModelError, match=r"weights\.pth"):
        read_state_dict(path)
