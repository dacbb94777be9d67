"""Checkpoints of a training run: atomic, verified, resumed exactly."""

from ganbook.checkpoints.checkpoint import Checkpoint
from ganbook.checkpoints.packing import CheckpointError

__all__ = ["Checkpoint", "CheckpointError"]
