"""The article's loop as a reader would type it: DataLoader, BCELoss, plain Adam, one ``.item()`` a
player and step.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.utils.data import DataLoader
from torchvision import transforms

from ganbook.data.torchvision_view import torchvision_mnist
from ganbook.networks import mlp_discriminator, mlp_generator

RATE, BETAS, BATCH, LATENT = 2e-4, (0.9, 0.999), 128, 100


def article_networks(seed: int) -> tuple[nn.Module, nn.Module]:
    """The networks of section 5.2; D ends in a sigmoid."""
    torch.manual_seed(seed)
    G, D = mlp_generator(LATENT), mlp_discriminator()
    return G, nn.Sequential(D, nn.Sigmoid())


def article_steps(
    G: nn.Module, D: nn.Module, beta1: float = BETAS[0], device: torch.device | str = "cpu"
) -> Iterator[tuple[float, float]]:
    """Train without end, each batch sent to the device; yields both losses after each step."""
    betas = beta1, BETAS[1]
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
    loader = DataLoader(torchvision_mnist("train", transform), batch_size=BATCH, shuffle=True)
    optimizer_g = torch.optim.Adam(G.parameters(), lr=RATE, betas=betas)
    optimizer_d = torch.optim.Adam(D.parameters(), lr=RATE, betas=betas)
    bce = nn.BCELoss()
    while True:
        for real, _ in loader:
            real, n = real.to(device), len(real)
            ones, zeros = torch.ones(n, 1, device=device), torch.zeros(n, 1, device=device)
            fake = G(torch.randn(n, LATENT, device=device))
            loss_d = bce(D(real), ones) + bce(D(fake.detach()), zeros)
            optimizer_d.zero_grad()
            loss_d.backward()
            optimizer_d.step()
            loss_g = bce(D(G(torch.randn(n, LATENT, device=device))), ones)
            optimizer_g.zero_grad()
            loss_g.backward()
            optimizer_g.step()
            yield loss_d.item(), loss_g.item()
