"""How many modes of a mixture samples reach, and how evenly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from ganbook.metrics.arrays import feature_array

__all__ = ["mode_coverage"]


def mode_coverage(samples: ArrayLike, centers: ArrayLike, std: float) -> tuple[int, float, float]:
    r"""Count the modes of a mixture that samples reach, the share that is close to one, and the
    reverse KL.

    A sample is of high quality if it lies within 3 std of its nearest center, and a mode counts if
    it has at least one such sample. The third value is :math:`\mathrm{KL}(\hat q \| u)` in nats,
    from the share of high-quality samples at each mode to the uniform law over modes (nan if there
    is none). Samples have shape (N, d), centers (K, d). Raises ``ValueError`` for other shapes, and
    std not above 0.

    Source: Srivastava et al. (2017), section 4.1; Lin et al. (2018), section 4.1.
    """
    x, c = feature_array("samples", samples, rows=1), feature_array("centers", centers, rows=1)
    if x.shape[1] != c.shape[1]:
        raise ValueError(
            f"samples have {x.shape[1]} coordinates and centers {c.shape[1]}: expected equal numbers"
        )
    if not std > 0:
        raise ValueError(
            f"std is {std}: expected a positive number, the standard deviation of each mode"
        )
    distance = np.linalg.norm(x[:, None, :] - c[None, :, :], axis=2)
    nearest = distance.argmin(axis=1)
    good = distance.min(axis=1) <= 3 * std
    counts = np.bincount(nearest[good], minlength=len(c))
    share = counts[counts > 0] / max(counts.sum(), 1)
    reverse = float((share * np.log(share * len(c))).sum()) if counts.sum() else float("nan")
    return int((counts > 0).sum()), float(good.mean()), reverse
