"""Self-attention on maps: each place sees every other one."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from ganbook.networks.sizes import positive

__all__ = ["SelfAttention"]


class SelfAttention(nn.Module):
    r"""A residual attention over the places of a map: :math:`y_i = x_i + \gamma\, W_o \sum_j
    a_{ij} W_v x_j`.

    :math:`a_{ij} = \mathrm{softmax}_j\, (W_q x_i) \cdot (W_k x_j)` over all H W places, with
    queries and keys of C / ``reduce`` entries and values of C / 2. γ is one trained number and
    begins at zero: the block is the identity at first. Maps (N, C, H, W) to the same shape; its
    cost grows with (H W)². Raises ``ValueError`` for sizes below one and for a C that ``reduce`` or
    2 does not divide.

    Source: Zhang et al. (2019), section 3, equations 1 to 3 (no division by the root of the size).
    """

    def __init__(self, channels: int, reduce: int = 8) -> None:
        super().__init__()
        positive(channels=channels, reduce=reduce)
        if channels % reduce or channels % 2:
            raise ValueError(
                f"{channels} maps are not divisible by reduce = {reduce} and by 2: choose others"
            )
        self.query, self.key = (nn.Conv2d(channels, channels // reduce, 1) for _ in range(2))
        self.value = nn.Conv2d(channels, channels // 2, 1)
        self.out = nn.Conv2d(channels // 2, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        """Return x and what it attends to."""
        q, k, v = (f(x).flatten(2).mT for f in (self.query, self.key, self.value))
        seen = scaled_dot_product_attention(q, k, v, scale=1.0)
        return x + self.gamma * self.out(seen.mT.unflatten(2, x.shape[2:]))
