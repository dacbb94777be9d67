"""The players: networks whose D returns a score, one number a sample, without a sigmoid.

One module a family; `layers` computes the same players faster."""

from ganbook.networks.conv import conv_discriminator, conv_generator
from ganbook.networks.denoiser import NoisyDiscriminator, PointDenoiser
from ganbook.networks.layers import BitDropout, InBfloat16, has_bfloat16, quick_dropout
from ganbook.networks.minibatch import MinibatchStd
from ganbook.networks.mlp import WIDTHS_D, WIDTHS_G, mlp_discriminator, mlp_generator
from ganbook.networks.side_by_side import SideBySide
from ganbook.networks.sizes import count_parameters
from ganbook.networks.style import (
    MappingNetwork,
    ModulatedConv2d,
    StyleGenerator,
    fade_in,
    truncate,
)
from ganbook.networks.tokenizer import Tokenizer, nearest_code, round_to_levels

__all__ = [
    "WIDTHS_D",
    "WIDTHS_G",
    "BitDropout",
    "InBfloat16",
    "MappingNetwork",
    "MinibatchStd",
    "ModulatedConv2d",
    "NoisyDiscriminator",
    "PointDenoiser",
    "SideBySide",
    "StyleGenerator",
    "Tokenizer",
    "conv_discriminator",
    "conv_generator",
    "count_parameters",
    "fade_in",
    "has_bfloat16",
    "mlp_discriminator",
    "mlp_generator",
    "nearest_code",
    "quick_dropout",
    "round_to_levels",
    "truncate",
]
