r"""Exercises of chapter 14 on the game on pairs and the projection."""

import math

import torch

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 14.1 ------------------------------------------------------------------


def solution_14_1(p, q, weights):
    both, xlogy = p + q, torch.special.xlogy
    real = xlogy(p, p) - xlogy(p, both)  # 0 where p is 0
    made = xlogy(q, q) - xlogy(q, both)
    return (weights * (real + made).sum(dim=1)).sum()


def alternative_14_1_entropies(p, q, weights):
    def negative_entropy(r):
        return torch.special.xlogy(r, r).sum(dim=1)

    each = negative_entropy(p) + negative_entropy(q)
    return weights @ (each - negative_entropy(p + q))


@mistake(
    "That mixes the classes first: it is the value for a D that sees no label."
)
def wrong_14_1_blind(p, q, weights):
    a, b = weights @ p, weights @ q
    one = torch.ones(1, dtype=p.dtype)
    return solution_14_1(a[None], b[None], one)


@mistake(
    "The labels have frequencies of their own; a plain mean over classes ignores them."
)
def wrong_14_1_unweighted(p, q, weights):
    return solution_14_1(p, q, torch.full_like(weights, 1 / len(weights)))


@mistake(
    "That is the mean Jensen-Shannon divergence; the value is twice that, less 2 log 2."
)
def wrong_14_1_js(p, q, weights):
    return (solution_14_1(p, q, weights) + 2 * math.log(2)) / 2


@mistake("That is in bits; use the natural logarithm.")
def wrong_14_1_bits(p, q, weights):
    return solution_14_1(p, q, weights) / math.log(2)


@mistake("That is the real half of V alone.")
def wrong_14_1_half(p, q, weights):
    xlogy = torch.special.xlogy
    return (weights * (xlogy(p, p) - xlogy(p, p + q)).sum(dim=1)).sum()


@mistake(
    "The constant is missing: two equal laws have the value -2 log 2, not 0."
)
def wrong_14_1_no_offset(p, q, weights):
    return solution_14_1(p, q, weights) + 2 * math.log(2)


@mistake(
    "That adds the games of all labels as if each came every time: weight them by their frequencies."
)
def wrong_14_1_rows_added(p, q, weights):
    return solution_14_1(p, q, torch.ones_like(weights))


def wrong_14_1_quotient(p, q, weights):
    half = torch.special.xlogy(p, p / (p + q))
    other = torch.special.xlogy(q, q / (p + q))
    return (weights * (half + other).sum(dim=1)).sum()


def check_14_1(answer, c):
    for dtype in c.dtypes:
        never = [[0.3, 0.0, 0.7], [0.6, 0.0, 0.4]]
        cases = [
            (
                [[0.5, 0.5], [1.0, 0.0]],
                [[0.5, 0.5], [0.0, 1.0]],
                [0.25, 0.75],
            ),
            (never, never[::-1], [0.4, 0.6]),
        ]
        cases = [
            tuple(torch.tensor(v, dtype=dtype) for v in case)
            for case in cases
        ]
        for _ in range(3):
            K, n = c.integer(2, 4), c.integer(2, 6)
            cases.append(
                (
                    c.probabilities((K, n), dtype),
                    c.probabilities((K, n), dtype),
                    c.probabilities((K,), dtype),
                )
            )
        for p, q, weights in cases:
            want = 0.0
            for k in range(len(p)):
                for a, b in zip(p[k].tolist(), q[k].tolist(), strict=True):
                    own = a * math.log(a / (a + b)) if a > 0 else 0.0
                    own += b * math.log(b / (a + b)) if b > 0 else 0.0
                    want += weights[k].item() * own
            got = c.call(answer, p, q, weights)
            impossible = (p + q == 0).any()
            if impossible and torch.isnan(torch.as_tensor(got)).any():
                c.fail(
                    "A value that is impossible under both adds nothing; here the quotient 0/0 makes the sum NaN."
                )
            c.equal(
                got,
                torch.tensor(want, dtype=dtype),
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes=outcomes(
                    (p, q, weights),
                    wrong_14_1_blind,
                    wrong_14_1_unweighted,
                    wrong_14_1_js,
                    wrong_14_1_bits,
                    wrong_14_1_rows_added,
                    wrong_14_1_half,
                    wrong_14_1_no_offset,
                ),
            )


