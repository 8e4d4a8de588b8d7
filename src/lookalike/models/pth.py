"""Reads the tensors of a PyTorch checkpoint without torch, allowing no code in it to run."""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from lookalike.errors import ModelError

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
STORAGE_DTYPES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class _Storage:
    """A flat array that is filled after the pickle has been read."""

    def __init__(self, dtype: np.dtype[Any], length: int) -> None:
        self.dtype = dtype
        self.length = length
        self.values: NDArray[Any] = np.empty(0, dtype)


class _Tensor:
    """A view of a storage, as the checkpoint describes it."""

    def __init__(
        self, storage: _Storage, offset: int, shape: tuple[int, ...], stride: tuple[int, ...]
    ) -> None:
        self.storage = storage
        self.offset = offset
        self.shape = shape
        self.stride = stride

    def array(self) -> NDArray[Any]:
        """A copy with the tensor's shape; refuses to read outside the storage."""
        steps = zip(self.shape, self.stride, strict=True)
        last = self.offset + sum((size - 1) * stride for size, stride in steps)
        there = len(self.storage.values)
        inside = self.offset >= 0 and min(self.stride, default=0) >= 0 and last < there
        if not inside or math.prod(self.shape) > there:
            raise ModelError("The checkpoint describes a tensor outside of its own data.")
        item = self.storage.dtype.itemsize
        view = np.lib.stride_tricks.as_strided(
            self.storage.values[self.offset :],
            self.shape,
            tuple(stride * item for stride in self.stride),
        )
        return np.array(view)


def _rebuild_tensor(
    storage: _Storage,
    offset: int,
    shape: tuple[int, ...],
    stride: tuple[int, ...],
    *_: object,
) -> _Tensor:
    return _Tensor(storage, offset, shape, stride)


class _RestrictedUnpickler(pickle.Unpickler):
    """Allows exactly what a plain state dict consists of."""

    def __init__(self, file: BinaryIO, storages: dict[str, _Storage]) -> None:
        super().__init__(file)
        self._storages = storages

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild_tensor
        if module == "torch" and name in STORAGE_DTYPES:
            return STORAGE_DTYPES[name]
        raise ModelError(
            f"The checkpoint asks for {module}.{name}, which plain weights never need: refused."
        )

    def persistent_load(self, pid: Any) -> _Storage:
        kind, dtype, key, _device, length, view = pid
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise ModelError(f"The checkpoint refers to something unknown: {kind!r}.")
        return self._storages.setdefault(key, _Storage(dtype, int(length)))


def read_state_dict(path: Path) -> dict[str, NDArray[Any]]:
    """Name -> array of a state dict in torch's first file format (before 1.6's zip).

    The format: four pickles (magic number, protocol, system, tensors), a pickled list of
    storage keys, then each storage as a little-endian int64 count and its raw values
    (torch/serialization.py, `_legacy_save`).

    Raises `ModelError` when the file is damaged or holds anything but plain tensors.
    """
    try:
        with path.open("rb") as file:
            return _read(file)
    except ModelError:
        raise
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # a damaged pickle raises anything
        raise ModelError(f"{path.name} is not a readable checkpoint: {error}") from error


def _read(file: BinaryIO) -> dict[str, NDArray[Any]]:
    storages: dict[str, _Storage] = {}

    def unpickle() -> Any:
        return _RestrictedUnpickler(file, storages).load()

    if unpickle() != MAGIC_NUMBER:
        raise ModelError("The checkpoint does not begin as torch's first file format does.")
    unpickle()
    unpickle()
    tensors = unpickle()
    for key in unpickle():
        storage = storages[key]
        count = int.from_bytes(file.read(8), "little")
        raw = file.read(storage.length * storage.dtype.itemsize)
        if count != storage.length or len(raw) != storage.length * storage.dtype.itemsize:
            raise ModelError("The checkpoint ends before its tensors do.")
        storage.values = np.frombuffer(raw, storage.dtype)
    return {name: tensor.array() for name, tensor in tensors.items()}
