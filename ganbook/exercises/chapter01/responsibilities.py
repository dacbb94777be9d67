r"""Exercises 1.5 and 1.7: Who is responsible?; The line inside naive Bayes."""

import math

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    register,
)

# 1.5 ---------------------------------------------------------------------------------------------------------------


def solution_1_5(log_joint):
    shifted = log_joint - log_joint.max(dim=1, keepdim=True).values
    r = torch.exp(shifted)
    return r / r.sum(dim=1, keepdim=True)


def alternative_1_5_softmax(log_joint):
    return torch.softmax(log_joint, dim=1)


def alternative_1_5_logsumexp(log_joint):
    return torch.stack(
        [torch.exp(row - torch.logsumexp(row, dim=0)) for row in log_joint]
    )


def wrong_1_5_over_data(log_joint):
    return torch.softmax(log_joint, dim=0)


def wrong_1_5_hard(log_joint):
    return torch.nn.functional.one_hot(
        log_joint.argmax(dim=1), log_joint.shape[1]
    ).to(log_joint.dtype)


def wrong_1_5_underflow(log_joint):
    joint = torch.exp(log_joint)
    return joint / joint.sum(dim=1, keepdim=True).clamp(min=1e-30)


def wrong_1_5_nan(log_joint):
    joint = torch.exp(log_joint)
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_one_shift(log_joint):
    joint = torch.exp(log_joint - log_joint.max())
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_total(log_joint):
    return torch.softmax(log_joint.flatten(), dim=0).view_as(log_joint)


def wrong_1_5_logs(log_joint):
    return torch.log_softmax(log_joint, dim=1)


def wrong_1_5_divided(log_joint):
    return log_joint / log_joint.sum(dim=1, keepdim=True)


def wrong_1_5_unnormalised(log_joint):
    return torch.exp(log_joint - log_joint.max(dim=1, keepdim=True).values)


def far_tables(c, dtype):
    """Tables of logs in which each place holds the largest of some row, at every level down to -3000."""
    for k in (2, 3, 4):
        level = torch.tensor([-2900.0, -150.0, -40.0, -3.0], dtype=dtype)
        rows = torch.cat([level, level, level])[:, None].repeat(1, k)
        rows = rows - 800 * c.uniform(0.1, 1, rows.shape, dtype)
        top = torch.arange(len(rows)) % k
        near = torch.arange(1, len(rows) + 1) % k
        best = torch.cat([level, level, level])
        rows[torch.arange(len(rows)), near] = best - 0.5
        rows[torch.arange(len(rows)), top] = best
        yield rows.clamp(min=-3000)


def wrong_1_5_first_column(log_joint):
    joint = torch.exp(log_joint - log_joint[:, :1])
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_row_mean(log_joint):
    joint = torch.exp(log_joint - log_joint.mean(dim=1, keepdim=True))
    return joint / joint.sum(dim=1, keepdim=True)


def wrong_1_5_single(log_joint):
    return torch.softmax(log_joint.float(), dim=1).to(log_joint.dtype)


def wrong_1_5_squeezed(log_joint):
    return torch.softmax(log_joint, dim=1).squeeze()


