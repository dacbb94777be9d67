"""A GAN on MNIST, whole. `python mnist_gan.py` trains it, saves samples."""

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.utils.data import DataLoader
from torchvision import datasets, transforms
from torchvision.utils import save_image

LATENT = 100
DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
SCALE = transforms.Compose(
    [transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))]
)


def hidden(inputs, outputs, dropout=0.0):
    """One hidden layer."""
    layer = nn.Linear(inputs, outputs)
    return nn.Sequential(layer, nn.LeakyReLU(0.2), nn.Dropout(dropout))


def make_players():
    """G: z to pictures. D: pictures to scores."""
    up = hidden(LATENT, 256), hidden(256, 512), hidden(512, 1024)
    G = nn.Sequential(*up, nn.Linear(1024, 784), nn.Tanh())
    down = hidden(784, 1024, 0.3), hidden(1024, 512, 0.3)
    D = nn.Sequential(*down, hidden(512, 256, 0.3), nn.Linear(256, 1))
    return G.to(DEVICE), D.to(DEVICE)  # D ends in a score: no sigmoid


def train_step(G, D, optimizer_g, optimizer_d, x_real):
    """Update D once, then G once; return both losses."""

    def noise():
        return torch.randn(len(x_real), LATENT, device=DEVICE)

    d_real, d_fake = D(x_real), D(G(noise()).detach())
    loss_d = bce(d_real, torch.ones_like(d_real))
    loss_d = loss_d + bce(d_fake, torch.zeros_like(d_fake))
    optimizer_d.zero_grad()
    loss_d.backward()
    optimizer_d.step()

    d_fake = D(G(noise()))  # fresh noise, and no detach
    loss_g = bce(d_fake, torch.ones_like(d_fake))  # the label is 1
    optimizer_g.zero_grad()
    loss_g.backward()
    optimizer_g.step()
    return loss_d.item(), loss_g.item()


def main(dataset, epochs=50, folder="."):
    """Train, and save 64 samples after each epoch."""
    torch.manual_seed(0)
    players = make_players()
    optimizers = [torch.optim.Adam(p.parameters(), lr=2e-4) for p in players]
    loader = DataLoader(dataset, batch_size=128, shuffle=True)
    z = torch.randn(64, LATENT, device=DEVICE)  # the same for every picture
    for epoch in range(1, epochs + 1):
        for images, _ in loader:
            x_real = images.flatten(1).to(DEVICE)
            losses = train_step(*players, *optimizers, x_real)
        print(
            "epoch {}: loss of D {:.3f}, of G {:.3f}".format(epoch, *losses)
        )
        with torch.no_grad():
            samples = players[0](z).view(-1, 1, 28, 28)
        path = f"{folder}/epoch_{epoch:02d}.png"
        save_image(samples, path, normalize=True, value_range=(-1, 1))


if __name__ == "__main__":
    main(datasets.MNIST("mnist", download=True, transform=SCALE))
