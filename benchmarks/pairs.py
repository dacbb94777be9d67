"""Time several actions against each other in one process, in alternating order; say on which
machine.
"""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

from ganbook import records

Action = Callable[[], object]


def rounds(
    actions: dict[str, Action], repeats: int = 10, n_rounds: int = 7
) -> dict[str, list[float]]:
    """CPU seconds of one call of each action: a mean over ``repeats`` for each round, all actions
    in every round.
    """
    found: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
        action()
    for turn in range(n_rounds):
        names = list(actions) if turn % 2 == 0 else list(actions)[::-1]
        for name in names:
            start = time.process_time()
            for _ in range(repeats):
                actions[name]()
            found[name].append((time.process_time() - start) / repeats)
    return found


def ratio(found: dict[str, list[float]], over: str, under: str) -> tuple[float, float, float]:
    """Median, lowest and highest of the ratio of two actions' times within a round."""
    all_rounds = [a / b for a, b in zip(found[over], found[under], strict=True)]
    return statistics.median(all_rounds), min(all_rounds), max(all_rounds)


def machine() -> dict[str, str | int]:
    """What a reader needs to know of the machine: no names, no paths."""
    return {
        "hardware": records.hardware(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
    }


def heading() -> str:
    now = machine()
    return f"{now['hardware']}, {now['threads']} thread(s), torch {now['torch']}; ratios of CPU time, medians of rounds"


def write(path: Path | None, results: dict[str, object]) -> None:
    """Write results with the machine as JSON; nothing without a path."""
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"machine": machine(), **results}, indent=1) + "\n")
