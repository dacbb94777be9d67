"""MADE: what may see what, normalisation, ancestral sampling, and the chain rule by hand."""

import itertools

import pytest
import torch

from ganbook.autoregressive import (
    MADE,
    MaskedLinear,
    all_states,
    ensemble_log_prob,
    fit,
    made_masks,
)


def random_made(n: int, hidden, seed: int, order=None, random_degrees: bool = False) -> MADE:
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed) if random_degrees else None
    model = MADE(n, hidden, order, generator).double()
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.randn(p.shape, dtype=p.dtype))
    return model


def permutation(n: int, seed: int) -> torch.Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


CASES = [
    (6, (20,), False),
    (8, (30, 40), False),
    (5, (7, 3, 9), True),
    (9, (64,), True),
    (2, (3,), True),
]


@pytest.mark.parametrize(("n", "hidden", "random_degrees"), CASES)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_jacobian_is_strictly_triangular_in_the_order_of_drawing(
    n, hidden, random_degrees, seed
):
    order = permutation(n, seed)
    model = random_made(n, hidden, seed, order, random_degrees)
    for x in torch.rand(8, n, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)):
        jacobian = torch.func.jacrev(lambda row: model(row[None])[0])(x)[order][:, order]
        assert jacobian.triu().abs().max() == 0


def test_with_enough_units_every_earlier_variable_is_seen():
    order = permutation(7, 3)
    masks = made_masks(order, (60, 60))
    paths = torch.eye(7)
    for mask in masks:
        paths = mask.float() @ paths
    reached = paths[order][:, order] > 0
    assert torch.equal(reached, torch.ones(7, 7).tril(-1).bool())


@pytest.mark.parametrize(("n", "hidden", "random_degrees"), CASES)
def test_probabilities_of_all_states_sum_to_one(n, hidden, random_degrees):
    model = random_made(n, hidden, 5, permutation(n, 5), random_degrees)
    total = model.log_prob(all_states(n)).exp().sum().item()
    assert abs(total - 1) < 1e-6


def test_one_variable_is_a_coin():
    model = random_made(1, (4,), 0)
    bias = model.network[-1].bias
    expected = torch.nn.functional.logsigmoid(torch.stack([-bias[0], bias[0]]))
    torch.testing.assert_close(model.log_prob(all_states(1)), expected)


def test_masks_with_equality_at_the_output_are_no_distribution():
    model = random_made(6, (20,), 1)
    output = model.network[-1]
    inputs = torch.arange(1, 7)
    hidden = 1 + torch.arange(20) % 5
    output.mask = inputs[:, None] >= hidden[None, :]
    assert abs(model.log_prob(all_states(6)).exp().sum().item() - 1) > 0.05


def test_likelihood_equals_the_chain_rule_by_hand():
    order = permutation(5, 8)
    model = random_made(5, (12, 12), 8, order)
    for x in all_states(5)[::3]:
        seen, total = torch.zeros(5, dtype=torch.float64), 0.0
        for i in order.tolist():
            chance = torch.sigmoid(model(seen[None])[0, i])
            total = total + torch.log(chance if x[i] == 1 else 1 - chance)
            seen[i] = x[i]
        torch.testing.assert_close(model.log_prob(x[None])[0], total, rtol=1e-6, atol=1e-6)


def test_conditionals_do_not_depend_on_what_comes_later():
    order = permutation(6, 2)
    model = random_made(6, (30,), 2, order)
    x = all_states(6)
    for t in range(6):
        later = x.clone()
        later[:, order[t:]] = 1 - later[:, order[t:]]
        torch.testing.assert_close(model(x)[:, order[t]], model(later)[:, order[t]], rtol=0, atol=0)


def test_sample_frequencies_are_the_probabilities():
    model = random_made(4, (10,), 4, permutation(4, 4))
    n = 40_000
    x = model.sample(n, torch.Generator().manual_seed(0))
    weights = torch.tensor([8, 4, 2, 1])
    counts = torch.bincount((x.long() * weights).sum(1), minlength=16) / n
    truth = model.log_prob(all_states(4)).exp()
    spread = (truth * (1 - truth) / n).sqrt() + 1 / n
    assert ((counts - truth).abs() < 4.5 * spread).all()
    assert torch.equal(x, model.sample(n, torch.Generator().manual_seed(0)))


