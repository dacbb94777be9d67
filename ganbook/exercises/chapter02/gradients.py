r"""Exercises 2.2, 2.3 and 2.8."""

import math

import sympy
import torch
from torch.nn.functional import logsigmoid

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 2.2: slopes in the score -------------------------------------------------------------------------------------


def solution_2_2(d):
    return -torch.sigmoid(d), -torch.sigmoid(-d)


def alternative_2_2_exponentials(d):
    return -torch.exp(logsigmoid(d)), -torch.exp(logsigmoid(-d))


def wrong_2_2_swapped(d):
    return -torch.sigmoid(-d), -torch.sigmoid(d)


def wrong_2_2_sign(d):
    return torch.sigmoid(d), torch.sigmoid(-d)


def wrong_2_2_one_minus(d):
    return -torch.sigmoid(d), torch.sigmoid(d) - 1


def wrong_2_2_mean(d):
    return -torch.sigmoid(d) / d.numel(), -torch.sigmoid(-d) / d.numel()


def wrong_2_2_probability(d):
    s = torch.sigmoid(d)
    return -1 / (1 - s).clamp(min=1e-12), -1 / s.clamp(min=1e-12)


def check_2_2(answer, c):
    fixed = [-50.0, -28.0, -5.0, 0.0, 5.0, 28.0, 50.0]
    for dtype in c.dtypes:
        for d in (
            torch.tensor(fixed, dtype=dtype),
            c.uniform(-50, 50, (4, 3), dtype),
        ):
            got = c.call(answer, d)
            exact = d.double()
            want = tuple(
                (-1 / (1 + torch.exp(-s))).to(dtype) for s in (exact, -exact)
            )
            texts = {
                "The two are swapped: minimax comes first, and it is weak at negative scores.": wrong_2_2_swapped,
                "The sign: both losses fall as the score rises, so both slopes are negative.": wrong_2_2_sign,
                "One minus a number near one loses all digits at high scores: use sigma(-d).": wrong_2_2_one_minus,
                "Divided by the number of scores: this is about a single one.": wrong_2_2_mean,
                "That is the slope in the probability; the chain rule's factor sigma(d) sigma(-d) is missing.": wrong_2_2_probability,
            }
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=0.0,
                mistakes={
                    text: lambda wrong=wrong, d=d: wrong(d)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.2",
        title="How much a sample counts",
        stars=1,
        kind="function",
        statement=r"""
Write `slopes(d)`: for a tensor of scores, the pair $(\partial f_{\mathrm{mm}} / \partial d,\
\partial f_{\mathrm{ns}} / \partial d)$ at each score, where $f_{\mathrm{mm}}(d) = \log(1 - \sigma(d))$ and
$f_{\mathrm{ns}}(d) = -\log\sigma(d)$. Both tensors have the shape and dtype of `d`. They are to be right to a *relative*
error of $10^{-4}$ for all scores from $-50$ to $50$, in float32 too. No autograd is needed.
""",
        stub="""
def slopes(d):
    return ...
""",
        hints=(
            r"The derivative of $\mathrm{softplus}(t)$ is $\sigma(t)$. Write both losses with softplus.",
            r"$-\sigma(d)$ and $-\sigma(-d)$. In float32, $1 - \sigma(50)$ is exactly $0$; $\sigma(-50)$ is not.",
        ),
        explanation=r"""
$f_{\mathrm{mm}} = -\mathrm{softplus}(d)$ and $f_{\mathrm{ns}} = \mathrm{softplus}(-d)$, so the slopes are $-\sigma(d)$
and $-\sigma(-d)$. The formula $\sigma(-d) = 1 - \sigma(d)$ is true and useless: near $1$ float32 has a spacing of
$6 \cdot 10^{-8}$, near $0$ it can represent $2 \cdot 10^{-22}$ with seven digits.
""",
        solution=solution_2_2,
        alternatives=(alternative_2_2_exponentials,),
        wrong=(
            (wrong_2_2_swapped, "swapped"),
            (wrong_2_2_sign, "the sign"),
            (wrong_2_2_one_minus, "loses all digits"),
            (wrong_2_2_mean, "number of scores"),
            (wrong_2_2_probability, "slope in the probability"),
        ),
        check=check_2_2,
    )
)


# 2.3: the smallest generator ----------------------------------------------------------------------------------


