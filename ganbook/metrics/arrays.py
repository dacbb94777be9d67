"""What every metric asks of the arrays that it is given."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["feature_array"]


def feature_array(name: str, values: ArrayLike, rows: int = 2) -> np.ndarray:
    """Return features, an array or a tensor on any device, as float64 of shape (N, K).

    Raises ``ValueError`` that names them for another number of axes, for fewer than ``rows`` rows
    or no column, and for values that are not finite.
    """
    array = np.asarray(
        values.detach().cpu() if hasattr(values, "detach") else values, dtype=np.float64
    )
    if array.ndim != 2 or array.shape[0] < rows or array.shape[1] < 1:
        raise ValueError(
            f"{name} has shape {array.shape}: expected (N, K) with N >= {rows}, one row a sample"
        )
    if not np.isfinite(array).all():
        raise ValueError(
            f"{name} holds a value that is not finite: look at the samples before you score them"
        )
    return array
