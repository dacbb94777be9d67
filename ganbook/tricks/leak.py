"""How much of a score's slope lies in the other samples of the batch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["leak"]


def leak(D: nn.Module, x: Tensor) -> tuple[float, float]:
    r"""Return the share of the scores' slopes that reaches other samples, by sizes and by squares.

    With :math:`g_{ij} = \partial d_i / \partial x_j`: :math:`\sum_{i \ne j} \lVert g_{ij} \rVert_1 /
    \sum_{ij} \lVert g_{ij} \rVert_1` and the same with :math:`\lVert g_{ij} \rVert_2^2`. Both are 0
    for a D that scores each sample by itself. x has shape (N, ...), N at least 2; D stays in the
    mode that it is in. Raises ``ValueError`` for fewer samples, for more than one score a sample,
    and for slopes that are all zero.
    """
    if len(x) < 2:
        raise ValueError(f"x has {len(x)} samples: expected two or more")
    x = x.detach().requires_grad_(True)
    scores = D(x)
    if scores.numel() != len(x):
        raise ValueError(
            f"D returned shape {tuple(scores.shape)} for {len(x)} samples: expected one score each"
        )
    rows = [torch.autograd.grad(d, x, retain_graph=True)[0].flatten(1) for d in scores.flatten()]
    slopes = torch.stack(rows)  # (N scores, N samples, entries)
    own = torch.eye(len(x), dtype=torch.bool, device=x.device)
    sizes, squares = slopes.abs().sum(dim=2), slopes.square().sum(dim=2)
    if not sizes.sum() > 0:
        raise ValueError("all slopes are zero: expected a D that depends on its input")
    shares = [float(t[~own].sum() / t.sum()) for t in (sizes, squares)]
    return shares[0], shares[1]
