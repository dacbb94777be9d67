"""The players: networks whose D returns a score, one number a sample, without a sigmoid.

One module a family; `layers` computes the same players faster."""

from ganbook.networks.conv import conv_discriminator, conv_generator
from ganbook.networks.layers import BitDropout, InBfloat16, has_bfloat16, quick_dropout
from ganbook.networks.minibatch import MinibatchStd
from ganbook.networks.mlp import WIDTHS_D, WIDTHS_G, mlp_discriminator, mlp_generator
from ganbook.networks.patch import PATCH_16, PATCH_70, PatchDiscriminator
from ganbook.networks.side_by_side import SideBySide
from ganbook.networks.sizes import count_parameters
from ganbook.networks.unet import Translator, UNet

__all__ = [
    "PATCH_16",
    "PATCH_70",
    "WIDTHS_D",
    "WIDTHS_G",
    "BitDropout",
    "InBfloat16",
    "MinibatchStd",
    "PatchDiscriminator",
    "SideBySide",
    "Translator",
    "UNet",
    "conv_discriminator",
    "conv_generator",
    "count_parameters",
    "has_bfloat16",
    "mlp_discriminator",
    "mlp_generator",
    "quick_dropout",
]
