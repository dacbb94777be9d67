"""Packing: which rows meet, what D is given, and that losses and penalties see packs."""

import pytest
import torch
from torch import nn

from ganbook.games import Game, PackedGame, pack
from ganbook.losses import LOSSES
from ganbook.penalties import gradient_norms, r1
from ganbook.training import fit


def game(samples=2, width=2, latent=3, **options):
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(latent, 8), nn.Tanh(), nn.Linear(8, width))
    D = nn.Sequential(nn.Linear(samples * width, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1))
    adam = [torch.optim.Adam(p.parameters(), lr=1e-3) for p in (G, D)]
    return PackedGame(G, D, *adam, latent, samples=samples, **options)


def endless(n=12):
    generator = torch.Generator().manual_seed(0)
    while True:
        yield torch.randn(n, 2, generator=generator)


def test_rows_that_follow_one_another_make_a_pack():
    x = torch.arange(12.0).reshape(6, 2)
    assert pack(x, 3).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert torch.equal(pack(x, 1), x)


def test_pictures_are_stacked_as_channels():
    x = torch.randn(4, 3, 5, 6)
    packed = pack(x, 2)
    assert packed.shape == (2, 6, 5, 6)
    assert torch.equal(packed[1, 3:], x[3]) and torch.equal(packed[1, :3], x[2])


@pytest.mark.parametrize(
    ("x", "m", "words"),
    [
        (torch.zeros(5, 2), 2, "N a multiple of 2"),
        (torch.zeros(4), 2, "expected \\(N, features"),
        (torch.zeros(4, 2), 0, "m is 0"),
        (torch.zeros(4, 2), 2.0, "m is 2.0"),
    ],
)
def test_what_pack_refuses(x, m, words):
    with pytest.raises(ValueError, match=words):
        pack(x, m)


def test_the_game_refuses_half_packs_and_no_packs():
    with pytest.raises(ValueError, match="samples is 0"):
        game(samples=0)
    with pytest.raises(ValueError, match="multiple of 2"):
        fit(game(), endless(7), steps=1)


def test_d_is_given_packs_of_one_kind():
    one, batch = game(samples=3), next(endless())
    x_fake, z = one.fake(batch)
    assert one.real(batch).shape == x_fake.shape == (4, 6) and z.shape == (12, 3)
    torch.testing.assert_close(x_fake.reshape(12, 2), one.G(z))
    d_real, d_fake = one.scores(batch, x_fake)
    assert d_real.shape == d_fake.shape == (4, 1)


def test_each_member_gets_its_part_of_the_slope():
    """Against a slow loop: the gradient of a pack's score in one of its members."""
    one = game(samples=2)
    x = torch.randn(4, 2, requires_grad=True)
    (slope,) = torch.autograd.grad(one.D(pack(x, 2)).sum(), x)
    for row in range(4):
        for j in range(2):
            moved = [x.detach().clone(), x.detach().clone()]
            moved[0][row, j] += 1e-2
            moved[1][row, j] -= 1e-2
            up, down = (one.D(pack(v, 2)).sum().item() for v in moved)
            assert abs((up - down) / 2e-2 - slope[row, j].item()) < 1e-3


def test_a_penalty_takes_the_slope_in_the_whole_pack():
    one, batch = game(samples=2), next(endless())
    packs = one.real(batch)
    whole = gradient_norms(one.D, packs)
    x = batch.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(one.D(pack(x, 2)).sum(), x)
    by_hand = slope.reshape(6, 2, 2).square().sum(dim=(1, 2))
    torch.testing.assert_close(whole.square(), by_hand)
    torch.testing.assert_close(r1(2.0)(one.D, packs, packs), by_hand.mean())


@pytest.mark.parametrize("name", sorted(LOSSES))
@pytest.mark.parametrize("penalty", [None, r1(0.1)], ids=["alone", "r1"])
def test_three_steps_under_each_loss(name, penalty):
    history = fit(game(), endless(), loss=name, penalty=penalty, steps=3)
    assert all(torch.as_tensor(curve).isfinite().all() for curve in history.curves.values())


def test_packs_of_one_are_the_plain_game():
    packed, plain = game(samples=1), game(samples=1)
    plain = Game(plain.G, plain.D, plain.optimizer_g, plain.optimizer_d, 3)
    for one in (packed, plain):
        fit(one, endless(), steps=4)
    for a, b in zip(packed.G.parameters(), plain.G.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)
