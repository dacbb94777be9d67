"""Players for sounds of 1,024 samples: on the waveform, and on a picture of log-magnitudes."""

from __future__ import annotations

from torch import nn

from ganbook.networks.sizes import SLOPE, positive

__all__ = [
    "overlap_add",
    "spectrogram_discriminator",
    "spectrogram_generator",
    "wave_discriminator",
    "wave_generator",
]

HOPS, HOP, PICTURE = 32, 32, (1, 256, 8)


def overlap_add(
    channels: int, kernel: int = 64, stride: int = HOP, resize: bool = False
) -> nn.Module:
    """Return the layer that ends a generator of sounds: (N, channels, T) to (N, 1, stride T).

    A transposed convolution lays a learned wavelet of ``kernel`` samples at every ``stride``
    samples and adds them up; where the stride does not divide the kernel, some samples get one
    wavelet more than others. With ``resize`` each value is repeated ``stride`` times and filtered, so
    that no sample is special. Raises ``ValueError`` for sizes below one, and a kernel that is
    shorter than the stride or differs from it by an odd number.

    Source: Odena, Dumoulin and Olah (2016); in time Donahue, McAuley and Puckette (2019).
    """
    positive(channels=channels, kernel=kernel, stride=stride)
    if kernel < stride or (kernel - stride) % 2:
        raise ValueError(
            f"kernel {kernel}, stride {stride}: expected kernel >= stride, both even or both odd"
        )
    if resize:
        return nn.Sequential(
            nn.Upsample(scale_factor=stride),
            nn.ZeroPad1d(((kernel - 1) // 2, kernel // 2)),
            nn.Conv1d(channels, 1, kernel),
        )
    return nn.ConvTranspose1d(channels, 1, kernel, stride, (kernel - stride) // 2)


def wave_generator(latent: int = 32, width: int = 64, resize: bool = False) -> nn.Sequential:
    """Return a generator of waveforms: z (N, latent) to (N, 1, 1024) in [-1, 1].

    Two linear layers to ``width`` channels at 32 places 4 ms apart, a convolution of five places,
    and `overlap_add` with a kernel of 64 and a stride of 32; LeakyReLU(0.2) between, Tanh last.
    293,057 parameters by default. Raises ``ValueError`` for sizes below one.

    Source: after Donahue, McAuley and Puckette (2019), section 3, with one wide step in time in
    place of five of factor 4.
    """
    positive(latent=latent, width=width)
    return nn.Sequential(
        nn.Linear(latent, 128),
        nn.LeakyReLU(SLOPE),
        nn.Linear(128, width * HOPS),
        nn.Unflatten(1, (width, HOPS)),
        nn.LeakyReLU(SLOPE),
        nn.Conv1d(width, width, 5, padding=2),
        nn.LeakyReLU(SLOPE),
        overlap_add(width, resize=resize),
        nn.Tanh(),
    )


def wave_discriminator(width: int = 64) -> nn.Sequential:
    """Return a discriminator of waveforms: (N, 1, 1024) to scores (N, 1), high on real.

    Convolutions of 64 samples with stride 16 and of 8 places with stride 4 to 16 places of
    ``width`` channels, then two linear layers; LeakyReLU(0.2) between. 168,321 parameters by
    default. Raises ``ValueError`` for a width below one.
    """
    positive(width=width)
    return nn.Sequential(
        nn.Conv1d(1, width, 64, 16, 24),
        nn.LeakyReLU(SLOPE),
        nn.Conv1d(width, width, 8, 4, 2),
        nn.LeakyReLU(SLOPE),
        nn.Flatten(),
        nn.Linear(16 * width, 128),
        nn.LeakyReLU(SLOPE),
        nn.Linear(128, 1),
    )


def spectrogram_generator(latent: int = 32, width: int = 256) -> nn.Sequential:
    """Return a generator of pictures of log-magnitudes: z (N, latent) to (N, 1, 256, 8) in [-1, 1].

    Three linear layers, because a pitch changes every frequency of the picture at once; `ganbook.spectra`
    turns the picture into a sound. 600,576 parameters by default. Raises ``ValueError`` for sizes
    below one.
    """
    positive(latent=latent, width=width)
    return nn.Sequential(
        nn.Linear(latent, width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(width, width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(width, 2_048),
        nn.Tanh(),
        nn.Unflatten(1, PICTURE),
    )


def spectrogram_discriminator(width: int = 256) -> nn.Sequential:
    """Return a discriminator of pictures of log-magnitudes: (N, 1, 256, 8) to scores (N, 1).

    Three linear layers, 590,593 parameters by default. Raises ``ValueError`` for a width below one.
    """
    positive(width=width)
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(2_048, width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(width, width),
        nn.LeakyReLU(SLOPE),
        nn.Linear(width, 1),
    )