def check_1_5(answer, c):
    for dtype in c.dtypes:
        low = torch.tensor(
            [[-2000.0, -2001.0, -2005.0], [-1500.0, -1500.0, -3000.0]],
            dtype=dtype,
        )
        for log_joint in (
            c.normal((5, 3), dtype) - 2,
            2 * c.normal((4, 2), dtype) - 5,
            low + c.normal((1, 1), dtype),
            3 * c.normal((4, 3), dtype) - 2000,
            3 * c.normal((4, 3), dtype) + 900,  # a density may be large
            c.normal((1, 3), dtype),
            *far_tables(c, dtype),
        ):
            got = c.call(answer, log_joint)
            for mistake, says in (
                (
                    wrong_1_5_nan,
                    "The result has NaN, from 0/0: exp of logs this low is zero. Shift them before exp.",
                ),
                (
                    wrong_1_5_one_shift,
                    "The result has NaN: one shift for all rows still leaves a row of zeros, "
                    "and 0/0. Each row needs a shift of its own.",
                ),
                (
                    wrong_1_5_first_column,
                    "The result has NaN: the first column need not hold the row's largest log; shift by that one.",
                ),
                (
                    wrong_1_5_row_mean,
                    "The result has NaN: shifted by its mean a row may still overflow; shift by its largest log.",
                ),
            ):
                nan = mistake(log_joint).isnan()
                if (
                    nan.any()
                    and torch.is_tensor(got)
                    and got.shape == nan.shape
                    and got.isnan().equal(nan)
                ):
                    c.fail(says)
            want = torch.stack(
                [
                    torch.exp(row - torch.logsumexp(row, 0))
                    for row in log_joint.double()
                ]
            ).to(dtype)
            c.equal(
                got,
                want,
                rtol=1e-3 if dtype == torch.float32 else None,
                mistakes={
                    "Each column sums to one: that shares a component out among points, not a point among components.": lambda x=log_joint: (
                        wrong_1_5_over_data(x)
                    ),
                    "That is a hard assignment; EM keeps the doubt, with shares.": lambda x=log_joint: (
                        wrong_1_5_hard(x)
                    ),
                    "All joint densities of this point underflow to zero; subtract the row's largest log first.": lambda x=log_joint: (
                        wrong_1_5_underflow(x)
                    ),
                    "These are logs of responsibilities.": lambda x=log_joint: (
                        wrong_1_5_logs(x)
                    ),
                    "Logs were divided by their sum; exponentiate, then normalise.": lambda x=log_joint: (
                        wrong_1_5_divided(x)
                    ),
                    "The rows do not sum to one yet.": lambda x=log_joint: (
                        wrong_1_5_unnormalised(x)
                    ),
                    "Single precision on the way: at a log of -2000 it keeps three decimals.": lambda x=log_joint: (
                        wrong_1_5_single(x)
                    ),
                    "The whole table sums to one; each point is to have a distribution of its own.": lambda x=log_joint: (
                        wrong_1_5_total(x)
                    ),
                },
            )


register(
    Exercise(
        id="1.5",
        title="Who is responsible?",
        stars=2,
        kind="function",
        statement=r"""
Write the E step, `responsibilities(log_joint)`. `log_joint` is a tensor of shape $(N, K)$ with
$\log p(x_n, k)$ in nats; return $p(k \mid x_n)$, shape $(N, K)$, same dtype. Entries may be as low as $-3000$
and as high as $1000$.
""",
        stub="""
def responsibilities(log_joint):
    return ...
""",
        hints=(
            "By Bayes, $p(k \\mid x_n) = p(x_n, k) / \\sum_j p(x_n, j)$: what sums to one, rows or columns?",
            "Adding a constant to a whole row changes nothing in the quotient: subtract the row's maximum before `exp`.",
        ),
        explanation=r"""
Responsibilities are a posterior for each *point*, so rows sum to one: `torch.softmax(log_joint, dim=1)`, which
subtracts the maximum by itself. Without that, a point far from all components has $0/0$. Normalising over the data
instead confuses $p(k \mid x)$ with the weights that the M step makes of it. Hard assignments give
another algorithm with another objective (k-means, if weights and spherical covariances are equal).
""",
        solution=solution_1_5,
        alternatives=(alternative_1_5_softmax, alternative_1_5_logsumexp),
        wrong=(
            (wrong_1_5_over_data, "each column sums to one"),
            (wrong_1_5_hard, "hard assignment"),
            (wrong_1_5_underflow, "underflow to zero"),
            (wrong_1_5_logs, "logs of responsibilities"),
            (wrong_1_5_divided, "logs were divided"),
            (wrong_1_5_unnormalised, "do not sum to one yet"),
            (wrong_1_5_nan, "shift them before"),
            (wrong_1_5_one_shift, "shift of its own"),
            (wrong_1_5_total, "whole table"),
            (wrong_1_5_first_column, "first column need not"),
            (wrong_1_5_row_mean, "shifted by its mean"),
            (wrong_1_5_single, "single precision"),
            (wrong_1_5_squeezed, "shape (1, 3)"),
        ),
        check=check_1_5,
    )
)


