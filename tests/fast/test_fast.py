"""What computes the same faster: the same law, the same function up to rounding, no change of what
is trained.
"""

import copy

import pytest
import torch
from torch import nn

from ganbook.fast import BitDropout, InBfloat16, quick_dropout
from ganbook.networks import conv_discriminator, conv_generator, mlp_discriminator, mlp_generator
from ganbook.penalties import gradient_norms, r1
from ganbook.training import EMA, Game, d_step, fit, g_step


@pytest.mark.parametrize("p", [0.1, 0.3, 0.5, 0.9])
def test_a_share_p_is_dropped_wherever_it_stands(p):
    """Of every 16 columns alike: one of four entries of a word would betray a bit that is never
    set.
    """
    torch.manual_seed(0)
    n = 250_000
    y = BitDropout(p)(torch.ones(n, 16))
    share = (y == 0).double().mean(0)
    bound = 5 * (p * (1 - p) / n) ** 0.5
    assert (share - p).abs().max() < bound
    torch.testing.assert_close(y.max(), torch.tensor(1 / (1 - p)), rtol=1e-4, atol=0)
    assert set(y.unique().tolist()) == {0.0, y.max().item()}


def test_neighbours_are_dropped_independently():
    torch.manual_seed(0)
    dropped = (BitDropout(0.3)(torch.ones(200_000, 8)) == 0).double()
    correlation = torch.corrcoef(dropped.T) - torch.eye(8, dtype=torch.float64)
    assert correlation.abs().max() < 5 / 200_000**0.5


@pytest.mark.parametrize("shape", [(1,), (7,), (3, 5), (2, 3, 4, 5)])
def test_mean_is_kept_and_the_gradient_is_the_mask(shape):
    torch.manual_seed(0)
    x = torch.randn(shape, requires_grad=True)
    y = BitDropout(0.5)(x)
    assert y.shape == x.shape
    (slope,) = torch.autograd.grad(y.sum(), x)
    torch.testing.assert_close(slope * x, y)
    mean = torch.stack([BitDropout(0.5)(x.detach()) for _ in range(4_000)]).mean(0)
    torch.testing.assert_close(mean, x.detach(), rtol=0, atol=6 * x.abs().max().item() / 4_000**0.5)


def test_in_evaluation_and_for_p_zero_nothing_happens():
    x = torch.randn(4, 4)
    assert BitDropout(0.3).eval()(x) is x and BitDropout(0.0)(x) is x


@pytest.mark.parametrize("p", [-0.1, 1.0, float("nan")])
def test_a_share_outside_is_refused(p):
    with pytest.raises(ValueError, match=r"expected a share in \[0, 1\)"):
        BitDropout(p)


def test_quick_dropout_changes_the_masks_only():
    D = mlp_discriminator()
    quick = quick_dropout(D)
    kinds = [type(m) for m in quick if isinstance(m, nn.Dropout | BitDropout)]
    assert kinds == [BitDropout] * 3 and all(m.p == 0.3 for m in quick if isinstance(m, BitDropout))
    assert not any(isinstance(m, BitDropout) for m in D), "the given network was changed"
    x = torch.rand(5, 1, 28, 28)
    torch.testing.assert_close(quick.eval()(x), D.eval()(x), rtol=0, atol=0)
    assert list(quick.state_dict()) == list(D.state_dict())


def test_quick_dropout_finds_a_dropout_in_every_place():
    shared = nn.Dropout(0.25)
    quick = quick_dropout(
        nn.Sequential(nn.Linear(2, 2), shared, nn.Sequential(nn.ReLU(), shared), nn.Identity())
    )
    assert isinstance(quick[1], BitDropout) and quick[1].p == 0.25
    assert quick[2][1] is quick[1], "one layer in two places is no longer one"
    assert [m for m in quick.modules() if isinstance(m, nn.Dropout)] == []
    alone = quick_dropout(nn.Dropout(0.25).eval())
    assert isinstance(alone, BitDropout) and alone.p == 0.25 and not alone.training


