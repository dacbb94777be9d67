"""The U-Net: an encoder and a decoder whose layers of one resolution are connected."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["Translator", "UNet"]

NEAR = 2.0  # tanh(2) = 0.964: white and black keep a slope to learn by


class UNet(nn.Module):
    r"""A generator from pictures to pictures, with skip connections.

    Two halvings of the resolution (kernel 4, stride 2), to ``width`` maps and to 2 ``width``, one
    layer between (kernel 3), and two doublings (transposed, kernel 4, stride 2); before the second
    the encoder's maps of that resolution are stacked on. LeakyReLU(0.2) between, Tanh last.
    ``forward(z, y)`` maps noise z (N, latent), stacked as constant maps at the lowest resolution,
    and pictures y (N, channels, H, W), sides a multiple of 4, to pictures (N, 1, H, W) in [-1, 1].
    With ``latent=0`` z is not looked at. With ``skips=False`` all that reaches the output passes the
    lowest resolution. With ``residual=True`` the last layer starts at zero and :math:`2 y` is added
    before Tanh, so that training starts near the identity, at :math:`\tanh 2y`. 26,465 parameters by default. Raises
    ``ValueError`` for sizes below one.

    Source: Ronneberger, Fischer and Brox (2015), figure 1; Isola et al. (2017), section 3.2.1.
    """

    def __init__(
        self,
        width: int = 16,
        latent: int = 0,
        channels: int = 1,
        skips: bool = True,
        residual: bool = False,
    ) -> None:
        super().__init__()
        positive(width=width, channels=channels)
        if not isinstance(latent, int) or latent < 0:
            raise ValueError(f"latent is {latent!r}: expected a whole number of at least 0")
        self.latent, self.skips, self.residual = latent, skips, residual
        self.first = nn.Conv2d(channels, width, 4, 2, 1)
        self.second = nn.Conv2d(width, 2 * width, 4, 2, 1)
        self.middle = nn.Conv2d(2 * width + latent, 2 * width, 3, padding=1)
        self.up = nn.ConvTranspose2d(2 * width, width, 4, 2, 1)
        self.last = nn.ConvTranspose2d(width * (2 if skips else 1), 1, 4, 2, 1)
        if residual:
            nn.init.zeros_(self.last.weight)
            nn.init.zeros_(self.last.bias)

    def forward(self, z: Tensor | None, y: Tensor) -> Tensor:
        """Return a picture for each y, given the noise z."""
        half = leaky_relu(self.first(y), SLOPE)
        h = leaky_relu(self.second(half), SLOPE)
        if self.latent:
            maps = z[:, :, None, None].expand(-1, -1, *h.shape[2:])
            h = torch.cat([h, maps], dim=1)
        h = leaky_relu(self.middle(h), SLOPE)
        h = leaky_relu(self.up(h), SLOPE)
        h = self.last(torch.cat([h, half], dim=1) if self.skips else h)
        return torch.tanh(h + NEAR * y[:, :1] if self.residual else h)


class Translator(UNet):
    """A U-Net without noise, as a function of the picture alone: ``forward(y)``.

    Sizes, shapes, errors and source are those of `UNet` with ``latent=0``.
    """

    def __init__(
        self, width: int = 16, channels: int = 1, skips: bool = True, residual: bool = False
    ) -> None:
        super().__init__(width, 0, channels, skips, residual)

    def forward(self, y: Tensor) -> Tensor:
        """Return a picture for each y."""
        return super().forward(None, y)
