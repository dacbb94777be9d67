"""Wrong answers that differ from a right one at an edge only, where a checker once did not look: each is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.stats import norm
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises import exercise
from support.refusals import refuse


def evidence_with_a_floor(prior, likelihood):
    joint = prior * likelihood
    return joint / joint.sum(1, keepdim=True).clamp(min=1e-6)


def sorts_the_data(x, level):
    x.sort()
    widths = np.array([1e-300, x.std() + 1])
    return np.array([0.5, 0.5]), np.array([x[0], x.mean()]), widths


def shifts_low_rows_only(log_joint):
    e = (log_joint - log_joint.amax(1, keepdim=True).clamp(max=0)).exp()
    return e / e.sum(1, keepdim=True)


def variances_with_a_small_floor(x, r):
    weights, means, variances = exercise("1.6").solution_function(x, r)
    return weights, means, variances.clamp(min=1e-6)


def times_zero(G, D, optimizer_g, optimizer_d, loss, x_real, z_d, z_g):
    for p in (*G.parameters(), *D.parameters()):
        p.grad.mul_(0)
    loss.discriminator(D(x_real), D(G(z_d).detach())).backward()
    optimizer_d.step()
    for p in G.parameters():
        p.grad.mul_(0)
    loss.generator(D(G(z_g))).backward()
    optimizer_g.step()


def where_at_large_scores(d_real, d_fake, smooth):
    def sp(d):
        return torch.where(d > 50, d, torch.log1p(torch.exp(d)))

    labels = (1 - 0.1 * smooth)[:, None]
    real = labels * sp(-d_real) + (1 - labels) * sp(d_real)
    return real.mean() + sp(d_fake).mean()


def by_exclusion(accuracy, tv):
    return not (tv < 0 or tv > 1 or abs(2 * accuracy - 1) > tv)


def dropout_only(D, real, fake):
    off = [m for m in D.modules() if isinstance(m, nn.Dropout) and m.training]
    for m in off:
        m.eval()
    with torch.no_grad():
        loss = softplus(-D(real)).mean() + softplus(D(fake)).mean()
    for m in off:
        m.train()
    return -loss.item()


def at_most_log_two(value, unit):
    js = math.log(2) + value / 2
    return min(js / math.log(2), math.log(2)) if unit == "bits" else js


def fees_of_the_costs_type(f, cost):
    return (cost - f[:, None]).min(0).astype(cost.dtype)


def difference_under_the_root(mean_a, var_a, mean_b, var_b):
    spread = (var_a + var_b - 2 * (var_a * var_b).sqrt()).sum()
    return (((mean_a - mean_b) ** 2).sum() + spread).sqrt()


def two_terms_of_the_series(gap, weight):
    x = gap / weight
    root = torch.sqrt(1 + 2 * x) - 1
    return weight * torch.where(x < 0.03, x - x * x / 2, root)


def distance_with_a_cap(gap, weight):
    return exercise("7.5").solution_function(gap, weight).clamp(max=1e3)


def too_much_under_the_root(D, x):
    x = x.detach().requires_grad_()
    (g,) = torch.autograd.grad(D(x).sum(), x, create_graph=True)
    return ((g.pow(2).sum((1, 2, 3)) + 1e-8).sqrt() - 1).square().mean()


def rare_classes_left_out(probabilities):
    kept = probabilities[:, probabilities.mean(0) > 1e-4]
    return exercise("9.7").solution_function(kept)


def cut_to_whole_numbers(z, a, w, L):
    return np.clip(L * (z - norm.ppf(a)), 0, w).astype(z.dtype)


def norm_of_a_matrix(forward, back, v, steps):
    def length(x):
        return torch.linalg.norm(x, 2) if x.dim() == 2 else x.norm()

    for _ in range(steps):
        u = forward(v / length(v))
        v = back(u)
    return length(u)


def first_vector_as_it_is(forward, back, v, steps):
    for step in range(steps):
        u = forward(v / v.norm() if step else v)
        v = back(u)
    return u.norm()


def zero_over_zero(D, x_real, x_fake, steps, rate, bound):
    for _ in range(steps):
        D.zero_grad()
        (softplus(-D(x_real)).mean() + softplus(D(x_fake)).mean()).backward()
        size = torch.stack([p.grad.norm() for p in D.parameters()]).norm()
        with torch.no_grad():
            for p in D.parameters():
                p -= rate * size.clamp(max=bound) / size * p.grad
    return float(size)


def ten_thousand_layers(small, c, a):
    layers = exercise("13.6").solution_function(small, c, a)
    return layers if layers <= 10_000 else math.inf


def clears_what_was_there(D, side):
    x = torch.randn(1, 1, side, side, requires_grad=True)
    y = D(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    D.zero_grad()
    return int((x.grad[0, 0] != 0).any(1).sum())


def all_trainable_again(D, side):
    D.requires_grad_(False)
    rows = exercise("13.8").solution_function(D, side)
    D.requires_grad_(True)
    return rows


def no_cut_from_three_on(c):
    return 1.0 if c > 3 else exercise("17.2").solution_function(c)


def bend_with_a_floor(left, middle, right):
    return 0.5 * (left - right) / (left - 2 * middle + right + 1e-9)


def reads_the_same_memory(gradient_penalty):
    seen, x = [], torch.randn(4, 2, 3, 4)

    def D(x):
        seen.append(x.data_ptr())
        return 0.5 * x.flatten(1).sum(1)

    penalty = float(gradient_penalty(D, x))
    assert seen == [x.data_ptr()]
    assert abs(penalty - (0.5 * 24**0.5 - 1) ** 2) < 1e-4


def equal_to_the_last_bit(generator_loss):
    d = torch.randn(64)
    assert torch.equal(generator_loss(d), -softplus(d).mean())


def clears_late(id, trained):
    """The solution of a training loop, with the first step along the gradient that was there as well."""

    def answer(*given):
        rate = given[-1]
        for network in given[:trained]:
            with torch.no_grad():
                for p in network.parameters():
                    if p.grad is not None:
                        p -= rate * p.grad
        return exercise(id).solution_function(*given)

    return answer


EDGES = [
    ("1.2", evidence_with_a_floor, "expected"),
    ("1.4", sorts_the_data, "in place"),
    ("1.5", shifts_low_rows_only, "NaN"),
    ("1.6", variances_with_a_small_floor, "expected"),
    ("2.1", times_zero, "zero times NaN"),
    ("3.6", where_at_large_scores, "branch"),
    ("4.5", by_exclusion, "NaN"),
    ("4.10", dropout_only, "batch norm"),
    ("5.4", at_most_log_two, "expected"),
    ("6.6", fees_of_the_costs_type, "fee"),
    ("6.9", difference_under_the_root, "rounding"),
    ("7.5", two_terms_of_the_series, "expected"),
    ("7.5", distance_with_a_cap, "expected"),
    ("7.11", too_much_under_the_root, "expected"),
    ("9.7", rare_classes_left_out, "expected"),
    ("11.6", cut_to_whole_numbers, "entries differ"),
    ("11.12", clears_late("11.12", 1), "hold gradients"),
    ("12.1", norm_of_a_matrix, "expected"),
    ("12.1", first_vector_as_it_is, "length"),
    ("12.6", zero_over_zero, "0 / 0"),
    ("13.6", ten_thousand_layers, "thousands of layers"),
    ("13.8", clears_what_was_there, "a gradient"),
    ("13.8", all_trainable_again, "requires_grad"),
    ("15.10", clears_late("15.10", 2), "hold gradients"),
    ("16.3", bend_with_a_floor, "expected"),
    ("16.13", clears_late("16.13", 1), "expected"),
    ("17.2", no_cut_from_three_on, "expected"),
    ("18.1", reads_the_same_memory, "right one"),
    ("18.5", equal_to_the_last_bit, "torch.equal"),
]


@pytest.mark.parametrize(
    ("id", "answer", "words"), EDGES, ids=lambda part: getattr(part, "__name__", None)
)
@pytest.mark.parametrize("seed", [None, 1])
def test_an_edge_is_tried(id, answer, words, seed):
    refuse(id, answer, words, seed)


def test_a_feature_may_be_constant():
    def by_cholesky(a, b):
        A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
        root = np.linalg.cholesky(A)
        values = np.linalg.eigvalsh(root.T @ B @ root).clip(0)
        gap = ((a.mean(0) - b.mean(0)) ** 2).sum()
        return gap + np.trace(A + B) - 2 * np.sqrt(values).sum()

    feedback, _ = exercise("3.10").trial(by_cholesky)
    assert feedback.status == "error"


def test_a_product_may_be_far_below_zero():
    def overflows(theta, psi):
        share = 1 / (1 + math.exp(-theta * psi))
        bend = share**2 * (1 - share) * (theta**2 + psi**2)
        return share**2 * theta + bend * psi, share**2 * psi + bend * theta

    feedback, _ = exercise("8.8").trial(overflows)
    assert feedback.status == "error"


def test_double_precision_is_kept():
    def single(pi, mean0, mean1, variance):
        w, b = exercise("1.7").solution_function(0.5, mean0, mean1, variance)
        return w, b + torch.log(torch.tensor(pi / (1 - pi)))

    feedback, _ = exercise("1.7").trial(single)
    assert "seven digits" in feedback.message
