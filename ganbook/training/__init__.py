"""Training: one step for each player, plays that put them together, and the loop."""

from ganbook.games import Game
from ganbook.history import History, Record, TrainingDiverged
from ganbook.training.ema import EMA
from ganbook.training.loop import fit
from ganbook.training.plays import alternating, extragradient, simultaneous
from ganbook.training.steps import Penalty, d_step, g_step
from ganbook.training.unrolled import Unrolled

__all__ = [
    "EMA",
    "Game",
    "History",
    "Penalty",
    "Record",
    "TrainingDiverged",
    "Unrolled",
    "alternating",
    "d_step",
    "extragradient",
    "fit",
    "g_step",
    "simultaneous",
]