def solution_2_3():
    psi, theta, z = sympy.symbols("psi theta z")
    return -psi / (1 + sympy.exp(-psi * (z + theta)))


@mistake(
    "The factor psi is missing: the chain rule passes through d = psi x."
)
def wrong_2_3_no_psi():
    return "-1 / (1 + exp(-psi * (z + theta)))"


@mistake(
    "That is the weight of the non-saturating loss, which is not a part of V."
)
def wrong_2_3_other_loss():
    return "-psi / (1 + exp(psi * (z + theta)))"


@mistake(
    "The sign is wrong: with psi > 0 a larger theta raises the score, and the second term of V falls."
)
def wrong_2_3_sign():
    return "psi / (1 + exp(-psi * (z + theta)))"


@mistake("Where is z? The sample is z + theta, not theta alone.")
def wrong_2_3_no_z():
    return "-psi / (1 + exp(-psi * theta))"


@mistake("That is the derivative in psi, which is D's business.")
def wrong_2_3_in_psi():
    return "-(z + theta) / (1 + exp(-psi * (z + theta)))"


def wrong_2_3_positive():
    return "-Abs(psi) / (1 + exp(-psi * (z + theta)))"


def check_2_3(value, c):
    def slope(psi, theta, z):
        h = 1e-5
        left, right = (
            -math.log1p(math.exp(psi * (z + t)))
            for t in (theta - h, theta + h)
        )
        return (right - left) / (2 * h)

    c.expression(
        value,
        slope,
        rtol=1e-7,
        psi=(0.5, 2),
        theta=(-1, 1),
        z=(0.5, 2),
        mistakes=outcomes(
            (),
            wrong_2_3_no_psi,
            wrong_2_3_other_loss,
            wrong_2_3_sign,
            wrong_2_3_no_z,
            wrong_2_3_in_psi,
        ),
    )
    c.expression(
        value,
        slope,
        rtol=1e-7,
        psi=(-2, -0.5),
        theta=(-1, 1),
        z=(0.5, 2),
        says="With psi below zero a larger theta lowers the score: the slope changes its sign with psi.",
    )


register(
    Exercise(
        id="2.3",
        title="The smallest generator",
        stars=2,
        kind="expression",
        statement=r"""
Let $G(z) = z + \theta$ and let the score be $d(x) = \psi x$. For one fixed $z$, give the derivative in $\theta$ of $z$'s
contribution to the value, $\log\bigl(1 - \sigma(d(G(z)))\bigr)$, as a sympy expression or a string in `psi`, `theta`
and `z` (functions such as `exp` are understood).
""",
        stub="""
def slope_in_theta():
    return ...
""",
        hints=(
            r"Three links in the chain: $\theta \to x = z + \theta \to d = \psi x \to \log(1 - \sigma(d))$.",
            r"The slopes of the links are $1$, $\psi$ and $-\sigma(d)$. Multiply, and put in $d = \psi (z + \theta)$.",
        ),
        explanation=r"""
By the chain rule the derivative is $-\sigma(d) \cdot \psi \cdot 1$ at $d = \psi (z + \theta)$. The three factors have
three owners: the *loss* contributes the weight $-\sigma(d)$, the *discriminator* its slope $\psi$ in $x$ (the arrow),
the *generator* its Jacobian, which is $1$ here. The data do not occur.
""",
        solution=solution_2_3,
        wrong=(
            wrong_2_3_no_psi,
            wrong_2_3_other_loss,
            wrong_2_3_sign,
            wrong_2_3_no_z,
            wrong_2_3_in_psi,
            (wrong_2_3_positive, "its sign with psi"),
        ),
        check=check_2_3,
    )
)


# 2.8: a gradient without a path -------------------------------------------------------------------------------


def solution_2_8(logits, f):
    q = logits.softmax(-1)
    return q * (f - (q * f).sum(-1, keepdim=True))


def alternative_2_8_autograd(logits, f):
    with torch.enable_grad():
        leaf = logits.detach().requires_grad_()
        return torch.autograd.grad((leaf.softmax(-1) * f).sum(), leaf)[0]


def alternative_2_8_definition(logits, f):
    q = logits.softmax(-1)
    eye = torch.eye(q.shape[-1], dtype=q.dtype)
    score = eye - q[..., None, :]  # row k: the gradient of log q_k
    return ((q * f)[..., None] * score).sum(-2)


