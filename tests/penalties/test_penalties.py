"""Penalties on critics whose gradient is known, on pictures as well as points; mistakes from real
code must show.
"""

import numpy as np
import pytest
import torch
from torch import nn

from ganbook.losses import WASSERSTEIN
from ganbook.penalties import (
    clip_after_step,
    clip_weights,
    gradient_norms,
    gradient_penalty,
    r1,
    r2,
    total,
)
from ganbook.training import Game, d_step


class Quadratic(nn.Module):
    """D(x) = sum(a * x^2) / 2, whose gradient at x is a * x, entry by entry."""

    def __init__(self, a):
        super().__init__()
        self.a = nn.Parameter(a)

    def forward(self, x):
        return (self.a * x.square()).flatten(1).sum(1, keepdim=True) / 2


@pytest.fixture
def pictures():
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, 5, 3, 4, 4, generator=generator, dtype=torch.float64)
    return Quadratic(torch.rand(3, 4, 4, generator=generator, dtype=torch.float64)), real, fake


def test_norm_is_over_the_whole_sample_not_per_row(pictures):
    D, real, _ = pictures
    by_hand = [np.sqrt(((D.a * x).detach().numpy() ** 2).sum()) for x in real]
    np.testing.assert_allclose(gradient_norms(D, real).detach().numpy(), by_hand, rtol=1e-12)
    assert gradient_norms(D, real).shape == (5,)


def test_norms_by_finite_differences():
    torch.manual_seed(0)
    D = nn.Sequential(nn.Flatten(), nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 1)).double()
    x = torch.randn(3, 2, 3, dtype=torch.float64)
    h, numeric = 1e-6, torch.zeros(3, 6, dtype=torch.float64)
    for i in range(6):
        e = torch.zeros(6, dtype=torch.float64)
        e[i] = h
        numeric[:, i] = (D(x + e.view(2, 3)) - D(x - e.view(2, 3)))[:, 0].detach() / (2 * h)
    torch.testing.assert_close(
        gradient_norms(D, x).detach(), numeric.norm(dim=1), rtol=1e-7, atol=1e-9
    )


def test_r1_and_r2_have_the_half_and_look_at_the_right_samples(pictures):
    D, real, fake = pictures
    for penalty, x in ((r1, real), (r2, fake)):
        expected = 0.5 * 3.0 * np.mean([((D.a * s) ** 2).sum().item() for s in x])
        assert penalty(3.0)(D, real, fake).item() == pytest.approx(expected, rel=1e-12)


def test_r1_differentiates_in_the_parameters(pictures):
    D, real, fake = pictures
    (gradient,) = torch.autograd.grad(r1(2.0)(D, real, fake), D.a)
    torch.testing.assert_close(gradient, (2 * D.a * real.square()).mean(0).detach())


def test_gradient_penalty_on_the_segment_with_seeded_uniform_weights(pictures):
    D, real, fake = pictures
    value = gradient_penalty(7.0, torch.Generator().manual_seed(3))(D, real, fake)
    epsilon = torch.rand(
        5, 1, 1, 1, generator=torch.Generator().manual_seed(3), dtype=torch.float64
    )
    inside = epsilon * real + (1 - epsilon) * fake
    expected = 7 * np.mean([(((D.a * x) ** 2).sum().sqrt().item() - 1) ** 2 for x in inside])
    assert value.item() == pytest.approx(expected, rel=1e-12)


def test_points_lie_between_the_pair():
    seen = []

    class Spy(nn.Module):
        def forward(self, x):
            seen.append(x.detach().clone())
            return x.sum(1)

    gradient_penalty()(Spy(), torch.ones(4_000, 1), torch.zeros(4_000, 1))
    x = seen[0]
    assert x.min() >= 0
    assert x.max() < 1
    assert abs(x.mean() - 0.5) < 4 / (12 * 4_000) ** 0.5
    assert abs(x.var() - 1 / 12) < 0.01


