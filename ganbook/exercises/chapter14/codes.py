r"""Exercises of chapter 14 on codes and truncation."""

import math

import numpy as np
import torch
from scipy.integrate import quad, trapezoid
from torch.nn.functional import cross_entropy

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 14.8 ------------------------------------------------------------------


def solution_14_8(logits, code):
    K = logits.shape[1]
    return math.log(K) - cross_entropy(logits, code)


def alternative_14_8_gather(logits, code):
    log_q = torch.log_softmax(logits, dim=1)
    own = log_q.gather(1, code[:, None]).mean()
    return own + math.log(logits.shape[1])


@mistake("That is the loss of Q, which falls as the bound rises.")
def wrong_14_8_loss(logits, code):
    return cross_entropy(logits, code)


@mistake("The entropy of the code is missing, so this can never be positive.")
def wrong_14_8_no_entropy(logits, code):
    return -cross_entropy(logits, code)


@mistake(
    "That counts right guesses; the bound needs the probability that Q gives to the code."
)
def wrong_14_8_accuracy(logits, code):
    right = (logits.argmax(1) == code).to(logits.dtype).mean()
    return math.log(logits.shape[1]) * right


@mistake("That is in bits; nats were asked for.")
def wrong_14_8_bits(logits, code):
    return solution_14_8(logits, code) / math.log(2)


@mistake("The entropy belongs to the K codes, not to the N samples.")
def wrong_14_8_batch(logits, code):
    return math.log(len(logits)) - cross_entropy(logits, code)


@mistake("The softmax is taken twice.")
def wrong_14_8_twice(logits, code):
    probabilities = torch.softmax(logits, dim=1)
    return math.log(logits.shape[1]) - cross_entropy(probabilities, code)


@mistake("K is the number of columns; a code may be missing from a batch.")
def wrong_14_8_largest_code(logits, code):
    return math.log(int(code.max()) + 1) - cross_entropy(logits, code)


@mistake(
    "The generator draws its code uniformly: H(c) is log K, whatever this batch happens to hold."
)
def wrong_14_8_seen(logits, code):
    share = torch.bincount(code).to(logits.dtype) / len(code)
    return -torch.special.xlogy(share, share).sum() - cross_entropy(
        logits, code
    )


def wrong_14_8_log_of_softmax(logits, code):
    own = torch.softmax(logits, dim=1).gather(1, code[:, None])
    return math.log(logits.shape[1]) + own.log().mean()


def check_14_8(answer, c):
    for dtype in c.dtypes:
        for scale in (2, 2, 2, 300):
            K, N = c.integer(3, 10), c.integer(11, 15)
            logits = scale * c.normal((N, K), dtype)
            # The last code has not been drawn.
            code = torch.tensor([c.integer(0, K - 2) for _ in range(N)])
            own = logits.double()
            top = own.amax(dim=1, keepdim=True)
            log_z = top[:, 0] + (own - top).exp().sum(dim=1).log()
            total = (own[torch.arange(N), code] - log_z).sum().item()
            want = torch.tensor(math.log(K) + total / N, dtype=dtype)
            got = c.call(answer, logits, code)
            if scale > 2 and not torch.isfinite(torch.as_tensor(got)).all():
                c.fail(
                    "For logits of several hundred the result is not finite: the logarithm of a softmax that has become 0."
                )
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes=outcomes(
                    (logits, code),
                    wrong_14_8_loss,
                    wrong_14_8_no_entropy,
                    wrong_14_8_accuracy,
                    wrong_14_8_bits,
                    wrong_14_8_batch,
                    wrong_14_8_twice,
                    wrong_14_8_largest_code,
                    wrong_14_8_seen,
                ),
            )
    codes = torch.tensor([0, 17, 5])
    logits = c.normal((3, 20))
    c.like(answer, solution_14_8, lambda: (logits, codes), rtol=1e-9)


register(
    Exercise(
        id="14.8",
        title="The bound, from a batch",
        stars=1,
        kind="function",
        statement=r"""
    A generator draws its code uniformly from $K$ values. Write `information_bound(logits, code)`: the estimate of the lower
    bound on $I(c; x)$ in nats, from the logits of $Q$, shape `(N, K)`, at $N$ generated samples and the codes that
    they were made with, int64 of shape `(N,)`. Return a tensor without axes. Logits may be several hundred in size.
    """,
        stub="""
    def information_bound(logits, code):
        return ...
    """,
        hints=(
            r"$H(c) + \mathbb{E} \log Q(c|x)$. What is $H(c)$ for a uniform code?",
            r"$\log K$ minus the mean cross-entropy.",
        ),
        explanation=r"""
    $H(c) = \log K$ and $\mathbb{E}\log Q(c|x)$ is minus the mean cross-entropy. An untrained $Q$ may give a negative
    number: the bound is true, and says nothing. The estimate from a small batch scatters, and may even exceed
    the information; it never exceeds $\log K$.
    """,
        solution=solution_14_8,
        alternatives=(alternative_14_8_gather,),
        wrong=(
            wrong_14_8_loss,
            wrong_14_8_no_entropy,
            wrong_14_8_accuracy,
            wrong_14_8_bits,
            wrong_14_8_batch,
            wrong_14_8_twice,
            wrong_14_8_largest_code,
            wrong_14_8_seen,
            (wrong_14_8_log_of_softmax, "not finite"),
        ),
        check=check_14_8,
    )
)

