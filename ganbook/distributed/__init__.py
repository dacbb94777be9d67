"""Training on several processors or GPUs: one process for each, started by torchrun."""

from ganbook.distributed.fitting import fit
from ganbook.distributed.team import Team, join

__all__ = ["Team", "fit", "join"]
