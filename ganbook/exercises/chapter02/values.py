r"""Exercises 2.6, 2.7 and 2.9."""

import math

import torch
from torch.nn.functional import logsigmoid, softplus

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 2.6: the value from scores -----------------------------------------------------------------------------------


def solution_2_6(d_real, d_fake):
    return logsigmoid(d_real).mean() + logsigmoid(-d_fake).mean()


def alternative_2_6_logaddexp(d_real, d_fake):
    zero = torch.zeros((), dtype=d_real.dtype)
    return (
        -torch.logaddexp(zero, -d_real).mean()
        - torch.logaddexp(zero, d_fake).mean()
    )


def wrong_2_6_log_of_sigmoid(d_real, d_fake):
    return (
        torch.log(torch.sigmoid(d_real)).mean()
        + torch.log(1 - torch.sigmoid(d_fake)).mean()
    )


def wrong_2_6_capped(d_real, d_fake):
    real, fake = torch.sigmoid(d_real), torch.sigmoid(d_fake)
    return (
        torch.log(real).clamp(min=-100).mean()
        + torch.log(1 - fake).clamp(min=-100).mean()
    )


def wrong_2_6_loss(d_real, d_fake):
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_2_6_half(d_real, d_fake):
    return solution_2_6(d_real, d_fake) / 2


def wrong_2_6_pooled(d_real, d_fake):
    return 2 * torch.cat([logsigmoid(d_real), logsigmoid(-d_fake)]).mean()


def wrong_2_6_non_saturating(d_real, d_fake):
    return logsigmoid(d_real).mean() - logsigmoid(d_fake).mean()


def check_2_6(answer, c):
    for dtype in c.dtypes:
        far = (
            torch.tensor([-150.0, 3.0], dtype=dtype),
            torch.tensor([150.0, -2.0, 0.5], dtype=dtype),
        )
        near = c.normal((4,), dtype), c.normal((7,), dtype)
        for d_real, d_fake in (
            near,
            (
                c.uniform(5, 8, (3,), dtype),
                c.uniform(-8, -5, (2,), dtype),
            ),
            far,
            (3 * c.normal((6,), dtype), c.normal((2,), dtype)),
            (
                c.uniform(-150, 150, (5,), dtype),
                c.uniform(-40, 40, (3,), dtype),
            ),
            (
                torch.full((2,), 40.0, dtype=dtype),
                torch.full((3,), 40.0, dtype=dtype),
            ),
        ):
            got = c.call(answer, d_real, d_fake)
            exact = sum(
                torch.log1p(torch.exp(-s.double().abs()))
                .add((-s.double()).clamp(min=0))
                .mean()
                for s in (d_real, -d_fake)
            )
            texts = {
                "At a score of 150 the rounded probability is 0 or 1, and its logarithm infinite.": wrong_2_6_log_of_sigmoid,
                "That caps each logarithm at -100, as BCELoss does; the true value is -150 here.": wrong_2_6_capped,
                "That is D's loss: the value is its negative, and never above 0.": wrong_2_6_loss,
                "Half of V: the value is the sum of the two means.": wrong_2_6_half,
                "Each batch has its own mean; pooling weighs the larger batch more.": wrong_2_6_pooled,
                "The second term is log(1 - sigma(d)), not minus log sigma(d), which is the other loss.": wrong_2_6_non_saturating,
            }
            c.equal(
                got,
                -exact.to(dtype),
                mistakes={
                    text: lambda wrong=wrong, d=(d_real, d_fake): wrong(*d)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.6",
        title="The value, from scores",
        stars=1,
        kind="function",
        statement=r"""
Write `value(d_real, d_fake)`: the estimate of $V(D, G)$, in nats, from a batch of scores of real samples and one of
generated samples, as a tensor of shape `()` and the scores' dtype. The batches may differ in size. Scores may be as
large as $\pm 150$: the result must be accurate there, in float32 too.
""",
        stub="""
def value(d_real, d_fake):
    return ...
""",
        hints=(
            "Form no probability: there is a function for its logarithm.",
            r"`logsigmoid(d)` is $\log\sigma(d)$, and $1 - \sigma(d) = \sigma(-d)$.",
        ),
        explanation=r"""
$V$ is the mean of $\log\sigma(d)$ over the real batch plus the mean of $\log\sigma(-d)$ over the generated one. Written
with probabilities it is infinite as soon as one score is far on the wrong side, or wrong if the logarithm is cut off, as
in `BCELoss`. A single mean over both batches would estimate $V$ for a mix that is not half and half.
""",
        solution=solution_2_6,
        alternatives=(alternative_2_6_logaddexp,),
        wrong=(
            (wrong_2_6_log_of_sigmoid, "inf"),
            (wrong_2_6_capped, "caps each"),
            (wrong_2_6_loss, "D's loss"),
            (wrong_2_6_half, "Half of V"),
            (wrong_2_6_pooled, "own mean"),
            (wrong_2_6_non_saturating, "the other loss"),
        ),
        check=check_2_6,
    )
)


