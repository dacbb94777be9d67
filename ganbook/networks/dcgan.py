"""The DCGAN pair for 28 by 28 pictures, with the normalisation as a choice."""

from __future__ import annotations

from torch import nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["dcgan_discriminator", "dcgan_generator"]

STD = 0.02


def dcgan_generator(
    latent: int = 64, width: int = 16, norm: bool = True, std: float | None = None
) -> nn.Sequential:
    """Return a generator of transposed convolutions with batch normalisation.

    z as maps of 1 by 1; a transposed convolution of kernel 7 to 4 width maps of 7 by 7, then two of
    kernel 4 and stride 2 to 2 width maps of 14 by 14 and one of 28 by 28; batch normalisation and
    ReLU between, Tanh last. Maps z of shape (N, latent) to images (N, 1, 28, 28) in [-1, 1].
    234,177 parameters by default, 234,081 without ``norm``. With ``std`` all weights are drawn from
    N(0, std²), as in the source (0.02), and not by PyTorch's default. Raises ``ValueError`` for
    sizes below one.

    Source: Radford, Metz and Chintala (2016), section 3 and figure 1, for a smaller picture.
    """
    positive(latent=latent, width=width)
    sizes = ((latent, 4 * width, 7, 1, 0), (4 * width, 2 * width, 4, 2, 1), (2 * width, 1, 4, 2, 1))
    layers: list[nn.Module] = [nn.Unflatten(1, (latent, 1, 1))]
    for n_in, n_out, kernel, stride, padding in sizes:
        last = n_out == 1 and n_in == 2 * width
        plain = last or not norm  # a bias before a normalisation is subtracted again by it
        layers.append(nn.ConvTranspose2d(n_in, n_out, kernel, stride, padding, bias=plain))
        if not last:
            layers += [nn.BatchNorm2d(n_out)] * norm + [nn.ReLU()]
    return _drawn(nn.Sequential(*layers, nn.Tanh()), std)


def dcgan_discriminator(
    width: int = 16, norm: bool = False, std: float | None = None
) -> nn.Sequential:
    """Return a discriminator of three convolutions: receptive field 34, wider than the picture.

    Kernel 4 and stride 2 to width maps of 14 by 14 and 2 width of 7 by 7, LeakyReLU(0.2) after
    each, then kernel 7 to one number. Maps images (N, 1, 28, 28) to scores (N, 1), high on real.
    10,065 parameters by default. With ``norm`` batch normalisation follows the second convolution,
    as in the source: D then mixes samples, and a penalty per sample is refused. ``std`` as for
    `dcgan_generator`. Raises ``ValueError`` for a width below one.

    Source: Radford, Metz and Chintala (2016), section 3.
    """
    positive(width=width)
    layers: list[nn.Module] = [nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
    layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=not norm)]
    layers += [nn.BatchNorm2d(2 * width)] * norm + [nn.LeakyReLU(SLOPE)]
    layers += [nn.Conv2d(2 * width, 1, 7), nn.Flatten()]
    return _drawn(nn.Sequential(*layers), std)


def _drawn(network: nn.Sequential, std: float | None) -> nn.Sequential:
    if std is not None:
        for m in network:
            if isinstance(m, nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(m.weight, 0.0, std)
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, nn.BatchNorm2d):
                nn.init.normal_(m.weight, 1.0, std)
    return network
