"""Unrolling against closed forms and finite differences."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.games import ConditionalGame, Game, PackedGame
from ganbook.losses import LOSSES, NON_SATURATING, Loss
from ganbook.penalties import r1
from ganbook.training import Unrolled, alternating, fit

H = 0.1
BILINEAR = Loss("bilinear", lambda d_real, d_fake: d_fake.mean(), lambda d, _=None: -d.mean())


class Point(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, z):
        return self.theta.expand(len(z), 1)


class Slope(nn.Module):
    def __init__(self, value):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(value, dtype=torch.float64))

    def forward(self, x):
        return self.psi * x


def dirac(theta, psi):
    G, D = Point(theta), Slope(psi)
    return Game(
        G, D, torch.optim.SGD(G.parameters(), lr=H), torch.optim.SGD(D.parameters(), lr=H), 1
    )


def zeros():
    return torch.zeros(2, 1, dtype=torch.float64)


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("through", [True, False])
def test_on_the_bilinear_game_the_gradient_has_a_closed_form(k, through):
    """D minimises psi theta, G minimises -psi_k theta with psi_k = psi - k eta theta: G's gradient
    is -psi + 2 k eta theta through the updates, and -psi + k eta theta with psi_k held fixed."""
    theta, psi, eta = 0.7, -0.4, 0.3
    game = dirac(theta, psi)
    Unrolled(k, eta, through)(game, zeros, BILINEAR, None, 1)
    after_d = psi - H * theta
    gradient = -after_d + (2 if through else 1) * k * eta * theta
    assert game.D.psi.item() == pytest.approx(after_d, abs=1e-12)
    assert game.G.theta.item() == pytest.approx(theta - H * gradient, abs=1e-12)
    assert game.G.theta.grad is not None and game.D.psi.requires_grad


def test_it_turns_the_circle_into_a_spiral_inwards():
    """Alternating play circles the solution of the bilinear game, the unrolled one goes to it."""
    ends = {}
    for name, play in {"alternating": alternating, "unrolled": Unrolled(2, 0.3)}.items():
        game = dirac(1.0, 0.5)
        for _ in range(200):
            play(game, zeros, BILINEAR, None, 1)
        ends[name] = (game.G.theta.item() ** 2 + game.D.psi.item() ** 2) ** 0.5
    assert 0.9 < ends["alternating"] < 1.3 and ends["unrolled"] < 1e-3


def network_game():
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 2)).double()
    D = nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    return Game(
        G, D, torch.optim.SGD(G.parameters(), lr=1.0), torch.optim.SGD(D.parameters(), lr=1e-30), 2
    )


def by_hand(G, D, z, x, k, eta):
    """G's loss against a copy of D that SGD has moved k times."""
    D = copy.deepcopy(D)
    optimizer = torch.optim.SGD(D.parameters(), lr=eta)
    for _ in range(k):
        optimizer.zero_grad()
        (softplus(-D(x)).mean() + softplus(D(G(z).detach())).mean()).backward()
        optimizer.step()
    with torch.no_grad():
        return float(softplus(-D(G(z))).mean())


@pytest.mark.parametrize("k", [1, 3])
def test_the_gradient_is_that_of_the_loss_after_k_real_steps(k):
    """Finite differences of a loop with torch's own SGD."""
    game, x = network_game(), torch.randn(8, 2, dtype=torch.float64)
    start = copy.deepcopy(game.G)
    z = torch.randn(8, 2, dtype=torch.float64)
    game.draw = lambda n: z
    Unrolled(k, 0.5)(game, lambda: x, NON_SATURATING, None, 1)
    for name, place in (("0.weight", (2, 1)), ("2.weight", (1, 3)), ("2.bias", (0,))):
        values = []
        for sign in (1, -1):
            G = copy.deepcopy(start)
            with torch.no_grad():
                dict(G.named_parameters())[name][place] += sign * 1e-5
            values.append(by_hand(G, game.D, z, x, k, 0.5))
        moved = dict(start.named_parameters())[name] - dict(game.G.named_parameters())[name]
        assert (values[0] - values[1]) / 2e-5 == pytest.approx(moved[place].item(), rel=1e-5)


def test_d_stays_where_its_own_optimiser_left_it():
    one, other = network_game(), network_game()
    for game, play in ((one, alternating), (other, Unrolled(4, 1.0))):
        game.optimizer_d.param_groups[0]["lr"] = 0.1
        z = torch.linspace(-1, 1, 8, dtype=torch.float64).reshape(4, 2)
        game.draw = lambda n, z=z: z
        play(game, lambda: torch.ones(4, 2, dtype=torch.float64), NON_SATURATING, r1(), 2)
    for a, b in zip(one.D.parameters(), other.D.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
        assert a.requires_grad and b.requires_grad


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_it_plays_every_loss_and_packs_and_pairs(name):
    torch.manual_seed(0)
    G, D = nn.Linear(3, 2), nn.Linear(4, 1)
    adam = [torch.optim.Adam(p.parameters()) for p in (G, D)]
    history = fit(
        PackedGame(G, D, *adam, 3), iter([torch.randn(6, 2)] * 3), name, steps=3, step=Unrolled(2)
    )
    assert torch.as_tensor(history["loss_g"]).isfinite().all()


def test_it_asks_the_conditional_game_for_its_critic():
    class Pair(nn.Linear):
        def forward(self, x, y):
            return super().forward(torch.cat([x, y[:, None]], 1))

    torch.manual_seed(0)
    G, D = Pair(4, 2), Pair(3, 1)
    game = ConditionalGame(G, D, *[torch.optim.Adam(p.parameters()) for p in (G, D)], 3)
    batch = (torch.randn(4, 2), torch.ones(4))
    assert fit(game, iter([batch] * 2), steps=2, step=Unrolled(2))["loss_g"].shape == (2,)


def test_what_it_refuses():
    with pytest.raises(ValueError, match="steps is 0"):
        Unrolled(0)
    with pytest.raises(ValueError, match="rate is -1"):
        Unrolled(1, -1)
