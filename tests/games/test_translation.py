"""Pix2pix and the cycle: the terms by hand, who trains what, and which critic sees which samples."""

import copy

import pytest
import torch
from torch import nn

from ganbook.games import CycleGame, Pix2PixGame
from ganbook.losses import LEAST_SQUARES, NON_SATURATING
from ganbook.training import d_step, fit, g_step
from support.games import adam, mlp, numbers


class Joined(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.body = mlp(n_in, n_out)

    def forward(self, *parts):
        return self.body(torch.cat(parts, dim=1))


def pix2pix(seed=0, latent=2, **options):
    torch.manual_seed(seed)
    G, D = Joined(latent + 3, 2), Joined(5 if options.get("pairs", True) else 2, 1)
    return Pix2PixGame(G, D, adam(G), adam(D), latent, **options)


def batch(n=6):
    generator = torch.Generator().manual_seed(5)
    return torch.randn(n, 2, generator=generator), torch.randn(n, 3, generator=generator)


def cycle(**options):
    torch.manual_seed(0)
    G, back, D, D_back = mlp(2, 2), mlp(2, 2), mlp(2, 1), mlp(2, 1)
    return CycleGame(G, D, adam(G, back), adam(D, D_back), back=back, D_back=D_back, **options)


def two_sets(n=6):
    generator = torch.Generator().manual_seed(5)
    return torch.randn(n, 2, generator=generator), torch.randn(n, 2, generator=generator) + 3


def test_pix2pix_s_term_is_the_weighted_mean_absolute_error():
    game = pix2pix(weight=7.0)
    twin = copy.deepcopy(game)
    x, y = batch()
    row = g_step(game, (x, y))
    made, z = twin.fake((x, y))
    torch.testing.assert_close(made, twin.G(z, y))
    torch.testing.assert_close(row["error"], 7 * (made - x).abs().mean().detach())
    torch.testing.assert_close(row["loss_g"], NON_SATURATING.generator(twin.D(made, y)).detach())


def test_another_error_and_a_critic_of_pictures_alone():
    game = pix2pix(weight=2.0, error=nn.functional.mse_loss, pairs=False)
    x, y = batch()
    made, drawn = game.fake((x, y))
    found = game.generator_terms((x, y), made, drawn)["error"]
    torch.testing.assert_close(found, 2 * (made - x).square().mean())
    torch.testing.assert_close(game.critic((x, y))(made), game.D(made))
    torch.testing.assert_close(pix2pix().critic((x, y))(x), pix2pix().D(x, y))


def test_pix2pix_without_noise_and_with_a_great_weight_learns_the_map():
    game = pix2pix(latent=0, weight=50.0)
    y = batch(64)[1]
    history = fit(game, iter([(y[:, :2], y)] * 300), steps=300)
    assert history["error"][-1] < 0.3 * history["error"][0]


def test_the_cycle_s_terms_by_hand():
    game = cycle(weight=4.0, identity=3.0)
    a, b = two_sets()
    x_fake, drawn = game.fake((a, b))
    assert drawn is None
    torch.testing.assert_close(x_fake, torch.cat([game.G(a), game.back(b)]))
    terms = game.generator_terms((a, b), x_fake, drawn)
    there, here = game.back(game.G(a)), game.G(game.back(b))
    torch.testing.assert_close(
        terms["cycle"], 4 * ((there - a).abs().mean() + (here - b).abs().mean())
    )
    same = (game.G(b) - b).abs().mean() + (game.back(a) - a).abs().mean()
    torch.testing.assert_close(terms["identity"], 3 * same)
    assert set(cycle().generator_terms((a, b), x_fake, None)) == {"cycle"}


def test_each_critic_sees_its_own_kind():
    game = cycle()
    a, b = two_sets()
    x_fake, _ = game.fake((a, b))
    d_real, d_fake = game.scores((a, b), x_fake)
    torch.testing.assert_close(d_real, torch.cat([game.D(b), game.D_back(a)]))
    torch.testing.assert_close(d_fake, torch.cat([game.D(game.G(a)), game.D_back(game.back(b))]))
    together = cycle(one_pass=True)
    for one, other in zip(together.scores((a, b), x_fake), (d_real, d_fake), strict=True):
        torch.testing.assert_close(one, other)
    with pytest.raises(ValueError, match="expected a multiple of 2n"):
        game.critic((a, b))(a)


def test_the_loss_is_the_mean_of_two_games_and_each_step_trains_its_own():
    game = cycle()
    twin = copy.deepcopy(game)
    a, b = two_sets()
    row = d_step(game, (a, b), LEAST_SQUARES)
    made, back = twin.G(a), twin.back(b)
    halves = [
        LEAST_SQUARES.discriminator(twin.D(b), twin.D(made)),
        LEAST_SQUARES.discriminator(twin.D_back(a), twin.D_back(back)),
    ]
    torch.testing.assert_close(row["loss_d"], (sum(halves) / 2).detach())
    moved = {
        k: not torch.equal(numbers_of(v), numbers_of(twin.players()[k]))
        for k, v in game.players().items()
    }
    assert moved == {"G": False, "D": True, "back": False, "D_back": True}
    g_step(game, (a, b), LEAST_SQUARES)
    assert all(
        not torch.equal(numbers_of(game.players()[k]), numbers_of(twin.players()[k]))
        for k in ("G", "back")
    )


def numbers_of(network):
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_a_cycle_of_shifted_clouds_is_learned():
    game = cycle()
    history = fit(game, iter([two_sets(64)] * 200), steps=200)
    assert history["cycle"][-1] < 0.4 * history["cycle"][0]
    assert numbers(game).isfinite().all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pix2pix(weight=-1.0), "weight is -1.0: expected a number of at least 0"),
        (lambda: cycle(identity=float("nan")), "identity is nan"),
        (lambda: cycle().check(torch.zeros(3)), "the batch is a Tensor: expected a pair"),
        (lambda: cycle().check((torch.zeros(3, 2), torch.zeros(4, 2))), "of one shape"),
        (lambda: cycle().check((torch.zeros(0, 2), torch.zeros(0, 2))), "the batch has shapes"),
    ],
)
def test_refusals(call, message):
    with pytest.raises(ValueError, match=message):
        call()