# 14.9 ------------------------------------------------------------------


def solution_14_9(c):
    from scipy.special import ndtr

    density = math.exp(-0.5 * c * c) / math.sqrt(2 * math.pi)
    return 1 - 2 * c * density / (2 * ndtr(c) - 1)


def alternative_14_9_quadrature(c):
    def mass(z):
        return math.exp(-0.5 * z * z)

    second = quad(lambda z: z * z * mass(z), 0, c)[0]
    return second / quad(mass, 0, c)[0]


@mistake(
    "That is the variance of a uniform variable on the interval; it holds for small c only."
)
def wrong_14_9_uniform(c):
    return c * c / 3


@mistake("Divide by the mass that is kept: rejected values are drawn again.")
def wrong_14_9_not_normalised(c):
    from scipy.special import ndtr

    density = math.exp(-0.5 * c * c) / math.sqrt(2 * math.pi)
    return (2 * ndtr(c) - 1) - 2 * c * density


@mistake(
    "That is clipping, which puts mass on the two ends; truncation draws again."
)
def wrong_14_9_clipped(c):
    from scipy.special import ndtr

    return wrong_14_9_not_normalised(c) + 2 * c * c * ndtr(-c)


@mistake("Values are cut off at both ends, below -c as well.")
def wrong_14_9_one_sided(c):
    from scipy.special import ndtr

    density = math.exp(-0.5 * c * c) / math.sqrt(2 * math.pi)
    return 1 - c * density / ndtr(c)


@mistake("That is the standard deviation.")
def wrong_14_9_deviation(c):
    return math.sqrt(solution_14_9(c))


def check_14_9(answer, c):
    for bound in (
        *(0.5, 1.0, 2.0, 5.0, 10.0, 0.2),
        *(c.number(0.2, 0.9), c.number(1.1, 3)),
    ):
        z = np.linspace(-bound, bound, 20_001)
        mass = np.exp(-0.5 * z * z)
        want = trapezoid(z * z * mass, z) / trapezoid(mass, z)
        c.equal(
            c.call(answer, bound),
            float(want),
            rtol=1e-6,
            mistakes=outcomes(
                (bound,),
                wrong_14_9_uniform,
                wrong_14_9_not_normalised,
                wrong_14_9_clipped,
                wrong_14_9_one_sided,
                wrong_14_9_deviation,
            ),
        )


register(
    Exercise(
        id="14.9",
        title="What truncation keeps",
        stars=2,
        kind="function",
        statement=r"""
    In truncated sampling each entry of $z$ is standard normal, and entries with $|z| \ge c$ are drawn again. Write
    `kept_variance(c)`, the variance of an entry, for a number $c$ from 0.2 to 10. For $c = 2, 1, 0.5$ it is $0.774$, $0.291$, $0.081$.
    """,
        stub="""
    def kept_variance(c):
        return ...
    """,
        hints=(
            r"Integrate $z^2 \phi(z)$ from $-c$ to $c$ by parts: $z\phi(z)$ is minus the derivative of $\phi$.",
            r"$1 - 2c\phi(c) / (2\Phi(c) - 1)$; `scipy.special.ndtr` is $\Phi$.",
        ),
        explanation=r"""
    $\int_{-c}^{c} z^2\phi = [-z\phi]_{-c}^{c} + \int_{-c}^{c}\phi = -2c\phi(c) + 2\Phi(c) - 1$; divide by the mass
    $2\Phi(c) - 1$. For a linear generator the covariance of the samples shrinks by this factor, whatever its matrix.
    """,
        solution=solution_14_9,
        alternatives=(alternative_14_9_quadrature,),
        wrong=(
            wrong_14_9_uniform,
            wrong_14_9_not_normalised,
            wrong_14_9_clipped,
            wrong_14_9_one_sided,
            wrong_14_9_deviation,
        ),
        check=check_14_9,
    )
)

# 14.10 -----------------------------------------------------------------

