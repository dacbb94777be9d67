"""Training: one step for each player, and the loop that alternates them.

Variants (the loss, a penalty, several D steps, an averaged generator) come in as values; neither
step branches on their names."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from tqdm import tqdm

from ganbook import losses
from ganbook.history import (
    History,
    Record,
    TrainingDiverged,
    first_broken,
    refuse_non_finite,
    refuse_non_finite_state,
)
from ganbook.losses import NON_SATURATING, Loss

__all__ = ["EMA", "Game", "History", "TrainingDiverged", "d_step", "fit", "frozen", "g_step"]

Penalty = Callable[[nn.Module, Tensor, Tensor], Tensor]


@dataclass
class Game:
    """The two players, their optimisers, and the source of z.

    ``G`` maps z of shape (N, latent) to samples, ``D`` maps samples to scores. ``generator`` draws
    z, standard normal, on the CPU (so that a seed means the same on every device) and moves it to
    G's device. With ``one_pass`` D scores a real and a generated batch as the rows of one. Raises
    ``ValueError`` for an optimiser of another network's parameters, and for ``one_pass`` with a D
    that has batch statistics, which would be the mixture's."""

    G: nn.Module
    D: nn.Module
    optimizer_g: torch.optim.Optimizer
    optimizer_d: torch.optim.Optimizer
    latent: int
    generator: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))
    one_pass: bool = False

    def __post_init__(self) -> None:
        for name, player, optimizer in (
            ("G", self.G, self.optimizer_g),
            ("D", self.D, self.optimizer_d),
        ):
            own = {id(p) for p in player.parameters()}
            if any(id(p) not in own for group in optimizer.param_groups for p in group["params"]):
                raise ValueError(
                    f"optimizer_{name.lower()} has a parameter that is not {name}'s, so {name} would not "
                    f"learn: build it from {name}.parameters(), after whatever copies or replaces {name}"
                )
        mixing = [
            name
            for name, m in self.D.named_modules()
            if isinstance(m, nn.modules.batchnorm._BatchNorm)
        ]
        if self.one_pass and mixing:
            raise ValueError(
                f"one_pass, but D has batch statistics in {mixing[0]!r}: they would be taken over real "
                "and generated samples together; leave one_pass off"
            )

    @property
    def device(self) -> torch.device:
        """Where G lives, and z is sent."""
        return next((p.device for p in self.G.parameters()), torch.device("cpu"))

    def draw(self, n: int) -> Tensor:
        """Return n fresh latent vectors, standard normal, of shape (n, latent)."""
        return torch.randn(n, self.latent, generator=self.generator).to(self.device)

    def scores(self, x_real: Tensor, x_fake: Tensor) -> tuple[Tensor, Tensor]:
        """Return D's scores of a real and of a generated batch."""
        if self.one_pass:
            d_real, d_fake = self.D(torch.cat([x_real, x_fake])).split([len(x_real), len(x_fake)])
            return d_real, d_fake
        return self.D(x_real), self.D(x_fake)


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """Take no gradient in the network's parameters inside the block; restores each flag after it."""
    flags = [(p, p.requires_grad) for p in network.parameters()]
    for p, _ in flags:
        p.requires_grad_(False)
    try:
        yield
    finally:
        for p, flag in flags:
            p.requires_grad_(flag)


def d_step(
    game: Game, x_real: Tensor, loss: Loss = NON_SATURATING, penalty: Penalty | None = None
) -> dict[str, Tensor]:
    """Update D once on a real batch and as many generated samples.

    G is left as it is. Returns scalars: ``loss_d``, ``penalty`` (added to it
    before the update), and the mean scores ``d_real``, ``d_fake``.
    Source: Goodfellow et al. (2014), algorithm 1, inner loop.
    """
    with torch.no_grad():
        x_fake = game.G(game.draw(len(x_real)))
    d_real, d_fake = game.scores(x_real, x_fake)
    loss_d = loss.discriminator(d_real, d_fake)
    extra = penalty(game.D, x_real, x_fake) if penalty else torch.zeros_like(loss_d)
    game.optimizer_d.zero_grad()
    (loss_d + extra).backward()
    game.optimizer_d.step()
    return _scalars(loss_d=loss_d, penalty=extra, d_real=d_real.mean(), d_fake=d_fake.mean())


def g_step(game: Game, x_real: Tensor, loss: Loss = NON_SATURATING) -> dict[str, Tensor]:
    """Update G once through the scores of fresh samples.

    D passes the gradient on and keeps its parameters. ``x_real`` sets the
    number of samples, and is scored only where ``loss.relative``. Returns
    scalars: ``loss_g``, and ``d_fake_g``, the mean score of G's samples
    before the update.
    Source: Goodfellow et al. (2014), algorithm 1, outer loop.
    """
    with frozen(game.D):
        d_fake = game.D(game.G(game.draw(len(x_real))))
        d_real = game.D(x_real) if loss.relative else None
        loss_g = loss.generator(d_fake, d_real)
        game.optimizer_g.zero_grad()
        loss_g.backward()
        game.optimizer_g.step()
    return _scalars(loss_g=loss_g, d_fake_g=d_fake.mean())


def _scalars(**values: Tensor) -> dict[str, Tensor]:
    return {name: value.detach() for name, value in values.items()}


