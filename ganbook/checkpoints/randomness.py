"""The states of the random generators that all code shares: torch's, numpy's and Python's own."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch

__all__ = ["load", "states"]


def states(device: torch.device) -> dict[str, Any]:
    """Return the present states as tensors, numbers and texts; those of the GPUs if the device is
    one.
    """
    version, words, gauss = random.getstate()
    kind, key, *rest = np.random.get_state()  # noqa: NPY002 - what other code may draw from
    return {
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if device.type == "cuda" else [],
        "numpy": [kind, torch.from_numpy(key.astype(np.int64)), *rest],
        "python": [version, torch.tensor(words), gauss],
    }


def load(saved: dict[str, Any]) -> None:
    """Go on from the states that `states` returned."""
    torch.set_rng_state(saved["torch"])
    if saved["cuda"]:
        torch.cuda.set_rng_state_all(saved["cuda"])
    kind, key, *rest = saved["numpy"]
    np.random.set_state((kind, key.numpy().astype(np.uint32), *rest))  # noqa: NPY002
    version, words, gauss = saved["python"]
    random.setstate((version, tuple(words.tolist()), gauss))
