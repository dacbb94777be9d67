"""Answers that are right for the arguments one tries first, and wrong beyond: an argument that is capped or
floored, a type of too few digits, a gradient that is not that of the value. Each is refused."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy, softplus

from ganbook.exercises import exercise
from support.refusals import refuse

# exercise, argument's place, what it may be at most (or, with a minus sign before the place, at least)
BOUNDED = [
    ("3.9", 2, 0.999),
    ("6.10", 4, 20),
    ("7.2", 4, 1.0),
    ("8.2", 3, 20),
    ("8.11", 4, 50),
    ("11.6", 2, 5.0),
    ("11.8", 2, 8),
    ("11.12", 3, 50),
    ("12.1", 3, 5),
    ("12.2", 1, 16),
    ("12.6", 3, 10),
    ("12.8", 1, 64),
    ("12.11", 2, 0.999),
    ("12.12", 1, 16),
    ("13.5", 2, 100),
    ("14.6", 3, 60),
    ("15.10", 3, 50),
    ("16.2", 2, 100),
    ("16.13", 3, 50),
    ("17.5", -2, 1e-3),
    ("17.10", 3, 50),
    ("17.15", -1, 1e-12),
]


@pytest.mark.parametrize(("id", "place", "bound"), BOUNDED)
@pytest.mark.parametrize("seed", [None, 1])
def test_no_argument_is_bounded(id, place, bound, seed):
    def bounded(*given):
        given = list(given)
        pick = max if place < 0 else min
        given[abs(place)] = pick(given[abs(place)], bound)
        return exercise(id).solution_function(*given)

    refuse(id, bounded, "", seed)


def no_bias_of_one(widths):
    return sum(a * b + (b if b > 1 else 0) for a, b in pairwise(widths))


def in_32_bits(widths):
    a, b = np.array(widths[:-1], dtype=np.int32), np.array(widths[1:], dtype=np.int32)
    return int((a * b + b).sum())


def rounded_up_in_floats(n, size):
    steps = math.ceil(n / size)
    return steps, n - (steps - 1) * size


def products_of_16_bits(labels):
    counts = np.unique(labels, return_counts=True)[1].astype(np.int16)
    equal = int((counts * (counts - np.int16(1))).sum(dtype=np.int64))
    return len(labels) * (len(labels) - 1) / equal if equal else float("inf")


def first_scores(d_real, d_fake):
    return exercise("10.6").solution_function(d_real[:64], d_fake[:64])


def near_gaps(a, w, L):
    return exercise("11.5").solution_function(a, min(w / L, 5.0), 1.0)


def bounded_logit(x, y, mu, nu):
    return exercise("14.3").solution_function(x, y, mu, nu).clamp(-1000, 1000)


def ten_codes(logits, code):
    return math.log(min(logits.shape[1], 10)) - cross_entropy(logits, code)


def small_power(real, made):
    wins, n = int((made < real).sum()), len(real)
    return wins, float(sum(math.comb(n, k) for k in range(wins, n + 1)) / 2 ** min(n, 60))


def first_ten(places):
    return np.median(np.abs(np.diff(places[:11], axis=0)), axis=0)


def floored(S):
    values, vectors = np.linalg.eigh(S)
    return (vectors * np.sqrt(np.maximum(values, 1e-4))) @ vectors.T


def leaf(D, x):
    return exercise("12.4").solution_function(D, x).detach().requires_grad_()


def half_detached(D, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    n = g.flatten(1).norm(dim=1)
    return ((n - 1) * (n - 1).detach()).mean()


def without_the_softmax(C, x, y):
    logits = C(x)
    return (logits.logsumexp(1).detach() - logits[torch.arange(len(y)), y]).mean()


def real_half_detached(real, fake):
    a, b = real.logsumexp(1), fake.logsumexp(1)
    return (softplus(a).detach() - a).mean() + softplus(b).mean()


def pair_leaf(D, x_real, x_fake, y):
    return exercise("14.12").solution_function(D, x_real, x_fake, y).detach().requires_grad_()


@pytest.mark.parametrize(
    ("id", "answer", "words"),
    [
        ("3.1", no_bias_of_one, "expected"),
        ("3.1", in_32_bits, "expected"),
        ("3.2", rounded_up_in_floats, "53 bits"),
        ("9.4", products_of_16_bits, "expected"),
        ("10.6", first_scores, "All pairs count"),
        ("11.5", near_gaps, "expected"),
        ("14.3", bounded_logit, "no bound"),
        ("14.8", ten_codes, "expected"),
        ("15.6", small_power, "expected"),
        ("16.9", first_ten, "late"),
        ("17.4", floored, "floor"),
        ("12.4", leaf, "its gradient in D's parameters is not"),
        ("12.4", half_detached, "its gradient in D's parameters is not"),
        ("14.7", without_the_softmax, "its gradient is not"),
        ("14.11", real_half_detached, "its gradient is not"),
        ("14.12", pair_leaf, "cannot be trained through it"),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_beyond_the_first_cases(id, answer, words):
    refuse(id, answer, words)


def test_like_compares_results_and_networks():
    """The helper of the checks: a network that ends elsewhere is refused as a result is."""

    def solution(D, x):
        with torch.no_grad():
            D.weight.mul_(2)
        return D(x).sum().detach()

    def idle(D, x):
        return 2 * D(x).sum().detach()

    from ganbook.exercises.engine.checker import Checker
    from ganbook.exercises.engine.explain import Verdict

    def make():
        return Checker(0).line(3.0), torch.ones(2, 1)

    Checker(0).like(solution, solution, make)
    with pytest.raises(Verdict, match="Doubled"):
        Checker(0).like(idle, solution, make, says="Doubled.")
    assert isinstance(make()[0], nn.Linear) and float(make()[0](torch.ones(1, 1)).detach()) == 3
