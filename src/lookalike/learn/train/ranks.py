"""Several processes that train one network together, as torchrun starts them; or just this one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from lookalike.models.torch_network import import_torch, torch_device


@dataclass(frozen=True, slots=True)
class Ranks:
    """This process among `count`; number 0 judges, writes and speaks."""

    number: int
    count: int
    device: Any

    @property
    def first(self) -> bool:
        """Whether this process is the one that writes."""
        return self.number == 0

    def add_up(self, tensors: list[Any]) -> None:
        """Replace each tensor by its sum over the processes, in place."""
        if self.count == 1 or not tensors:
            return
        torch = import_torch("Training")
        flat = torch.cat([tensor.reshape(-1).float() for tensor in tensors])
        torch.distributed.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    def share_out(self, tensors: list[Any]) -> None:
        """Replace each tensor by that of the first process, in place."""
        if self.count > 1:
            torch = import_torch("Training")
            for tensor in tensors:
                torch.distributed.broadcast(tensor, 0)

    def wait(self) -> None:
        """Go on when all processes have come here."""
        if self.count > 1:
            import_torch("Training").distributed.barrier()


@contextmanager
def joined(device: str) -> Iterator[Ranks]:
    """The processes that torchrun started, or this one. On GPUs each takes its own.

    Raises `UsageError` for a device that torch cannot use.
    """
    torch = import_torch("Training")
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks(0, 1, torch_device(torch, device))
        return
    chosen = torch_device(torch, device)
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    torch.distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Ranks(torch.distributed.get_rank(), count, chosen)
    finally:
        torch.distributed.destroy_process_group()
