r"""Exercises 10.9 and 10.13: The best of n trials; A ratio by one linear system."""

import math
from itertools import combinations

import numpy as np

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 10.9 --------------------------------------------------------------------------------------------------------------


def solution_10_9(scores, n):
    s = np.sort(scores)
    total = len(s)
    ways = [math.comb(total - i, n - 1) for i in range(1, total + 1)]
    return float(np.dot(ways, s) / math.comb(total, n))


def alternative_10_9_subsets(scores, n):
    return float(np.mean([min(part) for part in combinations(scores, n)]))


@mistake("That draws with replacement, as if one trial could be had twice.")
def wrong_10_9_replacement(scores, n):
    s, total = np.sort(scores), len(scores)
    above = np.arange(total, -1, -1) / total
    return float(np.dot(above[:-1] ** n - above[1:] ** n, s))


@mistake(
    "That is the best of the first n in the order they were run; average over all subsets."
)
def wrong_10_9_first(scores, n):
    return float(np.min(scores[:n]))


@mistake("Low scores are good here; that is the expected worst.")
def wrong_10_9_largest(scores, n):
    return -solution_10_9(-scores, n)


@mistake("That is the mean of the n best, which presumes that you know them.")
def wrong_10_9_mean_of_best(scores, n):
    return float(np.sort(scores)[:n].mean())


@mistake("That is the best of all trials, whatever n is.")
def wrong_10_9_overall(scores, n):
    return float(np.min(scores))


@mistake("That is the mean score, the value for n = 1.")
def wrong_10_9_mean(scores, n):
    return float(np.mean(scores))


@mistake(
    "Trials with equal scores are two trials; only one of them was kept."
)
def wrong_10_9_ties(scores, n):
    different = np.unique(scores)
    return alternative_10_9_subsets(different, min(n, len(different)))


def check_10_9(answer, c):
    for total, n in (
        (5, 2),
        (8, 3),
        (c.integer(4, 9), 2),
        (6, 6),
        (4, 1),
        (1, 1),
        (7, 3),
    ):
        scores = c.rng.exponential(size=total) + c.rng.normal(size=total)
        if total == 7:
            scores[2:4] = scores[:2]  # two settings may score the same
        # the best trial comes last, so that the first n do not hold it
        scores = np.roll(scores, -1 - int(scores.argmin()))
        c.equal(
            c.call(answer, scores, n),
            alternative_10_9_subsets(scores, n),
            mistakes=outcomes(
                (scores, n),
                wrong_10_9_replacement,
                wrong_10_9_first,
                wrong_10_9_largest,
                wrong_10_9_mean_of_best,
                wrong_10_9_overall,
                wrong_10_9_mean,
                wrong_10_9_ties,
            ),
        )


register(
    Exercise(
        id="10.9",
        title="The best of n trials",
        stars=2,
        kind="function",
        statement=r"""
A random search has tried $N$ settings. Write `best_of(scores, n)`, the expected *lowest* score among $n$ of the $N$
trials, drawn without replacement: the mean over all subsets of size $n$ of the subset's minimum. `scores` is an array
of shape $(N,)$, $1 \le n \le N$; return a number. (Loops over subsets are allowed: $N \le 10$.)
""",
        stub="""
def best_of(scores, n):
    return ...
""",
        hints=(
            "Sort. In how many subsets of size n is the i-th smallest score the lowest one?",
            "The other n - 1 members are then chosen among the N - i larger ones: `math.comb(N - i, n - 1)`.",
        ),
        explanation=r"""
The $i$-th smallest score is the minimum of $\binom{N-i}{n-1}$ of the $\binom Nn$ subsets. The curve falls from the mean
($n = 1$) to the best ($n = N$), and two methods should be compared at equal $n$: a method with twice as many trials has
a lower best score for no other reason. Drawing with replacement would leave the curve above the best score at $n = N$.
""",
        solution=solution_10_9,
        alternatives=(alternative_10_9_subsets,),
        wrong=(
            wrong_10_9_replacement,
            wrong_10_9_first,
            wrong_10_9_largest,
            wrong_10_9_mean_of_best,
            wrong_10_9_overall,
            wrong_10_9_mean,
            wrong_10_9_ties,
        ),
        check=check_10_9,
    )
)


# 10.13 -------------------------------------------------------------------------------------------------------------


def solution_10_13(phi_real, phi_fake, ridge):
    second = phi_fake.T @ phi_fake / len(phi_fake)
    first = phi_real.mean(axis=0)
    return np.linalg.solve(second + ridge * np.eye(len(first)), first)


