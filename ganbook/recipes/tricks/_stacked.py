"""Several fully connected networks of one architecture as one, batch statistics kept apart."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import register_parametrization

__all__ = ["Stacked", "clip_each"]

AS_THEY_ARE = (nn.LeakyReLU, nn.Tanh, nn.Sigmoid, nn.Dropout, nn.LayerNorm)


class Rows(nn.Module):
    """S linear layers: (S, n, in) -> (S, n, out)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([m.weight.detach() for m in layers]))
        self.bias = nn.Parameter(torch.stack([m.bias.detach() for m in layers]))

    def forward(self, x: Tensor) -> Tensor:
        """Return each block through its own layer."""
        return torch.baddbmm(self.bias[:, None], x, self.weight.transpose(1, 2))


class EachBatchNorm(nn.BatchNorm1d):
    """Batch norm of S networks: (S, n, K) -> (S, n, K), statistics over n."""

    def __init__(self, layers: Sequence[nn.BatchNorm1d]) -> None:
        super().__init__(len(layers) * layers[0].num_features)

    def forward(self, x: Tensor) -> Tensor:
        """Return each block with its own mean and variance."""
        together = x.transpose(0, 1)
        return super().forward(together.flatten(1)).reshape(together.shape).transpose(0, 1)


class EachSpectral(nn.Module):
    """Each of S weights (S, out, in) over its spectral norm, by one power iteration a training pass.

    Source: Miyato et al. (2018), algorithm 1."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        u, _, v = torch.linalg.svd(weight.detach(), full_matrices=False)
        self.register_buffer("u", u[:, :, :1].clone())
        self.register_buffer("v", v.transpose(1, 2)[:, :, :1].clone())

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weights, each divided by its norm."""
        if self.training:
            with torch.no_grad():
                self.u.copy_(normalize(weight @ self.v, dim=1))
                self.v.copy_(normalize(weight.transpose(1, 2) @ self.u, dim=1))
        u, v = self.u.clone(), self.v.clone()
        return weight / (u.transpose(1, 2) @ weight @ v)


class Stacked(nn.Module):
    """S networks of one architecture; block k of the rows goes through network k.

    Maps (S n, ...) to (S n, ...), as `ganbook.networks.SideBySide` does, and takes batch norm and
    dropout, too: ``nn.Sequential`` of linear layers, ``BatchNorm1d``, ``LayerNorm`` without
    parameters, dropout, activations, ``Flatten`` and ``Unflatten``. ``spectral`` divides each
    weight by its spectral norm. Raises ``ValueError`` for a layer that it does not know.
    """

    def __init__(self, networks: Sequence[nn.Sequential], spectral: bool = False) -> None:
        super().__init__()
        self.count = len(networks)
        self.body = nn.Sequential(*map(_layer, zip(*networks, strict=True)))
        for layer in self.body:
            if spectral and isinstance(layer, Rows):
                register_parametrization(layer, "weight", EachSpectral(layer.weight))

    def forward(self, x: Tensor) -> Tensor:
        """Return each block of rows through its own network."""
        return self.body(x.reshape(self.count, -1, *x.shape[1:])).flatten(0, 1)


def _layer(layers: tuple[nn.Module, ...]) -> nn.Module:
    one = layers[0]
    if isinstance(one, AS_THEY_ARE) and not list(one.parameters()):
        return copy.deepcopy(one)
    if isinstance(one, nn.Linear):
        return Rows(layers)
    if isinstance(one, nn.BatchNorm1d):
        return EachBatchNorm(layers)
    if isinstance(one, nn.Flatten):
        return nn.Flatten(2)
    if isinstance(one, nn.Unflatten):
        return nn.Unflatten(2, one.unflattened_size)
    raise ValueError(
        f"a {type(one).__name__} was given: expected one of the layers in Stacked's docstring"
    )


@torch.no_grad()
def clip_each(network: Stacked, bound: float) -> None:
    """Scale the gradient of each of S networks to a norm of at most ``bound``, in place."""
    gradients = [p.grad for p in network.parameters() if p.grad is not None]
    flat = [g.reshape(network.count, -1) for g in gradients]
    norms = torch.cat(flat, dim=1).norm(dim=1)
    factor = (bound / norms.clamp(min=1e-12)).clamp(max=1)
    for g in gradients:
        g.view(network.count, -1).mul_(factor[:, None])
