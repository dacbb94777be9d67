"""The two steps and the loop: against hand-written updates, for wiring, for repeatability, for bad
input.
"""

import copy
import inspect
from contextlib import contextmanager

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import softplus
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ganbook.games import only
from ganbook.history import Record, refuse_non_finite
from ganbook.losses import LOSSES, MINIMAX, NON_SATURATING, Loss
from ganbook.training import EMA, Game, TrainingDiverged, d_step, fit, g_step
from support.games import endless, small_game
from support.processes import python


def parameters(network):
    return [p.detach().clone() for p in network.parameters()]


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a, b, strict=True))


def test_d_step_is_one_descent_step_of_d_and_leaves_g_alone():
    game = small_game()
    twin = copy.deepcopy(game)
    x_real = next(endless())
    g_before = parameters(game.G)
    out = d_step(game, x_real)
    x_fake = twin.G(twin.draw(16)).detach()
    loss = softplus(-twin.D(x_real)).mean() + softplus(twin.D(x_fake)).mean()
    gradients = torch.autograd.grad(loss, list(twin.D.parameters()))
    for p, before, g in zip(game.D.parameters(), twin.D.parameters(), gradients, strict=True):
        torch.testing.assert_close(p, before - 0.1 * g)
    assert same(parameters(game.G), g_before)
    assert all(p.grad is None for p in game.G.parameters()), (
        "D's step reached G: a detach is missing"
    )
    torch.testing.assert_close(out["loss_d"], loss.detach())
    assert set(out) == {"loss_d", "penalty", "d_real", "d_fake"}
    assert out["penalty"] == 0


def test_real_and_generated_are_not_swapped():
    """With data far from G's samples and G frozen, D learns to score the real ones higher."""
    game = small_game()
    for _, x_real in zip(range(50), endless(), strict=False):
        out = d_step(game, x_real + 3)
    assert out["d_real"] > out["d_fake"] + 1


@pytest.mark.parametrize("name", LOSSES)
def test_g_step_is_one_descent_step_of_g_and_leaves_d_alone(name):
    game = small_game()
    twin = copy.deepcopy(game)
    x_real = next(endless())
    d_before = parameters(game.D)
    out = g_step(game, x_real, LOSSES[name])
    d_real = twin.D(x_real) if LOSSES[name].relative else None
    loss = LOSSES[name].generator(twin.D(twin.G(twin.draw(16))), d_real)
    gradients = torch.autograd.grad(loss, list(twin.G.parameters()))
    for p, before, g in zip(game.G.parameters(), twin.G.parameters(), gradients, strict=True):
        torch.testing.assert_close(p, before - 0.1 * g)
    assert same(parameters(game.D), d_before)
    assert all(p.grad is None for p in game.D.parameters()), "G's step left a gradient in D"
    assert all(p.requires_grad for p in game.D.parameters())
    torch.testing.assert_close(out["loss_g"], loss.detach())


def test_g_improves_against_a_fixed_d():
    game = small_game(rate=0.05)
    x = torch.zeros(256, 2)
    values = [g_step(game, x)["loss_g"].item() for _ in range(60)]
    assert np.mean(values[-10:]) < np.mean(values[:10]) - 0.01


def test_gradients_do_not_pile_up_over_steps():
    game = small_game()
    d_step(game, next(endless()))
    game.generator.manual_seed(7)
    twin = copy.deepcopy(game)
    for p in twin.D.parameters():
        p.grad = None
    x = next(endless(seed=1))
    d_step(game, x)
    d_step(twin, x)
    assert same(parameters(game.D), parameters(twin.D))


def test_penalty_is_added_before_the_update():
    game, plain = small_game(), small_game()
    x = next(endless())

    def weight_norm(D, x_real, x_fake):
        assert x_real.shape == x_fake.shape
        assert not x_fake.requires_grad
        return sum(p.square().sum() for p in D.parameters())

    out = d_step(game, x, NON_SATURATING, weight_norm)
    d_step(plain, x)
    start = small_game()
    torch.testing.assert_close(out["penalty"], weight_norm(start.D, x, x).detach())
    for p, q, s in zip(
        game.D.parameters(), plain.D.parameters(), start.D.parameters(), strict=True
    ):
        torch.testing.assert_close(q - p, 0.1 * 2 * s.detach())


def test_relative_losses_see_the_real_scores_and_others_do_not():
    seen = []

    def generator(d_fake, d_real=None):
        seen.append(d_real)
        return -d_fake.mean() if d_real is None else (d_real.mean() - d_fake.mean())

    for relative in (False, True):
        g_step(
            small_game(), next(endless()), Loss("test", MINIMAX.discriminator, generator, relative)
        )
    assert seen[0] is None
    assert seen[1].shape == (16, 1)


