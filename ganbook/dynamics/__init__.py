"""Two-player games of two parameters as dynamical systems: fields, plays, eigenvalues."""

from ganbook.dynamics.eigenvalues import game_jacobian, update_eigenvalues, update_matrix
from ganbook.dynamics.fields import FIELDS, PENALTIES, Field, bilinear, consensus, dirac_gan
from ganbook.dynamics.plays import (
    PLAYS,
    adam,
    alternating,
    average,
    extragradient,
    negative_momentum,
    optimistic,
    simultaneous,
)

__all__ = [
    "FIELDS",
    "PENALTIES",
    "PLAYS",
    "Field",
    "adam",
    "alternating",
    "average",
    "bilinear",
    "consensus",
    "dirac_gan",
    "extragradient",
    "game_jacobian",
    "negative_momentum",
    "optimistic",
    "simultaneous",
    "update_eigenvalues",
    "update_matrix",
]
