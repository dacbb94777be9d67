"""Top-k: G learns from those of its samples that D scores highest."""

from __future__ import annotations

import math
from dataclasses import dataclass

from torch import Tensor

from ganbook.losses import Loss

__all__ = ["top_k"]


@dataclass(frozen=True)
class _TopGenerator:
    base: Loss
    share: float
    blocks: int

    def __call__(self, d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
        scores = d_fake.reshape(self.blocks, -1)
        k = math.ceil(self.share * scores.shape[1])
        return self.base.generator(scores.topk(k, dim=1).values)


def top_k(base: Loss, share: float = 0.5, blocks: int = 1) -> Loss:
    """Return a loss whose G sees the ``share`` of its batch with the highest scores, at least one.

    D's loss is that of ``base``. A batch of ``blocks`` blocks of rows (networks side by side) is cut
    block by block. Raises ``ValueError`` for a share outside (0, 1] and for relative losses, whose
    scores come in pairs.

    Source: Sinha et al. (2020), algorithm 1, where the share falls during training.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}: expected a number in (0, 1], such as 0.5")
    if base.relative:
        raise ValueError(
            f"the loss {base.name!r} compares pairs, and top-k would part them: use one that "
            "scores generated samples alone, such as ganbook.losses.NON_SATURATING"
        )
    return Loss(
        f"{base.name}, top {share:g}", base.discriminator, _TopGenerator(base, share, blocks)
    )
