r"""Exercises 5.5 and 5.13: The Gaussian that covers; A referee's paragraph."""

import numpy as np
import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
    rubric,
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
        rare = torch.tensor(
            [[0.004, 0.996], [30.0, -3.0], [0.7, 1.0]], dtype=dtype
        )
        for weights, means, deviations in (fixed, *random, rare):
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
