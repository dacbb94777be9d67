"""Exercises of chapter 6: couplings, programs, prices, closed forms, samples."""

from ganbook.exercises.chapter06 import (
    certificates,
    closed_forms,
    couplings,
    prices,
    programs,
    samples,
)

__all__ = [
    "certificates",
    "closed_forms",
    "couplings",
    "prices",
    "programs",
    "samples",
]
