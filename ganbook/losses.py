"""The losses of both players, as pure functions of scores.

A score is D's output before any sigmoid: high means "real". Both players minimise. With
``softplus(t) = log(1 + exp(t))``, ``-log sigmoid(d) = softplus(-d)`` and ``-log(1 - sigmoid(d)) =
softplus(d)``, so no probability is ever formed and no logarithm ever meets a rounded zero."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

__all__ = [
    "HINGE",
    "LEAST_SQUARES",
    "LOSSES",
    "MINIMAX",
    "NON_SATURATING",
    "RELATIVISTIC",
    "WASSERSTEIN",
    "Loss",
    "get",
    "least_squares",
]


@dataclass(frozen=True)
class Loss:
    """One game: what D minimises and what G minimises, as functions of scores.

    ``discriminator(d_real, d_fake)`` and ``generator(d_fake, d_real=None)`` take scores of any
    shape and return a scalar, the mean over the batch. ``relative`` is true where the generator's
    loss needs ``d_real``."""

    name: str
    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    relative: bool = False


def cross_entropy_discriminator(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""Minus the value of the game, a binary cross-entropy.

    ``mean softplus(-d_real) + mean softplus(d_fake)``, i.e. :math:`-V(D, G)` for ``D(x) =
    sigmoid(d(x))``, in nats; ``2 log 2`` at ``d = 0``. Takes scores of any shape, returns a scalar.

    Source: Goodfellow et al. (2014), equation 1.
    """
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def minimax_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""The generator's half of the value, which it minimises.

    ``mean log(1 - sigmoid(d_fake)) = -mean softplus(d_fake)``, in nats; its derivative in one score
    is ``-sigmoid(d)/N``, which vanishes where D is sure that a sample is generated.

    Source: Goodfellow et al. (2014), equation 1.
    """
    return -softplus(d_fake).mean()


def non_saturating_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""Minus the log-probability that generated samples are called real.

    ``-mean log sigmoid(d_fake) = mean softplus(-d_fake)``, in nats; its derivative in one score is
    ``-sigmoid(-d)/N``. Same fixed point as the minimax loss, another gradient field.

    Source: Goodfellow et al. (2014), section 3, last paragraph.
    """
    return softplus(-d_fake).mean()


