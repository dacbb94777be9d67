"""The faster layers of `ganbook.networks.layers`, under the name that they had first."""

from ganbook.networks.layers import BitDropout, InBfloat16, has_bfloat16, quick_dropout

__all__ = ["BitDropout", "InBfloat16", "has_bfloat16", "quick_dropout"]
