"""An endless stream of training batches whose place in the data order can be saved and restored."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganbook.data.images import Images, to_float

__all__ = ["batches"]


class batches:
    """An endless iterator over float32 batches in [-1, 1], of shape (batch_size, C, H, W).

    Each epoch visits every image once, in a fresh random order; its last batch holds what is left
    (96 of MNIST's 60,000 images at a batch size of 128), as with torch's DataLoader. The bytes are
    moved to `device` once; a batch is one index-select on them and one conversion.

    images: Images, or a uint8 tensor (N, C, H, W). generator: a CPU torch.Generator of its own, the
    only source of randomness. `epoch` counts the epochs begun; `steps_per_epoch` is ceil(N /
    batch_size). Raises ValueError for an empty set, a dtype other than uint8, a generator that is
    not on the CPU, a batch size below 1 or above N."""

    def __init__(
        self,
        images: Images | Tensor,
        batch_size: int,
        generator: torch.Generator,
        device: torch.device | str | None = None,
    ) -> None:
        x = images.x if isinstance(images, Images) else images
        if not isinstance(x, Tensor) or x.dtype != torch.uint8 or x.ndim != 4:
            given = (
                f"{x.dtype} of shape {tuple(x.shape)}"
                if isinstance(x, Tensor)
                else type(x).__name__
            )
            raise ValueError(f"images are {given}; expected Images, or a uint8 tensor (N, C, H, W)")
        if len(x) == 0:
            raise ValueError("the set holds no images; expected at least one")
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"batch_size is {batch_size!r}; expected a whole number, at least 1")
        if batch_size > len(x):
            raise ValueError(
                f"batch_size is {batch_size}, but there are {len(x)} images; use a smaller one"
            )
        if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
            raise ValueError(f"generator is {generator!r}; expected a torch.Generator() on the CPU")
        self.batch_size = batch_size
        self.steps_per_epoch = -(-len(x) // batch_size)
        self.epoch = 0
        self._x = x if device is None else x.to(device)
        self._generator = generator
        self._epoch_state = generator.get_state()
        self._order = torch.empty(0, dtype=torch.int64)
        self._position = len(
            x
        )  # images of this epoch already given out: at first, no epoch is open

    def __iter__(self) -> batches:
        return self

    def __next__(self) -> Tensor:
        if self._position >= len(self._x):
            self._epoch_state = self._generator.get_state()
            self._order = self._shuffled(self._generator)
            self._position = 0
            self.epoch += 1
        index = self._order[self._position : self._position + self.batch_size]
        self._position += len(index)
        return to_float(self._x.index_select(0, index))

    def _shuffled(self, generator: torch.Generator) -> Tensor:
        return torch.randperm(len(self._x), generator=generator).to(self._x.device)

    def state_dict(self) -> dict[str, Any]:
        """Return the position in the data order: whole numbers, and two generator states as uint8
        tensors.

        The order is not stored; `epoch_state`, the generator's state before the shuffle, gives it
        again."""
        return {
            "images": len(self._x),
            "batch_size": self.batch_size,
            "epoch": self.epoch,
            "position": self._position,
            "epoch_state": self._epoch_state.clone(),
            "generator": self._generator.get_state(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on exactly where `state` was taken: the same next batch, and the same orders ever
        after.

        Raises ValueError, and changes nothing, when the state belongs to a set of another size or
        to another batch size, or is damaged."""
        own = self.state_dict()
        if set(state) != set(own):
            raise ValueError(f"the state has the entries {sorted(state)}; expected {sorted(own)}")
        for name in ("images", "batch_size"):
            if state[name] != own[name]:
                raise ValueError(
                    f"the state was saved with {name} {state[name]}, but here it is {own[name]}; "
                    "resume with the same data and batch size, or start afresh"
                )
        position, epoch = state["position"], state["epoch"]
        if not 0 <= position <= len(self._x) or (
            position % self.batch_size and position < len(self._x)
        ):
            raise ValueError(f"the state's position {position} is no border between two batches")
        before, after = torch.Generator(), torch.Generator()
        try:
            before.set_state(state["epoch_state"].cpu())
            after.set_state(state["generator"].cpu())
        except (AttributeError, RuntimeError, TypeError) as error:
            raise ValueError(f"the state holds no usable generator state: {error}") from error
        self._epoch_state = before.get_state()
        self._order = self._shuffled(before)
        self._position, self.epoch = position, epoch
        self._generator.set_state(after.get_state())
