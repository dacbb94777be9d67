"""The loop: plays a game on batches, records each step, and asks a session whether to go on."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ganbook import losses
from ganbook.games import Game
from ganbook.games.ownership import refuse_batch_statistics
from ganbook.history import History, Record, refuse_non_finite, refuse_non_finite_state
from ganbook.losses import NON_SATURATING, Loss
from ganbook.training.ema import EMA
from ganbook.training.plays import alternating
from ganbook.training.session import Alone
from ganbook.training.steps import Penalty

__all__ = ["fit"]

Play = Callable[..., dict[str, Tensor]]
# What may stand between a last layer and the scores.
RESHAPED = ("View", "Reshape", "Squeeze", "Unsqueeze", "UnsafeView", "Alias")


def fit(
    game: Game,
    batches: Iterable[Any],
    loss: Loss | str = NON_SATURATING,
    penalty: Penalty | None = None,
    steps: int = 2_000,
    d_steps: int = 1,
    step: Play = alternating,
    ema: EMA | None = None,
    seed: int | None = 0,
    progress: bool = True,
    callback: Callable[[int, Game], None] | None = None,
    checkpoint: Any = None,
) -> History:
    """Play ``steps`` steps, each ``d_steps`` updates of D and one of G, and return the history.

    ``batches`` yields what the game knows as batches, without end. ``step`` is the play:
    `alternating`, `simultaneous` or `extragradient`. ``seed`` starts z and dropout afresh; ``None`` goes
    on with their present states, for a run in several parts. ``callback(step, game)`` is called
    after each step (1, 2, ...), with both players in evaluation mode, and may draw random numbers:
    training does not notice. (It would notice a batch taken from ``batches``, or a call of a
    penalty that has a generator of its own.) The progress bar shows on a terminal, and elsewhere
    only if GANBOOK_PROGRESS is 1.

    With ``checkpoint=ganbook.checkpoints.Checkpoint(path, every)`` a run whose file is there goes
    on where it stopped, bitwise as if it had not; Ctrl-C and SIGTERM save and return the history so
    far.

    Raises ``ValueError`` for steps or d_steps below one, batches that run out or that the game does
    not know, unknown losses, a play that does not go with the rest, and a penalty per sample with a
    D whose batch statistics mix samples, ``CheckpointError`` for a checkpoint that cannot be
    written or is another run's, ``TrainingDiverged`` at the first loss that is not finite, and at
    the end for a parameter that is not.

    Source: Goodfellow et al. (2014), algorithm 1.
    """
    loss, record = losses.get(loss), Record(steps)
    _check_arguments(batches, steps, d_steps, checkpoint)
    _check_together(game, penalty, step, d_steps)
    options = {"loss": loss, "penalty": penalty, "d_steps": d_steps, "seed": seed, "step": step}
    running = (
        checkpoint.running(game, batches, record, ema, options)
        if checkpoint is not None
        else nullcontext(Alone())
    )
    silent = not (progress and (sys.stderr.isatty() or os.environ.get("GANBOOK_PROGRESS") == "1"))
    _mode(game, training=True)
    networks = game.players() | ({"ema": ema.module} if ema is not None else {})
    with _seeded(game, seed), running as session, _first_scores(game.D):
        source = iter(batches)  # after a checkpoint has set their place
        todo = range(record.step + 1, steps + 1)
        for now in tqdm(todo, total=steps, initial=record.step, disable=silent, unit="step"):
            row = step(game, lambda now=now: _next(game, source, now), loss, penalty, d_steps)
            if ema is not None:
                ema.update(game.G)
            record.add(row)
            session.recorded(record.rows()[-1])
            # Reading it waits for a GPU, so that there it is read seldom.
            if now % (1 if game.device.type == "cpu" else 50) == 0 or now == steps:
                refuse_non_finite(record, session)
            if callback is not None:
                _call_aside(callback, now, game)
            if session.after_step():
                break
        refuse_non_finite_state(networks, record.step, session)
    return record.history()


def _check_arguments(batches: Any, steps: int, d_steps: int, checkpoint: Any) -> None:
    for name, number in (("steps", steps), ("d_steps", d_steps)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise ValueError(f"{name} is {number!r}: expected a positive integer")
    if isinstance(batches, Tensor):
        raise ValueError(
            f"batches is one tensor, of shape {tuple(batches.shape)}: expected an iterable of "
            "batches, such as ganbook.data.batches(images, 128, torch.Generator().manual_seed(0))"
        )
    if checkpoint is not None and not hasattr(checkpoint, "running"):
        raise ValueError(
            f"checkpoint is {checkpoint!r}: expected "
            "ganbook.checkpoints.Checkpoint(path, every=1000)"
        )


def _check_together(game: Game, penalty: Penalty | None, step: Play, d_steps: int) -> None:
    if not callable(step) or not hasattr(step, "check"):
        raise ValueError(
            f"step is {step!r}: expected a play, ganbook.training.alternating, simultaneous or "
            "extragradient"
        )
    step.check(game, d_steps)
    if getattr(penalty, "per_sample", False):
        refuse_batch_statistics(
            game.D,
            f"the penalty {penalty} is per sample",
            "the gradient at one sample would depend on the others; use layer or instance norm",
        )


@contextmanager
def _first_scores(D: nn.Module) -> Iterator[None]:
    """Warn at D's first scores if they come out of a sigmoid, by whatever call, reshaped or not."""

    def look(module: nn.Module, inputs: Any, scores: Any) -> None:
        handle.remove()
        node = getattr(scores, "grad_fn", None)
        while node is not None and node.name().startswith(RESHAPED):
            node = node.next_functions[0][0]
        if node is not None and node.name().startswith("SigmoidBackward"):
            warnings.warn(
                "D ends in a sigmoid, and the losses take scores: they would squash it a second "
                "time; leave the last sigmoid out",
                RuntimeWarning,
                stacklevel=2,
            )

    handle = D.register_forward_hook(look)
    try:
        yield
    finally:
        handle.remove()


@contextmanager
def _seeded(game: Game, seed: int | None) -> Iterator[None]:
    with torch.random.fork_rng() if seed is not None else nullcontext():
        if seed is not None:
            torch.manual_seed(seed)
            game.generator.manual_seed(seed)
            game.d_updates = 0
        yield


def _mode(game: Game, training: bool) -> None:
    for network in game.players().values():
        network.train(training)


def _call_aside(callback: Callable[[int, Game], None], step: int, game: Game) -> None:
    state = game.generator.get_state()
    try:
        _mode(game, training=False)
        with torch.random.fork_rng():
            callback(step, game)
    finally:
        game.generator.set_state(state)
        _mode(game, training=True)


def _next(game: Game, source: Iterator[Any], step: int) -> Any:
    try:
        batch = next(source)
    except StopIteration:
        raise ValueError(
            f"the batches ran out at step {step}: pass an iterable without end, such as "
            "ganbook.data.batches(...)"
        ) from None
    try:
        game.check(batch)
    except ValueError as error:
        where = f"the batch of step {step}"
        raise ValueError(str(error).replace("the batch", where, 1)) from None
    return batch
