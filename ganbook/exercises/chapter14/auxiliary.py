r"""Exercises of chapter 14 on the auxiliary classifier."""

import math

import torch
from scipy.special import ndtr
from torch import nn
from torch.nn.functional import cross_entropy

from ganbook.control import auxiliary_equilibrium
from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.proofs import ordered

# 14.4 ------------------------------------------------------------------


def solution_14_4():
    return "bdaec"


register(
    Exercise(
        id="14.4",
        title="Put the proof together",
        stars=2,
        kind="value",
        statement=r"""
    Prove: with an optimal $D$ and a classifier $C$ fitted to generated samples, the auxiliary game with the minimax loss
    does not stop at the data if $H'(a_0) \ne 0$. Here $q_{a_0} = p$ for every label, $H(a) = H_{q_a}(Y|X)$ and $J(a) = \mathrm{JS}(p, q_a)$,
    both differentiable. Choose the lines that are needed and put them in an order in which each follows from what stands
    before it. Three lines are false. Return a string of letters, such as `"cab"`.

    - **a**: $J$ has a minimum at $a_0$, so $J'(a_0) = 0$.
    - **b**: With optimal $D$ and $C$ the generator's loss is $2J(a) + \lambda H(a)$ plus a constant.
    - **c**: A point where the derivative of the loss is not 0 is no minimum, so $a_0$ is none.
    - **d**: $J(a) \ge 0$ for every $a$, and $J(a_0) = 0$ since $q_{a_0} = p$.
    - **e**: The derivative of the generator's loss at $a_0$ is $2 J'(a_0) + \lambda H'(a_0) = \lambda H'(a_0) \ne 0$.
    - **f**: $H$ has a minimum at $a_0$, because $C$ is optimal there.
    - **g**: $J'(a_0) = 0$ because $J$ is constant near $a_0$.
    - **h**: For small $\lambda$ the term $\lambda H$ may be neglected.
    """,
        stub="""
    def proof():
        return ...
    """,
        hints=(
            r"First say which function is minimised, last say why $a_0$ is not its minimum.",
            r"Why is $J'(a_0)$ zero? That takes two lines.",
        ),
        explanation=r"""
    The loss is a sum. The divergence is at its minimum at the data, so it has no slope there; the entropy has one. However
    small $\lambda > 0$ is, a sum of something flat and something sloped is sloped. The size of the shift depends on
    $\lambda$, its existence does not.
    """,
        solution=solution_14_4,
        wrong=(
            (lambda: "bdafec", "optimal for every a"),
            (lambda: "bdgec", "only at one point"),
            (lambda: "bdaehc", "However small"),
            (lambda: "bdeac", "before a line that it uses"),
            (lambda: "bdae", "What follows"),
            (lambda: "daec", "which function"),
        ),
        check=ordered(
            {"b": "", "d": "", "a": "d", "e": "ab", "c": "e"},
            {
                "f": "C is optimal for every a, and that does not make H least at any of them.",
                "g": "J is 0 only at one point; a minimum is all that is needed.",
                "h": "However small the weight is, its derivative is not 0.",
            },
            {
                "b": "Nobody has said which function the generator minimises.",
                "d": "Where is the divergence least?",
                "a": "The slope of the divergence at the data is not yet known.",
                "e": "The slope of the whole loss is not yet known.",
                "c": "What follows from a slope that is not 0?",
            },
        ),
    )
)

# 14.5 ------------------------------------------------------------------


def solution_14_5(a, m):
    return float(ndtr(a)), float(ndtr(m))


def alternative_14_5_erf(a, m):
    return tuple(0.5 * (1 + math.erf(t / math.sqrt(2))) for t in (a, m))


def wrong_14_5_swapped(a, m):
    return float(ndtr(m)), float(ndtr(a))


def wrong_14_5_both(a, m):
    return float(ndtr(a + m)), float(ndtr(2 * m))


def wrong_14_5_double(a, m):
    return float(ndtr(2 * a)), float(ndtr(2 * m))


def wrong_14_5_error(a, m):
    return float(ndtr(-a)), float(ndtr(-m))


def wrong_14_5_confidence(a, m):
    return 1 / (1 + math.exp(-2 * m * a)), 1 / (1 + math.exp(-2 * m * m))


def wrong_14_5_erf(a, m):
    return math.erf(a), math.erf(m)


def check_14_5(answer, c):
    for a, m in (
        (1.519, 1.0),
        (0.0, 0.7),
        (2.5, 0.3),
        *((c.number(0.1, 2.5), c.number(0.1, 2.5)) for _ in range(3)),
    ):
        want = tuple(0.5 * math.erfc(-t / math.sqrt(2)) for t in (a, m))
        c.equal(
            c.call(answer, a, m),
            want,
            rtol=1e-7,
            atol=1e-12,
            mistakes={
                "The two are exchanged: generated first.": wrong_14_5_swapped(
                    a, m
                ),
                "The classifier's border is at 0, not at the mean of the other class.": wrong_14_5_both(
                    a, m
                ),
                "The distance from a mean to the border is a, half the distance between the means.": wrong_14_5_double(
                    a, m
                ),
                "Those are the shares that are *not* recognised.": wrong_14_5_error(
                    a, m
                ),
                "That is the classifier's confidence at the mean of a class, not how often it is right.": wrong_14_5_confidence(
                    a, m
                ),
                "erf is not the normal distribution function: rescale its argument and its value.": wrong_14_5_erf(
                    a, m
                ),
            },
        )