def test_the_order_and_the_schedule():
    calls = []

    class Recorder(torch.optim.SGD):
        def __init__(self, name, parameters):
            super().__init__(parameters, lr=0.01)
            self.name = name

        def step(self):
            calls.append(self.name)
            super().step()

    game = small_game()
    game.optimizer_g, game.optimizer_d = (
        Recorder("G", game.G.parameters()),
        Recorder("D", game.D.parameters()),
    )
    fit(game, endless(), steps=2, d_steps=3)
    assert "".join(calls) == "DDDGDDDG"


def test_only_restores_each_flag():
    game = small_game()
    D = game.D
    D[0].bias.requires_grad_(False)
    flags = [p.requires_grad for p in D.parameters()]

    def broken_step():
        with only(game, game.optimizer_g):
            assert not any(p.requires_grad for p in D.parameters())
            assert all(p.requires_grad for p in game.G.parameters())
            raise KeyError

    with pytest.raises(KeyError):
        broken_step()
    assert [p.requires_grad for p in D.parameters()] == flags


SCRIPT = """
import hashlib
from ganbook.training import fit
from support.games import endless, small_game
game = small_game(dropout=0.3)
history = fit(game, endless(), steps=40, seed=3)
parts = [p.detach().numpy().tobytes() for p in (*game.G.parameters(), *game.D.parameters())]
print(hashlib.sha256(b"".join(parts) + history["loss_d"].tobytes()).hexdigest())
"""


def test_two_fresh_processes_end_bitwise_equal():
    runs = {python(SCRIPT) for _ in range(2)}
    assert len(runs) == 1
    assert len(runs.pop()) == 65


def test_a_run_does_not_notice_callbacks_nor_the_state_outside():
    def noisy(step, game):
        torch.randn(step)
        game.draw(3)
        game.G.eval()
        game.D.eval()

    torch.manual_seed(5)
    plain = small_game(dropout=0.3)
    fit(plain, endless(), steps=20)
    watched = small_game(dropout=0.3)
    torch.manual_seed(99)
    before = torch.get_rng_state()
    fit(watched, endless(), steps=20, callback=noisy)
    assert torch.equal(before, torch.get_rng_state())
    assert same(
        parameters(plain.G) + parameters(plain.D), parameters(watched.G) + parameters(watched.D)
    )


def test_a_run_in_two_parts_equals_one():
    whole, parts = small_game(dropout=0.3), small_game(dropout=0.3)
    a = fit(whole, endless(), steps=20, seed=4)
    batches = endless()
    torch.manual_seed(4)
    parts.generator.manual_seed(4)
    b = [fit(parts, batches, steps=10, seed=None)["loss_g"] for _ in range(2)]
    assert same(parameters(whole.G), parameters(parts.G))
    np.testing.assert_array_equal(a["loss_g"], np.concatenate(b))


def test_history_holds_a_number_for_each_step():
    history = fit(small_game(), endless(), steps=7)
    assert len(history) == 7
    assert set(history.curves) == {"loss_d", "penalty", "d_real", "d_fake", "loss_g", "d_fake_g"}
    with pytest.raises(KeyError, match="no curve 'loss': recorded were loss_d"):
        history["loss"]


def test_a_gan_learns_a_gaussian():
    torch.manual_seed(0)
    G = nn.Linear(2, 2)
    D = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    adam = [torch.optim.Adam(p.parameters(), lr=3e-3, betas=(0.5, 0.999)) for p in (G, D)]
    ema = EMA(G, 0.99)
    fit(Game(G, D, *adam, latent=2), endless(256), steps=1500, ema=ema)
    mean, covariance = ema.module.bias, ema.module.weight @ ema.module.weight.T
    assert (mean - 1).abs().max() < 0.25
    assert (covariance - torch.eye(2)).abs().max() < 0.3