def wrong_2_8_no_baseline(logits, f):
    return logits.softmax(-1) * f


def wrong_2_8_plain_mean(logits, f):
    return logits.softmax(-1) * (f - f.mean(-1, keepdim=True))


def wrong_2_8_no_q(logits, f):
    q = logits.softmax(-1)
    return f - (q * f).sum(-1, keepdim=True)


def wrong_2_8_sign(logits, f):
    return -solution_2_8(logits, f)


def wrong_2_8_axis(logits, f):
    q = logits.softmax(0)
    return q * (f - (q * f).sum(0, keepdim=True))


def wrong_2_8_overflow(logits, f):
    q = logits.exp() / logits.exp().sum(-1, keepdim=True)
    return q * (f - (q * f).sum(-1, keepdim=True))


def wrong_2_8_choice(logits, f):
    return torch.zeros_like(logits)


def check_2_8(answer, c):
    for dtype in c.dtypes:
        for shape in ((4, 3), (2, 5), (2, 3, 4)):
            logits, f = c.normal(shape, dtype), c.normal(shape, dtype) + 1
            if shape == (2, 5):  # softmax must not overflow
                logits = logits + torch.tensor(
                    [[150.0], [-150.0]], dtype=dtype
                )
            got = c.call(answer, logits, f)
            steps = 1e-5 * torch.eye(shape[-1], dtype=torch.float64)
            want = torch.stack(
                [
                    (
                        (logits.double() + e).softmax(-1) * f
                        - (logits.double() - e).softmax(-1) * f
                    ).sum(-1)
                    / 2e-5
                    for e in steps
                ],
                -1,
            ).to(dtype)
            texts = {
                "The gradient of log q_k also has the part -q, which acts as a baseline.": wrong_2_8_no_baseline,
                "The mean that is subtracted is the one under q, not the plain one.": wrong_2_8_plain_mean,
                "Each entry is to be weighted by its own probability.": wrong_2_8_no_q,
                "The sign: this is the gradient, not the direction of descent.": wrong_2_8_sign,
                "The words lie along the last axis; the first holds independent problems.": wrong_2_8_axis,
                "Zero is what differentiating the choice gives; the expected loss does change.": wrong_2_8_choice,
            }
            c.equal(
                got,
                want,
                rtol=1e-4,
                atol=1e-6,
                mistakes={
                    text: lambda wrong=wrong, a=(logits, f): wrong(*a)
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.8",
        title="A gradient without a path",
        stars=3,
        kind="function",
        statement=r"""
A generator chooses word $k$ with probability $q_k = \mathrm{softmax}(\ell)_k$, and the loss of word $k$ is $f_k$. Write
`word_gradient(logits, f)`: the *exact* gradient of the expected loss $\sum_k q_k f_k$ in the logits $\ell$, that is,
$\sum_k q_k f_k \nabla_{\ell} \log q_k$ written out. Both tensors have one shape $(\dots, K)$, the words along the last
axis; so has the result, in the same dtype.
""",
        stub="""
def word_gradient(logits, f):
    return ...
""",
        hints=(
            r"$\log q_k = \ell_k - \log\sum_j e^{\ell_j}$. Its derivative in $\ell_i$ is $1[i = k] - q_i$.",
            r"Entry $i$: $\sum_k q_k f_k (1[i = k] - q_i) = q_i f_i - q_i \sum_k q_k f_k$.",
        ),
        explanation=r"""
The sum over $k$ leaves $q_i (f_i - \bar f)$ with $\bar f = \sum_k q_k f_k$: a word's logit is lowered if its loss is
above the average. The average acts as the baseline of the estimator and comes by itself when the sum is exact; with
sampled words one subtracts it by hand, to reduce the variance.
""",
        solution=solution_2_8,
        alternatives=(alternative_2_8_autograd, alternative_2_8_definition),
        wrong=(
            (wrong_2_8_no_baseline, "as a baseline"),
            (wrong_2_8_plain_mean, "not the plain one"),
            (wrong_2_8_no_q, "own probability"),
            (wrong_2_8_sign, "direction of descent"),
            (wrong_2_8_axis, "last axis"),
            (wrong_2_8_choice, "differentiating the choice"),
            (wrong_2_8_overflow, "NaN in"),
        ),
        check=check_2_8,
    )
)