register(
    Exercise(
        id="14.5",
        title="Recognised more often than the data",
        stars=1,
        kind="function",
        statement=r"""
    Real classes are $N(\pm m, 1)$, generated ones $N(\pm a, 1)$, both labels equally frequent. A classifier that is optimal
    for the real classes names the label of every sample. Write `recognised(a, m)`: the pair (share of generated samples
    named rightly, share of real ones), for numbers $a \ge 0$ and $m > 0$.
    """,
        stub="""
    def recognised(a, m):
        return ...
    """,
        hints=(
            r"Where is the border of the optimal classifier? Does it depend on $m$?",
            r"$P(x > 0)$ for $x \sim N(a, 1)$.",
        ),
        explanation=r"""
    The border is at 0 for every $m$, so a sample of the class $+1$ is named rightly with probability $\Phi(a)$ if
    generated and $\Phi(m)$ if real. A generator with $a > m$ beats the data, and its samples between the classes are too few.
    An accuracy above that of real samples is a warning.
    """,
        solution=solution_14_5,
        alternatives=(alternative_14_5_erf,),
        wrong=(
            (wrong_14_5_swapped, "exchanged"),
            (wrong_14_5_both, "mean of the other class"),
            (wrong_14_5_double, "half the distance"),
            (wrong_14_5_error, "*not* recognised"),
            (wrong_14_5_confidence, "confidence"),
            (wrong_14_5_erf, "erf is not"),
        ),
        check=check_14_5,
    )
)

# 14.6 ------------------------------------------------------------------


def solution_14_6(force, a, rate, steps):
    for _ in range(steps):
        a = a - rate * force(a)
    return a


def alternative_14_6_path(force, a, rate, steps):
    path = [a]
    while len(path) <= steps:
        path.append(path[-1] - rate * force(path[-1]))
    return path[-1]


def wrong_14_6_ascent(force, a, rate, steps):
    return solution_14_6(force, a, -rate, steps)


def wrong_14_6_one_less(force, a, rate, steps):
    return solution_14_6(force, a, rate, steps - 1)


def wrong_14_6_frozen(force, a, rate, steps):
    return a - rate * steps * force(a)


def wrong_14_6_sign(force, a, rate, steps):
    for _ in range(steps):
        a = a - rate * math.copysign(1.0, force(a))
    return a


def wrong_14_6_start(force, a, rate, steps):
    return solution_14_6(force, 1.0, rate, steps)


def check_14_6(answer, c):
    for loss, fitted_on in (("minimax", "real"), ("non_saturating", "both")):
        weight = c.number(0.5, 2.0)
        stop = auxiliary_equilibrium(weight, loss, fitted_on)
        slope = c.number(0.2, 0.6)

        def force(a, stop=stop, slope=slope):
            return slope * math.tanh(a - stop)

        for a, rate, steps in (
            (2.0, 0.3, 25),
            (c.number(0.5, 0.9), 0.2, c.integer(3, 9)),
        ):
            want = a
            for _ in range(steps):
                want -= rate * force(want)
            c.equal(
                c.call(answer, force, a, rate, steps),
                want,
                rtol=1e-9,
                mistakes={
                    "That climbs: the generator moves against the derivative of its loss.": wrong_14_6_ascent(
                        force, a, rate, steps
                    ),
                    "One step is missing.": wrong_14_6_one_less(
                        force, a, rate, steps
                    ),
                    "That takes the force of the first point for all steps: D and C answer anew after each.": wrong_14_6_frozen(
                        force, a, rate, steps
                    ),
                    "That uses the direction of the force only; plain gradient steps shrink with it.": wrong_14_6_sign(
                        force, a, rate, steps
                    ),
                    "That starts at the data, whatever start was given.": wrong_14_6_start(
                        force, a, rate, steps
                    ),
                },
            )


