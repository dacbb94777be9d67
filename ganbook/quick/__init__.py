"""One training run from a few names and numbers, as the command line needs it."""

from ganbook.losses import LOSSES
from ganbook.quick.entries import DATA, NETWORKS, PENALTIES, Entry, entry, find
from ganbook.quick.runs import Choice, Setup, setup, train
from ganbook.quick.writing import check_folder, draw, picture, write

__all__ = [
    "DATA",
    "LOSSES",
    "NETWORKS",
    "PENALTIES",
    "Choice",
    "Entry",
    "Setup",
    "check_folder",
    "draw",
    "entry",
    "find",
    "picture",
    "setup",
    "train",
    "write",
]