_TRUTH = {
    "A": "faithful",
    "B": "ignores the label",
    "C": "too typical",
    "D": "blurred between classes",
    "E": "too typical",
    "F": "faithful",
}


def solution_14_10():
    return {
        "A": "faithful",
        "B": "ignores the label",
        "C": "too typical",
        "D": "blurred between classes",
        "E": "too typical",
        "F": "faithful",
    }


def _swap(key, label):
    return lambda: _TRUTH | {key: label}


register(
    Exercise(
        id="14.10",
        title="Two numbers, six generators",
        stars=2,
        kind="classify",
        statement=r"""
    A classifier names 99.4 % of real held-out digits correctly. Six conditional generators are judged by the share of their
    samples that it names as the label asked for, by the Fréchet distance of *all* samples from the data, and by the mean Fréchet
    distance *within* classes, both as multiples of the floor (real against real at the same number of samples).

    | | named as asked | distance, all | distance, within classes |
    |---|---|---|---|
    | **A** | 99.3 % | 1.1 | 1.2 |
    | **B** | 10.1 % | 1.3 | 60 |
    | **C** | 99.9 % | 9 | 14 |
    | **D** | 91 % | 8 | 9 |
    | **E** | 100 % | 30 | 45 |
    | **F** | 99.1 % | 1.4 | 1.6 |

    Return a dict from letter to `"faithful"`, `"ignores the label"`, `"too typical"` (recognised at least as often as real digits,
    with too little variety) or `"blurred between classes"` (samples of no clear class).
    """,
        stub="""
    def verdicts():
        # {"A": "faithful", "B": ..., ...}
        return ...
    """,
        hints=(
            r"What would a generator score that makes perfect digits of a random class?",
            r"Is an accuracy above that of real digits good news? Look at the last column.",
        ),
        explanation=r"""
    B makes perfect digits of any class: one in ten is right by chance, and only the distance within classes sees
    it. C and E are recognised more often than the data and are far from them: they leave out the unusual digits. D's
    samples are far off and often not recognised. A and F are near the floor in both distances, and 99.1 % is within what a
    sample of a thousand real digits may reach.
    """,
        solution=solution_14_10,
        wrong=(
            (_swap("B", "faithful"), "one in ten"),
            (_swap("B", "blurred between classes"), "good digits"),
            (_swap("C", "faithful"), "fourteen times"),
            (_swap("D", "ignores the label"), "nine in ten"),
            (_swap("E", "faithful"), "single digit of each class"),
            (_swap("F", "blurred between classes"), "near the floor"),
        ),
        check=classify(
            _TRUTH,
            labels=(
                "faithful",
                "ignores the label",
                "too typical",
                "blurred between classes",
            ),
            reasons={
                (
                    "A",
                    "ignores the label",
                ): "Nearly all of its samples show the label that was asked for.",
                (
                    "A",
                    "too typical",
                ): "It is recognised a little less often than real digits, and its classes are as wide as theirs.",
                (
                    "A",
                    "blurred between classes",
                ): "Its samples have a clear class: 99.3 % are recognised.",
                (
                    "B",
                    "too typical",
                ): "Far from being recognised more often than real digits, it is named as asked one time in ten.",
                (
                    "C",
                    "ignores the label",
                ): "All but one in a thousand show the label that was asked for.",
                (
                    "C",
                    "blurred between classes",
                ): "It is recognised more often than real digits: no sample is unclear.",
                (
                    "D",
                    "faithful",
                ): "Both distances are eight times the floor or more.",
                (
                    "D",
                    "too typical",
                ): "It is recognised less often than real digits, by more than eight points.",
                (
                    "E",
                    "ignores the label",
                ): "Every one of its samples shows the label that was asked for.",
                (
                    "E",
                    "blurred between classes",
                ): "Every sample has a clear class; what is missing is something else.",
                (
                    "F",
                    "ignores the label",
                ): "99.1 % show the label that was asked for.",
                (
                    "F",
                    "too typical",
                ): "It is recognised less often than real digits, and it is not far from them.",
                (
                    "B",
                    "faithful",
                ): "Only one in ten shows the label that was asked for.",
                (
                    "B",
                    "blurred between classes",
                ): "Taken all together they are good digits: the second column is near 1.",
                (
                    "C",
                    "faithful",
                ): "Its distance within classes is fourteen times the floor.",
                (
                    "D",
                    "ignores the label",
                ): "It is named as asked in nine in ten cases.",
                (
                    "E",
                    "faithful",
                ): "A single digit of each class, repeated, would score 100 % as well.",
                (
                    "F",
                    "blurred between classes",
                ): "Both distances are near the floor.",
            },
        ),
    )
)
