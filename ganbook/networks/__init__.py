"""The players: networks whose D returns a score, one number a sample, without a sigmoid.

One module a family; `layers` computes the same players faster."""

from ganbook.networks.audio import (
    overlap_add,
    spectrogram_discriminator,
    spectrogram_generator,
    wave_discriminator,
    wave_generator,
)
from ganbook.networks.conv import conv_discriminator, conv_generator
from ganbook.networks.layers import BitDropout, InBfloat16, has_bfloat16, quick_dropout
from ganbook.networks.minibatch import MinibatchStd
from ganbook.networks.mlp import WIDTHS_D, WIDTHS_G, mlp_discriminator, mlp_generator
from ganbook.networks.side_by_side import SideBySide
from ganbook.networks.sizes import count_parameters
from ganbook.networks.video import (
    MotionContentGenerator,
    frame_discriminator,
    temporal_discriminator,
)

__all__ = [
    "WIDTHS_D",
    "WIDTHS_G",
    "BitDropout",
    "InBfloat16",
    "MinibatchStd",
    "MotionContentGenerator",
    "SideBySide",
    "conv_discriminator",
    "conv_generator",
    "count_parameters",
    "frame_discriminator",
    "has_bfloat16",
    "mlp_discriminator",
    "mlp_generator",
    "overlap_add",
    "quick_dropout",
    "spectrogram_discriminator",
    "spectrogram_generator",
    "temporal_discriminator",
    "wave_discriminator",
    "wave_generator",
]
