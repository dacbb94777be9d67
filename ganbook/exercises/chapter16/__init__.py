"""Exercises of chapter 16: pitch, spectra, strides, motion."""

from ganbook.exercises.chapter16 import (
    frames,
    motion,
    peaks,
    pitch,
    spectra,
    strides,
)

__all__ = ["frames", "motion", "peaks", "pitch", "spectra", "strides"]