def alternative_10_13_lstsq(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    # (H + ridge I) w = h as normal equations of a stacked least squares problem
    rows = np.concatenate(
        [phi_fake / math.sqrt(len(phi_fake)), math.sqrt(ridge) * np.eye(k)]
    )
    normal = rows.T @ rows
    return np.linalg.inv(normal) @ phi_real.mean(axis=0)


def wrong_10_13_swapped(phi_real, phi_fake, ridge):
    return solution_10_13(phi_fake, phi_real, ridge)


def wrong_10_13_no_ridge(phi_real, phi_fake, ridge):
    return solution_10_13(phi_real, phi_fake, 0.0)


def wrong_10_13_sums(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    return np.linalg.solve(
        phi_fake.T @ phi_fake + ridge * np.eye(k), phi_real.sum(axis=0)
    )


def wrong_10_13_real_twice(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    second = phi_real.T @ phi_real / len(phi_real)
    return np.linalg.solve(second + ridge * np.eye(k), phi_real.mean(axis=0))


def wrong_10_13_centred(phi_real, phi_fake, ridge):
    k = phi_real.shape[1]
    second = np.cov(phi_fake.T, bias=True).reshape(k, k)
    return np.linalg.solve(second + ridge * np.eye(k), phi_real.mean(axis=0))


def wrong_10_13_twice(phi_real, phi_fake, ridge):
    return 2 * solution_10_13(phi_real, phi_fake, ridge)


def wrong_10_13_positive(phi_real, phi_fake, ridge):
    return np.maximum(solution_10_13(phi_real, phi_fake, ridge), 0)


def check_10_13(answer, c):
    for n, m, k in ((30, 40, 3), (25, 20, c.integer(2, 5)), (12, 30, 1)):
        real = c.rng.uniform(0.1, 1, size=(n, k))
        fake = c.rng.uniform(0.1, 1.5, size=(m, k))
        ridge = c.number(0.05, 0.5)
        if n != 30:  # much weaker, and much stronger
            ridge = 10 ** -c.number(3, 5) if n == 25 else c.number(5, 50)
        if n == 30:  # the last bump is where p is small: a negative weight
            real[:, -1] *= 0.05
        got = c.call(answer, real, fake, ridge)
        want = solution_10_13(real, fake, ridge)
        c.equal(
            got,
            want,
            rtol=1e-7,
            mistakes={
                "p and q are exchanged: that is the ratio q/p.": wrong_10_13_swapped(
                    real, fake, ridge
                ),
                "The ridge is missing.": wrong_10_13_no_ridge(
                    real, fake, ridge
                ),
                "Those are sums, not means: unequal sample sizes change the ratio.": wrong_10_13_sums(
                    real, fake, ridge
                ),
                "Both moments are taken over real samples; r squared is averaged over q.": wrong_10_13_real_twice(
                    real, fake, ridge
                ),
                "The bumps' mean was subtracted: that is a covariance, not a second moment.": wrong_10_13_centred(
                    real, fake, ridge
                ),
                "The half in front of the squares was lost on the way: twice too large.": 2
                * want,
                "Weights may be negative: nothing is to be cut off.": wrong_10_13_positive(
                    real, fake, ridge
                ),
            },
        )

        def objective(w, real=real, fake=fake, ridge=ridge):
            fit = ((fake @ w) ** 2).mean() / 2 - (real @ w).mean()
            return fit + ridge / 2 * (w**2).sum()

        w = np.asarray(got, dtype=float)
        nearby = [
            objective(w + 1e-3 * c.rng.normal(size=k)) for _ in range(5)
        ]
        c.true(
            objective(w) <= min(nearby), "Weights nearby have a lower value."
        )


register(
    Exercise(
        id="10.13",
        title="A ratio by one linear system",
        stars=2,
        kind="function",
        statement=r"""
Let $r = \sum_k w_k \phi_k$. Write `ratio_weights(phi_real, phi_fake, ridge)`, the weights $w$ that minimise
$\tfrac12\mathbb{E}_q[r^2] - \mathbb{E}_p[r] + \tfrac12\,\text{ridge}\,\lVert w \rVert^2$ with means over samples. The
arguments are numpy arrays of the values of the bumps, of shape $(N, K)$ at real points and $(M, K)$ at generated ones,
and a positive number; return an array of shape $(K,)$.
""",
        stub="""
def ratio_weights(phi_real, phi_fake, ridge):
    return ...
""",
        hints=(
            r"It is a quadratic function of $w$. Set its gradient to zero.",
            r"$(H + \text{ridge}\, I)\,w = h$ with $H$ the mean of $\phi\phi^\top$ over generated points, $h$ that of $\phi$ over real ones.",
        ),
        explanation=r"""
$\nabla = Hw - h + \text{ridge}\, w$. Up to a constant the objective is half the mean squared error of $r$ against $p/q$
under $q$, because $\mathbb{E}_q[r \cdot p/q] = \mathbb{E}_p[r]$: the unknown ratio has disappeared from what has to be
estimated. That is the same trick by which a discriminator learns a ratio that it is never shown.
""",
        solution=solution_10_13,
        alternatives=(alternative_10_13_lstsq,),
        wrong=(
            (wrong_10_13_swapped, "exchanged"),
            (wrong_10_13_no_ridge, "ridge is missing"),
            (wrong_10_13_sums, "sums, not means"),
            (wrong_10_13_real_twice, "averaged over q"),
            (wrong_10_13_centred, "covariance"),
            (wrong_10_13_twice, "twice too large"),
            (wrong_10_13_positive, "may be negative"),
        ),
        check=check_10_13,
    )
)