def least_squares_discriminator(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""Half the squared distance of scores from the codes 1 (real) and 0 (generated).

    ``(mean (d_real - 1)^2 + mean d_fake^2) / 2``. Scores are compared with the codes as they are,
    without a sigmoid.

    Source: Mao et al. (2017), equation 2 with the codes a = 0, b = 1.
    """
    return 0.5 * ((d_real - 1).square().mean() + d_fake.square().mean())


def least_squares_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""Half the squared distance of generated scores from the code 1 of real samples.

    ``mean (d_fake - 1)^2 / 2``. With these codes the game does *not* minimise a Pearson divergence;
    the codes (-1, 1, 0) would.

    Source: Mao et al. (2017), equation 2 with c = b = 1.
    """
    return 0.5 * (d_fake - 1).square().mean()


@dataclass(frozen=True)
class _CodedDiscriminator:
    """``(mean (d_real - real)^2 + mean (d_fake - generated)^2) / 2``."""

    generated: float
    real: float

    def __call__(self, d_real: Tensor, d_fake: Tensor) -> Tensor:
        return 0.5 * (
            (d_real - self.real).square().mean() + (d_fake - self.generated).square().mean()
        )


@dataclass(frozen=True)
class _CodedGenerator:
    """``mean (d_fake - wanted)^2 / 2``."""

    wanted: float

    def __call__(self, d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
        return 0.5 * (d_fake - self.wanted).square().mean()


def least_squares(a: float = 0.0, b: float = 1.0, c: float = 1.0) -> Loss:
    r"""Return least squares with codes: D fits b on real and a on generated samples, G wants c.

    ``L_D = (mean (d_real - b)^2 + mean (d_fake - a)^2) / 2`` and ``L_G = mean (d_fake - c)^2 / 2``;
    the best score is ``(b p + a q) / (p + q)``. The default codes are those of
    :data:`LEAST_SQUARES`. Codes are plain numbers without unit. Raises ``ValueError`` for codes
    that are not finite, or a = b, for which D has nothing to tell apart.

    Source: Mao et al. (2017), equation 2; which codes give a chi-square: section 3.2 there.
    """
    codes = tuple(float(code) for code in (a, b, c))
    if not all(map(math.isfinite, codes)) or codes[0] == codes[1]:
        raise ValueError(
            f"codes a = {a}, b = {b}, c = {c}: expected three finite numbers with a != b, such as "
            "0, 1, 1 or -1, 1, 0"
        )
    a, b, c = codes
    return Loss(
        f"least_squares(a={a:g}, b={b:g}, c={c:g})", _CodedDiscriminator(a, b), _CodedGenerator(c)
    )


def wasserstein_discriminator(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""Minus the critic's gap between real and generated samples.

    ``mean d_fake - mean d_real``: minus an estimate of the Wasserstein distance if (and only if)
    the critic is 1-Lipschitz and optimal. In the units of the data.

    Source: Arjovsky, Chintala and Bottou (2017), equation 2 and algorithm 1.
    """
    return d_fake.mean() - d_real.mean()


def wasserstein_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""Minus the critic's mean score of generated samples.

    ``-mean d_fake``, in the units of the data.

    Source: Arjovsky, Chintala and Bottou (2017), algorithm 1.
    """
    return -d_fake.mean()


def hinge_discriminator(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""The shortfall of real scores below 1 and the excess of generated scores above -1.

    ``mean max(0, 1 - d_real) + mean max(0, 1 + d_fake)``; 2 at ``d = 0``, and at least
    ``2 (1 - TV(p, q))``, which ``d = sign(p - q)`` attains: without a penalty the optimal score is
    a step. Takes scores of any shape, returns a scalar.

    Source: Lim and Ye (2017), the geometric GAN; Miyato et al. (2018), equation 16.
    """
    return relu(1 - d_real).mean() + relu(1 + d_fake).mean()


def hinge_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""Minus the mean score of generated samples, not clipped.

    ``-mean d_fake``: the Wasserstein generator's loss; the hinge is in the discriminator alone.

    Source: Lim and Ye (2017), the geometric GAN; Miyato et al. (2018), equation 17.
    """
    return -d_fake.mean()


def relativistic_discriminator(d_real: Tensor, d_fake: Tensor) -> Tensor:
    r"""How surely the real sample of each pair scores above the generated one, as a loss.

    ``mean softplus(-(d_real - d_fake))``, in nats: the cross-entropy of telling which member of a
    pair is real; ``log 2`` at equal scores, unchanged when a constant is added to every score, and
    at least ``log 2 - JS(p x q, q x p)``. Raises ``ValueError`` where the two shapes differ,
    because the scores are compared pair by pair.

    Source: Jolicoeur-Martineau (2019), RSGAN; Huang et al. (2024), section 2.
    """
    _pairs(d_real, d_fake)
    return softplus(d_fake - d_real).mean()


def relativistic_generator(d_fake: Tensor, d_real: Tensor | None = None) -> Tensor:
    r"""How surely the generated sample of each pair scores above the real one, as a loss.

    ``mean softplus(-(d_fake - d_real))``, in nats. Raises ``ValueError`` without the real scores,
    or where the two shapes differ.

    Source: Jolicoeur-Martineau (2019), RSGAN.
    """
    if d_real is None:
        raise ValueError(
            "the relativistic generator's loss compares pairs: give d_real, the scores of as many "
            "real samples (g_step does so where loss.relative is true)"
        )
    _pairs(d_real, d_fake)
    return softplus(d_real - d_fake).mean()


def _pairs(d_real: Tensor, d_fake: Tensor) -> None:
    if d_real.shape != d_fake.shape:
        raise ValueError(
            f"d_real has shape {tuple(d_real.shape)} and d_fake {tuple(d_fake.shape)}: expected "
            "equal shapes, one generated score for each real one; draw as many samples of each"
        )


MINIMAX = Loss("minimax", cross_entropy_discriminator, minimax_generator)
NON_SATURATING = Loss("non_saturating", cross_entropy_discriminator, non_saturating_generator)
LEAST_SQUARES = Loss("least_squares", least_squares_discriminator, least_squares_generator)
WASSERSTEIN = Loss("wasserstein", wasserstein_discriminator, wasserstein_generator)
HINGE = Loss("hinge", hinge_discriminator, hinge_generator)
RELATIVISTIC = Loss(
    "relativistic", relativistic_discriminator, relativistic_generator, relative=True
)

LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (MINIMAX, NON_SATURATING, LEAST_SQUARES, WASSERSTEIN, HINGE, RELATIVISTIC)
}


def get(loss: str | Loss) -> Loss:
    """Return the loss of this name, or the loss itself; raise ``ValueError`` naming the known ones."""
    if isinstance(loss, Loss):
        return loss
    if loss not in LOSSES:
        raise ValueError(
            f"unknown loss {loss!r}: expected one of {', '.join(sorted(LOSSES))}, or a Loss"
        )
    return LOSSES[loss]
