"""What lets D see how a batch varies: one feature more, the spread over the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["MinibatchStd"]

FLOOR = 1e-8


class MinibatchStd(nn.Module):
    r"""Append to each sample the mean, over features, of the standard deviation over its group.

    :math:`s = \frac1K \sum_k \sqrt{\frac1M \sum_i (h_{ik} - \bar h_k)^2 + 10^{-8}}` over a group of
    M samples with K features each, the same number for all of the group: (N, K) becomes (N, K + 1),
    and maps (N, C, H, W) become (N, C + 1, H, W). Groups are ``group`` rows that follow one
    another; without it the batch is one group. A sample's score depends on its group, so penalties
    per sample do not go with it, nor ``one_pass``.

    Raises ``ValueError`` for a group below 2, and for rows that are no multiple of it.

    Source: Karras et al. (2018), section 3.
    """

    mixes_samples = True

    def __init__(self, group: int | None = None) -> None:
        super().__init__()
        if group is not None and (not isinstance(group, int) or group < 2):
            raise ValueError(f"group is {group!r}: expected a whole number of at least 2, or None")
        self.group = group

    def extra_repr(self) -> str:
        """Return what the printed network shows of it."""
        return f"group={self.group}"

    def forward(self, h: Tensor) -> Tensor:
        """Return h with one feature more."""
        size = self.group or len(h)
        if not len(h) or len(h) % size:
            raise ValueError(
                f"{len(h)} rows for groups of {size}: expected a positive multiple; drop the last "
                "batch of an epoch, or leave group at None"
            )
        groups = h.reshape(-1, size, *h.shape[1:])
        spread = (groups.var(dim=1, correction=0) + FLOOR).sqrt().flatten(1).mean(dim=1)
        shape = (len(h), 1, *h.shape[2:])
        extra = spread.repeat_interleave(size).reshape(-1, *(1,) * (h.ndim - 1)).expand(shape)
        return torch.cat([h, extra], dim=1)
