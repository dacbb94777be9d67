r"""Exercises 18.25 and 18.26: tests that are not good enough."""

from scipy.stats import norm

from ganbook.exercises.engine.core import Exercise, classify, register

# 18.25 -----------------------------------------------------------------


def solution_18_25():
    return {
        "A": "one-sided",
        "B": "shape only",
        "C": "depends on the seed",
        "D": "too strict",
        "E": "agrees there",
        "F": "asserts nothing",
    }


def _instead_18_25(**changes):
    return lambda: {**solution_18_25(), **changes}


register(
    Exercise(
        id="18.25",
        title="What is wrong with these tests?",
        stars=1,
        kind="classify",
        statement=r"""
    Each line is the heart of a test. Say why it is not good enough. Each label occurs once.

    - **A**: `assert loss(torch.zeros(8)) - 0.6931 < 1e-3`
    - **B**: `assert penalty(D, x).shape == ()`
    - **C**: `assert abs(torch.randn(100).mean()) < 0.1`, about a function that draws standard normal noise
    - **D**: `assert float(loss(torch.zeros(8))) == 0.6931471805599453`, about a loss in single precision
    - **E**: `assert r1(lambda x: 0 * x.sum(1), x, gamma=2.0) == 0`
    - **F**: `return abs(loss(torch.zeros(8)) - 0.6931) < 1e-3`

    The labels: `"one-sided"`, `"shape only"`, `"depends on the seed"`, `"too strict"`, `"agrees there"` (right and
    wrong functions agree on this input), `"asserts nothing"`.
    """,
        stub="""
    def weaknesses():
        # a dict such as {"A": "too strict", ..., "F": "one-sided"}
        return ...
    """,
        hints=(
            r"For each line, name a wrong function that passes it, or a right one that fails.",
            r"A wrong function of F passes because nobody reads what a test returns. The standard error of C's mean is 0.1.",
        ),
        explanation=r"""
    A holds for $-1000$. B holds for every number. C fails for a right function in about one run of three, since 0.1 is
    one standard error. D asks a single-precision number for sixteen digits. At E's critic without slope every
    penalty is zero, whatever its factor. F computes the right comparison and hands it to nobody.
    """,
        solution=solution_18_25,
        wrong=(
            (_instead_18_25(A="too strict", D="one-sided"), "-1000"),
            (
                _instead_18_25(B="agrees there", E="shape only"),
                "every number",
            ),
            (
                _instead_18_25(C="too strict", D="depends on the seed"),
                "other draws",
            ),
            (_instead_18_25(D="shape only", B="too strict"), "sixteen"),
            (
                _instead_18_25(E="asserts nothing", F="agrees there"),
                "critic without",
            ),
            (
                _instead_18_25(F="one-sided", A="asserts nothing"),
                "does assert",
            ),
        ),
        check=classify(
            {
                "A": "one-sided",
                "B": "shape only",
                "C": "depends on the seed",
                "D": "too strict",
                "E": "agrees there",
                "F": "asserts nothing",
            },
            labels=(
                "one-sided",
                "shape only",
                "depends on the seed",
                "too strict",
                "agrees there",
                "asserts nothing",
            ),
            reasons={
                (
                    "A",
                    "too strict",
                ): "Would it refuse a loss of -1000?",
                (
                    "A",
                    "asserts nothing",
                ): "It does assert something: ask which values it lets through.",
                (
                    "B",
                    "agrees there",
                ): "Would another x help? It lets every number through.",
                (
                    "B",
                    "too strict",
                ): "A right penalty is a single number; but what of its sixteen digits?",
                (
                    "C",
                    "too strict",
                ): "With other draws the same tolerance may hold: the standard error is 0.1.",
                (
                    "E",
                    "asserts nothing",
                ): "It asserts an equation. But at a critic without slope, which factors can it see?",
            },
        ),
    )
)


# 18.26 -----------------------------------------------------------------


def solution_18_26():
    one = 2 * norm.sf(2)  # beyond two standard errors, on either side
    return 1 - (1 - one) ** 20


def check_18_26(value, c):
    one = 2 * norm.sf(2)
    c.equal(
        value,
        1 - (1 - one) ** 20,
        rtol=1e-3,
        mistakes={
            "That is the chance that all twenty runs pass.": (1 - one) ** 20,
            "That is the chance for one run.": one,
            "A sum of chances is the expected number of failures; failures can coincide.": 20
            * one,
            "A mean can lie too high or too low: that counts one tail.": 1
            - (1 - one / 2) ** 20,
            "Beyond two standard errors lie 4.55 per cent, not 5: the digits matter here.": 1
            - 0.95**20,
            "That is for three standard errors.": 1
            - (1 - 2 * norm.sf(3)) ** 20,
        },
    )


register(
    Exercise(
        id="18.26",
        title="A test that fails on Fridays",
        stars=1,
        kind="value",
        statement=r"""
    A test draws a fresh batch, without a seed, and asserts that a mean differs from its true value by less than two
    standard errors. The function is right, and the mean is normally distributed about the true value. The test runs
    twenty times a week. What is the probability that it fails at least once in a week? Return a number with at
    least four digits.
    """,
        stub="""
    def fails_in_a_week():
        return ...
    """,
        hints=(
            r"What is the chance that one run fails? The mean can be too high or too low.",
            r"`2 * scipy.stats.norm.sf(2)` for one run. Then: one minus the chance that all twenty pass.",
        ),
        explanation=r"""
    One run fails with probability 0.0455, at least one of twenty with probability
    $1 - (1 - 0.0455)^{20} = 0.606$. People soon learn to run such a test again, and then it tests nothing. Fix the
    seed, or choose the bound so that a right function fails once in a million and the bug still fails always: in
    exercise 18.2 the chance that the bug passes is $0.34^{500}$.
    """,
        solution=solution_18_26,
        wrong=(
            (lambda: (1 - 2 * norm.sf(2)) ** 20, "all twenty"),
            (lambda: 2 * norm.sf(2), "one run"),
            (lambda: 40 * norm.sf(2), "expected number"),
            (lambda: 1 - (1 - norm.sf(2)) ** 20, "one tail"),
            (lambda: 1 - 0.95**20, "4.55"),
            (lambda: 1 - (1 - 2 * norm.sf(3)) ** 20, "three standard"),
        ),
        check=check_18_26,
    )
)
