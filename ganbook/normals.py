"""The KL divergence between normal distributions, also where both live on one flat."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

__all__ = ["kl_normal"]

ArrayLike = np.ndarray | Tensor


def kl_normal(
    mean_p: ArrayLike, cov_p: ArrayLike, mean_q: ArrayLike, cov_q: ArrayLike
) -> ArrayLike:
    r"""Return KL(p || q) between two normal distributions in any dimension.

    :math:`\tfrac12 [tr(B^{-1} A) - d + \log(\det B / \det A) + (\nu - \mu)^T B^{-1} (\nu - \mu)]`
    for p = N(mu, A), q = N(nu, B), through Cholesky factors, so that no inverse and no determinant
    is formed. Shapes: means (d,), covariances (d, d) -> scalar, in nats. A singular covariance has
    no density: the value is then inf, except where both laws live on one and the same flat, on
    which it is computed. Error: about d roundings, times the condition of B (on the flat). On a
    flat that is not parallel to the axes, deviations under :math:`10^{-7}` (float64) of the largest
    cannot be told from rounding and count as none; a shift out of the flat counts as none up to
    the rounding of the flat. A value beyond the largest float is inf too. Raises ValueError for
    wrong shapes, complex numbers, entries that are not finite, and covariances that are not
    symmetric and positive semidefinite. Source: Kullback (1959), chapter 9, section 1; chapter 5."""
    given = (mean_p, cov_p, mean_q, cov_q)
    as_numpy = not any(isinstance(t, Tensor) for t in given)
    mu, a, nu, b = (
        t if isinstance(t, Tensor) else torch.from_numpy(np.array(t, np.float64)) for t in given
    )
    d = mu.shape[-1] if mu.ndim else 0
    if mu.shape != (d,) or nu.shape != (d,) or a.shape != (d, d) or b.shape != (d, d) or d == 0:
        raise ValueError(
            f"given means {tuple(mu.shape)}, {tuple(nu.shape)}, covariances {tuple(a.shape)}, "
            f"{tuple(b.shape)}; expected (d,), (d,), (d, d), (d, d), d at least 1"
        )
    if not all(bool(torch.isfinite(t).all()) and not t.is_complex() for t in (mu, a, nu, b)):
        raise ValueError(
            "a mean or a covariance has entries that are not finite, or complex; expected finite "
            "real numbers: look for overflow where they were estimated"
        )
    dtype = (
        torch.float32 if all(t.dtype == torch.float32 for t in (mu, a, nu, b)) else torch.float64
    )
    mu, a, nu, b = (t.to(dtype) for t in (mu, a, nu, b))
    value = _kl_normal(mu, a, nu, b)
    return value.numpy()[()] if as_numpy else value


def _check_covariance(cov: Tensor, name: str) -> None:
    """Refuse what is not symmetric and positive semidefinite, up to rounding."""
    rounding = 8 * len(cov) * torch.finfo(cov.dtype).eps
    scale = cov.detach().abs().max()
    if not bool(scale > 0):
        return
    unit = cov.detach() / scale  # sums of the largest floats would overflow
    if bool((unit - unit.T).abs().max() > rounding):
        raise ValueError(
            f"{name} is not symmetric; expected a covariance: (C + C.T) / 2 mends rounding"
        )
    smallest = float(torch.linalg.eigvalsh(unit)[0])
    if smallest < -rounding:
        raise ValueError(
            f"{name} has the eigenvalue {smallest * float(scale):.3g}; expected a positive "
            "semidefinite matrix: check how it was estimated"
        )


def _cholesky(cov: Tensor) -> Tensor | None:
    """Return the Cholesky factor of a covariance, None where it is singular to working precision."""
    deviation = cov.diagonal().clamp(min=0).sqrt()
    if bool((deviation == 0).any()):
        return None
    unit, info = torch.linalg.cholesky_ex(cov / deviation / deviation[:, None])
    rounding = len(cov) * torch.finfo(cov.dtype).eps
    if int(info) != 0 or bool((unit.detach().diagonal() ** 2).min() < rounding):
        return None
    return deviation[:, None] * unit


def _kl_normal(mu: Tensor, a: Tensor, nu: Tensor, b: Tensor) -> Tensor:
    _check_covariance(a, "cov_p")
    _check_covariance(b, "cov_q")
    factor_a, factor_b = _cholesky(a), _cholesky(b)
    if factor_a is None and factor_b is None:
        on_flat = _on_common_flat(mu, a, nu, b)
        if on_flat is not None:
            shift, a, b = on_flat
            if len(shift) == 0:
                return torch.zeros((), dtype=mu.dtype)
            factor_a, factor_b = _cholesky(a), _cholesky(b)
    else:
        shift = nu - mu
    if factor_a is None or factor_b is None:
        return torch.tensor(math.inf, dtype=mu.dtype)
    mixed = torch.linalg.solve_triangular(factor_b, factor_a, upper=False)
    shift = torch.linalg.solve_triangular(factor_b, shift[:, None], upper=False)
    stretch = mixed.diagonal()  # its logs sum to half the log-determinant of B^-1 A
    value = ((mixed**2).sum() - len(a) + (shift**2).sum()) / 2 - stretch.log().sum()
    return value.clamp(min=0)  # equal laws leave a rounding of either sign


def _on_common_flat(
    mu: Tensor, a: Tensor, nu: Tensor, b: Tensor
) -> tuple[Tensor, Tensor, Tensor] | None:
    """Return shift and covariances in coordinates of the flat that both laws span together; None
    where the shift leaves it, up to the rounding of the flat itself.

    Each coordinate is first divided by its deviation: rounding is then relative to every axis, and
    a large one does not hide a small one."""
    eps, d = torch.finfo(mu.dtype).eps, len(mu)
    shift = nu - mu
    means = torch.maximum(mu.detach().abs(), nu.detach().abs())
    share_a, share_b = (
        (cov / torch.where(cov > 0, cov, 1.0).max()).detach()
        if bool((cov != 0).any())
        else torch.zeros_like(cov)
        for cov in (a.detach(), b.detach())
    )
    spread = (share_a + share_b).diagonal().clamp(min=0)
    if bool((shift.detach().abs() > 8 * eps * means)[spread == 0].any()):
        return None
    used = spread > 0
    unit = spread[used].sqrt()
    shift, a, b = (
        shift[used] / unit,
        a[used][:, used] / unit / unit[:, None],
        b[used][:, used] / unit / unit[:, None],
    )
    together = (share_a + share_b)[used][:, used] / unit / unit[:, None]
    values, vectors = torch.linalg.eigh(together)
    kept = values > 8 * d * eps
    flat, normal = vectors[:, kept], vectors[:, ~kept]
    if normal.shape[1]:
        # rounding of the entries turns the flat by eps / value towards each of its directions
        along = flat.T @ shift.detach()
        allowed = (along.abs() / values[kept]).sum() + along.norm() + (means[used] / unit).norm()
        if bool((normal.T @ shift.detach()).norm() > 16 * d * eps * allowed):
            return None
        for cov in (a.detach(), b.detach()):
            if bool((normal.T @ cov).abs().max() > 64 * d * eps * cov.abs().max()):
                return None
    return flat.T @ shift, flat.T @ a @ flat, flat.T @ b @ flat
