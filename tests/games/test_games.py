"""Games of every kind: what a batch means, who trains what, and that no step knows the difference."""

import copy
import itertools
import math
import warnings
from dataclasses import dataclass
from itertools import repeat

import pytest
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from ganbook import data
from ganbook.checkpoints import Checkpoint
from ganbook.games import Game, InfoGame
from ganbook.losses import LOSSES, MINIMAX
from ganbook.penalties import r1
from ganbook.training import TrainingDiverged, d_step, fit, g_step
from support.games import KINDS, STEPS, adam, conditional, digits, infogan, mlp, numbers
from support.processes import python


@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_run_is_resumed_bitwise(kind, tmp_path):
    """SIGKILL after step 8 of a process that saves every five, then another process' rest."""
    make, labels, penalty = KINDS[kind]
    whole = make()
    history = fit(whole, digits(labels), penalty=penalty(), steps=STEPS)
    path = tmp_path / "run"
    child = python(f"from support.games import killed; killed({kind!r}, {str(path)!r})", ends=-9)
    assert child == "" and path.exists()
    resumed = make(seed=9)
    again = fit(
        resumed, digits(labels), penalty=penalty(), steps=STEPS, checkpoint=Checkpoint(path, 5)
    )
    assert torch.equal(numbers(whole), numbers(resumed))
    assert all((history[name] == again[name]).all() for name in history.curves)


def test_conditional_scores_are_those_of_each_sample_s_own_label():
    game = conditional()
    batch = next(digits(labels=True))
    x_fake, z = game.fake(batch)
    torch.testing.assert_close(x_fake, game.G(z, batch[1]))
    d_real, d_fake = game.scores(batch, x_fake)
    torch.testing.assert_close(d_real, game.D(batch[0], batch[1]))
    torch.testing.assert_close(d_fake, game.D(x_fake, batch[1]))
    others = game.critic((batch[0], batch[1].roll(1)))(batch[0])
    assert not torch.allclose(others, d_real)


def test_one_pass_repeats_the_condition_for_both_halves():
    apart, together = conditional(), conditional(one_pass=True)
    for batch in itertools.islice(digits(labels=True), 5):
        rows = [d_step(game, batch) | g_step(game, batch) for game in (apart, together)]
        for name in rows[0]:
            torch.testing.assert_close(rows[0][name], rows[1][name])
    torch.testing.assert_close(numbers(apart), numbers(together))
    with pytest.raises(ValueError, match="expected a multiple"):
        apart.critic(batch)(batch[0][:5])


def test_infogan_s_term_is_the_cross_entropy_and_trains_g_and_q_alone():
    game = infogan(weight=0.5)
    twin = copy.deepcopy(game)
    batch = next(digits(labels=False))
    row = g_step(game, batch)
    x_fake, code = twin.fake(batch)
    assert code.unique().numel() > 5
    expected = 0.5 * cross_entropy(twin.Q(x_fake), code)
    torch.testing.assert_close(row["information"], expected.detach())
    gradient = torch.autograd.grad(
        LOSSES["non_saturating"].generator(twin.D(x_fake)) + expected, list(twin.Q.parameters())
    )
    for p, g in zip(game.Q.parameters(), gradient, strict=True):
        torch.testing.assert_close(p.grad, g)
    assert all(
        torch.equal(p, q) for p, q in zip(game.D.parameters(), twin.D.parameters(), strict=True)
    )
    assert all(p.grad is None for p in game.D.parameters())
    before = numbers(game)
    d_step(game, batch)
    after = numbers(game)
    changed = before != after
    n_g, n_d = (sum(p.numel() for p in net.parameters()) for net in (game.G, game.D))
    assert changed[n_g : n_g + n_d].any()
    assert not changed[:n_g].any() and not changed[n_g + n_d :].any()


def test_infogan_s_codes_can_be_read_back_after_training():
    """The bound H(c) - E[-log Q] rises from about 0 to near log 10 nats."""
    game = infogan(weight=1.0)
    history = fit(game, digits(labels=False), steps=600)
    bound = math.log(10) - history["information"]
    assert abs(bound[:5].mean()) < 0.3
    assert bound[-50:].mean() > 1.5