register(
    Exercise(
        id="14.1",
        title="The value on pairs",
        stars=1,
        kind="function",
        statement=r"""
    Write `value_on_pairs(p, q, weights)`: $\max_D V(D, G)$ of the conditional game in nats, when samples take $n$
    values. `p` and `q` are tensors of shape `(K, n)`, row $y$ holding the probabilities of real and of generated samples
    given the label $y$ (zeros are allowed, and some value may be impossible under both); `weights` of shape `(K,)` holds the
    frequencies of the labels. Return a tensor without axes, in the dtype of `p`. If the rows are equal, the result is
    $-2 \log 2$.
    """,
        stub="""
    def value_on_pairs(p, q, weights):
        return ...
    """,
        hints=(
            r"Insert $D^\ast = p_y / (p_y + q_y)$ into $V_y$, one label at a time.",
            r"$0 \log 0$ is 0: `torch.special.xlogy` knows that, but $0/0$ is not a number, so take $p \log p - p \log(p + q)$.",
        ),
        explanation=r"""
    For each label the value is $\sum_x p_y \log\frac{p_y}{p_y + q_y} + q_y \log\frac{q_y}{p_y + q_y}$, and the game on
    pairs is their average with the frequencies of the labels. Mixing the classes first is the game of a $D$ that is
    not shown the label; its value is lower, by twice the information $I(S; Y \mid X)$.
    """,
        solution=solution_14_1,
        alternatives=(alternative_14_1_entropies,),
        wrong=(
            wrong_14_1_blind,
            wrong_14_1_unweighted,
            wrong_14_1_js,
            wrong_14_1_bits,
            wrong_14_1_half,
            wrong_14_1_no_offset,
            wrong_14_1_rows_added,
            (wrong_14_1_quotient, "0/0"),
        ),
        check=check_14_1,
    )
)

# 14.2 ------------------------------------------------------------------


def solution_14_2():
    return "2 * r * log(r) + 2 * (1 - r) * log(1 - r)"


def check_14_2(value, c):
    c.expression(
        value,
        lambda r: 2 * r * math.log(r) + 2 * (1 - r) * math.log(1 - r),
        r=(0.1, 0.45),
        mistakes={
            "That is the value of a perfect generator; here the label by itself says something about the source.": "-2 * log(2) + 0 * r",
            "That is half of it: both sources contribute one such sum.": "r * log(r) + (1 - r) * log(1 - r)",
            "That is twice the divergence of the two laws of labels; V is less by a constant.": "2 * log(2) + 2 * r * log(r) + 2 * (1 - r) * log(1 - r)",
            "The divergence is doubled in V.": "-log(2) + r * log(r) + (1 - r) * log(1 - r)",
            "The logarithms belong to the other frequencies: D* is large where the real label is frequent.": "2 * r * log(1 - r) + 2 * (1 - r) * log(r)",
            "A sign: V at the best D is negative.": "-2 * r * log(r) - 2 * (1 - r) * log(1 - r)",
        },
    )


register(
    Exercise(
        id="14.2",
        title="Labels of the wrong frequency",
        stars=2,
        kind="expression",
        statement=r"""
    The data have two labels with frequencies $r$ and $1 - r$. A program hands its generator the same two labels with the
    frequencies $1 - r$ and $r$ (a bug). Given its label, each generated sample is perfect, $q_y = p_y$. $D$ sees the
    pair. Return $\max_D V$ in nats, as a sympy expression or as text in `r`, such as `"r * log(2)"`.
    """,
        stub="""
    def value():
        return ...
    """,
        hints=(
            r"Write the joint densities: $\pi_y p_y(x)$ and $\rho_y p_y(x)$. What is left in $D^\ast$?",
            r"$D^\ast(x, y) = \pi_y / (\pi_y + \rho_y)$, and here $\pi_y + \rho_y = 1$ for both labels.",
        ),
        explanation=r"""
    $p_y(x)$ cancels in $D^\ast = \pi_y/(\pi_y + \rho_y) = \pi_y$, so $V = \sum_y \pi_y \log \pi_y + \rho_y \log(1 - \pi_y)
    = 2 \sum_y \pi_y \log \pi_y$. Unless $r = \frac12$ this is above $-2\log 2$: $D$ wins although the samples are
    perfect, and since $D^\ast$ does not depend on $x$, no gradient can tell $G$ what to do. Draw the generator's labels from the data.
    """,
        solution=solution_14_2,
        wrong=(
            (lambda: "-2*log(2) + 0*r", "says something about the source"),
            (lambda: "r*log(r) + (1-r)*log(1-r)", "both sources contribute"),
            (
                lambda: "2*log(2) + 2*r*log(r) + 2*(1-r)*log(1-r)",
                "less by a constant",
            ),
            (lambda: "-log(2) + r*log(r) + (1-r)*log(1-r)", "doubled"),
            (
                lambda: "2*r*log(1-r) + 2*(1-r)*log(r)",
                "other frequencies",
            ),
            (lambda: "-2*r*log(r) - 2*(1-r)*log(1-r)", "A sign"),
        ),
        check=check_14_2,
    )
)

# 14.3 ------------------------------------------------------------------


def solution_14_3(x, y, mu, nu):
    constant = (mu.square().sum(dim=1) - nu.square().sum(dim=1)) / 2
    return (x * (mu - nu)[y]).sum(dim=1) - constant[y]


def alternative_14_3_log_prob(x, y, mu, nu):
    real = torch.distributions.Normal(mu[y], torch.ones_like(mu[y]))
    made = torch.distributions.Normal(nu[y], torch.ones_like(nu[y]))
    return real.log_prob(x).sum(dim=1) - made.log_prob(x).sum(dim=1)