register(
    Exercise(
        id="14.6",
        title="Train the generator of the puzzle",
        stars=1,
        kind="function",
        statement=r"""
    Write `train(force, a, rate, steps)`: plain gradient descent for the one number $a$ of the generator, `steps` times,
    where `force(a)` is the derivative of $L_G$ when $D$ and $C$ have answered $a$ with their best. Return the last $a$ as a
    number. Afterwards, run it with `lambda a: auxiliary_force(a, 1.0, "non_saturating", "both")` from $a = 1$, the data, for 60 steps of rate 1:
    it leaves them for $1.519$.
    """,
        stub="""
    def train(force, a, rate, steps):
        return ...
    """,
        hints=(
            r"One line in a loop.",
            r"$a \leftarrow a - \eta F(a)$, with $F$ taken at the new $a$ each time.",
        ),
        explanation=r"""
    This is the generator's half of the training loop with the other half replaced by its exact answer. It shows that the
    bias has nothing to do with noise or weak networks: started at the perfect generator, exact play leaves it.
    """,
        solution=solution_14_6,
        alternatives=(alternative_14_6_path,),
        wrong=(
            (wrong_14_6_ascent, "climbs"),
            (wrong_14_6_one_less, "One step is missing"),
            (wrong_14_6_frozen, "answer anew"),
            (wrong_14_6_sign, "direction of the force"),
            (wrong_14_6_start, "starts at the data"),
        ),
        check=check_14_6,
    )
)

# 14.7 ------------------------------------------------------------------


def broken_14_7(C, x, y):
    return cross_entropy(torch.softmax(C(x), dim=1), y)


def solution_14_7(C, x, y):
    return cross_entropy(C(x), y)


def alternative_14_7_by_hand(C, x, y):
    logits = C(x)
    own = logits.gather(1, y[:, None])[:, 0]
    return (torch.logsumexp(logits, dim=1) - own).mean()


def wrong_14_7_rows(C, x, y):
    return cross_entropy(torch.log_softmax(C(x), dim=0), y)


def wrong_14_7_sum(C, x, y):
    return cross_entropy(C(x), y, reduction="sum")


def wrong_14_7_nll(C, x, y):
    return nn.functional.nll_loss(torch.softmax(C(x), dim=1), y)


def wrong_14_7_sigmoid(C, x, y):
    return cross_entropy(torch.sigmoid(C(x)), y)


def wrong_14_7_no_learning(C, x, y):
    return cross_entropy(C(x).detach(), y)


def check_14_7(answer, c):
    for dtype in c.dtypes:
        for scale in (1.0, 30.0):
            K, N = c.integer(3, 10), c.integer(4, 7)
            C = nn.Linear(3, K).to(dtype)
            with torch.no_grad():
                C.weight.copy_(scale * c.normal((K, 3), dtype))
                C.bias.copy_(c.normal((K,), dtype))
            x = c.normal((N, 3), dtype)
            y = torch.tensor([c.integer(0, K - 1) for _ in range(N)])
            logits = C(x).detach().double()
            top = logits.amax(dim=1)
            log_z = top + (logits - top[:, None]).exp().sum(dim=1).log()
            want = (log_z - logits[torch.arange(N), y]).mean().to(dtype)
            got = c.call(answer, C, x, y)
            values = {
                "A softmax comes before a function that takes logits: the loss never falls below log(e + K - 1) - 1.": broken_14_7,
                "That normalises over the batch, axis 0.": wrong_14_7_rows,
                "That adds up over the batch; the mean was asked for.": wrong_14_7_sum,
                "nll_loss takes log-probabilities: without the logarithm its minimum is -1.": wrong_14_7_nll,
                "A sigmoid squashes the logits as well.": wrong_14_7_sigmoid,
            }
            c.equal(
                got.detach() if isinstance(got, torch.Tensor) else got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes={
                    words: function(C, x, y).detach()
                    for words, function in values.items()
                },
            )
            c.true(
                got.requires_grad,
                "The value is right, but no gradient reaches C: nothing will be learned.",
            )


register(
    Exercise(
        id="14.7",
        title="A loss that stops at 1.46",
        stars=1,
        kind="bug",
        statement=r"""
    This is the classifier's loss in an auxiliary game with ten classes, for a network `C` that ends in a linear layer, samples `x`
    of shape `(N, n)` and labels `y`, int64 of shape `(N,)`. The loss falls, and levels off near $1.46$ even on a batch that the
    network has learned by heart. Mend it: return the mean cross-entropy in nats, a tensor through which `C` can be trained.
    """,
        stub="""
    def classifier_loss(C, x, y):
        return ...
    """,
        broken=broken_14_7,
        hints=(
            r"What does `torch.nn.functional.cross_entropy` expect, probabilities or logits?",
            r"It applies the softmax itself. Hand it the output of the linear layer.",
        ),
        explanation=r"""
    `cross_entropy` takes logits. Given probabilities, it forms a second softmax, whose largest possible value at one of ten
    classes is $e/(e + 9)$; hence the floor $\log(e + 9) - 1 = 1.4612$. Train on one batch: a correct loss goes to 0.
    """,
        solution=solution_14_7,
        alternatives=(alternative_14_7_by_hand,),
        wrong=(
            (broken_14_7, "never falls below"),
            (wrong_14_7_rows, "axis 0"),
            (wrong_14_7_sum, "adds up"),
            (wrong_14_7_nll, "nll_loss"),
            (wrong_14_7_sigmoid, "A sigmoid"),
            (wrong_14_7_no_learning, "no gradient reaches"),
        ),
        check=check_14_7,
    )
)