class EMA:
    """An exponential moving average of a network: ``average = decay * average + (1 - decay) *
    network``.

    ``module`` is the averaged copy, in evaluation mode, to sample from. Buffers are copied, not
    averaged. Raises ``ValueError`` for a decay outside [0, 1). Source: Yazici et al. (2019)."""

    def __init__(self, network: nn.Module, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay is {decay}: expected a number in [0, 1), such as 0.999")
        self.decay = decay
        self.module = copy.deepcopy(network).eval().requires_grad_(False)

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average one step towards the network."""
        for average, current in zip(self.module.parameters(), network.parameters(), strict=True):
            average.lerp_(current, 1 - self.decay)
        for kept, current in zip(self.module.buffers(), network.buffers(), strict=True):
            kept.copy_(current)


def fit(
    game: Game,
    batches: Iterable[Tensor],
    loss: Loss | str = NON_SATURATING,
    penalty: Penalty | None = None,
    steps: int = 2_000,
    d_steps: int = 1,
    ema: EMA | None = None,
    seed: int | None = 0,
    progress: bool = True,
    callback: Callable[[int, Game], None] | None = None,
    checkpoint: Any = None,
) -> History:
    """Alternate ``d_steps`` updates of D with one of G, ``steps`` times, and return the history.

    ``batches`` yields real batches without end. ``seed`` starts z and dropout afresh; ``None`` goes
    on with their present states, for a run in several parts. ``callback(step, game)`` is called
    after each step (1, 2, ...), with both players in evaluation mode, and may draw random numbers:
    training does not notice. (It would notice a batch taken from ``batches``, or a call of a
    penalty that has a generator of its own.) The progress bar shows on a terminal, and elsewhere
    only if GANBOOK_PROGRESS is 1.

    With ``checkpoint=ganbook.checkpoints.Checkpoint(path, every)`` a run whose file is there goes
    on where it stopped, bitwise as if it had not; Ctrl-C and SIGTERM save and return the history so
    far.

    Raises ``ValueError`` for steps or d_steps below one, batches that run out or are no tensors and
    unknown losses, ``CheckpointError`` for a checkpoint that cannot be written or is another run's,
    ``TrainingDiverged`` at the first loss that is not finite, and at the end for a parameter that
    is not.

    Source: Goodfellow et al. (2014), algorithm 1.
    """
    for name, number in (("steps", steps), ("d_steps", d_steps)):
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise ValueError(f"{name} is {number!r}: expected a whole number of at least 1")
    if isinstance(batches, Tensor):
        raise ValueError(
            f"batches is one tensor, of shape {tuple(batches.shape)}: expected an iterable of batches, "
            "such as ganbook.data.batches(images, 128, seed=0)"
        )
    if checkpoint is not None and not hasattr(checkpoint, "running"):
        raise ValueError(
            f"checkpoint is {checkpoint!r}: expected ganbook.checkpoints.Checkpoint(path, every=1000)"
        )
    loss, record = losses.get(loss), Record(steps)
    options = {"loss": loss, "penalty": penalty, "d_steps": d_steps, "seed": seed}
    running = (
        checkpoint.running(game, batches, record, ema, options)
        if checkpoint is not None
        else nullcontext()
    )
    silent = not (progress and (sys.stderr.isatty() or os.environ.get("GANBOOK_PROGRESS") == "1"))
    game.G.train()
    game.D.train()
    players = {"G": game.G, "D": game.D} | ({"ema": ema.module} if ema is not None else {})
    with _seeded(game, seed), running as session:
        source = iter(batches)  # after a checkpoint has set their place
        todo = range(record.step + 1, steps + 1)
        for step in tqdm(todo, total=steps, initial=record.step, disable=silent, unit="step"):
            row: dict[str, Tensor] = {}
            for _ in range(d_steps):
                x_real = _next(source, step)
                row = first_broken(row, d_step(game, x_real, loss, penalty))
            row |= g_step(game, x_real, loss)
            if ema is not None:
                ema.update(game.G)
            record.add(row)
            if step % (1 if game.device.type == "cpu" else 50) == 0 or step == steps:
                refuse_non_finite(record, session)
            if callback is not None:
                _call_aside(callback, step, game)
            if session is not None and session.after_step():
                break
        refuse_non_finite_state(players, record.step, session)
    return record.history()


@contextmanager
def _seeded(game: Game, seed: int | None) -> Iterator[None]:
    with torch.random.fork_rng() if seed is not None else nullcontext():
        if seed is not None:
            torch.manual_seed(seed)
            game.generator.manual_seed(seed)
        yield


def _call_aside(callback: Callable[[int, Game], None], step: int, game: Game) -> None:
    state = game.generator.get_state()
    try:
        game.G.eval()
        game.D.eval()
        with torch.random.fork_rng():
            callback(step, game)
    finally:
        game.generator.set_state(state)
        game.G.train()
        game.D.train()


def _next(source: Iterator[Tensor], step: int) -> Tensor:
    try:
        batch = next(source)
    except StopIteration:
        raise ValueError(
            f"the batches ran out at step {step}: pass an iterable without end, such as "
            "ganbook.data.batches(...)"
        ) from None
    if not isinstance(batch, Tensor) or not len(batch):
        found = "has no rows" if isinstance(batch, Tensor) else f"is a {type(batch).__name__}"
        raise ValueError(
            f"the batch of step {step} {found}: expected a tensor of real samples, such as x alone where "
            "a loader yields (x, y)"
        )
    return batch