def test_a_critic_of_slope_one_costs_nothing_and_slope_zero_costs_the_weight():
    x = torch.randn(6, 2)
    direction = torch.tensor([[0.6], [0.8]])
    assert gradient_penalty(10.0)(lambda t: t @ direction, x, x + 1).item() == pytest.approx(
        0, abs=1e-10
    )
    flat = nn.Linear(2, 1)
    nn.init.zeros_(flat.weight)
    value = gradient_penalty(10.0)(flat, x, x + 1)
    value.backward()
    assert value.item() == pytest.approx(10, abs=1e-6)
    assert torch.isfinite(flat.weight.grad).all(), "the norm's gradient at zero must not be NaN"


def test_penalties_reach_d_and_not_the_samples(pictures):
    D, real, fake = pictures
    real.requires_grad_(True)
    for penalty in (r1(), r2(), gradient_penalty()):
        penalty(D, real, fake).backward()
    assert D.a.grad is not None
    assert real.grad is None


def test_clipping_bounds_weights_after_the_step_and_not_gradients():
    torch.manual_seed(0)
    G, D = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2), nn.Linear(16, 1))
    game = Game(
        G, D, torch.optim.SGD(G.parameters(), lr=1.0), torch.optim.SGD(D.parameters(), lr=5.0), 2
    )
    handle = clip_after_step(game.optimizer_d, D, 0.05)
    assert all(p.abs().max() <= 0.05 for p in D.parameters())
    d_step(game, torch.randn(32, 2) + 3, WASSERSTEIN)
    assert all(p.abs().max() <= 0.05 for p in D.parameters())
    assert max(p.grad.norm() for p in D.parameters()) > 0.05
    handle.remove()
    d_step(game, torch.randn(32, 2) + 3, WASSERSTEIN)
    assert any(p.abs().max() > 0.05 for p in D.parameters())


def test_clip_leaves_what_is_inside():
    D = nn.Linear(3, 1)
    with torch.no_grad():
        D.weight.copy_(torch.tensor([[-2.0, 0.03, 0.4]]))
    clip_weights(D, 0.1)
    torch.testing.assert_close(D.weight, torch.tensor([[-0.1, 0.03, 0.1]]))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: r1(-1.0), "gamma is -1"),
        (lambda: r2(float("nan")), "gamma is nan"),
        (lambda: gradient_penalty(float("inf")), "weight is inf"),
        (lambda: clip_weights(nn.Linear(1, 1), 0.0), "bound is 0"),
        (
            lambda: gradient_penalty()(nn.Linear(2, 1), torch.zeros(3, 2), torch.zeros(4, 2)),
            "the penalty needs pairs",
        ),
        (
            lambda: r1()(nn.Linear(2, 5), torch.zeros(3, 2), torch.zeros(3, 2)),
            "expected one score each",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()


class Attention(torch.nn.Module):
    """A critic of four tokens that attends by torch's fused function."""

    def __init__(self):
        super().__init__()
        self.embed, self.score = torch.nn.Linear(2, 12), torch.nn.Linear(4, 1)

    def forward(self, x):
        q, k, v = self.embed(x).chunk(3, dim=-1)
        out = torch.nn.functional.scaled_dot_product_attention(q, k, v)
        return self.score(out.mean(1))


def test_an_attention_critic_has_a_second_derivative():
    """Errata: a raw "derivative ... is not implemented"; compared with attention by hand."""

    class ByHand(Attention):
        def forward(self, x):
            q, k, v = self.embed(x).chunk(3, dim=-1)
            return self.score((torch.softmax(q @ k.mT / 2, -1) @ v).mean(1))

    with torch.random.fork_rng():
        torch.manual_seed(0)
        D = Attention().double()
        x = torch.randn(5, 4, 2, dtype=torch.float64)
    slow = ByHand().double()
    slow.load_state_dict(D.state_dict())
    values = []
    for critic in (D, slow):
        value = total(r1(2.0), gradient_penalty(3.0, torch.Generator().manual_seed(0)))(
            critic, x, x + 1
        )
        value.backward()
        values.append((value.detach(), critic.embed.weight.grad))
    torch.testing.assert_close(values[0], values[1])
    assert values[0][1].abs().max() > 1e-3
