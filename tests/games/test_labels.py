"""Games with labels: the auxiliary classifier's and the semi-supervised one, term by term."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, softplus

from ganbook.games import AuxiliaryGame, SemiSupervisedGame
from ganbook.networks import ClassSum, Concatenated, two_heads
from ganbook.training import d_step, fit, g_step


def adam(*networks):
    own = {p: None for net in networks for p in net.parameters()}
    return torch.optim.SGD(own, lr=0.1)


def auxiliary(**options):
    torch.manual_seed(0)
    G = Concatenated(nn.Linear(2 + 3, 2), 3)
    D, C = two_heads(nn.Sequential(nn.Linear(2, 6), nn.Tanh()), 6, 3)
    return AuxiliaryGame(G, D, adam(G), adam(D, C), 2, C=C, **options)


def pairs(n=8, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2, generator=generator), torch.randint(3, (n,), generator=generator)


@pytest.mark.parametrize("fitted_on", ["real", "generated", "both"])
def test_what_the_classifier_is_fitted_on(fitted_on):
    game, (x, y) = auxiliary(fitted_on=fitted_on), pairs()
    with torch.no_grad():
        x_fake, z = game.fake((x, y))
    real, made = cross_entropy(game.C(x), y), cross_entropy(game.C(x_fake), y)
    want = {"real": real, "generated": made, "both": (real + made) / 2}[fitted_on]
    found = game.discriminator_terms((x, y), x_fake, z)
    torch.testing.assert_close(found["classes"], want)
    assert list(found) == ["classes"] and game.players()["C"] is game.C


def test_the_generator_pays_by_weight_and_d_sees_no_label():
    game, (x, y) = auxiliary(weight=2.5), pairs()
    x_fake, z = game.fake((x, y))
    found = game.generator_terms((x, y), x_fake, z)
    torch.testing.assert_close(found["recognised"], 2.5 * cross_entropy(game.C(x_fake), y))
    assert game.critic((x, y)) is game.D


def test_a_step_of_each_player_by_hand():
    game, batch = auxiliary(weight=0.7), pairs()
    twin, z_source = copy.deepcopy(game), torch.Generator().manual_seed(5)
    game.generator.manual_seed(5)
    for step in ("d", "g"):
        z = torch.randn(8, 2, generator=z_source)
        x_fake = twin.G(z, batch[1])
        if step == "d":
            d_step(game, batch)
            loss = softplus(-twin.D(batch[0])).mean() + softplus(twin.D(x_fake.detach())).mean()
            loss = loss + 0.5 * cross_entropy(twin.C(batch[0]), batch[1])
            loss = loss + 0.5 * cross_entropy(twin.C(x_fake.detach()), batch[1])
            optimizer = twin.optimizer_d
        else:
            g_step(game, batch)
            loss = softplus(-twin.D(x_fake)).mean() + 0.7 * cross_entropy(twin.C(x_fake), batch[1])
            optimizer = twin.optimizer_g
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for ours, theirs in zip(
            (*game.G.parameters(), *game.D.parameters(), *game.C.parameters()),
            (*twin.G.parameters(), *twin.D.parameters(), *twin.C.parameters()),
            strict=True,
        ):
            torch.testing.assert_close(ours, theirs)


def semi(matched=False, seed=0):
    torch.manual_seed(seed)
    G, C = nn.Linear(2, 2), nn.Sequential(nn.Linear(2, 6), nn.Tanh(), nn.Linear(6, 3))
    D = ClassSum(C)
    return SemiSupervisedGame(G, D, adam(G), adam(D), 2, matched=C[:2] if matched else None)


def triple():
    x_labelled, y = pairs(4, seed=1)
    return pairs()[0], x_labelled, y


def test_terms_of_the_semi_supervised_game():
    game, batch = semi(matched=True), triple()
    x_fake, z = game.fake(batch)
    assert len(x_fake) == 8 and game.real(batch) is batch[0]
    found = game.discriminator_terms(batch, x_fake, z)
    torch.testing.assert_close(
        found["classes"], cross_entropy(game.D.classifier(batch[1]), batch[2])
    )
    f = game.matched
    want = sum((f(batch[0])[:, k].sum() / 8 - f(x_fake)[:, k].sum() / 8) ** 2 for k in range(6))
    torch.testing.assert_close(game.generator_terms(batch, x_fake, z)["matching"], want)
    assert semi().generator_terms(batch, x_fake, z) == {}


def test_it_learns_from_labels_and_from_samples():
    """Three clusters, one label each: C must name the clusters' other points."""
    centers = torch.tensor([[2.0, 0.0], [-1.0, 1.8], [-1.0, -1.8]])
    generator = torch.Generator().manual_seed(0)

    def stream():
        while True:
            which = torch.randint(3, (48,), generator=generator)
            yield centers[which] + 0.3 * torch.randn(48, 2, generator=generator), centers, order

    order = torch.arange(3)
    game = semi()
    history = fit(game, stream(), steps=150, seed=0)
    x = centers.repeat(20, 1) + 0.3 * torch.randn(60, 2, generator=generator)
    right = (game.D.classifier(x).argmax(1) == order.repeat(20)).double().mean()
    assert right > 0.95 and history.curves["classes"][-1] < 0.2


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: auxiliary(weight=-1.0), "weight is -1.0"),
        (lambda: auxiliary(fitted_on="all"), "fitted_on is 'all'"),
        (lambda: auxiliary().check(pairs()[0]), "expected a pair"),
        (lambda: SemiSupervisedGame(*plain(), 2), "D is a Linear without a classifier"),
        (lambda: semi().check(pairs()), "expected a triple"),
        (lambda: semi().check((pairs()[0], *pairs(4)[:1], pairs(5)[1])), "4 labelled samples"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def plain():
    G, D = nn.Linear(2, 2), nn.Linear(2, 1)
    return G, D, adam(G), adam(D)
