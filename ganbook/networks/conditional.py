"""Players that are given a label: by concatenation, by projection, by normalisation, by a second
head.

A label is an int64 tensor (N,) of classes 0 ... K - 1; such a player is called with (x, y)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ganbook.networks.sizes import SLOPE, positive

__all__ = [
    "ClassSum",
    "Concatenated",
    "ConditionalBatchNorm",
    "ConditionalSequential",
    "Projected",
    "conditional_generator",
    "two_heads",
]


def _check(x: Tensor, y: Tensor, classes: int) -> None:
    """Raise ``ValueError`` unless y holds one class for each row of x."""
    if y.shape != x.shape[:1] or y.dtype != torch.int64:
        raise ValueError(
            f"y is {y.dtype} {tuple(y.shape)} for x of shape {tuple(x.shape)}: expected int64 "
            f"({len(x)},), one class in 0..{classes - 1} for each row"
        )


class Concatenated(nn.Module):
    r"""A network that sees the label as K more inputs: ``network(cat([x, e_y], dim=1))``.

    :math:`e_y` is one-hot; for vectors x of shape (N, n) the network takes (N, n + K), for pictures
    (N, C, H, W) it takes (N, C + K, H, W), where plane C + y is 1 and the other K - 1 are 0. Serves
    either player. Raises ``ValueError`` for classes below one, and for labels that are not int64
    (N,).

    Source: Mirza and Osindero (2014), section 3.2.
    """

    def __init__(self, network: nn.Module, classes: int) -> None:
        super().__init__()
        positive(classes=classes)
        self.network, self.classes = network, classes

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the network's output for samples and their labels."""
        _check(x, y, self.classes)
        code = one_hot(y, self.classes).to(x.dtype).reshape(len(y), -1, *(1,) * (x.ndim - 2))
        return self.network(torch.cat([x, code.expand(-1, -1, *x.shape[2:])], dim=1))


class Projected(nn.Module):
    r"""A critic whose score depends on the label by one inner product.

    :math:`d(x, y) = w \cdot \phi(x) + b + v_y \cdot \phi(x)`. ``features`` maps samples to
    :math:`\phi`, (N, width); the K vectors :math:`v_y` start at zero, so that D starts without the
    label. Returns scores (N, 1). Raises ``ValueError`` for sizes below one, and for labels that are
    not int64 (N,).

    Source: Miyato and Koyama (2018), section 3.
    """

    def __init__(self, features: nn.Module, width: int, classes: int) -> None:
        super().__init__()
        positive(width=width, classes=classes)
        self.features, self.classes = features, classes
        self.head = nn.Linear(width, 1)
        self.label = nn.Embedding(classes, width)
        nn.init.zeros_(self.label.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the scores of samples given their labels."""
        _check(x, y, self.classes)
        phi = self.features(x)
        return self.head(phi) + (phi * self.label(y)).sum(dim=1, keepdim=True)


class ConditionalBatchNorm(nn.Module):
    r"""Batch normalisation whose scale and shift belong to the label.

    :math:`h \mapsto (1 + \gamma_y)\, \frac{h - \mu}{\sigma} + \beta_y`, with mean and deviation
    over the whole batch, all labels together, and :math:`\gamma, \beta` of shape (K, features), zero
    at first. Takes (N, features) or (N, features, H, W) and labels (N,). For generators: in D it
    would mix samples. Raises ``ValueError`` for sizes below one, and for labels that are not int64
    (N,).

    Source: de Vries et al. (2017); for one picture's moments Dumoulin, Shlens and Kudlur (2017).
    """

    def __init__(self, features: int, classes: int) -> None:
        super().__init__()
        positive(features=features, classes=classes)
        self.classes = classes
        self.moments = nn.modules.batchnorm.BatchNorm1d(features, affine=False)
        self.scale, self.shift = nn.Embedding(classes, features), nn.Embedding(classes, features)
        nn.init.zeros_(self.scale.weight)
        nn.init.zeros_(self.shift.weight)

    def forward(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the normalised maps, scaled and shifted by label."""
        _check(h, y, self.classes)
        flat = h if h.ndim == 2 else h.flatten(2)
        shape = (*h.shape[:2], *(1,) * (h.ndim - 2))
        gain, bias = (1 + self.scale(y)).reshape(shape), self.shift(y).reshape(shape)
        return self.moments(flat).reshape(h.shape) * gain + bias


class ConditionalSequential(nn.Sequential):
    """Layers in a row, called with (x, y); those of this module that need the label are given it."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the last layer's output."""
        for layer in self:
            x = layer(x, y) if isinstance(layer, ConditionalBatchNorm | Concatenated) else layer(x)
        return x


def conditional_generator(
    latent: int = 64, width: int = 16, classes: int = 10
) -> ConditionalSequential:
    """Return the convolutional generator of `conv_generator`, its label in the normalisation.

    A `ConditionalBatchNorm` stands before both hidden activations, and the label nowhere else. Maps
    z (N, latent) and labels (N,) to pictures (N, 1, 28, 28) in [-1, 1]. 239,073 parameters by
    default. Raises ``ValueError`` for sizes below one.

    Source: after Miyato and Koyama (2018), whose generator takes the label so; the sizes are the
    book's.
    """
    positive(latent=latent, width=width, classes=classes)
    return ConditionalSequential(
        nn.Linear(latent, 4 * width * 49),
        nn.Unflatten(1, (4 * width, 7, 7)),
        ConditionalBatchNorm(4 * width, classes),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(4 * width, 2 * width, 4, 2, 1),
        ConditionalBatchNorm(2 * width, classes),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose2d(2 * width, 1, 4, 2, 1),
        nn.Tanh(),
    )


def two_heads(trunk: nn.Module, width: int, classes: int) -> tuple[nn.Sequential, nn.Sequential]:
    """Return D and C on one trunk: a score (N, 1), and K logits (N, K), of the same features.

    ``trunk`` maps samples to (N, width). The two networks share its parameters, so that one
    optimiser holds ``{*D.parameters(), *C.parameters()}``, each once. Raises ``ValueError`` for
    sizes below one.

    Source: Odena, Olah and Shlens (2017), section 3.
    """
    positive(width=width, classes=classes)
    score, logits = nn.Linear(width, 1), nn.Linear(width, classes)
    return nn.Sequential(trunk, score), nn.Sequential(trunk, logits)


class ClassSum(nn.Module):
    r"""A critic made of a classifier: the score is the log of the summed class weights.

    With K logits :math:`\ell_k(x)` and a logit of 0 for the class "generated",
    :math:`d(x) = \log \sum_k e^{\ell_k(x)}`, so that :math:`\sigma(d)` is the probability that x
    belongs to one of the K classes. Returns (N, 1); ``classifier`` is the classifier.

    Source: Salimans et al. (2016), section 5.
    """

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of samples."""
        return self.classifier(x).logsumexp(dim=1, keepdim=True)
