"""Players with labels: each by a slow row-by-row version, its sizes, what it refuses."""

import pytest
import torch
from torch import nn

from ganbook.networks import (
    ClassSum,
    Concatenated,
    ConditionalBatchNorm,
    ConditionalSequential,
    Projected,
    conditional_generator,
    count_parameters,
    two_heads,
)

Y = torch.tensor([2, 0, 1, 2, 2])


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_concatenation_of_vectors_row_by_row():
    net = Concatenated(nn.Linear(4 + 3, 2), 3)
    z = normal(5, 4)
    W, b = net.network.weight, net.network.bias
    for k, row in enumerate(net(z, Y)):
        torch.testing.assert_close(row, W[:, :4] @ z[k] + W[:, 4 + Y[k]] + b)


def test_concatenation_of_pictures_adds_planes():
    seen = []
    net = Concatenated(nn.Identity(), 3)
    net.network.register_forward_hook(lambda m, args, out: seen.append(args[0]))
    x = normal(5, 2, 4, 6)
    net(x, Y)
    assert seen[0].shape == (5, 5, 4, 6) and torch.equal(seen[0][:, :2], x)
    for k in range(5):
        want = torch.zeros(3, 4, 6)
        want[Y[k]] = 1
        assert torch.equal(seen[0][k, 2:], want)


def test_projection_is_one_inner_product_more():
    net = Projected(nn.Linear(4, 6), 6, 3)
    x = normal(5, 4)
    assert torch.equal(net(x, Y), net.head(net.features(x)))  # at the start without the label
    nn.init.normal_(net.label.weight)
    for k, score in enumerate(net(x, Y)):
        phi = net.features.weight @ x[k] + net.features.bias
        want = (net.head.weight[0] + net.label.weight[Y[k]]) @ phi + net.head.bias[0]
        torch.testing.assert_close(score, want.reshape(1))
    assert count_parameters(net) == 4 * 6 + 6 + 6 + 1 + 3 * 6


@pytest.mark.parametrize("shape", [(5, 4), (5, 4, 3, 2)])
def test_the_normalisation_by_label(shape):
    net = ConditionalBatchNorm(4, 3)
    h = 3 * normal(*shape) + 1
    nn.init.normal_(net.scale.weight)
    nn.init.normal_(net.shift.weight)
    got = net(h, Y)
    axes = (0, *range(2, len(shape)))
    mean = h.mean(axes, keepdim=True)
    deviation = (h - mean).square().mean(axes, keepdim=True).add(1e-5).sqrt()
    for k in range(5):
        gain, bias = 1 + net.scale.weight[Y[k]], net.shift.weight[Y[k]]
        one = ((h - mean) / deviation)[k]
        want = one * gain.reshape(-1, *[1] * (one.ndim - 1)) + bias.reshape(
            -1, *[1] * (one.ndim - 1)
        )
        torch.testing.assert_close(got[k], want, atol=1e-5, rtol=1e-5)
    net.eval()
    alone = net(h[:1], Y[:1])  # in evaluation a sample does not see the others
    torch.testing.assert_close(net(h, Y)[:1], alone)


def test_the_row_of_layers_hands_the_label_on():
    norm, inner = ConditionalBatchNorm(6, 3), Concatenated(nn.Linear(6 + 3, 2), 3)
    net = ConditionalSequential(nn.Linear(4, 6), norm, nn.ReLU(), inner)
    z = normal(5, 4)
    want = inner(torch.relu(norm(net[0](z), Y)), Y)
    torch.testing.assert_close(net(z, Y), want)


def test_the_generator():
    G = conditional_generator()
    assert count_parameters(G) == 239_073
    torch.manual_seed(0)
    for layer in G:
        if isinstance(layer, ConditionalBatchNorm):
            nn.init.normal_(layer.shift.weight)
    z = normal(1, 64).expand(10, 64)
    x = G.eval()(z, torch.arange(10))
    assert x.shape == (10, 1, 28, 28) and x.abs().max() <= 1
    assert (torch.cdist(x.flatten(1), x.flatten(1)) + torch.eye(10)).min() > 0.1
    small = conditional_generator(5, 3, 4)
    assert small(normal(2, 5), torch.tensor([0, 3])).shape == (2, 1, 28, 28)


def test_two_heads_share_the_trunk():
    trunk = nn.Linear(4, 6)
    D, C = two_heads(trunk, 6, 3)
    x = normal(5, 4)
    assert D(x).shape == (5, 1) and C(x).shape == (5, 3)
    torch.testing.assert_close(C(x), C[1](trunk(x)))
    assert len({*D.parameters(), *C.parameters()}) == 2 + 2 + 2


def test_the_score_of_a_classifier_is_the_odds_of_its_classes():
    C = nn.Linear(4, 3)
    D, x = ClassSum(C), normal(5, 4)
    with_fake = torch.cat([C(x), torch.zeros(5, 1)], 1).softmax(1)
    torch.testing.assert_close(D(x).sigmoid()[:, 0], with_fake[:, :3].sum(1))
    assert D(x).shape == (5, 1) and D.classifier is C


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: Concatenated(nn.Identity(), 0), "classes is 0"),
        (lambda: Projected(nn.Identity(), 0, 2), "width is 0"),
        (lambda: ConditionalBatchNorm(3, 0), "classes is 0"),
        (lambda: conditional_generator(width=0), "width is 0"),
        (lambda: two_heads(nn.Identity(), 2, 0), "classes is 0"),
        (lambda: Concatenated(nn.Identity(), 3)(normal(5, 2), Y.float()), "y is torch.float32"),
        (lambda: Projected(nn.Identity(), 2, 3)(normal(5, 2), Y[:4]), r"y is torch.int64 \(4,\)"),
        (lambda: ConditionalBatchNorm(2, 3)(normal(5, 2), Y[:, None]), r"\(5, 1\)"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()
