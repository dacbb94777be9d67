"""Linear parts of a field and of one update of a play, by automatic differentiation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ganbook.dynamics.fields import Field
from ganbook.dynamics.plays import PLAYS, _start

__all__ = ["game_jacobian", "update_eigenvalues", "update_matrix"]


def game_jacobian(field: Field, point: Any) -> NDArray[np.float64]:
    """Return the Jacobian of the field at ``(theta, psi)``, shape (2, 2), row i that of component i.

    Its symmetric part stretches, its antisymmetric part turns. Raises ``ValueError`` for a point
    that is not two finite numbers.

    Source: Balduzzi et al. (2018), section 2.
    """
    w = torch.tensor(_start(point, "point"), dtype=torch.float64)
    return torch.func.jacrev(lambda u: torch.stack(field(u[0], u[1])))(w).numpy()


def update_matrix(
    field: Field, point: Any, step: Any, play: str = "simultaneous", **options: Any
) -> NDArray[np.float64]:
    """Return the derivative of one update at a point, by ``torch.func.jacrev``.

    Shape (2, 2), or (4, 4) where the play has a memory: ``(theta, psi, theta', psi')`` for
    optimistic play, the point before for momentum, the first moments for Adam (its second moments
    are of second order where the field vanishes). ``options`` are those of the play: ``d_steps``,
    ``first``, ``beta``, ``betas``, ``eps``. Raises ``ValueError`` for an unknown play.

    Source: Mescheder, Geiger and Nowozin (2018), section 2.
    """
    if play not in PLAYS:
        raise ValueError(f"unknown play {play!r}: expected one of {', '.join(PLAYS)}")
    make, memory = PLAYS[play]
    update = make(field, step, **options)
    w = torch.tensor(_start(point, "point"), dtype=torch.float64)
    kept = {"": [], "w": [w], "v": [torch.stack(field(w[0], w[1]))]}[memory]
    state = torch.cat([w, *kept])

    def flat(u: Tensor) -> Tensor:
        return torch.stack(update(tuple(u)))

    return torch.func.jacrev(flat)(state).numpy()


def update_eigenvalues(
    field: Field, point: Any, step: Any, play: str = "simultaneous", **options: Any
) -> NDArray[np.complex128]:
    """Return the eigenvalues of ``update_matrix``, complex, largest modulus first.

    The play converges to a point where the field vanishes, from near enough, if all moduli are
    below 1; at modulus 1 the linear part decides nothing. A double eigenvalue is accurate only to
    the root of the rounding error: compare its trace and determinant.

    Source: Mescheder, Geiger and Nowozin (2018), section 2.
    """
    values = np.linalg.eigvals(update_matrix(field, point, step, play, **options)).astype(complex)
    return values[np.lexsort((values.imag, values.real, -np.abs(values).round(12)))]
