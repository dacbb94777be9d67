"""Many seeds at once are the same games as one after another."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from ganbook.games import Game, Generators, SideBySideGame, joined
from ganbook.losses import NON_SATURATING, RELATIVISTIC
from ganbook.networks import MinibatchStd, SideBySide
from ganbook.penalties import r1, r2, scheduled, total
from ganbook.schedules import Linear
from ganbook.training import Unrolled, d_step, extragradient, fit, g_step, simultaneous

SEEDS, STEPS, BATCH = 3, 12, 10


def mlp(*sizes, spread=False):
    layers = [m for a, b in pairwise(sizes[:-1]) for m in (nn.Linear(a, b), nn.LeakyReLU(0.2))]
    layers += [MinibatchStd()] * spread
    return nn.Sequential(*layers, nn.Linear(sizes[-2] + spread, sizes[-1]))


def players(seed, spread=False):
    torch.manual_seed(seed)
    return mlp(2, 16, 16, 2), mlp(2, 16, 16, 1, spread=spread)


def source(seed):
    generator = torch.Generator().manual_seed(100 + seed)
    while True:
        yield torch.randn(BATCH, 2, generator=generator) * 0.3 + torch.tensor([1.0, 0.0])


def adam(network, eps):
    return torch.optim.Adam(network.parameters(), lr=3e-3, betas=(0.5, 0.999), eps=eps)


def alone(seed, spread=False, **options):
    G, D = players(seed, spread)
    game = Game(G, D, adam(G, 1e-8), adam(D, 1e-8), 2)
    history = fit(game, source(seed), steps=STEPS, seed=seed, **options)
    return game, history


def crowd(spread=False, **options):
    pairs = [players(seed, spread) for seed in range(SEEDS)]
    G, D = (SideBySide(nets) for nets in zip(*pairs, strict=True))
    small = 1e-8 / SEEDS
    game = SideBySideGame(G, D, adam(G, small), adam(D, small), 2, seeds=SEEDS)
    history = fit(game, joined(map(source, range(SEEDS))), steps=STEPS, seed=0, **options)
    return game, history


WEIGHT = Linear(0.5, 0.05, STEPS)
BOTH = total(scheduled(r1, WEIGHT), scheduled(r2, WEIGHT))


@pytest.mark.parametrize(
    "options",
    [
        {"loss": NON_SATURATING},
        {"loss": NON_SATURATING, "spread": True},
        {"loss": NON_SATURATING, "penalty": BOTH},
        {"loss": RELATIVISTIC, "penalty": BOTH},
        {"loss": NON_SATURATING, "d_steps": 2},
        {"loss": NON_SATURATING, "step": simultaneous},
        {"loss": NON_SATURATING, "step": extragradient},
    ],
    ids=["plain", "spread", "R1 + R2", "relativistic", "two D steps", "at once", "extragradient"],
)
def test_each_seed_ends_where_it_ends_alone(options):
    """The package's own fit, one seed at a time, is the oracle."""
    together, history = crowd(**options)
    singles = [alone(seed, **options) for seed in range(SEEDS)]
    for k, (game, _) in enumerate(singles):
        for role in ("G", "D"):
            mine = getattr(together, role).network(k).state_dict()
            for name, value in getattr(game, role).state_dict().items():
                torch.testing.assert_close(mine[name], value, rtol=2e-3, atol=2e-5)
    moved = alone(0, **options)[0].G[0].weight - players(0)[0][0].weight
    assert moved.abs().max() > 1e-2, "the comparison must be after some way"
    means = sum(torch.as_tensor(h["loss_g"]) for _, h in singles) / SEEDS
    torch.testing.assert_close(torch.as_tensor(history["loss_g"]), means, rtol=1e-3, atol=1e-4)


def test_unrolled_needs_the_rate_times_the_number_of_seeds():
    together, _ = crowd(step=Unrolled(2, 0.5 * SEEDS))
    wrong, _ = crowd(step=Unrolled(2, 0.5))
    single, _ = alone(1, step=Unrolled(2, 0.5))
    for (name, value), other in zip(
        single.G.state_dict().items(), wrong.G.network(1).state_dict().values(), strict=True
    ):
        torch.testing.assert_close(
            together.G.network(1).state_dict()[name], value, rtol=2e-3, atol=2e-5
        )
        assert (other - value).abs().max() > 1e-4


