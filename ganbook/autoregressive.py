"""MADE: one masked network that gives every conditional of a binary vector, and so its exact
probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["MADE", "MaskedLinear", "all_states", "ensemble_log_prob", "fit", "made_masks"]


def made_masks(
    order: Tensor | Sequence[int], hidden: Sequence[int], generator: torch.Generator | None = None
) -> list[Tensor]:
    """Return the masks that let the output for a variable see only the variables drawn before it.

    ``order`` lists the D variables in the order in which they are drawn; the t-th of them gets the
    degree t, from 1 to D. Hidden units get degrees from 1 to D − 1, in turn, or at random given a
    ``generator``. A hidden unit of degree m sees the units below with degree ≤ m; the output for a
    variable of degree t sees hidden units with degree < t, strictly. One boolean mask a layer,
    (units above, units below).

    Raises ValueError unless ``order`` is a permutation of 0..D−1 and every width is at least 1.
    Source: Germain, Gregor, Murray and Larochelle (2015), section 4.
    """
    order = torch.as_tensor(order)
    n = order.numel()
    if order.dim() != 1 or n < 1 or order.sort().values.tolist() != list(range(n)):
        raise ValueError(
            f"order is {order.tolist()}: expected a permutation of 0 to {max(n - 1, 0)}"
        )
    if not hidden or any(isinstance(w, bool) or not isinstance(w, int) or w < 1 for w in hidden):
        raise ValueError(
            f"hidden is {tuple(hidden)}: expected one or more whole numbers of at least 1"
        )
    inputs = torch.empty(n, dtype=torch.long)
    inputs[order] = torch.arange(1, n + 1)
    top, below, masks = max(n - 1, 1), inputs, []
    for width in hidden:
        if generator is None:
            degrees = 1 + torch.arange(width) % top
        else:
            least = min(int(below.min()), top)
            degrees = torch.randint(least, top + 1, (width,), generator=generator)
        masks.append(degrees[:, None] >= below[None, :])
        below = degrees
    return [*masks, inputs[:, None] > below[None, :]]


class MaskedLinear(nn.Linear):
    """A linear layer y = (M ⊙ W) x + b.

    Weights outside the boolean mask M, of shape (out, in), take no part.
    """

    def __init__(self, mask: Tensor) -> None:
        super().__init__(mask.shape[1], mask.shape[0])
        self.register_buffer("mask", mask.bool())

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., in) to (..., out)."""
        return F.linear(x, self.weight * self.mask, self.bias)


class MADE(nn.Module):
    """A masked autoencoder for distribution estimation, log p(x) = Σ_t log p(x_t | x_1 ...
    x_{t−1}).

    ``n`` binary variables, drawn in the given ``order`` (0 to n − 1 by default), and hidden layers
    of the widths ``hidden`` with ReLU. Raises ValueError as `made_masks` does, and for an order of
    another length.

    Source: Germain, Gregor, Murray and Larochelle (2015), sections 3 and 4.
    """

    def __init__(
        self,
        n: int,
        hidden: Sequence[int] = (256,),
        order: Tensor | Sequence[int] | None = None,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        order = torch.arange(n) if order is None else torch.as_tensor(order)
        if order.numel() != n:
            raise ValueError(f"order has {order.numel()} entries: expected {n}, one a variable")
        layers: list[nn.Module] = []
        for mask in made_masks(order, hidden, generator):
            layers += [MaskedLinear(mask), nn.ReLU()]
        self.network = nn.Sequential(*layers[:-1])
        self.register_buffer("order", order)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of p(x_i = 1 | the variables before i), (N, n) to (N, n), for all i in one pass."""
        return self.network(x)

    def log_prob(self, x: Tensor) -> Tensor:
        """Exact log-probability in nats of binary rows: (N, n) gives (N,).

        Raises ValueError for another width, and for entries that are neither 0 nor 1.
        """
        x = _bits(x, self.order.numel())
        return -F.binary_cross_entropy_with_logits(self(x), x, reduction="none").sum(1)

    @torch.no_grad()
    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw ``count`` rows, (count, n), one variable after another: n passes through the
        network.
        """
        if count < 1:
            raise ValueError(f"count is {count}: expected at least one sample")
        weight = next(self.parameters())
        x = torch.zeros(count, self.order.numel(), dtype=weight.dtype)
        coins = torch.rand(x.shape, generator=generator, dtype=weight.dtype)
        x, coins = x.to(weight.device), coins.to(weight.device)
        for i in self.order.tolist():
            x[:, i] = (coins[:, i] < torch.sigmoid(self(x)[:, i])).to(x.dtype)
        return x


def ensemble_log_prob(models: Sequence[MADE], x: Tensor) -> Tensor:
    """Log-probability in nats of the equal mixture of models, log (1/K) Σ_k p_k(x): (N, n) gives
    (N,).

    It is a distribution, unlike what comes of averaging the logits of models with different orders.
    Raises ValueError for no models. Source: Germain et al. (2015), section 4.
    """
    if not models:
        raise ValueError("models is empty: expected one or more")
    each = torch.stack([model.log_prob(x) for model in models])
    return torch.logsumexp(each, 0) - torch.log(torch.tensor(float(len(models)), dtype=each.dtype))


def all_states(n: int, dtype: torch.dtype = torch.float64) -> Tensor:
    """All 2^n binary rows of length n, (2^n, n), counting upwards; ValueError outside 1 <= n <= 20."""
    if not 1 <= n <= 20:
        raise ValueError(
            f"n is {n}: expected 1 to 20 (2^20 rows are a million; one more doubles them)"
        )
    return (torch.arange(2**n)[:, None] >> torch.arange(n - 1, -1, -1) & 1).to(dtype)


def fit(
    model: MADE,
    x: Tensor,
    steps: int,
    batch_size: int = 100,
    lr: float = 1e-3,
    weight_decay: float = 0.0,
    generator: torch.Generator | None = None,
    every: int = 0,
    callback: Callable[[int], None] | None = None,
) -> Tensor:
    """Raise the mean log-likelihood of ``x``, (N, n), with AdamW on batches drawn with replacement.

    Returns the mean negative log-likelihood of each step's batch, in nats, (steps,).
    ``callback(step)`` is called after each ``every`` steps, if both are given. Raises ValueError
    for fewer than one step, an empty batch, and entries of x that are neither 0 nor 1."""
    if steps < 1 or batch_size < 1:
        raise ValueError(
            f"steps is {steps} and batch_size {batch_size}: expected at least 1 of each"
        )
    x = _bits(x, model.order.numel())
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    losses = []
    for step in range(1, steps + 1):
        rows = torch.randint(len(x), (batch_size,), generator=generator).to(x.device)
        loss = -model.log_prob(x[rows]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
        if callback is not None and every and step % every == 0:
            callback(step)
    return torch.stack(losses)


def _bits(x: Tensor, n: int) -> Tensor:
    if not isinstance(x, Tensor) or x.dim() != 2 or x.shape[1] != n:
        given = tuple(x.shape) if isinstance(x, Tensor) else type(x).__name__
        raise ValueError(f"x is {given}: expected a tensor of shape (N, {n}), one row a state")
    if not x.is_floating_point() or not ((x == 0) | (x == 1)).all():
        raise ValueError(
            f"x holds {x.dtype} values, not only 0. and 1.: binarise it by (x > cut).float()"
        )
    return x
