"""When augmentation leaks: a random turn as a matrix on the four orientations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["rotation_mixing"]


def rotation_mixing(p: float, identity: bool = False) -> NDArray[np.float64]:
    r"""Return the 4 x 4 matrix T with which random turns by k 90 degrees act on a law of orientations.

    Column j is the law of the orientation of a picture that had orientation j: it stays with
    probability 1 - p, and is otherwise turned by 90, 180 or 270 degrees, each equally likely. The
    eigenvalues are 1 and three times 1 - 4p/3, so that T is singular at p = 3/4 only. With
    ``identity`` the turn is one of four, 0 among them: three times 1 - p, singular at p = 1 only.
    Raises ``ValueError`` for p outside [0, 1].

    Source: Karras et al. (2020), appendix C.
    """
    if not 0 <= p <= 1:
        raise ValueError(f"p is {p}: expected a probability")
    other = p / 4 if identity else p / 3
    return np.full((4, 4), other) + np.eye(4) * (1 - 4 * other)