def test_without_the_smaller_eps_the_steps_differ():
    """Why the docstring asks for eps / S: with a large eps the difference shows at once."""
    weight = torch.randn(4, generator=torch.Generator().manual_seed(1))
    steps = []
    for share, eps in ((1.0, 1e-2), (1 / 8, 1e-2 / 8), (1 / 8, 1e-2)):
        p = nn.Parameter(weight.clone())
        optimizer = torch.optim.Adam([p], lr=0.1, eps=eps)
        for _ in range(3):
            optimizer.zero_grad()
            (share * p.square().sum() * 0.01).backward()
            optimizer.step()
        steps.append(p.detach())
    torch.testing.assert_close(steps[0], steps[1], rtol=0, atol=1e-6)
    assert (steps[0] - steps[2]).abs().max() > 1e-2


def test_blocks_of_rows_do_not_meet():
    nets = [mlp(2, 8, 3) for _ in range(4)]
    crowd, x = SideBySide(nets), torch.randn(4 * 5, 2)
    for k, net in enumerate(nets):
        torch.testing.assert_close(crowd(x)[5 * k : 5 * k + 5], net(x[5 * k : 5 * k + 5]))
    x.requires_grad_(True)
    crowd(x)[5:10].sum().backward()
    assert x.grad[:5].eq(0).all() and x.grad[10:].eq(0).all() and x.grad[5:10].ne(0).all()


def test_pictures_and_taking_one_out():
    nets = [nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 1)) for _ in range(2)]
    crowd, x = SideBySide(nets), torch.randn(6, 1, 4, 4)
    torch.testing.assert_close(crowd(x), torch.cat([nets[0](x[:3]), nets[1](x[3:])]))
    out = crowd.network(1)
    torch.testing.assert_close(out(x), nets[1](x))
    with torch.no_grad():
        out[2].bias += 1
    torch.testing.assert_close(crowd(x)[3:], nets[1](x[3:]))
    assert len(crowd) == 2 and sum(p.numel() for p in crowd.parameters()) == 2 * (20 + 9)


def test_everything_follows_the_players_to_their_device():
    """On the meta device a tensor that stayed on the CPU is an error."""
    G, D = (SideBySide([mlp(2, 4, n)] * 3).to("meta") for n in (2, 1))
    adam = [torch.optim.Adam(p.parameters(), fused=False) for p in (G, D)]
    game = SideBySideGame(G, D, *adam, 2, seeds=3)
    batch = torch.zeros(6, 2, device="meta")
    d_step(game, batch, NON_SATURATING, BOTH)
    g_step(game, batch, RELATIVISTIC)
    assert G.network(1)[0].weight.device.type == "meta"


def test_the_given_networks_stay_as_they_are():
    nets = [mlp(2, 4, 1) for _ in range(2)]
    before = copy.deepcopy(nets[0].state_dict())
    crowd = SideBySide(nets)
    with torch.no_grad():
        for p in crowd.parameters():
            p.add_(1)
    for name, value in nets[0].state_dict().items():
        torch.testing.assert_close(value, before[name])


def test_what_networks_side_by_side_refuse():
    with pytest.raises(ValueError, match="0 networks were given"):
        SideBySide([])
    with pytest.raises(ValueError, match="all of the same architecture"):
        SideBySide([mlp(2, 4, 1), mlp(2, 5, 1)])
    with pytest.raises(ValueError, match="have a buffer"):
        SideBySide([nn.BatchNorm1d(2), nn.BatchNorm1d(2)])
    with pytest.raises(ValueError, match="7 rows for 2 networks"):
        SideBySide([mlp(2, 4, 1)] * 2)(torch.zeros(7, 2))


def test_generators_start_one_after_the_other_and_go_back():
    three = Generators(3, seed=5)
    first = [torch.rand(2, generator=g) for g in three.each]
    for k, values in enumerate(first):
        torch.testing.assert_close(
            values, torch.rand(2, generator=torch.Generator().manual_seed(5 + k))
        )
    state = three.get_state()
    second = [torch.rand(2, generator=g) for g in three.each]
    three.set_state(state)
    for values, g in zip(second, three.each, strict=True):
        torch.testing.assert_close(torch.rand(2, generator=g), values)


def test_a_batch_that_does_not_split_is_refused():
    game, _ = crowd()
    with pytest.raises(ValueError, match="batch of step 1 has 10 rows for 3 seeds"):
        fit(game, source(0), steps=1)


def test_joined_is_one_batch_of_each():
    assert next(joined([iter([torch.ones(2, 1)]), iter([torch.zeros(1, 1)])])).tolist() == [
        [1],
        [1],
        [0],
    ]
    assert list(joined([iter([]), iter([torch.ones(1)])])) == []
