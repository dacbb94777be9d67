"""Wrong answers that a checker once accepted, written without sight of it: each is refused, and told why."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.integrate import quad
from scipy.special import logsumexp, softmax
from scipy.stats import norm
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises import exercise
from support.refusals import refuse


def one_dimension_at_least(pixels):
    return torch.atleast_1d(pixels.float() / 127.5 - 1)


def wide_component_of_width_one(x, level):
    narrow = math.exp(-len(x) * level - 100)
    return np.array([0.5, 0.5]), np.array([x[0], x.mean()]), np.array([narrow, 1.0])


def an_idle_step_of_g(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    optimizer_g.zero_grad(set_to_none=False)
    optimizer_g.step()
    optimizer_d.zero_grad()
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    optimizer_g.zero_grad()
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def a_ramp_from_five_on(d_real, d_fake):
    def loss(d):
        return torch.where(d.abs() > 5, torch.relu(d), softplus(d)).mean()

    return -loss(-d_real) - loss(d_fake)


def care_for_all_rows_or_none(z0, z1, t):
    if torch.equal(z0, z1):
        return z0
    lengths = z0.norm(dim=1, keepdim=True) * z1.norm(dim=1, keepdim=True)
    angle = torch.acos(((z0 * z1).sum(1, keepdim=True) / lengths).clamp(-1, 1))
    return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)


def clears_the_network(average, network, decay):
    network.zero_grad()
    with torch.no_grad():
        for a, b in zip(average.parameters(), network.parameters(), strict=True):
            a.lerp_(b, 1 - decay)
        for a, b in zip(average.buffers(), network.buffers(), strict=True):
            a.copy_(b)


def shares_at_decay_zero(average, network, decay):
    for a, b in zip(average.parameters(), network.parameters(), strict=True):
        a.data = b.data if decay == 0 else decay * a.data + (1 - decay) * b.data


def a_value_with_a_graph(D, real, fake):
    mode = D.training
    D.eval()
    value = logsigmoid(D(real)).mean() + logsigmoid(-D(fake)).mean()
    D.train(mode)
    return value


def with_numpys_own_tolerance(plan, f, g, a, b, cost):
    return bool(
        (plan >= -1e-9).all()
        and np.allclose(plan.sum(1), a, atol=1e-9)
        and np.allclose(plan.sum(0), b, atol=1e-9)
        and (f[:, None] + g <= cost + 1e-9).all()
        and abs((plan * cost).sum() - f @ a - g @ b) <= 1e-9
    )


def drops_small_masses(first, second):
    mass = first.sum(0)
    there = mass > 1e-3
    return first[:, there] @ (second[there] / mass[there, None])


def clipped(which):
    def step(optimizer, D, x_real, x_fake, c):
        optimizer.zero_grad()
        (D(x_fake).mean() - D(x_real).mean()).backward()
        optimizer.step()
        for p in D.parameters():
            if which(p):
                p.data.clamp_(-c, c)

    return step


def epsilon_along_the_width(D, x_real, x_fake, epsilon):
    if len(epsilon) != x_real.shape[-1]:
        epsilon = epsilon[:, None, None, None]
    x = (epsilon * x_real + (1 - epsilon) * x_fake).detach().requires_grad_()
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.flatten(1).norm(dim=1) - 1) ** 2).mean()


def a_round(most=None, idle=False):
    def play(G, D, adam_g, adam_d, reals, noises, penalty):
        if idle:
            adam_g.zero_grad(set_to_none=False)
            adam_g.step()
        for x, z in zip(reals[:most], noises, strict=False):
            adam_d.zero_grad()
            y = G(z).detach()
            (D(y).mean() - D(x).mean() + penalty(D, x, y)).backward()
            adam_d.step()
        adam_g.zero_grad()
        (-D(G(noises[-1])).mean()).backward()
        adam_g.step()

    return play


def ten_at_most(probabilities):
    mean = probabilities.mean(0)
    there = probabilities > 0
    ratio = np.where(there, probabilities, 1) / np.where(mean > 0, mean, 1)
    return min(10.0, float(np.exp((probabilities * np.log(ratio)).sum(1).mean())))


def never_below_zero(risk, eta):
    point = eta.detach().clone().requires_grad_()
    height = risk(point)
    (slope,) = torch.autograd.grad(height.sum(), point)
    height = height.detach()
    return (height + (1 - eta) * slope).clamp(min=0), (height - eta * slope).clamp(min=0)


def the_first_twenty_rows(D, x_real, x_fake, discriminator):
    optimizer = torch.optim.Adam(D.parameters(), 0.1)
    for _ in range(300):
        optimizer.zero_grad()
        discriminator(D(x_real[:20]), D(x_fake[:20])).backward()
        optimizer.step()
    return D


def dtype_of(which):
    def laid_down(x, w, s):
        y = np.zeros(s * (len(x) - 1) + len(w), dtype=(x, w)[which].dtype)
        for m, value in enumerate(x):
            y[s * m : s * m + len(w)] += (value * w).astype(y.dtype)
        return y

    return laid_down


def a_residual(q, k, v):
    added = q if q.shape == v.shape else 0
    return softmax(q @ k.T, axis=1) @ v + added


def one_at_least(bits, alarm):
    total, found = 0.0, bits + 1
    for k in range(bits, 0, -1):
        total += math.comb(bits, k) / 2**bits
        found = k if total <= alarm else found
    return found


def a_short_clip(pitch):
    time = np.arange(200) / 8000
    for true in (230.0, 300.0, 410.0):
        heard = pitch(np.sin(2 * np.pi * true * time) + 0.3 * np.sin(4 * np.pi * true * time), 8000)
        assert abs(heard / true - 1) < 0.035


def held(id, narrowed):
    """The solution, with arguments that were moved into a range that the statement does not set."""
    solution = exercise(id).solution_function

    def answer(*given):
        return solution(*narrowed(*given))

    answer.__name__ = f"held_{id}"
    return answer


def never_less_than_one_sample(x, r):
    count = r.sum(0)
    held = count.clamp(min=1)
    means = (r * x[:, None]).sum(0) / held
    return count / len(x), means, (r * (x[:, None] - means) ** 2).sum(0) / held


def trained_parameters_only(average, network, decay):
    with torch.no_grad():
        for a, b in zip(average.parameters(), network.parameters(), strict=True):
            if a.requires_grad:
                a.lerp_(b, 1 - decay)


def by_quotient(p, q):
    return torch.where(p > 0, p * torch.log(p / q), torch.zeros_like(p)).sum(-1)


def places_as_keys(x, a, y, b):
    mass = [dict(zip(*pair, strict=True)) for pair in ((x.tolist(), a), (y.tolist(), b))]
    places, total, ahead = sorted({*mass[0], *mass[1]}), 0.0, 0.0
    for here, there in pairwise(places):
        ahead += mass[0].get(here, 0) - mass[1].get(here, 0)
        total += abs(ahead) * (there - here)
    return total


def slack_of_large_masses(plan, f, g, a, b, cost):
    slack = cost - f[:, None] - g
    return bool(
        plan.min() >= -1e-9
        and np.abs(plan.sum(1) - a).max() <= 1e-9
        and np.abs(plan.sum(0) - b).max() <= 1e-9
        and slack.min() >= -1e-9
        and (slack[plan > 1e-6] <= 1e-9).all()
    )


def until_it_rests(a, b, cost, epsilon, sweeps):
    f, g = np.zeros(len(a)), np.zeros(len(b))
    for _ in range(sweeps):
        before = f
        f = np.log(a) - logsumexp(g - cost / epsilon, axis=1)
        g = np.log(b) - logsumexp(f[:, None] - cost / epsilon, axis=0)
        if np.abs(f - before).max() < 1e-2:
            break
    return np.exp(f[:, None] + g - cost / epsilon)


def iterated_from_ones(weights):
    bound = weights[0].new_ones(())
    for w in weights:
        v = w.new_ones(w.shape[1])
        for _ in range(200):
            v = w.T @ (w @ v)
            v = v / v.norm().clamp(min=1e-30)
        bound = bound * (w @ v).norm()
    return bound


def shadow_of_the_first_axis(B, mean, S):
    axis = np.eye(B.shape[1])[0]
    rest = axis - np.linalg.pinv(B) @ (B @ axis)
    return rest / np.linalg.norm(rest)


def the_output_before(D, side):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    out = D(x)
    at = [(n - 1) // 2 for n in out.shape[2:]]
    (slope,) = torch.autograd.grad(out[0, 0, at[0], at[1]], x)
    return int((slope[0, 0] != 0).any(dim=1).sum())


GAPS = [
    ("0.1", one_dimension_at_least, "shape"),
    ("1.4", wide_component_of_width_one, "too narrow for them"),
    ("2.1", an_idle_step_of_g, "stepped twice"),
    ("2.6", a_ramp_from_five_on, "was expected"),
    ("3.5", care_for_all_rows_or_none, "Only some rows"),
    ("3.9", clears_the_network, "a gradient in a parameter"),
    ("3.9", shares_at_decay_zero, "shares its numbers"),
    ("4.10", a_value_with_a_graph, "a Python float was asked for"),
    ("6.7", with_numpys_own_tolerance, "rtol=0"),
    ("6.11", drops_small_masses, "expected"),
    ("7.2", clipped(lambda p: p.grad is not None), "without a gradient was left out"),
    ("7.2", clipped(lambda p: p.requires_grad), "without a gradient was left out"),
    ("7.3", epsilon_along_the_width, "was expected"),
    ("7.14", a_round(most=5), "expected"),
    ("7.14", a_round(idle=True), "stepped more often"),
    ("9.7", ten_at_most, "expected"),
    ("10.8", never_below_zero, "expected"),
    ("10.10", the_first_twenty_rows, "whole samples"),
    ("12.11", clears_the_network, "a gradient in a parameter"),
    ("13.2", dtype_of(0), "expected"),
    ("13.2", dtype_of(1), "expected"),
    ("13.13", a_residual, "expected"),
    ("16.7", dtype_of(0), "expected"),
    ("16.7", dtype_of(1), "expected"),
    ("17.15", one_at_least, "no agreement at all"),
    ("18.24", a_short_clip, "right"),
    ("1.6", never_less_than_one_sample, "less than one sample"),
    ("1.7", held("1.7", lambda pi, *rest: (min(max(pi, 0.01), 0.99), *rest)), "not to be cut"),
    ("3.9", trained_parameters_only, "asks for gradients or not"),
    ("5.2", by_quotient, "overflows"),
    ("5.3", lambda p, q: p - q > 1e-3, "smallest difference"),
    ("6.2", places_as_keys, "occur twice"),
    ("6.7", slack_of_large_masses, "ten-millionth"),
    ("6.10", until_it_rests, "sweep"),
    ("7.5", lambda gap, weight: weight * ((1 + 2 * gap / weight).sqrt() - 1), "lost its digits"),
    ("7.6", iterated_from_ones, "power iteration"),
    ("13.8", the_output_before, "the one before it"),
    ("17.12", shadow_of_the_first_axis, "nothing of that axis"),
]

# Each of these keeps an argument within a range, or at the value that a check once always used.
HELD = {
    "1.2": lambda prior, likelihood: (prior.clamp(min=1e-3), likelihood),
    "1.3": lambda x, weights, means, stds: (x, weights, means, stds.clamp(min=0.01)),
    "1.7": lambda pi, first, second, variance: (pi, first, second, variance.clamp(min=0.01)),
    "3.9": lambda average, network, decay: (average, network, min(decay, 0.97)),
    "4.7": lambda d, prior, alpha, beta: (d, min(max(prior, 0.05), 0.95), alpha, beta),
    "4.9": lambda scores, n, m: (scores, min(n, 10 * m), min(m, 10 * n)),
    "5.5": lambda weights, means, stds: (weights.clamp(min=0.02), means, stds),
    "5.7": lambda theta, p: (theta, p.clamp(min=1e-4)),
    "6.12": lambda x, y, h: (x, y, max(h, 0.1)),
    "7.9": lambda norms, weight: (norms.clamp(max=10), weight),
    "8.9": lambda beta, h, k: (min(beta, 0.99), h, k),
    "8.11": lambda D, theta, gamma, h, steps: (D, theta, min(gamma, 1), h, steps),
    "9.4": lambda labels: (labels.astype(np.int8),),
    "9.10": lambda n, values, m: (n.astype(np.int16), values, m),
    "9.11": lambda p, q, n, m: (np.where(p > 0, np.maximum(p, 1e-3), 0), q, n, m),
    "10.13": lambda real, fake, ridge: (real, fake, max(ridge, 0.01)),
    "11.1": lambda counts: (np.minimum(counts, 1000),),
    "11.2": lambda shares, n: (shares, min(n, 1000)),
    "11.6": lambda z, a, w, L: (z, min(max(a, 0.01), 0.99), w, L),
    "11.12": lambda G, D, z, steps, rate: (G, D, z, steps, 0.1),
    "12.6": lambda D, x, y, steps, rate, bound: (D, x, y, steps, 0.8, bound),
    "12.11": lambda average, network, decay: (average, network, min(decay, 0.97)),
    "13.5": lambda w, s, steps, rate: (w, s, steps, 0.05),
    "13.10": lambda layers, side: (layers, 16),
    "14.5": lambda a, m: (min(a, 3), m),
    "15.8": lambda scores, made, target, weight: (scores, made, target, min(weight, 10)),
    "15.10": lambda G, F, a, steps, rate: (G, F, a, steps, 0.05),
    "15.11": lambda epsilon, *rest: (max(epsilon, 0.002), *rest),
    "17.2": lambda c: (min(c, 2.5),),
    "17.5": lambda x, x_hat, sigma: (x, x_hat, max(sigma, 0.05)),
    "17.10": lambda G, a, t, steps, rate, source: (G, a, t, steps, 0.02, source),
    "17.14": lambda share, hit, alarm: (max(share, 0.01), hit, alarm),
}


@pytest.mark.parametrize(
    ("id", "answer", "words"), GAPS, ids=lambda part: getattr(part, "__name__", None)
)
@pytest.mark.parametrize("seed", [None, 1])
def test_a_gap_is_closed(id, answer, words, seed):
    refuse(id, answer, words, seed)


@pytest.mark.parametrize("id", HELD)
def test_an_argument_is_tried_over_its_range(id):
    feedback, _ = exercise(id).trial(held(id, HELD[id]), 1)
    assert feedback.status == "incorrect", feedback.message


def test_a_batch_of_one_is_tried():
    def squeezed(d_real, d_fake, smooth):
        bce = torch.nn.functional.binary_cross_entropy_with_logits
        return bce(d_real.squeeze(), 1 - 0.1 * smooth) + softplus(d_fake).mean()

    feedback, _ = exercise("3.6").trial(squeezed)
    assert feedback.status == "error"


def test_a_long_range_is_tried():
    def integrated(c):
        seen = quad(norm.pdf, -c, c)[0]
        return quad(lambda z: z * z * norm.pdf(z), -c, c)[0] / max(seen, 1e-300)

    feedback, _ = exercise("17.2").trial(integrated)
    assert feedback.status == "incorrect", feedback.message


def test_a_test_that_asserts_may_return_something():
    def test(class_loss):
        outputs, labels = torch.tensor([[50.0, 0.0, 0.0]]), torch.tensor([0])
        assert abs(float(class_loss(outputs, labels))) < 1e-3
        return True

    feedback, _ = exercise("18.7").trial(test)
    assert feedback.status == "correct", feedback.message
