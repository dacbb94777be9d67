r"""Exercises of chapter 17: one map among many."""

import numpy as np
from scipy.linalg import sqrtm

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 17.4 ------------------------------------------------------------------


def solution_17_4(S):
    values, vectors = np.linalg.eigh(S)
    return vectors @ np.diag(np.sqrt(values)) @ vectors.T  # symmetric


def alternative_17_4_sqrtm(S):
    return sqrtm(S).real


@mistake(
    "The Cholesky factor gives the right law, and moves the noise further than it must."
)
def wrong_17_4_cholesky(S):
    return np.linalg.cholesky(S)


@mistake("The noise is stretched and then turned; it has to be turned back.")
def wrong_17_4_unturned(S):
    values, vectors = np.linalg.eigh(S)
    return vectors @ np.diag(np.sqrt(values))


@mistake("That has the covariance S squared.")
def wrong_17_4_itself(S):
    return S.copy()


@mistake(
    "Each point is sent to the opposite side: the right law, the longest way."
)
def wrong_17_4_negative(S):
    return -solution_17_4(S)


@mistake("That loses the correlations.")
def wrong_17_4_diagonal(S):
    return np.diag(np.sqrt(np.diag(S)))


@mistake("The root of a matrix is not the root of its entries.")
def wrong_17_4_entries(S):
    return np.sign(S) * np.sqrt(np.abs(S))


def check_17_4(answer, c):
    cases = [np.array([[4.0, 0.0], [0.0, 1.0]]), np.eye(3)]
    for _ in range(3):
        d = c.integer(2, 4)
        B = c.rng.normal(size=(d, d)) + 0.5 * np.eye(d)
        cases.append(B @ B.T)
    cases.append(np.array([[2.0, 1.2], [1.2, 1.0]]))
    for S in cases:
        c.equal(
            c.call(answer, S),
            alternative_17_4_sqrtm(S),
            rtol=1e-6,
            atol=1e-7,
            mistakes=outcomes(
                (S,),
                wrong_17_4_cholesky,
                wrong_17_4_unturned,
                wrong_17_4_itself,
                wrong_17_4_negative,
                wrong_17_4_diagonal,
                wrong_17_4_entries,
            ),
        )
    got = c.call(answer, np.diag([1.0, 1e-8]))
    c.equal(
        np.abs(got[1]),
        np.array([0.0, 1e-4]),
        atol=1e-9,
        says="A small variance is a variance, too: put no floor under it.",
    )


register(
    Exercise(
        id="17.4",
        title="One map among many",
        stars=3,
        kind="function",
        statement=r"""
    Every $A$ with $A A^\top = S$ makes $\mathcal{N}(0, S)$ from standard normal $z$. Write `nearest_map(S)`: the one among them for which
    $\mathbb{E}\lVert A z - z \rVert^2$ is least, for a symmetric, positive definite numpy array `S` of shape `(d, d)`.
    """,
        stub="""
    def nearest_map(S):
        return ...
    """,
        hints=(
            r"$\mathbb{E}\lVert Az - z\rVert^2 = \mathrm{tr}(S) - 2\, \mathrm{tr}(A) + d$. Which $A$ has the largest trace?",
            r"Write $A = S^{1/2} R$ with a rotation $R$: $\mathrm{tr}(S^{1/2} R)$ is largest at $R = I$.",
        ),
        explanation=r"""
    All solutions are $S^{1/2} R$ with $R$ orthogonal, and $\mathrm{tr}(S^{1/2} R) \le \mathrm{tr}(S^{1/2})$ with equality
    only at $R = I$. So the nearest map is the symmetric root: the optimal transport map of {ref}`ch:06` between the
    two normal laws. A GAN's loss cannot tell it from the others.
    """,
        solution=solution_17_4,
        alternatives=(alternative_17_4_sqrtm,),
        wrong=(
            wrong_17_4_cholesky,
            wrong_17_4_unturned,
            wrong_17_4_itself,
            wrong_17_4_negative,
            wrong_17_4_diagonal,
            wrong_17_4_entries,
        ),
        check=check_17_4,
    )
)
