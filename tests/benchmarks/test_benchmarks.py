"""The benchmarks measure what they say: the same products, the same loop, the right quotient."""

import json

import article
import pairs
import pytest
import torch
import training_loop
from torch.nn.functional import softplus
from torch.utils.flop_counter import FlopCounterMode

from ganbook import data
from ganbook.recipes.mnist.mlp import article_game
from ganbook.training import d_step, g_step


@pytest.mark.parametrize("one_pass", [False, True])
def test_the_bound_is_made_of_the_products_of_a_step(one_pass):
    """Counted by torch: the bound has the floating-point operations of a step, no more and no
    fewer.
    """
    game, x = article_game(), torch.rand(128, 1, 28, 28)
    game = training_loop.quick(game, bfloat16=False) if one_pass else game
    with FlopCounterMode(display=False) as step:
        d_step(game, x)
        g_step(game, x)
    with FlopCounterMode(display=False) as bound:
        training_loop.products(torch.float32)()
    assert bound.get_total_flops() == step.get_total_flops() > 4e9


def test_the_article_s_loop_starts_at_its_losses(monkeypatch):
    """Its first losses are those of the same networks, pictures and z, put into softplus."""
    pictures = torch.randint(
        0, 256, (128, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)
    )
    real = data.to_float(pictures)
    monkeypatch.setattr(
        article, "torchvision_mnist", lambda split, transform: [(x, 0) for x in real]
    )
    G, D = article.article_networks(0)
    D.eval()
    with torch.no_grad():
        torch.manual_seed(1)
        score = D[0]
        loader = torch.utils.data.DataLoader([(x, 0) for x in real], batch_size=128, shuffle=True)
        images, _ = next(iter(loader))
        expected = (
            softplus(-score(images)).mean() + softplus(score(G(torch.randn(128, 100)))).mean()
        )
    torch.manual_seed(1)
    loss_d, loss_g = next(article.article_steps(G, D))
    assert loss_d == pytest.approx(expected.item(), rel=1e-5)
    assert 0.3 < loss_g < 1.2


def test_ratios_are_taken_within_rounds():
    found = {"slow": [4.0, 6.0, 10.0], "fast": [2.0, 2.0, 2.0]}
    assert pairs.ratio(found, "slow", "fast") == (3.0, 2.0, 5.0)
    assert pairs.ratio(found, "fast", "slow") == (1 / 3, 0.2, 0.5)


def test_rounds_alternate():
    order = []
    found = pairs.rounds(
        {"a": lambda: order.append("a"), "b": lambda: order.append("b")}, repeats=1, n_rounds=4
    )
    assert order == list("aabbabbaabba")
    assert all(len(times) == 4 and min(times) >= 0 for times in found.values())


def test_results_carry_the_machine(tmp_path):
    pairs.write(tmp_path / "new" / "x.json", {"a": 1})
    written = json.loads((tmp_path / "new" / "x.json").read_text())
    assert written["a"] == 1 and set(written["machine"]) == {"hardware", "threads", "torch"}
    pairs.write(None, {})