# 1.7 ---------------------------------------------------------------------------------------------------------------


def solution_1_7(pi, mean0, mean1, variance):
    w = (mean1 - mean0) / variance
    squares = (mean1**2 - mean0**2) / (2 * variance)
    b = math.log(pi / (1 - pi)) - squares.sum()
    return w, b


def alternative_1_7_by_difference(pi, mean0, mean1, variance):
    def log_odds(x):
        return (
            math.log(pi)
            - math.log1p(-pi)
            + (((x - mean0) ** 2 - (x - mean1) ** 2) / (2 * variance)).sum()
        )

    zero = torch.zeros_like(mean0)
    slopes = [
        log_odds(unit) - log_odds(zero)
        for unit in torch.eye(len(mean0), dtype=mean0.dtype)
    ]
    return torch.stack(slopes), log_odds(zero)


def wrong_1_7_sign(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return -w, -b


def wrong_1_7_no_prior(pi, mean0, mean1, variance):
    return solution_1_7(0.5, mean0, mean1, variance)


def wrong_1_7_std(pi, mean0, mean1, variance):
    return solution_1_7(pi, mean0, mean1, variance.sqrt())


def wrong_1_7_half(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) - (
        (mean1**2 - mean0**2) / variance
    ).sum()


def wrong_1_7_bias_sign(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) + (
        (mean1**2 - mean0**2) / (2 * variance)
    ).sum()


def wrong_1_7_bias_prior(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return w, b + math.log(1 - pi)


def wrong_1_7_squared_difference(pi, mean0, mean1, variance):
    w, _ = solution_1_7(pi, mean0, mean1, variance)
    return w, math.log(pi / (1 - pi)) - (
        (mean1 - mean0) ** 2 / (2 * variance)
    ).sum()


def wrong_1_7_twice(pi, mean0, mean1, variance):
    w, b = solution_1_7(pi, mean0, mean1, variance)
    return 2 * w, b


def wrong_1_7_clipped(pi, mean0, mean1, variance):
    return solution_1_7(min(max(pi, 0.01), 0.99), mean0, mean1, variance)


def wrong_1_7_single(pi, mean0, mean1, variance):
    w, b = solution_1_7(0.5, mean0, mean1, variance)
    return w, b + torch.log(torch.tensor(pi / (1 - pi)))


def check_1_7(answer, c):
    for dtype in c.dtypes:
        loose = (
            {"rtol": 1e-3, "atol": 1e-4}
            if dtype == torch.float32
            else {"rtol": 1e-10, "atol": 1e-10}
        )
        for d, pi in (
            (1, c.number(0.1, 0.35)),
            (4, c.number(0.1, 0.35)),
            (3, c.number(0.6, 0.9)),
            (2, 10 ** -c.number(3, 5)),
            (2, 1 - 10 ** -c.number(3, 5)),
        ):
            given = (
                pi,
                c.normal((d,), dtype),
                c.normal((d,), dtype) + 1,
                c.uniform(0.3, 3, (d,), dtype),
            )
            if d == 3 and dtype == torch.float64:
                given[3].mul_(0.003)  # features that hardly vary
            got = c.call(answer, *given)
            wide = tuple(
                part.double() if torch.is_tensor(part) else part
                for part in given
            )
            want = tuple(part.to(dtype) for part in solution_1_7(*wide))
            c.equal(
                got,
                want,
                **loose,
                mistakes={
                    "These are the odds of class 0: everything has the wrong sign.": lambda g=given: (
                        wrong_1_7_sign(*g)
                    ),
                    "In double precision the prior's log odds are right to seven digits only: a number made into a tensor is float32 unless told otherwise.": lambda g=given: (
                        wrong_1_7_single(*g)
                    ),
                    "The prior does not enter the bias.": lambda g=given: (
                        wrong_1_7_no_prior(*g)
                    ),
                    "The fourth argument is a variance already.": lambda g=given: (
                        wrong_1_7_std(*g)
                    ),
                    "A factor one half is lost in the bias.": lambda g=given: (
                        wrong_1_7_half(*g)
                    ),
                    "In the bias, the term with the means has the wrong sign; try x = 0.": lambda g=given: (
                        wrong_1_7_bias_sign(*g)
                    ),
                    "The prior enters as a probability, log pi; log *odds* were asked for.": lambda g=given: (
                        wrong_1_7_bias_prior(*g)
                    ),
                    "The bias needs the difference of the squared means, not the square of their difference.": lambda g=given: (
                        wrong_1_7_squared_difference(*g)
                    ),
                    "A rare class has a probability near zero, and its log odds are large: the prior is not to be cut off.": lambda g=given: (
                        wrong_1_7_clipped(*g)
                    ),
                    "The slope is twice too large: the 2 of the cross term cancels against the 2 of the exponent.": lambda g=given: (
                        wrong_1_7_twice(*g)
                    ),
                },
            )
            w, b = (torch.as_tensor(part).double() for part in got)
            x = 2 * c.normal((5, d))
            joints = [
                math.log(p) - 0.5 * ((x - m.double()) ** 2 / wide[3]).sum(1)
                for p, m in ((1 - pi, given[1]), (pi, given[2]))
            ]
            c.true(
                torch.allclose(x @ w + b, joints[1] - joints[0], atol=1e-3),
                "The log odds differ at random points.",
            )


register(
    Exercise(
        id="1.7",
        title="The line inside naive Bayes",
        stars=2,
        kind="function",
        statement=r"""
Write `logistic_from_naive_bayes(pi, mean0, mean1, variance)`. `pi` is $p(y = 1)$, a Python number in $(0, 1)$; the
others are tensors of shape $(d,)$: class means, and variances that the classes share. Return the tuple `(w, b)` with
$\log \frac{p(y = 1 \mid x)}{p(y = 0 \mid x)} = w \cdot x + b$; `w` has shape $(d,)$, `b` shape $()$, both in the
inputs' dtype.
""",
        stub="""
def logistic_from_naive_bayes(pi, mean0, mean1, variance):
    return ...
""",
        hints=(
            "Write down both joint log-densities and subtract; everything that does not depend on the class cancels.",
            r"Expand $(x - \mu_0)^2 - (x - \mu_1)^2$: the $x^2$ cancel, $2 x (\mu_1 - \mu_0)$ gives $w$, and "
            r"$\mu_0^2 - \mu_1^2$ goes into $b$.",
        ),
        explanation=r"""
This is {eq}`eq:01-nb`. The slope of a feature is the distance of its class means in units of its variance; the bias
holds the prior log odds, and puts the boundary half-way between the means when the prior is even. A logistic
regression could have arrived at any other `(w, b)`; naive Bayes arrives at this one because it also has to explain
$x$.
""",
        solution=solution_1_7,
        alternatives=(alternative_1_7_by_difference,),
        wrong=(
            (wrong_1_7_sign, "odds of class 0"),
            (wrong_1_7_no_prior, "does not enter the bias"),
            (wrong_1_7_std, "is a variance already"),
            (wrong_1_7_half, "factor one half"),
            (wrong_1_7_bias_sign, "try x = 0"),
            (wrong_1_7_bias_prior, "as a probability, log pi"),
            (wrong_1_7_squared_difference, "not the square of"),
            (wrong_1_7_twice, "twice too large"),
            (wrong_1_7_clipped, "not to be cut off"),
        ),
        check=check_1_7,
    )
)
