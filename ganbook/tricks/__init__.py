"""Tricks of the trade as values: losses, transforms and hooks that the steps take as they are."""

from ganbook.tricks.clipping import clip_gradients
from ganbook.tricks.leak import leak
from ganbook.tricks.mixing import rotation_mixing
from ganbook.tricks.noise import NoisePenalty
from ganbook.tricks.smoothing import score_cap, smoothed, smoothed_score
from ganbook.tricks.top_k import top_k
from ganbook.tricks.transforms import Chain, Noise, Rotate, Shift, TransformedGame

__all__ = [
    "Chain",
    "Noise",
    "NoisePenalty",
    "Rotate",
    "Shift",
    "TransformedGame",
    "clip_gradients",
    "leak",
    "rotation_mixing",
    "score_cap",
    "smoothed",
    "smoothed_score",
    "top_k",
]
