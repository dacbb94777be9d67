"""Data for the book's experiments: found or downloaded, verified, and sampled in batches."""

from ganbook.data.files import cache_folder, fashion_mnist, locate, mnist
from ganbook.data.idx import DataError
from ganbook.data.images import Images, digits, stacked, to_float, to_uint8
from ganbook.data.moving import Films, moving, moving_digits, moving_patches
from ganbook.data.pairs import PAIRS, Pairs
from ganbook.data.plucks import Clicks, Plucks, clicks, plucks
from ganbook.data.sampling import batches

__all__ = [
    "DATASETS",
    "PAIRS",
    "Clicks",
    "DataError",
    "Films",
    "Images",
    "Pairs",
    "Plucks",
    "batches",
    "cache_folder",
    "clicks",
    "digits",
    "fashion_mnist",
    "locate",
    "mnist",
    "moving",
    "moving_digits",
    "moving_patches",
    "plucks",
    "stacked",
    "to_float",
    "to_uint8",
]

DATASETS = {"mnist": mnist, "fashion-mnist": fashion_mnist, "digits": digits}
"""The sets that a command line can name, each a function that loads it."""