@dataclass(kw_only=True)
class CycleGame(Game):
    """Two generators and two critics, the plain game's pair and a pair back, and a cycle."""

    F: nn.Module
    E: nn.Module

    def players(self):
        return super().players() | {"F": self.F, "E": self.E}

    def check(self, batch):
        assert len(batch) == 2

    def real(self, batch):
        return batch[1]

    def fake(self, batch):
        return self.G(batch[0]), self.F(batch[1])

    def generator_terms(self, batch, x_fake, drawn):
        back = MINIMAX.generator(self.E(drawn))
        cycle = (self.F(x_fake) - batch[0]).abs().mean()
        return {"loss_back": back, "cycle": 10 * cycle}

    def discriminator_terms(self, batch, x_fake, drawn):
        d_real, d_fake = self.E(batch[0]), self.E(drawn)
        real = binary_cross_entropy_with_logits(d_real, torch.ones_like(d_real))
        return {"loss_e": real + binary_cross_entropy_with_logits(d_fake, 0 * d_fake)}


def test_a_cycle_of_two_pairs_needs_no_step_of_its_own():
    torch.manual_seed(0)
    G, F, D, E = mlp(2, 2), mlp(2, 2), mlp(2, 1), mlp(2, 1)
    game = CycleGame(G, D, adam(G, F), adam(D, E), 1, F=F, E=E)
    generator = torch.Generator().manual_seed(1)
    pairs = data.batches((torch.randn(500, 2), torch.randn(500, 2) + 2), 64, generator)
    history = fit(game, pairs, steps=300)
    assert set(history.curves) >= {"loss_back", "cycle", "loss_e"}
    assert history["cycle"][-20:].mean() < 0.5 * history["cycle"][:5].mean()


def test_a_term_that_is_not_finite_is_named():
    class Broken(Game):
        def generator_terms(self, batch, x_fake, drawn):
            return {"extra": x_fake.sum() * float("nan")}

    torch.manual_seed(0)
    G, D = mlp(3, 2), mlp(2, 1)
    with pytest.raises(TrainingDiverged, match="^extra of player G is nan at step 1"):
        fit(Broken(G, D, adam(G), adam(D), 3), iter([torch.zeros(4, 2)] * 3), steps=2)


def test_a_penalty_on_the_generator_is_added_and_recorded():
    torch.manual_seed(0)
    G, D = mlp(3, 2), mlp(2, 1)
    game = Game(G, D, adam(G), adam(D), 3, generator_penalty=lambda G, x, z: x.square().mean())
    twin = copy.deepcopy(game)
    row = g_step(game, torch.zeros(8, 2))
    x, _ = twin.fake(torch.zeros(8, 2))
    torch.testing.assert_close(row["penalty_g"], x.square().mean().detach())


def players():
    torch.manual_seed(0)
    return mlp(3, 2), mlp(2, 1)


def shared_layer(G, D):
    D[2].weight = G[0].bias  # one tensor in both
    return adam(G), adam(D)


def half(G, D):
    return adam(G), torch.optim.Adam(D[0].parameters())


def both(G, D):
    Q = mlp(2, 4)
    return adam(G, Q), adam(D, Q), Q


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda G, D: (adam(D), adam(G)), "optimizer_g has a parameter that is not G's"),
        (lambda G, D: (adam(G), adam(D, G)), "optimizer_d has a parameter that is not D's"),
        (lambda G, D: (adam(mlp(3, 2)), adam(D)), "optimizer_g has a parameter that is not G's"),
        (half, r"2\.weight of D and 1 more are held by no optimiser"),
        (shared_layer, r"0\.bias of G is D's as well: a layer that G and D share"),
    ],
)
def test_each_trained_parameter_belongs_to_one_optimiser(make, message):
    G, D = players()
    with pytest.raises(ValueError, match=message):
        Game(G, D, *make(G, D), 3)


def test_a_third_player_belongs_to_exactly_one():
    G, D = players()
    optimizer_g, optimizer_d, Q = both(G, D)
    with pytest.raises(ValueError, match=r"of Q is held by both optimisers"):
        InfoGame(G, D, optimizer_g, optimizer_d, 3, Q=Q, codes=4)
    with pytest.raises(ValueError, match=r"of Q and 3 more are held by no optimiser"):
        InfoGame(G, D, adam(G), adam(D), 3, Q=Q, codes=4)
    Q.requires_grad_(False)
    InfoGame(G, D, adam(G), adam(D), 3, Q=Q, codes=4)