# 2.7: lost digits in another format ---------------------------------------------------------------------------


def solution_2_7():
    return math.log(2**9 - 1)


@mistake("That is the place for float32, when 1 + exp(-d) is rounded.")
def wrong_2_7_float32():
    return 24 * math.log(2)


@mistake(
    "You solved exp(-d) = 2^-9; the probability that is missing is 1/(1 + exp(d))."
)
def wrong_2_7_no_minus_one():
    return 9 * math.log(2)


@mistake(
    "Rounding goes to the *nearest* number: half a spacing below 1 is enough."
)
def wrong_2_7_spacing():
    return math.log(2**8 - 1)


@mistake("The sign: near probability 1 the score is positive.")
def wrong_2_7_sign():
    return -math.log(2**9 - 1)


@mistake("That is a logarithm to the base 2; scores are natural logarithms.")
def wrong_2_7_bits():
    return math.log2(2**9 - 1)


@mistake("Nine is the exponent of the half spacing, not yet a score.")
def wrong_2_7_exponential():
    return 9.0


@mistake("That is the probability at the border; which score belongs to it?")
def wrong_2_7_probability():
    return 1 - 2.0**-9


def check_2_7(value, c):
    low, high = 1.0, 20.0
    for _ in range(60):
        middle = torch.tensor((low + high) / 2, dtype=torch.float64)
        low, high = (
            (low, float(middle))
            if torch.sigmoid(middle).to(torch.bfloat16) == 1
            else (float(middle), high)
        )
    c.equal(
        value,
        high,
        rtol=0.0,
        atol=1e-3,
        mistakes=outcomes(
            (),
            wrong_2_7_float32,
            wrong_2_7_spacing,
            wrong_2_7_sign,
            wrong_2_7_bits,
            wrong_2_7_no_minus_one,
            wrong_2_7_exponential,
            wrong_2_7_probability,
        ),
    )


register(
    Exercise(
        id="2.7",
        title="A probability in eight bits",
        stars=2,
        kind="value",
        statement=r"""
The format bfloat16 keeps 8 significant bits, so the largest number below $1$ is $1 - 2^{-8}$. A probability $\sigma(d)$
is computed exactly and then rounded to the nearest bfloat16. From which score on is the stored probability $1$? Give a
number, right to $0.001$.
""",
        stub="""
def first_lost_score():
    return ...
""",
        hints=(
            r"Which numbers round to $1$, and which to $1 - 2^{-8}$? The border lies in the middle.",
            r"Solve $\sigma(d) = 1 - 2^{-9}$: then $1 - \sigma(d) = 1/(1 + e^{d}) = 2^{-9}$.",
        ),
        explanation=r"""
The border lies half a spacing below $1$: $1 - \sigma(d) = 2^{-9}$, so $e^{d} = 2^9 - 1$ and $d = \log 511 = 6.236$. Scores
of $6$ are common. This is why mixed-precision code keeps scores, and why PyTorch refuses
`binary_cross_entropy` under autocast on a GPU and asks for the version with logits. (On a CPU it accepts the call.)
""",
        solution=solution_2_7,
        wrong=(
            wrong_2_7_float32,
            wrong_2_7_spacing,
            wrong_2_7_sign,
            wrong_2_7_bits,
            wrong_2_7_exponential,
            wrong_2_7_no_minus_one,
            wrong_2_7_probability,
        ),
        check=check_2_7,
    )
)


# 2.9: a loss under a false name -------------------------------------------------------------------------------


def broken_2_9(d_fake):
    return -logsigmoid(d_fake).mean()


