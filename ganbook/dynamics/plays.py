"""Plays: in which order, from which gradients and with which memory the two players step.

Each play is one function from a state to the next, ``(theta, psi, *memory)``. Paths run it on
numbers, ``ganbook.dynamics.eigenvalues`` differentiates the same function on tensors."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ganbook.dynamics.fields import Field

__all__ = [
    "PLAYS",
    "adam",
    "alternating",
    "average",
    "extragradient",
    "negative_momentum",
    "optimistic",
    "simultaneous",
]

Path = NDArray[np.float64]
State = tuple[Any, ...]
Update = Callable[[State], State]
Rate = float | tuple[float, float]


def simultaneous(field: Field, start: Any, step: Rate, n: int) -> Path:
    """Return the path of both players stepping at once, ``w + h v(w)``, shape (n + 1, 2).

    ``start`` is ``(theta, psi)``, ``step`` a rate h or a pair (G's, D's), ``n`` the number of steps;
    row 0 is the start. Raises ``ValueError`` for a start, rate or number that cannot be used, as do
    the other plays.

    Source: Mescheder, Geiger and Nowozin (2018), algorithm 1.
    """
    return _run(simultaneous_update(field, step), _start(start), n)


def alternating(
    field: Field, start: Any, step: Rate, n: int, d_steps: int = 1, first: str = "D"
) -> Path:
    """Return the path of the players stepping in turn, the second seeing the first's step.

    A row per round of ``d_steps`` steps of D and one of G; ``first`` is ``"D"`` or ``"G"``. Shape
    (n + 1, 2).

    Source: Mescheder, Geiger and Nowozin (2018), algorithm 2, whose code plays G first.
    """
    return _run(alternating_update(field, step, d_steps, first), _start(start), n)


def extragradient(field: Field, start: Any, step: Rate, n: int) -> Path:
    """Return the path that steps by the field as it is one step ahead, ``w + h v(w + h v(w))``.

    Shape (n + 1, 2). Source: Korpelevich (1976); for GANs Gidel et al. (2019), algorithm 2.
    """
    return _run(extragradient_update(field, step), _start(start), n)


def optimistic(field: Field, start: Any, step: Rate, n: int, previous: Any = None) -> Path:
    """Return the path of ``w + 2 h v(w) - h v_before``, shape (n + 1, 2).

    ``previous`` is the field before the start, ``(theta', psi')``; None takes the field at the
    start. Source: Daskalakis et al. (2018), equation 5.
    """
    theta, psi = _start(start)
    memory = field(theta, psi) if previous is None else _start(previous, "previous")
    return _run(optimistic_update(field, step), (theta, psi, *memory), n)


def negative_momentum(
    field: Field, start: Any, step: Rate, n: int, beta: float = -0.5, first: str | None = "D"
) -> Path:
    """Return the path with momentum, ``w + h v + beta (w - w_before)``, in turn or at once.

    ``first`` is ``"D"`` or ``"G"`` for players in turn, None for both at once; shape (n + 1, 2).

    Source: Gidel et al. (2019), Negative momentum for improved game dynamics, equation 6.
    """
    start = _start(start)
    return _run(momentum_update(field, step, beta, first), (*start, *start), n)


def adam(
    field: Field,
    start: Any,
    step: Rate,
    n: int,
    betas: tuple[float, float] = (0.0, 0.9),
    eps: float = 1e-8,
    first: str | None = "D",
) -> Path:
    """Return the path under Adam with its bias corrections, a player's state of its own.

    ``first`` as in ``negative_momentum``; shape (n + 1, 2).

    Source: Kingma and Ba (2015), algorithm 1.
    """
    first_moment, second_moment = _betas(betas)
    rates, order = _rates(step), _order(first)
    w, m, s = list(_start(start)), [0.0, 0.0], [0.0, 0.0]
    rows = [tuple(w)]
    for t in range(1, _count(n) + 1):
        for players in order:
            velocity = field(*w)
            for k in players:
                m[k] = first_moment * m[k] + (1 - first_moment) * velocity[k]
                s[k] = second_moment * s[k] + (1 - second_moment) * velocity[k] ** 2
                m_hat, s_hat = m[k] / (1 - first_moment**t), s[k] / (1 - second_moment**t)
                w[k] = w[k] + rates[k] * m_hat / (math.sqrt(s_hat) + eps)
        rows.append(tuple(w))
    return np.array(rows, dtype=np.float64)


def average(path: Path, beta: float | None = None) -> Path:
    """Return the averages along a path: the mean of all points so far, or an exponential one.

    ``beta`` None: row k is the mean of rows 0 to k. Otherwise ``a = beta a + (1 - beta) w``, which
    starts at row 0. Shape as given. Raises ``ValueError`` unless 0 <= beta < 1.
    """
    path = np.asarray(path, dtype=np.float64)
    if beta is None:
        return np.cumsum(path, axis=0) / np.arange(1, len(path) + 1)[:, None]
    if not 0 <= beta < 1:
        raise ValueError(f"beta is {beta!r}: expected a number of at least 0 and below 1")
    averages = np.empty_like(path)
    averages[0] = path[0]
    for k in range(1, len(path)):
        averages[k] = beta * averages[k - 1] + (1 - beta) * path[k]
    return averages


def simultaneous_update(field: Field, step: Rate) -> Update:
    """One update of `simultaneous`: (w) -> w + h v(w)."""
    h = _rates(step)

    def update(w: State) -> State:
        return _moved(w, h, field(*w))

    return update


def alternating_update(field: Field, step: Rate, d_steps: int = 1, first: str = "D") -> Update:
    """One update of `alternating`: each player sees where the other has moved to."""
    h = _rates(step)
    if first not in ("D", "G"):
        raise ValueError(f'first is {first!r}: expected "D" or "G"')
    if isinstance(d_steps, bool) or not isinstance(d_steps, int) or d_steps < 1:
        raise ValueError(f"d_steps is {d_steps!r}: expected a positive integer")
    rounds = [1] * d_steps + [0] if first == "D" else [0] + [1] * d_steps

    def update(w: State) -> State:
        for k in rounds:
            w = _replaced(w, k, w[k] + h[k] * field(*w)[k])
        return w

    return update


def extragradient_update(field: Field, step: Rate) -> Update:
    """One update of `extragradient`: (w) -> w + h v(w + h v(w))."""
    h = _rates(step)

    def update(w: State) -> State:
        return _moved(w, h, field(*_moved(w, h, field(*w))))

    return update


def optimistic_update(field: Field, step: Rate) -> Update:
    """One update of `optimistic` on (w, v before): w + h (2 v(w) - v before)."""
    h = _rates(step)

    def update(state: State) -> State:
        w, before = state[:2], state[2:]
        now = field(*w)
        ahead = tuple(2 * a - b for a, b in zip(now, before, strict=True))
        return (*_moved(w, h, ahead), *now)

    return update


def momentum_update(
    field: Field, step: Rate, beta: float = -0.5, first: str | None = "D"
) -> Update:
    """One update of `negative_momentum` on (w, w before): w + h v + beta (w - w before)."""
    h, order = _rates(step), _order(first)
    if not -1 < beta < 1:
        raise ValueError(f"beta is {beta!r}: expected a number between -1 and 1")

    def update(state: State) -> State:
        w, before = state[:2], state[2:]
        new = w
        for players in order:
            velocity = field(*new)
            for k in players:
                new = _replaced(new, k, w[k] + h[k] * velocity[k] + beta * (w[k] - before[k]))
        return (*new, *w)

    return update


def adam_update(
    field: Field,
    step: Rate,
    betas: tuple[float, float] = (0.0, 0.9),
    eps: float = 1e-8,
    first: str | None = "D",
) -> Update:
    """Adam near a point where the field vanishes, long after the start.

    There the second moment is of second order, so its root is small beside ``eps`` and the linear
    part of the update is ``h m / eps``; the state is ``(theta, psi, m_theta, m_psi)``.
    """
    h, order = _rates(step), _order(first)
    share, _ = _betas(betas)

    def update(state: State) -> State:
        w, m = state[:2], state[2:]
        for players in order:
            velocity = field(*w)
            for k in players:
                m = _replaced(m, k, share * m[k] + (1 - share) * velocity[k])
                w = _replaced(w, k, w[k] + h[k] * m[k] / eps)
        return (*w, *m)

    return update


# Name -> (what makes its update, which memory its state has at rest at a point: "w", "v" or none)
PLAYS: dict[str, tuple[Callable[..., Update], str]] = {
    "simultaneous": (simultaneous_update, ""),
    "alternating": (alternating_update, ""),
    "extragradient": (extragradient_update, ""),
    "optimistic": (optimistic_update, "v"),
    "negative_momentum": (momentum_update, "w"),
    "adam": (adam_update, "v"),
}


def _run(update: Update, state: State, n: int) -> Path:
    rows = [state[:2]]
    with np.errstate(over="ignore", invalid="ignore"):  # a path that diverges is a result
        for _ in range(_count(n)):
            state = update(state)
            rows.append(state[:2])
    return np.array(rows, dtype=np.float64)


def _moved(w: State, h: tuple[float, float], v: State) -> State:
    return w[0] + h[0] * v[0], w[1] + h[1] * v[1]


def _replaced(w: State, k: int, value: Any) -> State:
    return (value, w[1]) if k == 0 else (w[0], value)


def _order(first: str | None) -> list[tuple[int, ...]]:
    orders = {"D": [(1,), (0,)], "G": [(0,), (1,)], None: [(0, 1)]}
    if first not in orders:
        raise ValueError(f'first is {first!r}: expected "D", "G", or None for both at once')
    return orders[first]


def _betas(betas: tuple[float, float]) -> tuple[float, float]:
    pair = tuple(betas)
    if len(pair) != 2 or not all(0 <= b < 1 for b in pair):
        raise ValueError(f"betas are {betas!r}: expected two numbers of at least 0 and below 1")
    return pair


def _rates(step: Rate) -> tuple[float, float]:
    pair = tuple(step) if isinstance(step, (tuple, list)) else (step, step)
    if len(pair) != 2 or not all(math.isfinite(h) and h > 0 for h in pair):
        raise ValueError(
            f"step is {step!r}: expected a positive number, or two (the generator's, the"
            " discriminator's)"
        )
    return pair


def _count(n: int) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 0:
        raise ValueError(f"n is {n!r}: expected a number of steps, an integer of at least 0")
    return int(n)


def _start(start: Any, name: str = "start") -> tuple[float, float]:
    point = np.asarray(start, dtype=np.float64)
    if point.shape != (2,) or not np.isfinite(point).all():
        raise ValueError(f"{name} is {start!r}: expected two finite numbers, (theta, psi)")
    return float(point[0]), float(point[1])