def test_ema_against_torch_and_against_its_sum():
    network = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    ours = EMA(network, 0.9)
    oracle = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    oracle.update_parameters(network)
    start, path = network[0].weight.detach().clone(), []
    for _ in range(5):
        with torch.no_grad():
            network[0].weight.add_(torch.randn(3, 2))
            network[1].running_mean.add_(1)
        path.append(network[0].weight.detach().clone())
        ours.update(network)
        oracle.update_parameters(network)
    by_hand = 0.9**5 * start + sum(0.1 * 0.9 ** (4 - k) * w for k, w in enumerate(path))
    torch.testing.assert_close(ours.module[0].weight, by_hand)
    torch.testing.assert_close(ours.module[0].weight, oracle.module[0].weight)
    assert torch.equal(ours.module[1].running_mean, network[1].running_mean)
    assert not ours.module.training
    with pytest.raises(ValueError, match="decay is 1"):
        EMA(network, 1.0)
    with pytest.raises(ValueError, match="the network has 2 parameters and the average 4"):
        ours.update(network[0])


@pytest.mark.parametrize("player", ["D", "G"])
def test_a_loss_that_is_not_finite_stops_with_step_and_player(player):
    def at_third(_):
        counter.append(1)
        return torch.tensor(float("nan") if len(counter) == 3 else 1.0, requires_grad=True)

    counter = []
    ok = lambda *_: torch.tensor(1.0, requires_grad=True)  # noqa: E731
    if player == "G":
        bad = Loss("bad", ok, lambda d_fake, d_real=None: at_third(d_fake))
    else:
        bad = Loss("bad", lambda d_real, d_fake: at_third(d_real), ok)
    with pytest.raises(
        TrainingDiverged, match=f"loss_{player.lower()} of player {player} is nan at step 3"
    ):
        fit(small_game(), endless(), loss=bad, steps=10)


class Broken(nn.Module):
    """A layer whose output is not finite from a call on, in training."""

    def __init__(self, calls):
        super().__init__()
        self.left = calls

    def forward(self, x):
        self.left -= self.training
        return x if self.left >= 0 else x * float("nan")


@pytest.mark.parametrize(
    ("breaks", "message"),
    [
        ("batch", r"^d_real of player D is nan at step 3: .*look at the batch first"),
        ("G", r"^d_fake of player G is nan at step 3: .*lower the learning rate of G"),
        (
            "rate of G",
            r"^d_fake of player G is (nan|-?inf) at step 2: .*lower the learning rate of G",
        ),
        (
            "rate of D",
            r"^(d_fake_g|d_real) of player D is (nan|-?inf) at step 1: .*lower the learning rate of D",
        ),
        ("penalty", r"^penalty of player D is inf at step 1"),
        ("last update", r"^0\.weight of player G is not finite after step 1"),
    ],
)
@pytest.mark.parametrize("d_steps", [1, 3])
def test_the_player_that_broke_is_named(breaks, message, d_steps):
    game, penalty, steps, batches = small_game(), None, 9, endless()
    if breaks == "batch":
        batches = (x * (1 if k < 2 * d_steps else float("nan")) for k, x in enumerate(batches))
    elif breaks == "G":
        game.G.append(Broken(2 * (d_steps + 1)))
    elif breaks == "penalty":
        penalty = lambda D, x_real, x_fake: D(x_real).mean() + float("inf")  # noqa: E731
    elif breaks == "last update":
        game.optimizer_g.register_step_post_hook(
            lambda *_: nn.init.constant_(game.G[0].weight, float("inf"))
        )
        steps = 1
    else:
        (game.optimizer_d if breaks == "rate of D" else game.optimizer_g).param_groups[0]["lr"] = (
            1e38
        )
    with pytest.raises(TrainingDiverged, match=message):
        fit(game, batches, "wasserstein", penalty, steps, d_steps)


def test_the_first_row_that_is_not_finite_is_the_one_named():
    """On a GPU the rows are looked at every 50 steps, and after the first all are broken."""
    record = Record(60)
    for step in range(1, 61):
        names = {57: ["d_fake_g", "loss_g"]}.get(
            step, ["d_real", "d_fake", "loss_d", "d_fake_g", "loss_g"]
        )
        scalars = dict.fromkeys(
            ("loss_d", "penalty", "d_real", "d_fake", "loss_g", "d_fake_g"), 1.0
        )
        record.add(
            {
                k: torch.tensor(float("nan") if step >= 57 and k in names else v)
                for k, v in scalars.items()
            }
        )
    with pytest.raises(TrainingDiverged, match="^d_fake_g of player D is nan at step 57"):
        refuse_non_finite(record)


def test_a_buffer_may_be_infinite_and_not_nan():
    game = small_game()
    game.G.register_buffer("mask", torch.tensor([0.0, -float("inf")]))
    fit(game, endless(), steps=2)
    game.G.mask.fill_(float("nan"))
    with pytest.raises(TrainingDiverged, match="^mask of player G is not finite after step 2"):
        fit(game, endless(), steps=2)


