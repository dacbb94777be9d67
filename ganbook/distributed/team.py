"""The processes that torchrun started: who does which rows, and how all come to know what one of
them knows.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

__all__ = ["Team", "join"]


@dataclass(frozen=True)
class Team:
    """This process's place among ``size`` processes, and the device it computes on; the one of rank
    0 leads.
    """

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and prints."""
        return self.rank == 0

    def share(self, x: Tensor) -> Tensor:
        """Return this process's rows of a batch that every process holds; ``ValueError`` if shares
        are unequal.
        """
        n, left = divmod(len(x), self.size)
        if left:
            raise ValueError(
                f"{self.size} processes cannot share a batch of {len(x)} equally, and a mean of their "
                f"means would be another loss: choose a size that {self.size} divides"
            )
        return x[self.rank * n : (self.rank + 1) * n]

    def agree(self, stop: bool = False, error: Exception | None = None) -> bool:
        """Return whether any process wants to stop; if any has an error, raise the first one's in
        all of them.
        """
        flag = torch.tensor(2 if error is not None else int(stop))
        if self.size > 1:
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        if flag < 2:
            return bool(flag)
        errors: list[Exception | None] = [error] * self.size
        if self.size > 1:
            dist.all_gather_object(errors, _portable(error))
        first = next(rank for rank, found in enumerate(errors) if found is not None)
        raise error if first == self.rank else errors[first]

    @contextmanager
    def together(self) -> Iterator[None]:
        """Wait for all at the end of the block; what failed in one process fails in all, with the
        same error.
        """
        try:
            yield
        except Exception as error:
            self.agree(error=error)
        self.agree()

    def average(self, x: Tensor) -> None:
        """Replace x, in place, by its mean over the processes."""
        if self.size > 1 and x.numel():
            dist.all_reduce(x)
            x /= self.size

    def gather(self, x: Tensor) -> list[Tensor]:
        """Return the x of every process, in order of rank."""
        found = [torch.empty_like(x) for _ in range(self.size)]
        dist.all_gather(found, x)
        return found

    def told(self, value: Any) -> Any:
        """Return the value that the process that leads has: numbers, text, containers of them,
        tensors on the CPU.
        """
        found = [value]
        dist.broadcast_object_list(found, 0, device=torch.device("cpu"))
        return found[0]

    def follow(self, x: Tensor) -> None:
        """Replace x, in place, by that of the process that leads."""
        whole = x.contiguous()  # not so in channels-last layout
        dist.broadcast(whole, 0)
        x.copy_(whole)


@contextmanager
def join(device: str = "auto") -> Iterator[Team]:
    """Be one of the processes that torchrun started, or else the only one, while the block lasts.

    ``device`` is cpu, cuda (each process the GPU of its LOCAL_RANK) or auto, which is cuda where
    there is a GPU. Raises ``ValueError`` for other names, and for fewer GPUs than processes."""
    here, size = _device(device), int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        yield Team(0, 1, here)
        return
    dist.init_process_group("cpu:gloo,cuda:nccl" if here.type == "cuda" else "gloo")
    try:
        yield Team(dist.get_rank(), size, here)
    finally:
        dist.destroy_process_group()


def _device(name: str) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device is {name!r}: expected auto, cpu or cuda")
    gpus = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if name == "cpu" or (name == "auto" and not gpus):
        return torch.device("cpu")
    if not gpus:
        raise ValueError(
            "device is cuda, but PyTorch finds no GPU: see `nvidia-smi`, or choose cpu"
        )
    if (processes := int(os.environ.get("LOCAL_WORLD_SIZE", "1"))) > gpus:
        raise ValueError(
            f"{processes} processes for {gpus} GPU{'s' * (gpus > 1)}: start one process for each "
            f"(--nproc-per-node {gpus}), or choose the device cpu"
        )
    here = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
    torch.cuda.set_device(here)
    return here


def _portable(error: Exception | None) -> Exception | None:
    """The error, or where it cannot travel to another process, one that says the same."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error
