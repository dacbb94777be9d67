"""`ganbook.training.fit` on several processes: the steps stay as they are, and are given each
process's share.

Every process draws the whole batch and all of z from generators in the same state, and keeps its
rows. torch's DistributedDataParallel averages the gradients, so that equal shares make the gradient
of the whole batch."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from ganbook import draws, training
from ganbook.checkpoints import Checkpoint
from ganbook.data import batches as Batches
from ganbook.distributed.session import Together
from ganbook.distributed.team import Team
from ganbook.training import Game, History, Penalty

__all__ = ["fit"]

NAMES = inspect.signature(DistributedDataParallel.__init__).parameters
SYNC_BUFFERS = (
    "forward_sync_buffers" if "forward_sync_buffers" in NAMES else "broadcast_buffers"
)  # its older name


def fit(
    team: Team,
    game: Game,
    batches: Iterable[Any],
    *,
    penalty: Penalty | None = None,
    progress: bool = True,
    callback: Callable[[int, Game], None] | None = None,
    checkpoint: Checkpoint | None = None,
    **options: Any,
) -> History:
    """Call `ganbook.training.fit` in every process of a team; each returns the history of the whole
    batches.

    All pass the same game, batches and seeds, as one process would; the parameters and the average
    in ``ema`` end equal in all. ``callback`` is called by the process that leads, with the game as
    it was passed, while the others wait. It may set the optimisers' settings, such as the learning
    rate, which all take over: numbers, tuples of numbers, and tensors. Parameters that it changes
    are changed in one process only, which is an error. The checkpoint is written by the process
    that leads and read by all: it is that of one process, and another number of processes may go on
    from it. A loss that is not finite, or a request to stop, in one process stops all after the
    same step.

    A loss or penalty must be a mean over samples. What draws from torch's own generator (dropout, a
    gradient penalty without a generator) draws differently in each process. A loss or penalty with
    a generator of its own draws by `ganbook.draws.rows`, for the whole batch, as the gradient
    penalty does; otherwise all processes would draw the same numbers, each for other samples.

    Raises what `ganbook.training.fit` raises, ``ValueError`` for a batch whose size the processes
    do not divide, and ``RuntimeError`` at the next save, or at the end, if the parameters are not
    equal in all processes."""
    if team.size == 1:
        return training.fit(
            game,
            batches,
            penalty=penalty,
            progress=progress,
            callback=callback,
            checkpoint=checkpoint,
            **options,
        )
    shares, shared = Shares(team, batches), shared_game(team, game)
    try:
        with draws.sharing(team.rank, team.size):
            return training.fit(
                shared,
                shares,
                penalty=penalty,
                progress=progress and team.leads,
                callback=callback and shared_callback(team, game, callback),
                checkpoint=Together(team, game, batches, checkpoint),
                **options,
            )
    finally:
        game.d_updates = shared.d_updates
        for network in shared.players().values():
            release(network)


class Shares:
    """This process's rows of each batch; ``ValueError`` for batches whose sizes do not divide, as
    early as known.
    """

    def __init__(self, team: Team, batches: Iterable[Any]) -> None:
        self.team, self.batches = team, batches
        if isinstance(batches, Batches):
            n, size = batches.samples, batches.batch_size
            if size % team.size or n % size % team.size:
                raise ValueError(
                    f"{team.size} processes cannot share {n} samples in batches of {size} equally "
                    f"(an epoch's last batch holds {n % size or size}): choose a batch size such "
                    f"that {team.size} divides both"
                )

    def __iter__(self) -> Iterator[Any]:
        return map(self._share, iter(self.batches))

    def _share(self, batch: Any) -> Any:
        if isinstance(batch, tuple):
            return tuple(map(self.team.share, batch))
        return self.team.share(batch)


def shared_game(team: Team, game: Game) -> Game:
    """Return a game of the same optimisers whose players average their gradients."""
    shared = copy.copy(game)
    for name, network in game.players().items():
        setattr(shared, name, parallel(team, network))
    return shared


def parallel(team: Team, network: nn.Module) -> nn.Module:
    """Return the network with averaged gradients; it starts from the leader's parameters.

    Buffers are left alone while it trains, for D is called twice before its gradient is taken.
    """
    devices = [team.device.index] if team.device.type == "cuda" else None
    return DistributedDataParallel(network, device_ids=devices, **{SYNC_BUFFERS: False})


def release(network: nn.Module) -> None:
    """Take the averaging off the network's parameters now.

    Left to the garbage collector it would end at another moment in each process, and a second run
    of the same players would hang where one process still averages twice."""
    if isinstance(network, DistributedDataParallel):
        network.logger = network.reducer = None


def shared_callback(
    team: Team, game: Game, callback: Callable[[int, Game], None]
) -> Callable[[int, Game], None]:
    """Return a callback that the leader obeys, and all wait for; then all take over its optimisers'
    settings.
    """

    def shared(step: int, _: Game) -> None:
        with team.together():
            if team.leads:
                callback(step, game)
        with team.together():
            follow_settings(team, game)

    return shared


def follow_settings(team: Team, game: Game) -> None:
    """Give the groups of both optimisers the leader's settings; ``ValueError`` if it has another
    number of groups.
    """
    groups = [*game.optimizer_g.param_groups, *game.optimizer_d.param_groups]
    of_leader = team.told([_settings(group) for group in groups])
    if len(of_leader) != len(groups):
        raise ValueError(
            f"the optimisers have {len(groups)} groups of parameters in one process, and "
            f"{len(of_leader)} in the process that leads: add them in all, before fit"
        )
    for group, settings in zip(groups, of_leader, strict=True):
        for name, value in settings.items():
            if isinstance(mine := group.get(name), Tensor):
                mine.copy_(torch.as_tensor(value))
            else:
                group[name] = value


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value.cpu() if isinstance(value, Tensor) else value
        for name, value in group.items()
        if name != "params" and (_plain(value) or isinstance(value, Tensor))
    }


def _plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, int | float | str)
        or (isinstance(value, tuple) and all(map(_plain, value)))
    )
