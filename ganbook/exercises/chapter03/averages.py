r"""Exercises 3.9 and 3.10: The averaged generator; The number that everybody quotes."""

import copy

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import nn

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)

# 3.9 ---------------------------------------------------------------------------------------------------------------


def solution_3_9(average, network, decay):
    pairs = zip(average.parameters(), network.parameters(), strict=True)
    with torch.no_grad():
        for a, p in pairs:
            a.mul_(decay).add_((1 - decay) * p)


def alternative_3_9_lerp(average, network, decay):
    theirs = dict(network.named_parameters())
    for name, a in average.named_parameters():
        a.data.lerp_(theirs[name].data, 1 - decay)


def wrong_3_9_swapped(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.mul_(1 - decay).add_(decay * p)


def wrong_3_9_no_decay(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            a.add_((1 - decay) * p)


def wrong_3_9_copy(average, network, decay):
    average.load_state_dict(network.state_dict())


def wrong_3_9_network(average, network, decay):
    with torch.no_grad():
        for a, p in zip(
            average.parameters(), network.parameters(), strict=True
        ):
            p.mul_(1 - decay).add_(decay * a)


def wrong_3_9_rebound(average, network, decay):
    for a, p in zip(average.parameters(), network.parameters(), strict=True):
        a = decay * a + (1 - decay) * p


def wrong_3_9_graph(average, network, decay):
    for module, source in zip(
        average.modules(), network.modules(), strict=True
    ):
        for name, p in list(module._parameters.items()):
            if p is not None:
                del module._parameters[name]
                module._parameters[name] = nn.Parameter(
                    decay * p + (1 - decay) * source._parameters[name]
                )


def wrong_3_9_eval(average, network, decay):
    solution_3_9(average, network, decay)
    network.eval()


def wrong_3_9_trained_only(average, network, decay):
    for a, p in zip(average.parameters(), network.parameters(), strict=True):
        if a.requires_grad and p.requires_grad:
            a.data.lerp_(p.data, 1 - decay)


def wrong_3_9_first_layer(average, network, decay):
    solution_3_9(average[0], network[0], decay)


def check_3_9(answer, c):
    cases = [(dtype, c.number(0.2, 0.95)) for dtype in c.dtypes]
    for dtype, decay in [*cases, (torch.float64, c.number(0.99, 0.999))]:
        network = nn.Sequential(
            nn.Linear(3, 4), nn.LeakyReLU(0.2), nn.Linear(4, 2)
        ).to(dtype)
        start = [
            c.normal(tuple(p.shape), dtype) for p in network.parameters()
        ]
        average = copy.deepcopy(network).eval()
        average[2].requires_grad_(dtype != torch.float64)
        network[2].bias.requires_grad_(False)
        with torch.no_grad():
            for a, s in zip(average.parameters(), start, strict=True):
                a.copy_(s)
        kept = list(average.parameters())
        for p in network.parameters():
            p.grad = c.normal(tuple(p.shape), dtype)
        path = []
        for _ in range(3):
            with torch.no_grad():
                for p in network.parameters():
                    p.copy_(c.normal(tuple(p.shape), dtype))
            path.append([p.detach().clone() for p in network.parameters()])
            untouched = c.watch(network)
            c.call(answer, average, network, decay, returns_none=True)
            c.true(
                all(
                    torch.equal(p, q)
                    for p, q in zip(
                        network.parameters(), path[-1], strict=True
                    )
                ),
                "It changed the network in training; only the average may move.",
            )
            if network.training:
                untouched()
        c.true(
            all(
                a is k
                for a, k in zip(average.parameters(), kept, strict=True)
            ),
            "It put new parameters into the average: change the values in place, under no_grad.",
        )
        c.true(
            network.training and not average.training,
            "It switched a network between training and evaluation mode: leave both as they came.",
            "",
        )
        n = len(path)
        still = [
            c.agrees(a.detach(), s)
            for a, s in zip(average.parameters(), start, strict=True)
        ]
        frozen = [
            not (a.requires_grad and p.requires_grad)
            for a, p in zip(
                average.parameters(), network.parameters(), strict=True
            )
        ]
        c.true(
            still != frozen,
            "A parameter is averaged whether it asks for gradients or not: a frozen layer belongs to the network too.",
            "",
        )
        c.true(
            all(still) or not any(still),
            "Some parameters of the average did not move: every one has to be averaged.",
            "",
        )
        for i, a in enumerate(average.parameters()):
            truth = decay**n * start[i] + sum(
                (1 - decay) * decay ** (n - 1 - k) * path[k][i]
                for k in range(n)
            )
            other = (1 - decay) ** n * start[i] + sum(
                decay * (1 - decay) ** (n - 1 - k) * path[k][i]
                for k in range(n)
            )
            c.equal(
                a.detach(),
                truth,
                on="three updates",
                mistakes={
                    "The weights are exchanged: the *old average* keeps the share decay.": other,
                    "The old average must shrink by decay before the new part is added.": start[
                        i
                    ]
                    + sum((1 - decay) * path[k][i] for k in range(n)),
                    "The average became the network itself.": path[-1][i],
                    "The average did not move: assigning to the loop variable changes no parameter.": start[
                        i
                    ],
                },
            )
        asked = [p.requires_grad for p in average[2].parameters()]
        c.true(
            not network[2].bias.requires_grad
            and asked == [dtype != torch.float64] * 2,
            "It changed which parameters ask for gradients: only the values of the average may move.",
            "",
        )
        c.call(answer, average, network, 0.0, returns_none=True)
        c.true(
            all(
                a.data_ptr() != p.data_ptr()
                for a, p in zip(
                    average.parameters(), network.parameters(), strict=True
                )
            ),
            "With decay 0 the average shares its numbers with the network, and every later step moves both: copy the values.",
            "",
        )
    c.like(
        answer,
        solution_3_9,
        lambda: (c.line(2.0), c.line(5.0), 0.9999),
        says="Every decay below 1 is taken as it is.",
    )


register(
    Exercise(
        id="3.9",
        title="The averaged generator",
        stars=2,
        kind="function",
        statement=r"""
Write `update(average, network, decay)`, one step of a running average of parameters,
$\bar\theta \leftarrow \beta\,\bar\theta + (1 - \beta)\,\theta$ with $\beta$ = `decay`. Both arguments are networks of
one architecture; change the parameters of `average` in place and leave `network` alone. Nothing is returned.
""",
        stub="""
def update(average, network, decay):
    return ...
""",
        hints=(
            "Walk over both `.parameters()` together, inside `torch.no_grad()`.",
            "`a = ...` only gives a new meaning to the name `a`. In-place methods end in an underscore: `mul_`, `add_`, "
            "`lerp_`.",
        ),
        explanation=r"""
Unrolled over $t$ steps, the average is $\sum_{k<t} (1-\beta)\beta^k\,\theta_{t-k} + \beta^t\,\bar\theta_0$: weights that
fall off with age, over about $1/(1-\beta)$ steps, and what is left of the start. Under `no_grad`, since otherwise the average would be part of a graph that grows with every step;
in place, since an optimiser or another module may hold the very same tensors.
""",
        solution=solution_3_9,
        alternatives=(alternative_3_9_lerp,),
        wrong=(
            (wrong_3_9_swapped, "exchanged"),
            (wrong_3_9_no_decay, "must shrink"),
            (wrong_3_9_copy, "network itself"),
            (wrong_3_9_network, "network in training"),
            (wrong_3_9_rebound, "loop variable"),
            (wrong_3_9_graph, "new parameters"),
            (wrong_3_9_eval, "evaluation mode"),
            (wrong_3_9_first_layer, "every one has to be averaged"),
            (wrong_3_9_trained_only, "asks for gradients or not"),
        ),
        check=check_3_9,
    )
)


# 3.10 --------------------------------------------------------------------------------------------------------------


def solution_3_10(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    A, B = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    return float(m @ m + np.trace(A + B - 2 * sqrtm(A @ B).real))


def alternative_3_10_eigenvalues(a, b):
    m = a.mean(axis=0) - b.mean(axis=0)
    A, B = np.cov(a.T), np.cov(b.T)
    root = np.sqrt(np.clip(np.linalg.eigvals(A @ B).real, 0, None)).sum()
    return float((m**2).sum() + np.trace(A) + np.trace(B) - 2 * root)


def _variant_3_10(
    biased=False,
    rooted=False,
    norm=False,
    no_root=False,
    one=False,
    over_samples=False,
    elementwise=False,
    correlation=False,
    roots=False,
):
    def distance(a, b):
        if over_samples:
            a, b = (
                a.T[:, : min(len(a), len(b))],
                b.T[:, : min(len(a), len(b))],
            )
        m = a.mean(axis=0) - b.mean(axis=0)
        A, B = (
            (np.corrcoef if correlation else np.cov)(x, rowvar=False)
            for x in (a, b)
        )
        if biased:
            A, B = (np.cov(x, rowvar=False, bias=True) for x in (a, b))
        if roots:
            middle = (sqrtm(A) @ sqrtm(B)).real
        elif no_root:
            middle = A @ B
        elif elementwise:
            middle = np.sqrt(np.abs(A * B))
        else:
            middle = sqrtm(A @ B).real
        squared = m @ m
        value = float(
            (squared**0.5 if norm else squared)
            + np.trace(A + B - (1 if one else 2) * middle)
        )
        return value**0.5 if rooted else value

    return distance


def check_3_10(answer, c):
    for _ in range(3):
        k = c.integer(2, 5)
        mix = c.rng.standard_normal((2, k, k))
        a, b = (
            c.rng.standard_normal((40, k)) @ mix[0],
            c.rng.standard_normal((31, k)) @ mix[1] + 1.5,
        )
        A, B = np.cov(a.T), np.cov(b.T)
        values, vectors = np.linalg.eigh(A)
        root = vectors * np.sqrt(values) @ vectors.T
        inner = np.sqrt(
            np.clip(np.linalg.eigvalsh(root @ B @ root), 0, None)
        ).sum()
        want = (
            ((a.mean(0) - b.mean(0)) ** 2).sum()
            + np.trace(A)
            + np.trace(B)
            - 2 * inner
        )
        c.equal(
            c.call(answer, a, b),
            want,
            rtol=1e-6,
            atol=1e-8,
            mistakes={
                words: (lambda v=variant, a=a, b=b: v(a, b))
                for words, variant in _DIAGNOSES_3_10.items()
            },
        )
    x = c.rng.standard_normal((20, 3))
    dead, shifted = x * [1, 1, 0], 2 * x * [1, 1, 0] + [0, 0, 1]
    c.equal(
        c.call(answer, dead, shifted),
        float((x[:, :2].mean(0) ** 2).sum() + np.cov(x[:, :2].T).trace() + 1),
        rtol=1e-5,
        on="features of which one is constant",
        says="A feature that is constant (a dead ReLU) has variance zero, and the covariance no inverse.",
    )
    c.equal(
        c.call(answer, x, x + 2),
        12.0,
        rtol=1e-5,
        says="A shift by 2 in three coordinates costs 3 times 4.",
    )


_DIAGNOSES_3_10 = {
    "The distance of the means enters squared.": _variant_3_10(norm=True),
    "The product of the covariances needs a matrix square root.": _variant_3_10(
        no_root=True
    ),
    "The last term carries a factor 2.": _variant_3_10(one=True),
    "The square root is one of matrices, not entry by entry.": _variant_3_10(
        elementwise=True
    ),
    "Covariances, not correlations: the spread of each feature counts.": _variant_3_10(
        correlation=True
    ),
    "That is its square root: the equation gives the squared distance.": _variant_3_10(
        rooted=True
    ),
    "Unbiased covariances divide by N - 1.": _variant_3_10(biased=True),
    "The root of a product of matrices is not the product of their roots.": _variant_3_10(
        roots=True
    ),
}

register(
    Exercise(
        id="3.10",
        title="The number that everybody quotes",
        stars=3,
        kind="function",
        statement=r"""
Write `frechet(a, b)` by equation {eq}`eq:03-frechet`: `a` and `b` are NumPy arrays of features, shapes $(N, K)$ and
$(M, K)$ with $N, M > K \ge 2$ and one row per sample; use unbiased covariances (divide by $N - 1$). Return the
squared distance, as the equation has it, a number. You may use SciPy.
""",
        stub="""
def frechet(a, b):
    return ...
""",
        hints=(
            "`np.cov` expects one *column* per sample unless you say `rowvar=False`.",
            "`scipy.linalg.sqrtm(A @ B)` has the trace of $(A^{1/2} B A^{1/2})^{1/2}$; take its real part.",
        ),
        explanation=r"""
$AB$ and $A^{1/2} B A^{1/2}$ have the same eigenvalues (as $XY$ and $YX$ have, if both are square), so their square roots
have the same trace,
and `sqrtm(A @ B)` may be used although $AB$ is not symmetric. Rounding leaves it a tiny imaginary part. The package
works with the symmetric form and eigenvalues instead, which cannot leave the real numbers.
""",
        solution=solution_3_10,
        alternatives=(alternative_3_10_eigenvalues,),
        wrong=(
            (_variant_3_10(norm=True), "enters squared"),
            (_variant_3_10(no_root=True), "matrix square root"),
            (_variant_3_10(one=True), "factor 2"),
            (_variant_3_10(elementwise=True), "entry by entry"),
            (_variant_3_10(correlation=True), "correlations"),
            (_variant_3_10(rooted=True), "gives the squared"),
            (_variant_3_10(biased=True), "divide by N - 1"),
            (_variant_3_10(roots=True), "product of their roots"),
        ),
        check=check_3_10,
    )
)
