"""Players for films: content and motion codes, and discriminators of frames and of whole films."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = ["MotionContentGenerator", "frame_discriminator", "temporal_discriminator"]


class MotionContentGenerator(nn.Module):
    """A generator of films: z (N, content + motion) to (N, 1, frames, 32, 32) in [-1, 1].

    The first ``content`` numbers of z are the content code, the same in each frame. The others
    start a gated recurrent unit of ``state`` numbers, which runs ``frames`` steps with no input: its
    state at frame t is the motion code there. Both together go through one frame's generator: a
    linear layer to 2 width maps of 8 by 8 and two transposed convolutions (kernel 4, stride 2).
    295,953 parameters by default. Raises ``ValueError`` for sizes below one.

    Source: Tulyakov et al. (2018), section 3, with a motion code drawn once a film in place of one
    a frame.
    """

    def __init__(
        self,
        content: int = 8,
        motion: int = 16,
        frames: int = 8,
        state: int = 64,
        width: int = 16,
    ) -> None:
        positive(content=content, motion=motion, frames=frames, state=state, width=width)
        super().__init__()
        self.content, self.motion, self.frames = content, motion, frames
        self.start = nn.Linear(motion, state)
        self.step = nn.GRUCell(1, state)
        self.frame = nn.Sequential(
            nn.Linear(content + state, 128),
            nn.LeakyReLU(SLOPE),
            nn.Linear(128, 2 * width * 64),
            nn.Unflatten(1, (2 * width, 8, 8)),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
            nn.LeakyReLU(SLOPE),
            nn.ConvTranspose2d(width, 1, 4, 2, 1),
            nn.Tanh(),
        )

    def motion_codes(self, z: Tensor) -> Tensor:
        """Return the state at each frame, (N, frames, state), for z (N, content + motion)."""
        state = torch.tanh(self.start(z[:, self.content :]))
        nothing, codes = z.new_zeros(len(z), 1), []
        for _ in range(self.frames):
            state = self.step(nothing, state)
            codes.append(state)
        return torch.stack(codes, dim=1)

    def forward(self, z: Tensor) -> Tensor:
        """Return films (N, 1, frames, 32, 32) for z (N, content + motion)."""
        codes = self.motion_codes(z)
        content = z[:, None, : self.content].expand(-1, self.frames, -1)
        both = torch.cat([content, codes], dim=2).flatten(0, 1)
        return self.frame(both).unflatten(0, (len(z), self.frames)).transpose(1, 2)


def frame_discriminator(channels: int = 1, width: int = 16) -> nn.Sequential:
    """Return a discriminator of single frames, (N, channels, 32, 32) to scores (N, 1), high on real.

    Two convolutions (kernel 4, stride 2) to 2 width maps of 8 by 8, then two linear layers;
    LeakyReLU(0.2) between. 270,897 parameters by default. Raises ``ValueError`` for sizes below one.
    """
    positive(channels=channels, width=width)
    return nn.Sequential(
        nn.Conv2d(channels, width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Conv2d(width, 2 * width, 4, 2, 1),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        nn.Linear(2 * width * 64, 128),
        nn.LeakyReLU(SLOPE),
        nn.Linear(128, 1),
    )


def temporal_discriminator(frames: int = 8, width: int = 32) -> nn.Sequential:
    """Return a discriminator of films, (N, 1, frames, 32, 32) to scores (N, 1).

    The frames are the channels of its first convolution, so that each of its features may compare
    any two of them; the rest is `frame_discriminator`. 561,505 parameters by default. Raises
    ``ValueError`` for sizes below one.
    """
    return nn.Sequential(nn.Flatten(1, 2), *frame_discriminator(frames, width))