def test_the_penalty_is_given_real_and_generated_in_this_order_and_is_not_part_of_loss_d():
    game, plain, drawn = small_game(), small_game(), small_game()
    x, seen = next(endless()), []
    out = d_step(game, x, penalty=lambda *given: seen.append(given) or torch.tensor(100.0))
    ((D, x_real, x_fake),) = seen
    assert D is game.D and torch.equal(x_real, x) and torch.equal(x_fake, drawn.G(drawn.draw(16)))
    assert torch.equal(out["loss_d"], d_step(plain, x)["loss_d"])


def test_players_train_in_training_mode_and_are_looked_at_in_evaluation_mode():
    """Sampling through batch norm, and power iterations of spectral norm, would leave their traces."""

    def players(seed=0):
        game = small_game(seed)
        game.G.insert(1, nn.BatchNorm1d(8))
        game.D[3] = nn.utils.parametrizations.spectral_norm(game.D[3])
        game.optimizer_g = torch.optim.SGD(game.G.parameters(), lr=0.1)
        game.optimizer_d = torch.optim.SGD(game.D.parameters(), lr=0.1)
        return game

    def look(step, game):
        assert not game.G.training and not game.D.training
        game.D(game.G(game.draw(64)))

    plain, watched = players(), players()
    plain.G.eval()
    plain.D.eval()
    fit(plain, endless(), steps=5)
    fit(watched, endless(), steps=5, callback=look)
    assert watched.G.training and watched.D.training
    for a, b in ((plain.G, watched.G), (plain.D, watched.D)):
        assert same(a.state_dict().values(), b.state_dict().values())
    assert plain.G[1].num_batches_tracked == 10


@pytest.mark.parametrize("player", ["g", "d"])
def test_an_optimiser_of_another_network_is_refused(player):
    game = small_game()
    other = {f"optimizer_{player}": torch.optim.SGD(small_game().G.parameters(), lr=0.1)}
    given = {"optimizer_g": game.optimizer_g, "optimizer_d": game.optimizer_d} | other
    with pytest.raises(
        ValueError, match=rf"optimizer_{player} has a parameter that is not {player.upper()}'s"
    ):
        Game(game.G, game.D, **given, latent=3)


def test_batches_are_asked_for_after_a_checkpoint_has_set_their_place():
    class Placed:
        place = 0

        def __iter__(self):
            place = self.place
            return iter([torch.full((4, 2), float(place + k)) for k in range(9)])

    class Session:
        last_good, after_step = "none", staticmethod(lambda: False)
        recorded = staticmethod(lambda row: None)

    class Resuming:
        @contextmanager
        def running(self, game, batches, record, ema, options):
            batches.place = 5
            yield Session

    seen = []
    fit(
        small_game(),
        Placed(),
        steps=2,
        checkpoint=Resuming(),
        penalty=lambda D, x_real, x_fake: seen.append(x_real[0, 0].item()) or torch.tensor(0.0),
    )
    assert seen == [5.0, 6.0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": True}, "steps is True: expected a positive integer"),
        (
            {"batches": torch.zeros(9, 2)},
            r"one tensor, of shape \(9, 2\): expected an iterable of batches",
        ),
        (
            {"batches": [(torch.zeros(4, 2), 1)]},
            "the batch of step 1 is a tuple: expected a tensor of real samples",
        ),
        ({"batches": [torch.zeros(0, 2)]}, "the batch of step 1 has no rows"),
        (
            {"checkpoint": "run.ckpt"},
            r"checkpoint is 'run.ckpt': expected ganbook.checkpoints.Checkpoint\(path",
        ),
        ({"checkpoint": ""}, "checkpoint is ''"),
        ({"steps": 0}, "steps is 0"),
        ({"steps": -5}, "steps is -5"),
        ({"steps": 2.5}, "steps is 2.5"),
        ({"d_steps": 0}, "d_steps is 0"),
        ({"loss": "hinged"}, "unknown loss 'hinged'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        fit(small_game(), **{"batches": endless()} | arguments)


def test_batches_that_run_out():
    with pytest.raises(ValueError, match="batches ran out at step 3"):
        fit(small_game(), [torch.zeros(4, 2)] * 2, steps=5)


@pytest.mark.parametrize("step", [d_step, g_step])
def test_a_step_fits_on_half_a_page(step):
    """The chapters show these functions whole: at most 20 lines, docstring included, none wider
    than their column.
    """
    lines = inspect.getsource(step).splitlines()
    assert len(lines) <= 20 and max(map(len, lines)) <= 78