@mistake("The constant of each label is missing.")
def wrong_14_3_no_constant(x, y, mu, nu):
    return (x * (mu - nu)[y]).sum(dim=1)


@mistake("That is high on generated samples: the ratio is upside down.")
def wrong_14_3_swapped(x, y, mu, nu):
    return solution_14_3(x, y, nu, mu)


@mistake(
    "One constant for all labels: that is what a projection without a constant feature can do."
)
def wrong_14_3_mean_constant(x, y, mu, nu):
    constant = (mu.square().sum(dim=1) - nu.square().sum(dim=1)) / 2
    return (x * (mu - nu)[y]).sum(dim=1) - constant.mean()


@mistake("The constant has the wrong sign: expand the two squares.")
def wrong_14_3_sign(x, y, mu, nu):
    constant = (mu.square().sum(dim=1) - nu.square().sum(dim=1)) / 2
    return (x * (mu - nu)[y]).sum(dim=1) + constant[y]


@mistake("That is the probability of being real, not its logit.")
def wrong_14_3_probability(x, y, mu, nu):
    return torch.sigmoid(solution_14_3(x, y, mu, nu))


def wrong_14_3_squeezed(x, y, mu, nu):
    return solution_14_3(x, y, mu, nu).squeeze()


def wrong_14_3_densities(x, y, mu, nu):
    real = torch.exp(-(x - mu[y]).square().sum(dim=1) / 2)
    made = torch.exp(-(x - nu[y]).square().sum(dim=1) / 2)
    return torch.log(real) - torch.log(made)


def check_14_3(answer, c):
    for dtype in c.dtypes:
        for rows, far in ((6, 1), (6, 1), (6, 60), (1, 1)):
            K, n = c.integer(2, 4), c.integer(2, 5)
            mu, nu = c.normal((K, n), dtype), c.normal((K, n), dtype)
            y = torch.tensor([0, K - 1, K - 1, 1, 0, 0])[-rows:]
            x = far * (1 + c.uniform(0, 1, (rows, n), dtype))
            if far == 1:
                x = c.normal((rows, n), dtype)
            wide = x.double()
            want = 0.5 * (wide - nu[y]).square().sum(1) - 0.5 * (
                wide - mu[y]
            ).square().sum(1)
            got = c.call(answer, x, y, mu, nu)
            if far > 1 and not torch.isfinite(torch.as_tensor(got)).all():
                c.fail(
                    "Far from the means both densities are 0 in floating point: subtract logarithms, not densities."
                )
            if rows == 1 and torch.as_tensor(got).ndim == 0:
                c.fail(
                    "A batch of one sample gives shape (1,), too: that has lost its axis."
                )
            c.equal(
                got,
                want.to(dtype),
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-4 * far if dtype == torch.float32 else 1e-9,
                mistakes=outcomes(
                    (x, y, mu, nu),
                    wrong_14_3_no_constant,
                    wrong_14_3_swapped,
                    wrong_14_3_mean_constant,
                    wrong_14_3_sign,
                    wrong_14_3_probability,
                ),
            )
    one = torch.ones(1, 1, dtype=torch.float64)
    c.like(
        answer,
        solution_14_3,
        lambda: (1000 * one, torch.tensor([0]), one, -one),
        says="A log-ratio has no bound.",
    )


register(
    Exercise(
        id="14.3",
        title="The true logit of Gaussian classes",
        stars=1,
        kind="function",
        statement=r"""
    Write `true_logit(x, y, mu, nu)`: $\log p_y(x) - \log q_y(x)$ for $p_y = N(\mu_y, I)$ and $q_y = N(\nu_y, I)$. `x` has
    shape `(N, n)`, `y` is int64 of shape `(N,)`, `mu` and `nu` have shape `(K, n)`; return a tensor of shape `(N,)`. A
    sample may lie so far from all means that both densities are zero in floating point.
    """,
        stub="""
    def true_logit(x, y, mu, nu):
        return ...
    """,
        hints=(
            r"The normalising constants of two Gaussians with equal covariance cancel.",
            r"$-\frac12\lVert x - \mu_y \rVert^2 + \frac12\lVert x - \nu_y \rVert^2$; `mu[y]` picks a row for each sample.",
        ),
        explanation=r"""
    The squares of $x$ cancel, and $(\mu_y - \nu_y)\cdot x - \frac12(\lVert\mu_y\rVert^2 - \lVert\nu_y\rVert^2)$ is left:
    an inner product with a vector of the label, and a constant of the label. The second needs a constant among the features.
    """,
        solution=solution_14_3,
        alternatives=(alternative_14_3_log_prob,),
        wrong=(
            wrong_14_3_no_constant,
            wrong_14_3_swapped,
            wrong_14_3_mean_constant,
            wrong_14_3_sign,
            wrong_14_3_probability,
            (wrong_14_3_squeezed, "lost its axis"),
            (wrong_14_3_densities, "not densities"),
        ),
        check=check_14_3,
    )
)