@pytest.mark.parametrize(
    ("network", "shape"),
    [
        (mlp_generator(), (8, 100)),
        (mlp_discriminator(dropout=0.0), (8, 1, 28, 28)),
        (conv_generator(), (8, 64)),
        (conv_discriminator(), (8, 1, 28, 28)),
    ],
)
def test_bfloat16_is_the_same_function_to_three_digits(network, shape):
    """bfloat16 has 8 bits: results differ by about 2^-8 of the size, and differ they must, or
    nothing was cast.
    """
    torch.manual_seed(0)
    x = torch.randn(shape)
    exact, rough = network(x), InBfloat16(network)(x)
    assert rough.dtype == torch.float32
    error = ((rough - exact).norm() / exact.norm()).item()
    assert 1e-5 < error < 0.03


def test_bfloat16_keeps_parameters_and_gradients_in_float32():
    D = InBfloat16(conv_discriminator())
    x = torch.rand(4, 1, 28, 28)
    (D(x).sum() + r1(1.0)(D, x, x)).backward()
    for p in D.parameters():
        assert p.dtype == p.grad.dtype == torch.float32
    exact = gradient_norms(D.network, x, create_graph=False)
    torch.testing.assert_close(gradient_norms(D, x, create_graph=False), exact, rtol=0.05, atol=0)
    assert not torch.equal(gradient_norms(D, x, create_graph=False), exact)


def test_wrapping_twice_is_refused():
    with pytest.raises(ValueError, match="in bfloat16 already"):
        InBfloat16(InBfloat16(mlp_generator()))


def test_an_average_of_a_bfloat16_network_is_its_own_copy():
    G = InBfloat16(nn.Linear(2, 2))
    ema = EMA(G, 0.5)
    before = copy.deepcopy(ema.module.state_dict())
    with torch.no_grad():
        G.network.weight.add_(1)
    torch.testing.assert_close(ema.module.state_dict(), before)
    ema.update(G)
    torch.testing.assert_close(ema.module.network.weight, before["network.weight"] + 0.5)


def small_game(one_pass, norm=False):
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
    D = nn.Sequential(
        nn.Linear(2, 8), *([nn.BatchNorm1d(8)] if norm else []), nn.LeakyReLU(0.2), nn.Linear(8, 1)
    )
    adam_g, adam_d = (torch.optim.Adam(p.parameters(), 1e-2) for p in (G, D))
    return Game(G, D, adam_g, adam_d, 3, one_pass=one_pass)


def test_one_pass_is_two_passes():
    games, x = [small_game(False), small_game(True)], torch.randn(16, 2)
    for _ in range(5):
        rows = [d_step(game, x, penalty=r1(0.1)) | g_step(game, x) for game in games]
        torch.testing.assert_close(*rows)
    for p, q in zip(games[0].D.parameters(), games[1].D.parameters(), strict=True):
        torch.testing.assert_close(p, q)


def test_one_pass_calls_d_once_and_parts_the_rows_right():
    game, calls = small_game(True), []
    game.D.register_forward_hook(lambda module, given, result: calls.append(len(given[0])))
    x_real, x_fake = torch.randn(5, 2) + 3, torch.randn(4, 2) - 3
    d_real, d_fake = game.scores(x_real, x_fake)
    assert calls == [9]
    torch.testing.assert_close((d_real, d_fake), (game.D(x_real), game.D(x_fake)))


def test_one_pass_over_batch_statistics_is_refused():
    with pytest.raises(ValueError, match="batch statistics in '1'"):
        small_game(True, norm=True)
    small_game(False, norm=True)


def test_bfloat16_training_stays_beside_float32():
    """Twenty steps apart by rounding alone: a small part of the way, but not nothing."""
    torch.manual_seed(0)
    x = torch.randn(2_000, 2) * 0.3 + 2
    ends = []
    for wrap in (nn.Identity, InBfloat16):
        game, generator = small_game(True), torch.Generator().manual_seed(0)
        start = torch.cat([p.detach().flatten() for p in game.G.parameters()])
        if wrap is InBfloat16:
            game.G, game.D = wrap(game.G), wrap(game.D)
        batches = iter(lambda g=generator: x[torch.randint(len(x), (64,), generator=g)], None)
        fit(game, batches, steps=20, penalty=r1(0.1))
        ends.append(torch.cat([p.detach().flatten() for p in game.G.parameters()]))
    apart, way = (ends[1] - ends[0]).norm(), (ends[0] - start).norm()
    assert 1e-5 * way < apart < 0.1 * way