def test_a_trunk_that_d_and_q_share_is_trained_by_one_and_frozen_in_the_other_s_step():
    G, _ = mlp(3 + 4, 2), None
    trunk = nn.Sequential(nn.Linear(2, 16), nn.LeakyReLU(0.2))
    D, Q = nn.Sequential(trunk, nn.Linear(16, 1)), nn.Sequential(trunk, nn.Linear(16, 4))
    optimizer_g = torch.optim.Adam([*G.parameters(), *Q[1].parameters()])
    game = InfoGame(G, D, optimizer_g, adam(D), 3, Q=Q, codes=4)
    before = trunk[0].weight.detach().clone()
    g_step(game, torch.zeros(8, 2))
    assert torch.equal(before, trunk[0].weight) and trunk[0].weight.requires_grad
    assert trunk[0].weight.grad is None
    d_step(game, torch.zeros(8, 2))
    assert not torch.equal(before, trunk[0].weight)


@pytest.mark.parametrize("norm", [nn.BatchNorm1d, nn.SyncBatchNorm])
def test_a_penalty_per_sample_refuses_batch_statistics_before_the_first_step(norm):
    G, D = players()
    D.insert(1, norm(16))
    game = Game(G, D, adam(G), adam(D), 3)
    batches = iter([])
    with pytest.raises(
        ValueError, match=r"R1\(gamma=1.0\) is per sample, but D has batch stat.*'1'"
    ):
        fit(game, batches, penalty=r1(1.0), steps=1)
    D[1] = nn.LayerNorm(16)
    game = Game(G, D, adam(G), adam(D), 3)
    fit(game, iter([torch.zeros(4, 2)]), penalty=r1(1.0), steps=1)


class Squashed(nn.Sequential):
    def forward(self, x):
        return super().forward(x).sigmoid()


@pytest.mark.parametrize(
    "squash",
    [
        lambda D: nn.Sequential(*D, nn.Sigmoid()),
        lambda D: nn.Sequential(*D, nn.Sigmoid(), nn.Flatten(0)),
        lambda D: nn.Sequential(*D, nn.Sigmoid(), nn.Unflatten(1, (1, 1))),
        lambda D: Squashed(*D),
    ],
    ids=["last", "flattened", "unflattened", "in forward"],
)
def test_a_d_that_ends_in_a_sigmoid_is_warned_of(squash):
    G, D = players()
    D = squash(D)
    with pytest.warns(RuntimeWarning, match="D ends in a sigmoid") as said:
        fit(Game(G, D, adam(G), adam(D), 3), repeat(torch.zeros(4, 2)), steps=3)
    assert len(said) == 1 and not D._forward_hooks


def test_a_d_with_a_sigmoid_inside_is_left_alone():
    G, D = players()
    D = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid(), nn.Linear(3, 1), nn.Flatten(0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fit(Game(G, D, adam(G), adam(D), 3), repeat(torch.zeros(4, 2)), steps=2)


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        (torch.zeros(4, 64), "the batch of step 1 is a Tensor: expected a pair"),
        ((torch.zeros(4, 64), torch.zeros(3)), "has 4 samples and 3 conditions"),
        ((torch.zeros(0, 64), torch.zeros(0)), "has 0 samples"),
    ],
)
def test_batches_that_are_no_pairs(batch, message):
    with pytest.raises(ValueError, match=message):
        fit(conditional(), iter([batch]), steps=1)


class Waves(nn.Module):
    def __init__(self, latent, length):
        super().__init__()
        self.shape, self.body = length, mlp(latent, math.prod(length))

    def forward(self, z):
        return self.body(z).unflatten(1, self.shape)


SOUND = torch.rand(40, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
VIDEO = torch.randint(
    256, (40, 1, 3, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1)
)


@pytest.mark.parametrize("x", [SOUND, VIDEO], ids=["waveforms", "video"])
def test_sound_and_video_run_twenty_steps_and_resume(x, tmp_path):
    def game():
        torch.manual_seed(0)
        G = Waves(4, tuple(x.shape[1:]))
        D = nn.Sequential(nn.Flatten(), mlp(x[0].numel(), 1))
        return Game(G, D, adam(G), adam(D), 4)

    def batches():
        return data.batches(x, 16, torch.Generator().manual_seed(2))

    assert next(batches()).dtype == torch.float32 and next(batches()).shape == (16, *x.shape[1:])
    assert -1 <= next(batches()).min() < 0
    whole, resumed = game(), game()
    fit(whole, batches(), steps=20)
    for steps in (11, 20):
        fit(resumed, batches(), steps=steps, checkpoint=Checkpoint(tmp_path / "run", 5))
    assert torch.equal(numbers(whole), numbers(resumed))