def solution_2_9(d_fake):
    return logsigmoid(-d_fake).mean()


def alternative_2_9_softplus(d_fake):
    return -softplus(d_fake).mean()


def wrong_2_9_flipped(d_fake):
    return logsigmoid(d_fake).mean()


def wrong_2_9_d_loss(d_fake):
    return softplus(d_fake).mean()


def wrong_2_9_sum(d_fake):
    return -softplus(d_fake).sum()


def wrong_2_9_critic(d_fake):
    return -d_fake.mean()


def wrong_2_9_probability(d_fake):
    return -torch.sigmoid(d_fake).mean()


def wrong_2_9_rounded(d_fake):
    return torch.log(1 - torch.sigmoid(d_fake)).mean()


def wrong_2_9_clamped(d_fake):
    return logsigmoid(-d_fake.clamp(-80, 80)).mean()


def check_2_9(answer, c):
    for dtype in c.dtypes:
        for d in (
            torch.tensor([-5.0, 0.0], dtype=dtype),
            c.uniform(-9, 9, (6,), dtype),
            c.normal((3, 1), dtype),
            torch.full((3,), -40.0, dtype=dtype),
            torch.full((2, 2), 40.0, dtype=dtype),
            torch.full((2,), 150.0, dtype=dtype),
            torch.tensor([-150.0, 900.0, -0.5, 40.0], dtype=dtype),
            c.uniform(-150, 150, (7,), dtype),
        ):
            value, (slope,) = c.call_grad(answer, d)
            exact = d.double()
            small = torch.log1p(torch.exp(-exact.abs()))
            want = -(small + exact.clamp(min=0)).mean().to(dtype)
            texts = {
                "Still the non-saturating loss: at score 0 it is +log 2, and V's term is -log 2.": broken_2_9,
                "That falls as the score *drops*: G would be paid for being found out.": wrong_2_9_flipped,
                "That is D's term, which G must lower by its negative.": wrong_2_9_d_loss,
                "A sum over the batch; V has means.": wrong_2_9_sum,
                "That is the Wasserstein critic's loss: every sample counts alike.": wrong_2_9_critic,
                "That uses the probability itself; V has its logarithm.": wrong_2_9_probability,
                "At large scores the rounded probability is 1, and the logarithm of 1 - 1 is infinite: form no probability.": wrong_2_9_rounded,
            }
            c.equal(
                value,
                want,
                mistakes={
                    text: lambda wrong=wrong, d=d: wrong(d)
                    for text, wrong in texts.items()
                },
            )
            c.equal(
                slope,
                (-torch.sigmoid(exact) / d.numel()).to(dtype),
                atol=0.0,
                says="The value is right, its gradient not.",
            )


register(
    Exercise(
        id="2.9",
        title="Find the bug: a loss under a false name",
        stars=1,
        kind="bug",
        statement=r"""
A library offers this function as "the minimax loss of the generator". Scores are high for real, and $G$ minimises.
Mend it, so that it is what its name says: $G$'s part of $V$, a mean over the batch, accurate for scores of any size.
""",
        broken=broken_2_9,
        stub="""
def minimax_loss(d_fake):
    return ...
""",
        hints=(
            r"Which value does it have at a score of $0$, and which has the second term of $V$?",
            r"$V$'s term is $\log(1 - \sigma(d)) = \log\sigma(-d)$, and $G$ minimises $V$ as it stands.",
        ),
        explanation=r"""
$-\log\sigma(d)$ is the non-saturating loss. The slip is common, because both are "cross-entropies" and both train. The
check that catches it asks for the weight at a score of $-5$: $\sigma(-5) = 0.007$ for the true minimax loss, $0.993$ for
the other. Whoever compares "minimax" with "non-saturating" in such a library compares a loss with itself.
""",
        solution=solution_2_9,
        alternatives=(alternative_2_9_softplus,),
        wrong=(
            (broken_2_9, "still the non-saturating"),
            (wrong_2_9_flipped, "found out"),
            (wrong_2_9_d_loss, "D's term"),
            (wrong_2_9_sum, "V has means"),
            (wrong_2_9_critic, "counts alike"),
            (wrong_2_9_probability, "probability itself"),
            (wrong_2_9_rounded, "form no probability"),
            (wrong_2_9_clamped, "-150 was expected"),
        ),
        check=check_2_9,
    )
)
