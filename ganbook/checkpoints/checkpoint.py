"""Checkpoints of a training run: saved whole, verified, and resumed as if the run had never
stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from ganbook.checkpoints import files
from ganbook.checkpoints.interrupts import stop_requests
from ganbook.checkpoints.session import Session
from ganbook.checkpoints.settings import Settings
from ganbook.history import Record
from ganbook.training import EMA, Game

__all__ = ["Checkpoint", "Session"]


@dataclass(frozen=True)
class Checkpoint(Settings):
    """Where and how often `fit` saves a run; a run whose file exists goes on from it.

    The file holds G, D, both optimisers, EMA, history, the state of every random generator, the
    place in the data and the configuration, every ``every`` steps and at the end; the one before it
    stays as ``<path>.previous``. It is plain safetensors: G's weights are its tensors ``G.*``. The
    newest file is used, or with a warning the one before it if the newest is damaged. A second
    Ctrl-C stops at once and leaves the last save.

    Random generators are those of torch, numpy and Python that all code shares, and each
    ``torch.Generator`` that the game, the loss or the penalty holds as a field, an attribute or an
    entry, or that the batches' ``state_dict`` holds. Name others, such as one that a lambda uses:
    ``generators={"noise": g}``. Batches without a
    ``state_dict`` are resumed so only if each depends on the present state of a named generator
    alone. A ``DataLoader`` does not: it draws its order when an epoch begins. Numpy's
    ``default_rng()`` and ``random.Random()`` are not saved.

    A penalty with ``state_dict`` and ``load_state_dict`` is saved with the run; name other objects
    that have both, such as a scheduler of rates: ``states={"rates": scheduler}``. What a callback,
    or a penalty without them, keeps is not saved, nor are buffers with ``persistent=False``: a
    counter starts afresh.

    Another configuration is refused: other numbers, arrays, layers, settings of optimisers, data
    or names of functions, and another ``config``, where a run says what its objects do not hold as
    fields: ``config={"warm_up": 500}``. Of a function the name counts, not its body; a warning
    names each lambda, because two of them may have one name. Raises ``ValueError`` for ``every``
    below one and for generators, states and a config that are none."""

    @contextmanager
    def running(
        self,
        game: Game,
        batches: Iterable,
        record: Record,
        ema: EMA | None,
        options: dict[str, Any],
    ) -> Iterator[Session]:
        """Resume into these objects, then save while the block lasts; Ctrl-C and SIGTERM end it
        after a step.

        Raises ``CheckpointError`` for a file of another configuration (naming the difference), one
        that cannot be read or written, and one with another writer. A damaged newest file gives a
        warning, and the one before it is used."""
        path = files.locate(self.path)
        with files.lock(path):
            session = Session(path, self, game, batches, record, ema, options)
            session.resume()
            with stop_requests(session.requests):
                try:
                    yield session
                except KeyboardInterrupt:
                    if (
                        session.border == record.step
                    ):  # in the middle of a step: the last save is the last whole state
                        raise
                    session.requests.append("KeyboardInterrupt")
                    session.after_step()
            session.say_if_stopped()
