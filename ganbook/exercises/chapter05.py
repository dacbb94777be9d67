r"""Exercises of chapter 5: KL in both directions, JS and the value of the game, and what each loss follows."""

import itertools
import math

import numpy as np
import torch

from ganbook.divergences import js
from ganbook.exercises.engine.core import (
    Exercise,
    choice,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.proofs import ordered

LOG2 = math.log(2)

# 5.1 ---------------------------------------------------------------------------------------------------------------


def solution_5_1():
    return {
        "A": "finite",
        "B": "infinite",
        "C": "finite",
        "D": "infinite",
        "E": "zero",
        "F": "finite",
    }


def wrong_5_1(case, label):
    return {**solution_5_1(), case: label}


register(
    Exercise(
        id="5.1",
        title="Zero, finite, infinite",
        stars=1,
        kind="classify",
        statement=r"""
Before you compute anything: is the divergence zero, finite (and positive), or infinite? Return a dict from each
letter to `"zero"`, `"finite"` or `"infinite"`.

- `"A"`: $\mathrm{KL}(p \,\|\, q)$ for $p = (\tfrac12, \tfrac12, 0)$ and $q = (\tfrac13, \tfrac13, \tfrac13)$.
- `"B"`: $\mathrm{KL}(q \,\|\, p)$ for the same two.
- `"C"`: $\mathrm{JS}$ of two laws with disjoint supports, a million units apart.
- `"D"`: $\mathrm{KL}$ from a Gaussian on a line in the plane to a Gaussian on another, parallel line.
- `"E"`: $\mathrm{JS}$ of the laws of $z$ and of $-z$, for $z \sim \mathcal{N}(0, 1)$.
- `"F"`: $\mathrm{KL}\bigl(\mathcal{N}(0, 1) \,\|\, \mathcal{N}(10, 1)\bigr)$.
""",
        stub="""
def kinds():
    # {"A": "zero", "B": "infinite", and so on}
    return ...
""",
        hints=(
            "KL is infinite exactly if the *first* law puts mass where the second puts none (or grows out of all bounds).",
            "JS compares each law with the midpoint, which has mass wherever either has. And a divergence compares laws, "
            "not random variables.",
        ),
        explanation=r"""
A averages over the two outcomes that both laws allow: $\log \tfrac32$. B averages over three, one of which $p$ holds
impossible. JS never exceeds $\log 2$, at whatever distance (C). Lines that do not meet are disjoint supports (D).
$z$ and $-z$ are different variables with one law (E). Two Gaussians on the whole line have mass everywhere, so KL is
finite: $10^2/2 = 50$ nats (F), large, but finite and with a gradient.
""",
        solution=solution_5_1,
        wrong=(
            (wrong_5_1("A", "infinite"), "averages over p"),
            (wrong_5_1("B", "finite"), "third outcome"),
            (wrong_5_1("C", "infinite"), "cannot exceed log 2"),
            (wrong_5_1("D", "finite"), "two lines share no point"),
            (wrong_5_1("E", "finite"), "symmetric"),
            (wrong_5_1("F", "infinite"), "large, not infinite"),
        ),
        check=classify(
            solution_5_1(),
            labels=("zero", "finite", "infinite"),
            reasons={
                (
                    "A",
                    "infinite",
                ): "KL(p || q) averages over p: where p is zero the term is zero.",
                (
                    "A",
                    "zero",
                ): "The two differ, and KL is zero only for equal laws: Gibbs.",
                (
                    "B",
                    "finite",
                ): "q gives the third outcome a probability of 1/3, and p rules it out.",
                ("B", "zero"): "The two laws are not the same.",
                (
                    "C",
                    "infinite",
                ): "JS compares with the midpoint and cannot exceed log 2.",
                (
                    "C",
                    "zero",
                ): "Disjoint laws differ as much as two laws can.",
                (
                    "D",
                    "finite",
                ): "The two lines share no point, so the first law's mass lies where the second has none.",
                ("D", "zero"): "The laws live on different lines.",
                (
                    "E",
                    "finite",
                ): "N(0, 1) is symmetric: z and -z have the same law.",
                ("E", "infinite"): "JS is never infinite.",
                (
                    "F",
                    "infinite",
                ): "Both densities are positive everywhere: the value is large, not infinite.",
                ("F", "zero"): "The means differ.",
            },
        ),
    )
)

# 5.2 ---------------------------------------------------------------------------------------------------------------


def solution_5_2(p, q):
    log_ratio = torch.where(p > 0, p.log() - q.log(), 0.0)
    return (p * log_ratio).sum(-1)


def alternative_5_2_loop(p, q):
    values = []
    for a_row, b_row in zip(
        p.reshape(-1, p.shape[-1]), q.reshape(-1, q.shape[-1]), strict=True
    ):
        total = torch.zeros((), dtype=p.dtype)
        for a, b in zip(a_row, b_row, strict=True):
            if a > 0:
                total = total + a * (a / b).log()
        values.append(total)
    return torch.stack(values).reshape(p.shape[:-1])


def alternative_5_2_xlogy(p, q):
    return (torch.special.xlogy(p, p) - torch.special.xlogy(p, q)).sum(-1)


def wrong_5_2_swapped(p, q):
    return torch.where(q > 0, q * (q.log() - p.log()), 0.0).sum(-1)


def wrong_5_2_bits(p, q):
    return solution_5_2(p, q) / LOG2


def wrong_5_2_naive(p, q):
    return (p * (p / q).log()).sum(-1)


def wrong_5_2_mean(p, q):
    return torch.where(p > 0, p * (p.log() - q.log()), 0.0).mean(-1)


def wrong_5_2_epsilon(p, q):
    return (p * ((p + 1e-6) / (q + 1e-6)).log()).sum(-1)


def wrong_5_2_common(p, q):
    both = (p > 0) & (q > 0)
    return torch.where(both, p * (p.log() - q.log()), 0.0).sum(-1)


def wrong_5_2_sign(p, q):
    return -solution_5_2(p, q)


def wrong_5_2_cross(p, q):
    return -torch.special.xlogy(p, q).sum(-1)


def wrong_5_2_symmetric(p, q):
    return (solution_5_2(p, q) + solution_5_2(q, p)) / 2


def wrong_5_2_finite(p, q):
    return torch.nan_to_num(p * (p / q).log()).sum(-1)


def wrong_5_2_total(p, q):
    return solution_5_2(p, q).sum()


def check_5_2(answer, c):
    for dtype in c.dtypes:
        zeros = torch.tensor(
            [[0.5, 0.5, 0.0], [0.2, 0.3, 0.5], [0.0, 1.0, 0.0]], dtype=dtype
        )
        other = torch.tensor(
            [[0.25, 0.25, 0.5], [0.3, 0.3, 0.4], [0.5, 0.5, 0.0]], dtype=dtype
        )
        missed = torch.tensor(
            [[0.5, 0.0, 0.5], [0.3, 0.3, 0.4], [0.0, 0.5, 0.5]], dtype=dtype
        )
        random = (
            c.probabilities((2, 3, 5), dtype),
            c.probabilities((2, 3, 5), dtype),
        )
        for p, q in (random, (zeros, other), (zeros, missed)):
            got = c.call(answer, p, q)
            if isinstance(got, torch.Tensor) and got.shape != p.shape[:-1]:
                c.fail(
                    f"One number for each pair of laws, summed over the last axis alone: shape {tuple(p.shape[:-1])}, "
                    f"not {tuple(got.shape)}."
                )
            want = torch.tensor(
                [
                    _kl_by_sum(a, b)
                    for a, b in zip(_rows(p), _rows(q), strict=True)
                ]
            )
            c.equal(
                got,
                want.reshape(p.shape[:-1]).to(dtype),
                mistakes={
                    "That is KL(q || p): the mean runs over the second law instead of the first.": lambda p=p, q=q: (
                        wrong_5_2_swapped(p, q)
                    ),
                    "That is in bits; nats were asked for.": lambda p=p, q=q: (
                        wrong_5_2_bits(p, q)
                    ),
                    "That is the mean over the K outcomes, K times too small: the trap in kl_div's default.": lambda p=p, q=q: (
                        wrong_5_2_mean(p, q)
                    ),
                    "A small constant in the logarithm hides that KL is infinite here.": lambda p=p, q=q: (
                        wrong_5_2_epsilon(p, q)
                    ),
                    "Where p > 0 = q the term is infinite; leaving it out hides the worst mistake of all.": lambda p=p, q=q: (
                        wrong_5_2_common(p, q)
                    ),
                    "The sign: KL is never negative.": lambda p=p, q=q: (
                        wrong_5_2_sign(p, q)
                    ),
                    "That is the cross-entropy; the entropy of p has to come off.": lambda p=p, q=q: (
                        wrong_5_2_cross(p, q)
                    ),
                    "That is the mean of both directions; only the first was asked for.": lambda p=p, q=q: (
                        wrong_5_2_symmetric(p, q)
                    ),
                    "The undefined terms are gone, but inf became a large finite number: inf is right where p > 0 = q.": lambda p=p, q=q: (
                        wrong_5_2_finite(p, q)
                    ),
                },
            )


def _rows(p):
    return p.reshape(-1, p.shape[-1]).tolist()


def _kl_by_sum(p, q):
    return sum(
        a * (math.log(a / b) if b > 0 else math.inf)
        for a, b in zip(p, q, strict=True)
        if a > 0
    )


register(
    Exercise(
        id="5.2",
        title="KL with its zeros",
        stars=2,
        kind="function",
        statement=r"""
Write `divergence(p, q)`, the Kullback–Leibler divergence $\mathrm{KL}(p \,\|\, q)$ in nats, for tensors of
probabilities of one shape $(\dots, K)$ and one dtype; the result has the shape $(\dots)$ and the same dtype. Both may
hold exact zeros: the value is `inf` where $p_k > 0 = q_k$ for some $k$, and never `nan`. Write it out of
elementary torch operations: a ready-made divergence would pass, and teach you nothing.
""",
        stub="""
def divergence(p, q):
    return ...
""",
        hints=(
            "What does `0 * torch.tensor(0.0).log()` give in floating point, and what should that term be?",
            "`torch.where(p > 0, ..., 0.0)` leaves out the terms without mass. Leave the zeros of q alone: log 0 is -inf, "
            "and that is what you need.",
        ),
        explanation=r"""
Terms with $p_k = 0$ are left out, because $t \log t \to 0$; their logarithm must not be multiplied by zero, since
$0 \cdot \infty$ is `nan`. Terms with $p_k > 0 = q_k$ stay: $\log 0 = -\infty$ makes the sum infinite, which is the
right answer. Adding a small constant to both removes the `nan`, and the infinity with it: the model that calls an
observed outcome impossible then gets a harmless finite score. `torch.xlogy` treats zeros in the same way.
""",
        solution=solution_5_2,
        alternatives=(alternative_5_2_loop, alternative_5_2_xlogy),
        wrong=(
            (wrong_5_2_swapped, "second law"),
            (wrong_5_2_bits, "bits"),
            (wrong_5_2_naive, "NaN"),
            (wrong_5_2_mean, "K times too small"),
            (wrong_5_2_epsilon, "small constant"),
            (wrong_5_2_common, "worst mistake"),
            (wrong_5_2_sign, "never negative"),
            (wrong_5_2_cross, "cross-entropy"),
            (wrong_5_2_symmetric, "both directions"),
            (wrong_5_2_finite, "large finite"),
            (wrong_5_2_total, "last axis alone"),
        ),
        check=check_5_2,
    )
)

# 5.3 ---------------------------------------------------------------------------------------------------------------


def solution_5_3(p, q):
    return p > q


def alternative_5_3_loop(p, q):
    return torch.tensor([bool(a > b) for a, b in zip(p, q, strict=True)])


def wrong_5_3_swapped(p, q):
    return q > p


def wrong_5_3_one(p, q):
    return torch.arange(len(p)) == (p - q).argmax()


def wrong_5_3_likely(p, q):
    return p > 1 / len(p)


def wrong_5_3_everything(p, q):
    return torch.ones_like(p, dtype=torch.bool)


def wrong_5_3_twice(p, q):
    return p > 2 * q


def check_5_3(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor(
            [[0.35, 0.3, 0.21, 0.09, 0.05], [0.05, 0.1, 0.55, 0.08, 0.22]],
            dtype=dtype,
        )
        for p, q in (
            fixed,
            *(
                (c.probabilities((k,), dtype), c.probabilities((k,), dtype))
                for k in (3, 7, 7, 9)
            ),
        ):
            got = c.call(answer, p, q)
            c.equal(
                got.shape if isinstance(got, torch.Tensor) else got,
                p.shape,
                says="One entry for each outcome.",
            )
            c.true(
                got.dtype == torch.bool,
                f"The wrong dtype: True or False for each outcome expected, not {got.dtype}.",
            )
            gap = (p - q).double()
            events = torch.tensor(
                list(itertools.product((0.0, 1.0), repeat=len(p)))
            ).double()
            best, reached = (
                float((events @ gap).max()),
                float((got * gap).sum()),
            )
            if reached > best - 1e-6:
                continue
            if torch.equal(got, q > p):
                c.fail(
                    "That event has the most negative difference: p and q are exchanged."
                )
            if bool(got.all()):
                c.fail(
                    "Every law gives the sure event probability one, so it shows no difference."
                )
            if torch.equal(got, wrong_5_3_one(p, q)):
                c.fail(
                    "That is the best single outcome; an event may hold several."
                )
            if torch.equal(got, p > 1 / len(p)):
                c.fail(
                    "That event holds what is likely under p, without a look at q."
                )
            if torch.equal(got, p > 2 * q):
                c.fail(
                    "Outcomes where p is above q, but by less than a factor, were left out: each still adds."
                )
            c.fail(
                f"It reaches a difference of {reached:.4f}; another event reaches {best:.4f}."
            )


register(
    Exercise(
        id="5.3",
        title="The most telling event",
        stars=1,
        kind="function",
        statement=r"""
Total variation is the largest difference $P(A) - Q(A)$ that any event $A$ shows. Write `telling_event(p, q)`, which
returns such an $A$ as a boolean tensor of shape $(K,)$ (`True` where outcome $k$ belongs to $A$), for probability
vectors `p` and `q` of shape $(K,)$. Outcomes with $p_k = q_k$ may go either way.
""",
        stub="""
def telling_event(p, q):
    return ...
""",
        hints=(
            "Start from some event and add one outcome. When does the difference grow?",
            "Outcome k contributes p_k - q_k. Keep the positive contributions.",
        ),
        explanation=r"""
$P(A) - Q(A) = \sum_{k \in A} (p_k - q_k)$, and each term can be taken or left by itself. So take all positive ones.
Since $p - q$ sums to zero, the positive terms add up to half of $\sum |p_k - q_k|$, which is the other formula for
total variation; and "real where $p > q$" is the best discriminator's decision.
""",
        solution=solution_5_3,
        alternatives=(alternative_5_3_loop,),
        wrong=(
            (wrong_5_3_swapped, "exchanged"),
            (wrong_5_3_one, "single outcome"),
            (wrong_5_3_likely, "without a look"),
            (wrong_5_3_everything, "sure event"),
            (wrong_5_3_twice, "each still adds"),
        ),
        check=check_5_3,
    )
)

# 5.4 ---------------------------------------------------------------------------------------------------------------


def solution_5_4(value, unit):
    nats = (value + 2 * math.log(2)) / 2
    return nats / math.log(2) if unit == "bits" else nats


def alternative_5_4_numpy(value, unit):
    size = {"nats": 1.0, "bits": np.log(2)}[unit]
    return np.log(2) / size + value / (2 * size)


def wrong_5_4_half(value, unit):
    return 2 * solution_5_4(value, unit)


def wrong_5_4_log2(value, unit):
    return solution_5_4(value - LOG2, unit)


def wrong_5_4_raw(value, unit):
    return value / 2 / (LOG2 if unit == "bits" else 1)


def wrong_5_4_times(value, unit):
    return solution_5_4(value, "nats") * (LOG2 if unit == "bits" else 1)


def wrong_5_4_no_unit(value, unit):
    return solution_5_4(value, "nats")


def wrong_5_4_sign(value, unit):
    return solution_5_4(-value - 4 * LOG2, unit)


def wrong_5_4_minus(value, unit):
    return solution_5_4(value - 4 * LOG2, unit)


def wrong_5_4_mixed(value, unit):
    return (value + 2 * (LOG2 if unit == "nats" else 1)) / 2


def check_5_4(answer, c):
    for _ in range(4):
        p, q = c.probabilities((2, 4))
        value = float(
            (p * (p / (p + q)).log() + q * (q / (p + q)).log()).sum()
        )
        m = (p + q) / 2
        truth = float((p * (p / m).log() + q * (q / m).log()).sum()) / 2
        for unit in ("nats", "bits"):
            got = c.call(answer, value, unit)
            size = LOG2 if unit == "bits" else 1.0
            c.equal(
                got,
                truth / size,
                rtol=1e-7,
                atol=1e-9,
                mistakes={
                    "That is twice the divergence: the value holds 2 JS.": 2
                    * truth
                    / size,
                    "Only one log 2 was taken away; the value is shifted by log 4.": (
                        truth - LOG2 / 2
                    )
                    / size,
                    "The shift by log 4 is missing: at p = q the value is not zero.": value
                    / 2
                    / size,
                    "The unit went the wrong way: one bit is log 2 nats, so there are more bits than nats.": truth
                    * LOG2,
                    "That is in nats; the unit was not looked at.": truth,
                    "The sign: a larger value means laws that are easier to tell apart.": -truth
                    / size,
                    "The log 4 was subtracted: solve for JS, which cannot be negative.": truth
                    / size
                    - 2 * LOG2 / size,
                    "Bits were added to nats: the value is in nats, so convert it as well.": value
                    / 2
                    + 1,
                },
            )


register(
    Exercise(
        id="5.4",
        title="Reading the value of the game",
        stars=1,
        kind="function",
        statement=r"""
A discriminator has been trained to the optimum, and the game has the value $V^\star = \mathbb{E}_p[\log D] +
\mathbb{E}_q[\log (1 - D)]$, in nats. Write `js_from_value(value, unit)`: the Jensen–Shannon divergence of $p$ and
$q$, in the `unit` `"nats"` or `"bits"`. `value` is a float; return a number.
""",
        stub="""
def js_from_value(value, unit):
    return ...
""",
        hints=(
            r"What is $V^\star$ when the two laws are equal? What must your function return there?",
            r"Solve $V^\star = 2\,\mathrm{JS} - 2\log 2$. One bit is $\log 2 \approx 0.693$ nats.",
        ),
        explanation=r"""
$\mathrm{JS} = \tfrac12 V^\star + \log 2$ nats. Two anchors catch every slip: at $p = q$ the value is $-\log 4$ and JS
is $0$; for disjoint laws the value is $0$ and JS is $\log 2$ nats, which is exactly one bit. In bits JS lies
between 0 and 1, so the number of bits is the *larger* one.
""",
        solution=solution_5_4,
        alternatives=(alternative_5_4_numpy,),
        wrong=(
            (wrong_5_4_half, "twice the divergence"),
            (wrong_5_4_log2, "Only one log 2"),
            (wrong_5_4_raw, "is missing"),
            (wrong_5_4_times, "wrong way"),
            (wrong_5_4_no_unit, "not looked at"),
            (wrong_5_4_sign, "The sign"),
            (wrong_5_4_minus, "was subtracted"),
            (wrong_5_4_mixed, "Bits were added"),
        ),
        check=check_5_4,
    )
)

# 5.5 ---------------------------------------------------------------------------------------------------------------


def solution_5_5(weights, means, deviations):
    mean = (weights * means).sum()
    variance = (weights * (deviations**2 + (means - mean) ** 2)).sum()
    return mean, variance.sqrt()


def alternative_5_5_loop(weights, means, deviations):
    first = sum(w * m for w, m in zip(weights, means, strict=True))
    second = sum(
        w * (s * s + m * m)
        for w, m, s in zip(weights, means, deviations, strict=True)
    )
    return first, (second - first**2) ** 0.5


def wrong_5_5_mode(weights, means, deviations):
    k = int(weights.argmax())
    return means[k], deviations[k]


def wrong_5_5_within(weights, means, deviations):
    return (weights * means).sum(), (weights * deviations**2).sum().sqrt()


def wrong_5_5_variance(weights, means, deviations):
    mean, deviation = solution_5_5(weights, means, deviations)
    return mean, deviation**2


def wrong_5_5_unweighted(weights, means, deviations):
    return solution_5_5(
        torch.full_like(weights, 1 / len(weights)), means, deviations
    )


def wrong_5_5_between(weights, means, deviations):
    mean = (weights * means).sum()
    return mean, (weights * (means - mean) ** 2).sum().sqrt()


def wrong_5_5_sum(weights, means, deviations):
    return (weights * means).sum(), ((weights * deviations) ** 2).sum().sqrt()


def wrong_5_5_second_moment(weights, means, deviations):
    return (weights * means).sum(), (
        weights * (deviations**2 + means**2)
    ).sum().sqrt()


def alternative_5_5_list(weights, means, deviations):
    return list(solution_5_5(weights, means, deviations))


def check_5_5(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor(
            [[0.3, 0.7], [-3.0, 2.0], [0.7, 1.0]], dtype=dtype
        )
        random = [
            (
                c.probabilities((k,), dtype),
                3 * c.normal((k,), dtype),
                c.uniform(0.3, 2, (k,), dtype),
            )
            for k in (2, 4)
        ]
        for weights, means, deviations in (fixed, *random):
            got = c.call(answer, weights, means, deviations)
            c.true(
                isinstance(got, (tuple, list))
                and len(got) == 2
                and all(
                    isinstance(v, (int, float, np.number))
                    or getattr(v, "shape", None) in ((), (1,))
                    for v in got
                ),
                "Return two numbers: (mean, deviation).",
            )
            grid = torch.linspace(-40, 40, 8_001, dtype=torch.float64)
            parts = torch.distributions.Normal(
                means.double()[:, None], deviations.double()[:, None]
            )
            p = (weights.double()[:, None] * parts.log_prob(grid).exp()).sum(
                0
            )
            mean = torch.trapezoid(p * grid, grid)
            deviation = torch.trapezoid(p * (grid - mean) ** 2, grid).sqrt()
            told = {
                "That sits on the largest mode, which is what the other direction does.": wrong_5_5_mode,
                "The spread between the modes is missing; only the spread within them was counted.": wrong_5_5_within,
                "That is a variance; the deviation is its root.": wrong_5_5_variance,
                "The weights of the components were left out.": wrong_5_5_unweighted,
                "The spread inside each component is missing.": wrong_5_5_between,
                "That is the law of a weighted *sum* of normal variables; in a mixture each sample has one component.": wrong_5_5_sum,
                "That is the root of the second moment; the square of the mean has to come off.": wrong_5_5_second_moment,
            }
            c.equal(
                tuple(float(v) for v in got),
                (float(mean), float(deviation)),
                rtol=1e-5,
                atol=1e-5,
                mistakes={
                    text: tuple(
                        float(v) for v in make(weights, means, deviations)
                    )
                    for text, make in told.items()
                },
            )


register(
    Exercise(
        id="5.5",
        title="The Gaussian that covers",
        stars=2,
        kind="function",
        statement=r"""
The data follow a mixture $p = \sum_k w_k\, \mathcal{N}(\mu_k, s_k^2)$ on the line. Write
`covering(weights, means, deviations)`, which returns the pair (mean, standard deviation) of the normal law $q$ that
minimises $\mathrm{KL}(p \,\|\, q)$. The arguments are tensors of shape $(K,)$; return a tuple of two numbers
(floats, or tensors with one entry).
""",
        stub="""
def covering(weights, means, deviations):
    return ...
""",
        hints=(
            "Which two properties of p does the best q share, by the theorem about covering and seeking?",
            "The variance of a mixture is the mean of the variances *plus* the variance of the means.",
        ),
        explanation=r"""
The minimiser has the mean and the variance of $p$. The variance of a mixture has two parts,
$\sum_k w_k s_k^2$ within the components and $\sum_k w_k (\mu_k - \mu)^2$ between them. Forget the second and your fit
is narrow and sits in the gap between the modes, where there are almost no data.
""",
        solution=solution_5_5,
        alternatives=(alternative_5_5_loop, alternative_5_5_list),
        wrong=(
            (wrong_5_5_mode, "largest mode"),
            (wrong_5_5_within, "between the modes"),
            (wrong_5_5_variance, "its root"),
            (wrong_5_5_unweighted, "left out"),
            (wrong_5_5_between, "inside each component"),
            (wrong_5_5_sum, "weighted *sum*"),
            (wrong_5_5_second_moment, "second moment"),
        ),
        check=check_5_5,
    )
)

# 5.6 ---------------------------------------------------------------------------------------------------------------


def solution_5_6():
    return "c"


register(
    Exercise(
        id="5.6",
        title="What is sure to fall?",
        stars=2,
        kind="choice",
        statement=r"""
For the generator's present law $q$, the discriminator is trained to its optimum, and then frozen. The generator takes
one very small gradient step on $\mathbb{E}_q[-\log D^\star]$. Its law is some smooth function of its parameters, of
which you know nothing more; the gradient is not zero. Which quantity is *sure* to be smaller afterwards, whatever
that parametrisation? Return one letter.
""",
        options={
            "a": r"$\mathrm{JS}(p, q)$, for the game's value is a JS divergence",
            "b": r"$\mathbb{E}_q[-\log D^\star]$ with $D^\star$ trained anew, the number that the training loop prints",
            "c": r"$\mathrm{KL}(m \,\|\, p)$, with $m$ the midpoint of $p$ and the new $q$",
            "d": r"$\mathrm{KL}(p \,\|\, q)$, the divergence of maximum likelihood",
            "e": r"$-2\,\mathrm{JS}(p, q)$, the term that pushes $q$ away from $p$",
            "f": r"none: a generator's loss against a frozen opponent measures no divergence",
        },
        stub="""
def letter():
    return ...
""",
        hints=(
            "A small gradient step surely lowers the function whose gradient it is, and in general nothing else.",
            r"Which divergence has the gradient of the loss *with $D^\star$ fixed*?",
        ),
        explanation=r"""
With $D^\star$ fixed, the gradient is that of $2\,\mathrm{KL}(m \,\|\, p)$, so this falls. Any other function of $q$
changes by $\int \delta q\, g$ with its own $g$; unless $g$ is $-\log D^\star$ up to scale and a constant, there are
parametrisations in which the step raises it. That goes for JS, and also for the printed number, whose gradient has
the extra term from the motion of $D^\star$. In a run these others may fall as well; that they did in one run is no
reason to expect it.
""",
        solution=solution_5_6,
        wrong=(
            ("a", "minimax loss"),
            ("b", "follows q"),
            ("d", "never sees"),
            ("e", "not a force of its own"),
            ("f", "frozen or not"),
        ),
        check=choice(
            "c",
            a="JS is what the minimax loss follows; the non-saturating loss weighs the samples differently.",
            b="The number depends on q in two ways, directly and because D* follows q; the step sees the first only.",
            d="That one averages log q over the data, and this step never sees the data except through D*.",
            e="The term is part of a difference that is a divergence as a whole; it is not a force of its own.",
            f="The gradient against the optimum, frozen or not, is that of a definite function of q: find it.",
        ),
    )
)

# 5.7 ---------------------------------------------------------------------------------------------------------------


def solution_5_7(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - (q * h).sum())


def alternative_5_7_autograd(theta, p):
    leaf = theta.detach().clone().requires_grad_()
    q = torch.softmax(leaf, 0)
    D = (p / (p + q)).detach()
    return torch.autograd.grad((q * -D.log()).sum(), leaf)[0]


def alternative_5_7_midpoint(theta, p):
    leaf = theta.detach().clone().requires_grad_()
    m = (p + torch.softmax(leaf, 0)) / 2
    return torch.autograd.grad(2 * (m * (m / p).log()).sum(), leaf)[0]


def _through(theta, h):
    q = torch.softmax(theta, 0)
    return q * (h - (q * h).sum())


def wrong_5_7_moving(theta, p):
    D = p / (p + torch.softmax(theta, 0))
    return _through(theta, -D.log() + 1 - D)


def wrong_5_7_minimax(theta, p):
    D = p / (p + torch.softmax(theta, 0))
    return _through(theta, (1 - D).log())


def wrong_5_7_sign(theta, p):
    return -solution_5_7(theta, p)


def wrong_5_7_uncentred(theta, p):
    q = torch.softmax(theta, 0)
    return q * -torch.log(p / (p + q))


def wrong_5_7_in_q(theta, p):
    q = torch.softmax(theta, 0)
    return -torch.log(p / (p + q))


def wrong_5_7_plain_mean(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - h.mean())


def wrong_5_7_mean_over_p(theta, p):
    q = torch.softmax(theta, 0)
    h = -torch.log(p / (p + q))
    return q * (h - (p * h).sum())


def wrong_5_7_reverse_kl(theta, p):
    return _through(theta, torch.log(torch.softmax(theta, 0) / p))


def wrong_5_7_per_atom(theta, p):
    return solution_5_7(theta, p) / len(p)


def wrong_5_7_overflow(theta, p):
    q = theta.float().exp() / theta.float().exp().sum()
    q = q.to(theta.dtype)
    h = -torch.log(p / (p + q))
    return q * (h - (q * h).sum())


def wrong_5_7_swapped(theta, p):
    q = torch.softmax(theta, 0)
    return _through(theta, -torch.log(q / (p + q)))


def check_5_7(answer, c):
    told = {
        "That lets D* move with q; in the generator's step it is frozen.": wrong_5_7_moving,
        "That is the gradient of the minimax loss.": wrong_5_7_minimax,
        "The sign: the gradient points uphill.": wrong_5_7_sign,
        "Softmax couples the logits: its own average has to come off every entry.": wrong_5_7_uncentred,
        "That is the gradient in q; the chain rule through the softmax is missing.": wrong_5_7_in_q,
        "That discriminator is optimal with real and generated exchanged.": wrong_5_7_swapped,
        "The average that comes off is the mean of h under q, not the plain mean.": wrong_5_7_plain_mean,
        "The average that comes off is taken under q, not under p.": wrong_5_7_mean_over_p,
        "That is the gradient of KL(q || p): h is the log of (p + q)/p, not of q/p.": wrong_5_7_reverse_kl,
        "K times too small: the loss is a sum weighted by q, not a mean over the atoms.": wrong_5_7_per_atom,
    }
    for dtype in c.dtypes:
        for k in (3, 5, 8, 6):
            theta, p = c.normal((k,), dtype), c.probabilities((k,), dtype)
            if k == 6:  # logits of any size
                far = torch.tensor([150.0, 149.0, 40.0, -40.0, -150.0, 148.5])
                theta = theta + far.to(dtype)
            got = c.call(answer, theta, p)
            with torch.enable_grad():
                want = alternative_5_7_midpoint(
                    theta.double(), p.double()
                ).to(dtype)
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-6,
                mistakes={text: make(theta, p) for text, make in told.items()}
                if k != 6
                else {},
                says="Logits may be large: exp of them overflows, softmax does not."
                if k == 6
                else "",
            )


register(
    Exercise(
        id="5.7",
        title="The force on five atoms",
        stars=3,
        kind="function",
        statement=r"""
A generator on $K$ atoms has the law $q = \mathrm{softmax}(\theta)$; the data have the law $p > 0$. Write
`force(theta, p)`: the gradient in $\theta$ of the non-saturating loss $\mathbb{E}_q[-\log D]$, taken at the optimal
discriminator for the present $q$, which is then held fixed. Both arguments are tensors of shape $(K,)$; return one of
the same shape and dtype. With or without autograd.
""",
        stub="""
def force(theta, p):
    return ...
""",
        hints=(
            r"With $D$ fixed the loss is $\sum_k q_k h_k$ with constants $h_k$. What are they?",
            r"$\partial q_j / \partial \theta_k = q_j(\mathbb{1}[j = k] - q_k)$, so the gradient is "
            r"$q_k (h_k - \sum_j q_j h_j)$. With autograd: detach $D$, not $q$.",
        ),
        explanation=r"""
$h_k = -\log D^\star_k = \log (p_k + q_k)/p_k$ and $\partial_k = q_k (h_k - \sum_j q_j h_j)$. An atom's logit falls
where its $h$ is above average: where the generator has more than its share. The theorem of this chapter gives a second
way to the same vector, the gradient of $2\,\mathrm{KL}(m \,\|\, p)$, in which everything moves and nothing is
detached. Forget `detach` on $D$ and you get a third vector that training never uses.
""",
        solution=solution_5_7,
        alternatives=(alternative_5_7_autograd, alternative_5_7_midpoint),
        wrong=(
            (wrong_5_7_moving, "frozen"),
            (wrong_5_7_minimax, "minimax"),
            (wrong_5_7_sign, "uphill"),
            (wrong_5_7_uncentred, "average has to come off"),
            (wrong_5_7_in_q, "chain rule"),
            (wrong_5_7_swapped, "exchanged"),
            (wrong_5_7_overflow, "softmax does not"),
            (wrong_5_7_plain_mean, "not the plain mean"),
            (wrong_5_7_mean_over_p, "not under p"),
            (wrong_5_7_reverse_kl, "not of q/p"),
            (wrong_5_7_per_atom, "K times too small"),
        ),
        check=check_5_7,
    )
)

# 5.8 ---------------------------------------------------------------------------------------------------------------


def solution_5_8(t):
    return torch.where(t >= -2, t + t**2 / 4, -1.0)


def alternative_5_8_clamp(t):
    u = (1 + t / 2).clamp(min=0)
    return t * u - (u - 1) ** 2


def wrong_5_8_everywhere(t):
    return t + t**2 / 4


def wrong_5_8_centred(t):
    return torch.where(t >= -2, t**2 / 4, -1.0)


def wrong_5_8_infinite(t):
    return torch.where(t >= -2, t + t**2 / 4, math.inf)


def wrong_5_8_zero(t):
    return torch.where(t >= -2, t + t**2 / 4, 0.0)


def wrong_5_8_slope(t):
    return torch.where(t >= -2, 1 + t / 2, 0.0)


def wrong_5_8_plus_one(t):
    return torch.where(t >= -2, t + t**2 / 4, 1.0)


def wrong_5_8_identity(t):
    return torch.where(t >= -2, t + t**2 / 4, t)


def wrong_5_8_factor(t):
    return torch.where(t >= -2, t + t**2 / 2, -1.0)


def wrong_5_8_grid(t):
    u = torch.linspace(0, 10, 20_001, dtype=torch.float64)
    values = t.double()[..., None] * u - (u - 1) ** 2
    return values.amax(-1).to(t.dtype)


def check_5_8(answer, c):
    told = {
        "Below t = -2 the parabola's top lies at a negative u, which is not allowed: the supremum sits at the border.": wrong_5_8_everywhere,
        "That is the conjugate of u squared; f is centred at 1, which adds t.": wrong_5_8_centred,
        "Below t = -2 the supremum is finite: t u - f(u) does not grow as u approaches zero.": wrong_5_8_infinite,
        "At u = 0 the bracket is -f(0), and f(0) is not zero.": wrong_5_8_zero,
        "That is the u at which the supremum is attained, not the supremum.": wrong_5_8_slope,
        "The sign below t = -2: at u = 0 the bracket is minus f(0).": wrong_5_8_plus_one,
        "Below t = -2 the best u is 0, not 1, so the bracket does not depend on t there.": wrong_5_8_identity,
        "The square has another factor: put the best u back into the bracket.": wrong_5_8_factor,
    }
    for dtype in c.dtypes:
        for t in (
            torch.tensor([-5.0, -2.0, -1.0, 0.0, 3.0], dtype=dtype),
            c.uniform(-6, 4, (3, 4), dtype),
            torch.tensor([-150.0, 150.0, -40.0, 40.0], dtype=dtype),
            c.uniform(-150, 150, (5,), dtype),
        ):
            got = c.call(answer, t)
            best = (1 + t.double() / 2).clamp(min=0)
            around = torch.linspace(-1, 1, 2_001, dtype=torch.float64)
            u = (best[..., None] + around).clamp(min=0)
            want = (t.double()[..., None] * u - (u - 1) ** 2).amax(-1)
            c.equal(
                got,
                want.to(dtype),
                rtol=1e-5,
                atol=1e-5,
                mistakes={text: make(t) for text, make in told.items()},
                says="Every real t was asked for: a grid of u ends somewhere."
                if float(t.abs().max()) > 18
                else "",
            )


register(
    Exercise(
        id="5.8",
        title="A conjugate with a corner in its domain",
        stars=3,
        kind="function",
        statement=r"""
Pearson's $\chi^2$ divergence has $f(u) = (u - 1)^2$ for $u \ge 0$. Write `conjugate(t)`, its
$f^*(t) = \sup_{u \ge 0} \{t u - f(u)\}$, elementwise for a float tensor of any shape and every real $t$; the result
has the same shape and dtype.
""",
        stub="""
def conjugate(t):
    return ...
""",
        hints=(
            "Where is the top of the parabola t u - (u - 1)^2 in u? Is that u always allowed?",
            "The top is at u = 1 + t/2, which is negative for t < -2. What is the best allowed u then?",
        ),
        explanation=r"""
For $t \ge -2$ the best $u$ is $1 + t/2$, and $f^*(t) = t + t^2/4$. For $t < -2$ the bracket falls in $u$ from the
start, so the best $u$ is $0$, and $f^*(t) = -f(0) = -1$. Tables often print $t + t^2/4$ "for all $t$", which is
the conjugate of the parabola on the whole line. A ratio of densities is never negative, so the clipped form is the
right one; being smaller below $-2$, it gives a tighter bound.
""",
        solution=solution_5_8,
        alternatives=(alternative_5_8_clamp,),
        wrong=(
            (wrong_5_8_everywhere, "sits at the border"),
            (wrong_5_8_centred, "centred at 1"),
            (wrong_5_8_infinite, "supremum is finite"),
            (wrong_5_8_zero, "is not zero"),
            (wrong_5_8_slope, "not the supremum"),
            (wrong_5_8_factor, "another factor"),
            (wrong_5_8_plus_one, "minus f(0)"),
            (wrong_5_8_identity, "does not depend on t"),
            (wrong_5_8_grid, "a grid of u ends"),
        ),
        check=check_5_8,
    )
)

# 5.9 ---------------------------------------------------------------------------------------------------------------


def solution_5_9(p, q):
    def entropy(r):
        return torch.special.entr(r).sum(-1)  # -r log r, and 0 at r = 0

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def alternative_5_9_kl(p, q):
    m = (p + q) / 2
    halves = [
        torch.where(
            r > 0,
            r * (r.clamp(min=1e-300).log() - m.clamp(min=1e-300).log()),
            0.0,
        )
        for r in (p, q)
    ]
    return sum(halves).sum(-1) / 2


def broken_5_9(p, q):
    def entropy(r):
        return (r * r.log()).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_sign_only(p, q):
    def entropy(r):
        return -(r * r.log()).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_zeros_only(p, q):
    def entropy(r):
        return -torch.special.entr(r).sum(-1)

    m = (p + q) / 2
    return entropy(m) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_no_half(p, q):
    m = (p + q) / 2
    return (
        torch.special.entr(m).sum(-1)
        - torch.special.entr(p).sum(-1)
        - torch.special.entr(q).sum(-1)
    )


def wrong_5_9_no_midpoint(p, q):
    def entropy(r):
        return torch.special.entr(r).sum(-1)

    return entropy(p + q) - (entropy(p) + entropy(q)) / 2


def wrong_5_9_bits(p, q):
    return js(p, q) / LOG2


def wrong_5_9_clamped(p, q):
    def entropy(r):
        return (r * r.clamp(min=1e-9).log()).sum(-1)

    m = (p + q) / 2
    return (entropy(m) - (entropy(p) + entropy(q)) / 2).clamp(min=0)


def check_5_9(answer, c):
    for dtype in c.dtypes:
        random = c.probabilities((2, 3, 4), dtype)
        zeros = torch.tensor([[0.5, 0.5, 0.0], [0.0, 1.0, 0.0]], dtype=dtype)
        other = torch.tensor([[0.0, 0.5, 0.5], [0.0, 0.0, 1.0]], dtype=dtype)
        for p, q in (random, (zeros, other)):
            got = c.call(answer, p, q)
            if (
                c.agrees(got, -js(p, q), rtol=1e-4)
                and not c.call(answer, zeros, other).isfinite().all()
            ):
                c.fail(
                    "Both faults are still there: an entropy is positive, and 0 log 0 counts as 0.",
                    on="",
                )
            c.equal(
                got,
                js(p, q),
                rtol=1e-4,
                atol=1e-6,
                mistakes={
                    "The sign: entropy is -sum r log r, positive, and the midpoint has the most of it.": -js(
                        p, q
                    ),
                    "The mean of the two entropies comes off, not their sum.": wrong_5_9_no_half(
                        p, q
                    ),
                    "The first entropy is not that of a distribution: p + q sums to two.": wrong_5_9_no_midpoint(
                        p, q
                    ),
                    "That is in bits: entropy is in nats here, with the natural logarithm.": wrong_5_9_bits(
                        p, q
                    ),
                    "Zero for different laws: cutting off below zero has hidden an error of sign.": torch.zeros_like(
                        js(p, q)
                    ),
                },
            )


register(
    Exercise(
        id="5.9",
        title="An entropy with the wrong sign",
        stars=2,
        kind="bug",
        statement=r"""
This function should return $\mathrm{JS}(p, q) = H(m) - \tfrac12 H(p) - \tfrac12 H(q)$ for tensors of probabilities of
shape $(\dots, K)$. A training log of it shows *negative* numbers, and `nan` as soon as a batch contains a
probability of exactly zero. Mend both, as `js_by_entropy(p, q)`.
""",
        stub="""
def js_by_entropy(p, q):
    return ...
""",
        hints=(
            "What should the entropy of a uniform law over K outcomes be, and what does the inner function return for it?",
            "For the zeros: `torch.special.entr(r)` is -r log r with the right limit; or use `torch.where`.",
        ),
        explanation=r"""
The inner function returns $\sum r \log r$, which is $-H$. All three entropies have the wrong sign, so the result is
$-\mathrm{JS}$: plausible in size, smooth, and moving the right amount in the wrong direction. A minimiser of it drives
the laws *apart*. One test with a known value finds it: $H$ of a uniform law is $+\log K$. Clamping at zero, the
tempting repair, turns the result into a constant with no gradient.
""",
        solution=solution_5_9,
        alternatives=(alternative_5_9_kl,),
        broken=broken_5_9,
        wrong=(
            (broken_5_9, "Both faults"),
            (wrong_5_9_sign_only, "NaN"),
            (wrong_5_9_zeros_only, "the midpoint has the most"),
            (wrong_5_9_no_half, "not their sum"),
            (wrong_5_9_no_midpoint, "sums to two"),
            (wrong_5_9_clamped, "cutting off below zero"),
            (wrong_5_9_bits, "in bits"),
        ),
        check=check_5_9,
    )
)

# 5.10 --------------------------------------------------------------------------------------------------------------


def solution_5_10():
    return (1.0, 0.0), (0.5, 0.5), (0.0, 1.0)


def wrong_5_10_ends(p=(1.0, 0.0), q=(0.0, 1.0), r=(0.5, 0.5)):
    return p, q, r


def wrong_5_10_equal():
    return (0.3, 0.7), (0.3, 0.7), (0.3, 0.7)


def wrong_5_10_counts():
    return (2, 0), (1, 1), (0, 2)


def wrong_5_10_small():
    return (0.6, 0.4), (0.5, 0.5), (0.4, 0.6)


def wrong_5_10_negative():
    return (1.2, -0.2), (0.5, 0.5), (-0.2, 1.2)


def wrong_5_10_lengths():
    return (1.0, 0.0), (0.4, 0.3, 0.3), (0.0, 1.0)


def check_5_10(answer, c):
    found = c.call(answer)
    c.true(
        isinstance(found, (tuple, list, np.ndarray)) and len(found) == 3,
        "Return three probability vectors: (p, q, r).",
    )
    laws = [np.asarray(law, dtype=float) for law in found]
    c.true(
        all(law.ndim == 1 and len(law) == len(laws[0]) for law in laws),
        "The three have different lengths.",
        on="",
    )
    c.true(
        all(np.isfinite(law).all() for law in laws),
        "A probability is NaN or infinite.",
        on="",
    )
    c.true(
        all((law >= 0).all() for law in laws),
        "A probability is negative.",
        on="",
    )
    c.true(
        all(abs(law.sum() - 1) < 1e-6 for law in laws),
        "These do not sum to one: divide counts by their total.",
        on="",
    )
    p, q, r = laws
    direct, detour = float(js(p, r)), float(js(p, q) + js(q, r))
    if direct < 1e-9:
        c.fail(
            "p and r are equal, so the direct way has length zero and no detour is shorter.",
            on="",
        )
    if direct <= detour:
        c.fail(
            f"Direct {direct:.3f}, detour {detour:.3f}: with this law in the middle the inequality holds.",
            on="",
        )
    c.true(
        direct - detour >= 0.2,
        f"It fails there, but only by {direct - detour:.3f} nats: make p and r differ more.",
        on="",
    )
    root = float(np.sqrt(js(p, q)) + np.sqrt(js(q, r)) - np.sqrt(js(p, r)))
    return f"Direct {direct:.3f}, detour {detour:.3f}; with square roots the detour is longer again, by {root:.3f}."


register(
    Exercise(
        id="5.10",
        title="A shortcut",
        stars=2,
        kind="experiment",
        statement=r"""
Show that JS is not a metric: find probability vectors $p, q, r$ of one length for which the direct way is *longer*
than the detour, $\mathrm{JS}(p, r) \ge \mathrm{JS}(p, q) + \mathrm{JS}(q, r) + 0.2$. Return them as a tuple
`(p, q, r)` of lists, tuples or arrays.
""",
        stub="""
def shortcut():
    return ...
""",
        hints=(
            "The direct way is longest when p and r share no outcome. Where would a good stop on the way lie?",
            "Try the midpoint of p and r as q, on two outcomes.",
        ),
        explanation=r"""
A fair coin lies between the coin that always shows heads and the one that always shows tails. Directly it is
$\log 2 = 0.693$; each half is $0.216$. Near equality JS behaves like a *squared* distance, and squares violate the
triangle inequality at every midpoint: $(a + b)^2 > a^2 + b^2$. Taking the root repairs it.
""",
        solution=solution_5_10,
        wrong=(
            (wrong_5_10_ends, "inequality holds"),
            (wrong_5_10_equal, "are equal"),
            (wrong_5_10_counts, "sum to one"),
            (wrong_5_10_small, "differ more"),
            (wrong_5_10_negative, "is negative"),
            (wrong_5_10_lengths, "different lengths"),
        ),
        check=check_5_10,
    )
)

# 5.11 --------------------------------------------------------------------------------------------------------------


def solution_5_11():
    return math.ceil((1000 - 1) / (2 * 0.005))


def check_5_11(value, c):
    c.true(
        np.ndim(value) == 0 and not isinstance(value, (str, bool)),
        "Return one whole number.",
    )
    told = {
        100_000: "That uses all 1000 classes; their frequencies sum to one, so one fewer is free.",
        199_800: "The one half is missing: the bias is half of a chi-square's mean over N.",
        49_950: "The half was used twice.",
        200: "That is the answer for a single free class; the floor grows with their number.",
        39_960_000: "The floor falls like 1/N, not like its square root.",
    }
    n = float(value)
    for number, says in told.items():
        if n == number:
            c.fail(says)
    c.true(n == round(n), "A number of samples is whole.")
    c.true(
        999 / (2 * n) <= 0.005 if n > 0 else False,
        f"With {n:.0f} samples the floor is still above 0.005 nats.",
    )
    c.true(
        999 / (2 * (n - 1)) > 0.005,
        f"{n:.0f} are enough, and fewer are too: the smallest number was asked for.",
    )


register(
    Exercise(
        id="5.11",
        title="How many samples does a claim need?",
        stars=1,
        kind="value",
        statement=r"""
A paper sorts generated samples into $K = 1000$ equally likely classes and reports a plug-in $\mathrm{KL}$ to the
uniform law of 0.005 nats. What is the smallest number of samples for which even a *perfect* sampler is expected to
read no more than 0.005, by the floor of this chapter? Return a whole number.
""",
        stub="""
def samples_needed():
    return ...
""",
        hints=(
            "The floor is (K - 1)/(2N).",
            "Set the floor equal to 0.005 and solve for N.",
        ),
        explanation=r"""
$999 / (2 N) \le 0.005$ gives $N \ge 99\,900$. A reading of 0.005 from 26,000 samples would be far *below* the floor
of 0.0192, and so a sign of an error (or of samples that were spread over the classes on purpose), not of quality.
""",
        solution=solution_5_11,
        wrong=(
            (100_000, "one fewer is free"),
            (199_800, "one half is missing"),
            (49_950, "used twice"),
            (200, "single free class"),
            (39_960_000, "square root"),
            (26_000, "still above"),
            (120_000, "smallest number"),
        ),
        check=check_5_11,
    )
)

# 5.12 --------------------------------------------------------------------------------------------------------------


def solution_5_12():
    return "(1 + u) * log((1 + u) / (2 * u))"


def wrong_5_12_other_ratio():
    return "(1 + u) * log((1 + u) / 2)"


def wrong_5_12_half():
    return "(1 + u) * log((1 + u) / (2 * u)) / 2"


def wrong_5_12_data():
    return "-log(u)"


def wrong_5_12_sign():
    return "-(1 + u) * log((1 + u) / (2 * u))"


def wrong_5_12_js():
    return "(u * log(u) - (1 + u) * log((1 + u) / 2)) / 2"


def wrong_5_12_not_divided():
    return "u * log((1 + u) / (2 * u))"


def wrong_5_12_by_p():
    return "(1 + 1 / u) * log((1 + u) / (2 * u))"


def wrong_5_12_twice():
    return "2 * (1 + u) * log((1 + u) / (2 * u))"


def wrong_5_12_log4():
    return "(1 + u) * log((1 + u) / u)"


def wrong_5_12_shifted():
    return "(1 + u) * log((1 + u) / (2 * u)) + (u - 1)"


def same_divergence_5_12(value):
    """Whether it is the right f plus c (u - 1), for some c other than zero."""
    from ganbook.exercises.engine.symbolic import expression_difference

    points = [{"u": u} for u in (0.25, 0.5, 2.0, 3.0, 4.5)]
    import sympy

    try:
        text = f"({value}) - ({solution_5_12()})"
        u = sympy.Symbol("u")
        c = float(sympy.sympify(text.replace("^", "**")).subs(u, 2.0))
    except (TypeError, ValueError, AttributeError, sympy.SympifyError):
        return False
    shifted = f"{solution_5_12()} + ({c!r}) * (u - 1)"
    return (
        abs(c) > 1e-6
        and expression_difference(value, shifted, points, 1e-8) is None
    )


def check_5_12(value, c):
    if same_divergence_5_12(value):
        c.fail(
            "That gives the same divergence, since c (u - 1) averages to zero under q; asked for is the f for which "
            "q f(p/q) is 2 m log(m/p) at every point, without such a term."
        )
    c.expression(
        value,
        lambda u: (1 + u) * math.log((1 + u) / (2 * u)),
        u=(0.1, 5),
        mistakes={
            "That is the function of the other ratio, q/p, or that of 2 KL(m || q).": wrong_5_12_other_ratio(),
            "A factor 2 is lost: 2 m is p + q.": wrong_5_12_half(),
            "That is KL(q || p); the midpoint does not occur in it.": wrong_5_12_data(),
            "The sign: as it stands, f is concave.": wrong_5_12_sign(),
            "That is JS, the minimax generator's.": wrong_5_12_js(),
            "The factor before the logarithm is 2 m/q, and m/q is not p/q.": wrong_5_12_not_divided(),
            "That was divided by p; our convention averages over q, so divide by q.": wrong_5_12_by_p(),
            "Twice too large: 2 m is p + q, not 2 p + 2 q.": wrong_5_12_twice(),
            "At u = 1 an f must vanish; the midpoint's one half is missing.": wrong_5_12_log4(),
        },
    )


register(
    Exercise(
        id="5.12",
        title="The generator's own f",
        stars=2,
        kind="expression",
        statement=r"""
With $u = p/q$, write $2\,\mathrm{KL}(m \,\|\, p)$ as an f-divergence in our convention,
$D_f(p \,\|\, q) = \mathbb{E}_q[f(p/q)]$ where $q > 0$ everywhere. Return the $f$ for which $q\, f(p/q) = 2m \log (m/p)$ at every point, as a
sympy expression in the symbol `u` or as text, such as `"u * log(u)"`.
""",
        stub="""
def f_of_u():
    return ...
""",
        hints=(
            r"Divide $2 m \log(m/p)$ by $q$ and write everything in $u = p/q$.",
            r"$2m/q = 1 + u$ and $m/p = (1 + u)/(2u)$.",
        ),
        explanation=r"""
$2m/q = (p + q)/q = 1 + u$ and $m/p = (p + q)/2p = (1 + u)/(2u)$, so $f(u) = (1 + u)\log\frac{1+u}{2u}$. Papers that
average over $p$ and use $r = q/p$ write $(1 + r)\log\frac{1+r}{2}$: the same divergence, since $u f(1/u)$ exchanges
the two conventions. Mix the ratios and you get $2\,\mathrm{KL}(m \,\|\, q)$, which *covers* instead of seeking.
""",
        solution=solution_5_12,
        wrong=(
            (wrong_5_12_other_ratio, "other ratio"),
            (wrong_5_12_half, "factor 2"),
            (wrong_5_12_data, "midpoint does not"),
            (wrong_5_12_sign, "concave"),
            (wrong_5_12_js, "minimax generator"),
            (wrong_5_12_log4, "must vanish"),
            (wrong_5_12_not_divided, "is not p/q"),
            (wrong_5_12_by_p, "divided by p"),
            (wrong_5_12_twice, "Twice too large"),
            (wrong_5_12_shifted, "without such a term"),
        ),
        check=check_5_12,
    )
)

# 5.13 --------------------------------------------------------------------------------------------------------------


def solution_5_13():
    return (
        "Half right. Against an optimal discriminator, and for the minimax "
        "loss, the generator's gradient is that of twice the JS divergence. "
        "Your code uses the non-saturating loss, whose gradient with the "
        "discriminator fixed is that of 2 KL(m || p), a divergence that "
        "charges little for dropped modes. Your discriminator takes one "
        "step, so it is not optimal, and on finite samples its value is "
        "neither an upper nor a lower bound on JS: the printed loss measures "
        "no divergence. Report a distance on held-out samples instead."
    )


register(
    Exercise(
        id="5.13",
        title="A referee's paragraph",
        stars=2,
        kind="rubric",
        statement=r"""
You referee a report that says: "We train with the non-saturating loss and one discriminator step per generator step.
Since GAN training minimises the Jensen–Shannon divergence, the falling loss in figure 2 shows that our samples
approach the data." Write the authors a paragraph of at least 40 words: what is right, what is not, and what they
should show instead. Return it as text.
""",
        stub="""
def paragraph():
    return ...
""",
        hints=(
            "List the conditions under which a generator follows JS, and check each against what the authors did.",
            "Then ask what a loss curve of either player measures when the opponent moves as well.",
        ),
        explanation=r"""
Good paragraphs name the three conditions (optimal discriminator, minimax loss, a generator that can follow) and that
expectations are estimated from finite samples, say what the
non-saturating loss follows, and ask for something that does not depend on the current opponent: a distance between
held-out data and samples, with its floor.
""",
        solution=solution_5_13,
        check=rubric(
            "that JS needs the minimax loss, and that the non-saturating one follows 2 KL(m || p)",
            "that one step does not make the discriminator optimal",
            "that a value from finite samples bounds JS in neither direction",
            "that a loss against a moving opponent is no measure of progress, and what to report instead",
            words=40,
        ),
    )
)

# 5.14 --------------------------------------------------------------------------------------------------------------


def solution_5_14():
    return "cadfb"


register(
    Exercise(
        id="5.14",
        title="Order the proof",
        stars=2,
        kind="value",
        statement=r"""
Five of these seven steps, in the right order, prove $\mathrm{TV}(p, q) \le \sqrt{1 - e^{-\mathrm{KL}(p \| q)}}$, without
looking back at the chapter. Return the letters in order, as one string; each step may use only what was said before.

- **a**: By the Cauchy–Schwarz inequality, $B^2$ is at most the product of $\sum_k \min(p_k, q_k)$ and
  $\sum_k \max(p_k, q_k)$.
- **b**: Together, $e^{-\mathrm{KL}} \le B^2 \le 1 - \mathrm{TV}^2$; solve for TV.
- **c**: Put $B = \sum_k \sqrt{p_k q_k}$, and note that $p_k q_k = \min(p_k, q_k) \max(p_k, q_k)$.
- **d**: The two sums are $1 - \mathrm{TV}$ and $1 + \mathrm{TV}$, so that $B^2 \le 1 - \mathrm{TV}^2$.
- **e**: By Pinsker's inequality $\mathrm{TV}^2 \le \tfrac12 \mathrm{KL}$, so $B^2 \ge 1 - \tfrac12 \mathrm{KL}$.
- **f**: $B = \mathbb{E}_p \sqrt{q/p}$, and Jensen's inequality for the exponential gives $B \ge e^{-\mathrm{KL}/2}$.
- **g**: Since the square root is concave, $B = \mathbb{E}_p \sqrt{q/p}$ is at least $\sqrt{\mathbb{E}_p[q/p]} = 1$.
""",
        stub="""
def order():
    # five letters, such as "abcde"
    return ...
""",
        hints=(
            "One quantity is bounded from both sides. Which one, and where is it introduced?",
            "The upper bound of B needs two steps and the lower bound one; which of them could change places?",
        ),
        explanation=r"""
$B$ is introduced (c), bounded from above (a, d) and from below (f, which may stand anywhere between c and b); b joins
the two. Step e draws a conclusion that does not follow: $\mathrm{TV}^2 \le \tfrac12 \mathrm{KL}$ bounds $1 - \mathrm{TV}^2$ from
below, and $B^2$ lies under it. Step g has Jensen's inequality the wrong way round: for a concave function the mean of
the values is at *most* the value at the mean.
""",
        solution=solution_5_14,
        wrong=(
            (lambda: "cadb", "of its lines are missing"),
            (lambda: "cadeb", "does not follow from Pinsker"),
            (lambda: "cadgb", "wrong way round"),
            (lambda: "acdfb", "Line a comes before"),
            (lambda: "cdafb", "Line d comes before"),
            (lambda: "cfbad", "Line b comes before"),
            (lambda: "cadffb", "occurs twice"),
            (lambda: 5, "wrong type"),
        ),
        check=ordered(
            {"c": "", "a": "c", "d": "a", "f": "c", "b": "df"},
            {
                "e": "A lower bound of B squared does not follow from Pinsker's inequality.",
                "g": "It has Jensen's inequality the wrong way round.",
            },
        ),
    )
)
