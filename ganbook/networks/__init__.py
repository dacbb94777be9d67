"""The players: networks whose D returns a score, one number a sample, without a sigmoid.

One module a family; `layers` computes the same players faster."""

from ganbook.networks.attention import SelfAttention
from ganbook.networks.audio import (
    overlap_add,
    spectrogram_discriminator,
    spectrogram_generator,
    wave_discriminator,
    wave_generator,
)
from ganbook.networks.conditional import (
    ClassSum,
    Concatenated,
    ConditionalBatchNorm,
    ConditionalSequential,
    Projected,
    conditional_generator,
    two_heads,
)
from ganbook.networks.conv import conv_discriminator, conv_generator
from ganbook.networks.dcgan import dcgan_discriminator, dcgan_generator
from ganbook.networks.denoiser import NoisyDiscriminator, PointDenoiser
from ganbook.networks.flops import count_flops
from ganbook.networks.full import full_discriminator, full_generator
from ganbook.networks.geometry import footprint, overlaps, phases, receptive_field, uneven_share
from ganbook.networks.layers import BitDropout, InBfloat16, has_bfloat16, quick_dropout
from ganbook.networks.minibatch import MinibatchStd
from ganbook.networks.minimal import Bottleneck, minimal_discriminator, minimal_generator
from ganbook.networks.mlp import WIDTHS_D, WIDTHS_G, mlp_discriminator, mlp_generator
from ganbook.networks.patch import PATCH_16, PATCH_70, PatchDiscriminator
from ganbook.networks.resnet import (
    ResidualBlock,
    residual_discriminator,
    residual_generator,
    zeroed,
)
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
from ganbook.networks.translators import Translator, UNet
from ganbook.networks.unet import UNetDiscriminator
from ganbook.networks.video import (
    MotionContentGenerator,
    frame_discriminator,
    temporal_discriminator,
)

__all__ = [
    "PATCH_16",
    "PATCH_70",
    "WIDTHS_D",
    "WIDTHS_G",
    "BitDropout",
    "Bottleneck",
    "ClassSum",
    "Concatenated",
    "ConditionalBatchNorm",
    "ConditionalSequential",
    "InBfloat16",
    "MappingNetwork",
    "MinibatchStd",
    "ModulatedConv2d",
    "MotionContentGenerator",
    "NoisyDiscriminator",
    "PatchDiscriminator",
    "PointDenoiser",
    "Projected",
    "ResidualBlock",
    "SelfAttention",
    "SideBySide",
    "StyleGenerator",
    "Tokenizer",
    "Translator",
    "UNet",
    "UNetDiscriminator",
    "conditional_generator",
    "conv_discriminator",
    "conv_generator",
    "count_flops",
    "count_parameters",
    "dcgan_discriminator",
    "dcgan_generator",
    "fade_in",
    "footprint",
    "frame_discriminator",
    "full_discriminator",
    "full_generator",
    "has_bfloat16",
    "minimal_discriminator",
    "minimal_generator",
    "mlp_discriminator",
    "mlp_generator",
    "nearest_code",
    "overlap_add",
    "overlaps",
    "phases",
    "quick_dropout",
    "receptive_field",
    "residual_discriminator",
    "residual_generator",
    "round_to_levels",
    "spectrogram_discriminator",
    "spectrogram_generator",
    "temporal_discriminator",
    "truncate",
    "two_heads",
    "uneven_share",
    "wave_discriminator",
    "wave_generator",
    "zeroed",
]
