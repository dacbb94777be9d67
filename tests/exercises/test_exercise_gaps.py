"""Wrong answers that a checker once accepted, written without sight of it: each is refused, and told why."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises import exercise


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
]


@pytest.mark.parametrize(
    ("id", "answer", "words"), GAPS, ids=lambda part: getattr(part, "__name__", None)
)
@pytest.mark.parametrize("seed", [None, 1])
def test_a_gap_is_closed(id, answer, words, seed):
    feedback, _ = exercise(id).trial(answer, seed)
    assert feedback.status == "incorrect", feedback.message
    assert words in feedback.message