def test_sampling_leaves_the_global_generator_alone():
    model = random_made(3, (4,), 0)
    before = torch.random.get_rng_state()
    model.sample(5, torch.Generator().manual_seed(1))
    assert torch.equal(before, torch.random.get_rng_state())


def test_fit_recovers_a_small_distribution():
    torch.manual_seed(0)
    x = torch.tensor([[1.0, 1, 0], [0, 0, 1], [0, 0, 1], [0, 0, 1]]).repeat(25, 1)
    model = MADE(3, (32,))
    seen = []
    generator = torch.Generator().manual_seed(0)
    losses = fit(model, x, steps=600, lr=2e-2, generator=generator, every=250, callback=seen.append)
    assert seen == [250, 500]
    assert losses.shape == (600,) and losses[-50:].mean() < losses[:50].mean() - 0.5
    probability = model.log_prob(torch.tensor([[1.0, 1, 0], [0, 0, 1]])).exp()
    torch.testing.assert_close(probability, torch.tensor([0.25, 0.75]), atol=0.05, rtol=0)


def test_fit_is_repeatable_and_masked_weights_take_no_part():
    runs = []
    for _ in range(2):
        torch.manual_seed(3)
        model = MADE(5, (8,))
        fit(model, all_states(5, torch.float32), 20, generator=torch.Generator().manual_seed(1))
        runs.append(model)
    for a, b in zip(runs[0].parameters(), runs[1].parameters(), strict=True):
        assert torch.equal(a, b)
    layer = MaskedLinear(torch.tensor([[True, False]]))
    torch.nn.functional.mse_loss(layer(torch.ones(1, 2)), torch.tensor([[5.0]])).backward()
    assert layer.weight.grad[0, 1] == 0 and layer.weight.grad[0, 0] != 0


def test_an_ensemble_is_the_mixture_and_sums_to_one():
    models = [random_made(5, (15,), s, permutation(5, s)) for s in range(3)]
    states = all_states(5)
    expected = torch.stack([m.log_prob(states).exp() for m in models]).mean(0).log()
    torch.testing.assert_close(ensemble_log_prob(models, states), expected, rtol=1e-10, atol=1e-10)
    assert abs(expected.exp().sum().item() - 1) < 1e-9


def test_all_states_counts_upwards():
    expected = torch.tensor(list(itertools.product([0.0, 1.0], repeat=4)), dtype=torch.float64)
    assert torch.equal(all_states(4), expected)


@pytest.mark.parametrize(
    ("order", "hidden", "message"),
    [
        ([0, 1, 1], (4,), "permutation"),
        ([1, 2, 3], (4,), "permutation"),
        ([], (4,), "permutation"),
        ([0, 1], (), "hidden"),
        ([0, 1], (0,), "hidden"),
    ],
)
def test_bad_masks_are_refused(order, hidden, message):
    with pytest.raises(ValueError, match=message):
        made_masks(order, hidden)


def test_bad_inputs_are_refused():
    model = MADE(3, (4,))
    with pytest.raises(ValueError, match=r"expected a tensor of shape \(N, 3\)"):
        model.log_prob(torch.zeros(2, 4))
    with pytest.raises(ValueError, match="binarise"):
        model.log_prob(torch.full((2, 3), 0.5))
    with pytest.raises(ValueError, match="binarise"):
        model.log_prob(torch.zeros(2, 3, dtype=torch.long))
    with pytest.raises(ValueError, match="order has 2 entries"):
        MADE(3, (4,), order=[0, 1])
    with pytest.raises(ValueError, match="at least one sample"):
        model.sample(0)
    with pytest.raises(ValueError, match="steps is 0"):
        fit(model, torch.zeros(4, 3), 0)
    with pytest.raises(ValueError, match="1 to 20"):
        all_states(21)
    with pytest.raises(ValueError, match="models is empty"):
        ensemble_log_prob([], torch.zeros(4, 3))
