"""An endless stream of training batches whose place in the data order can be saved and restored."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ganbook.data.images import Images, to_float

__all__ = ["batches"]


class batches:
    """An endless iterator over batches of anything, whose place can be saved and restored.

    Each epoch visits every sample once, in a fresh random order; its last batch holds what is left
    (96 of MNIST's 60,000 images at a batch size of 128), as with torch's DataLoader. The data are
    moved to `device` once; a batch is one index-select on them, and for bytes one conversion.

    data: a tensor of any dtype and shape (N, ...), or a tuple of tensors of equal first size, such
    as (images.x, images.y); Images stand for their x alone. Yields a tensor (batch_size, ...), or a
    tuple of them. Bytes with two axes or more are pictures, sounds or videos in storage, and come
    as float32 in [-1, 1]; all else comes as it is. generator: a CPU torch.Generator of its own, the
    only source of randomness. `epoch` counts the epochs begun; `steps_per_epoch` is ceil(N /
    batch_size).

    Raises ValueError for what is no tensor, an empty set, tensors of unequal length, a generator
    that is not on the CPU, a batch size below 1 or above N.
    """

    def __init__(
        self,
        data: Images | Tensor | tuple[Tensor, ...],
        batch_size: int,
        generator: torch.Generator,
        device: torch.device | str | None = None,
    ) -> None:
        x = data.x if isinstance(data, Images) else data
        parts = x if isinstance(x, tuple) else (x,)
        _check_data(parts)
        if not isinstance(batch_size, int) or isinstance(batch_size, bool) or batch_size < 1:
            raise ValueError(f"batch_size is {batch_size!r}; expected a positive integer")
        if batch_size > len(parts[0]):
            raise ValueError(
                f"batch_size is {batch_size}, but there are {len(parts[0])} samples; use a smaller "
                "one"
            )
        if not isinstance(generator, torch.Generator) or generator.device.type != "cpu":
            raise ValueError(f"generator is {generator!r}; expected a torch.Generator() on the CPU")
        self.batch_size = batch_size
        self.samples = len(parts[0])
        self.steps_per_epoch = -(-self.samples // batch_size)
        self.epoch = 0
        self.parts = parts if device is None else tuple(part.to(device) for part in parts)
        self._alone = not isinstance(x, tuple)
        self._generator = generator
        self._epoch_state = generator.get_state()
        self._order = torch.empty(0, dtype=torch.int64)
        self._position = self.samples  # given out of this epoch: at first, no epoch is open

    def __iter__(self) -> batches:
        return self

    def __next__(self) -> Tensor | tuple[Tensor, ...]:
        if self._position >= self.samples:
            self._epoch_state = self._generator.get_state()
            self._order = self._shuffled(self._generator)
            self._position = 0
            self.epoch += 1
        index = self._order[self._position : self._position + self.batch_size]
        self._position += len(index)
        batch = tuple(_converted(part.index_select(0, index)) for part in self.parts)
        return batch[0] if self._alone else batch

    def _shuffled(self, generator: torch.Generator) -> Tensor:
        return torch.randperm(self.samples, generator=generator).to(self.parts[0].device)

    def state_dict(self) -> dict[str, Any]:
        """Return the position in the data order: whole numbers, and two generator states as uint8
        tensors.

        The order is not stored; `epoch_state`, the generator's state before the shuffle, gives it
        again."""
        return {
            "samples": self.samples,
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
        for name in ("samples", "batch_size"):
            if state[name] != own[name]:
                raise ValueError(
                    f"the state was saved with {name} {state[name]}, but here it is {own[name]}; "
                    "resume with the same data and batch size, or start afresh"
                )
        position, epoch = state["position"], state["epoch"]
        if not 0 <= position <= self.samples or (
            position % self.batch_size and position < self.samples
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


def _converted(part: Tensor) -> Tensor:
    return to_float(part) if part.dtype == torch.uint8 and part.ndim > 1 else part


def _check_data(parts: tuple[Any, ...]) -> None:
    for part in parts or (None,):
        if not isinstance(part, Tensor) or not part.ndim:
            raise ValueError(
                f"the data are {type(part).__name__}; expected a tensor of samples (N, ...), a "
                "tuple of tensors of equal length, or Images"
            )
    if len(set(map(len, parts))) > 1:
        raise ValueError(
            f"the data have {', '.join(str(len(part)) for part in parts)} rows; expected as many in "
            "each tensor"
        )
    if not len(parts[0]):
        raise ValueError("the set holds no samples; expected at least one")
