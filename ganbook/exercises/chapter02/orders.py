r"""Exercises 2.5, 2.10 and 2.11."""

import math

import torch

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.proofs import ordered

# 2.5: theorem 2.1, line by line --------------------------------------------------------------------------------


def solution_2_5():
    return "cfghda"


register(
    Exercise(
        id="2.5",
        title="Prove it: the order of moves",
        stars=2,
        kind="choice",
        statement=r"""
Some allowed $G_0$ has $q = p$, and the score $d = 0$ is allowed. You may use that $\sup_D \inf_G V \le \inf_G \sup_D V$
for any sets of players. Prove that both sides are equal to $-2\log 2$: choose the lines that the proof needs, put them
into an order in which every line uses only lines before it, and return their letters as a string, such as `"bda"`. Two
of the lines do not belong to the proof. (More than one order is right.)
""",
        options={
            "a": r"So $-2\log 2 \le \sup_D\inf_G V \le \inf_G\sup_D V \le -2\log 2$, and all are equal.",
            "b": r"The score $d = 0$ is the best response to every $G$, so $\sup_D V(D, G) = -2\log 2$ for every $G$.",
            "c": r"For $G_0$, whose $q$ is $p$, $V(D, G_0) = \mathbb{E}_p[\log\sigma(d) + \log(1 - \sigma(d))]$ for every $D$.",
            "d": r"So $\inf_G V(D, G) = -2\log 2$ for one allowed $D$, and $\sup_D\inf_G V \ge -2\log 2$.",
            "e": r"Since $\sup_D V(D, G) \ge -2\log 2$ for every $G$, also $\inf_G\sup_D V \le -2\log 2$.",
            "f": r"For every real $d$, $\log\sigma(d) + \log(1 - \sigma(d)) \le -2\log 2$, since $u(1 - u) \le \frac14$.",
            "g": r"So $\sup_D V(D, G_0) \le -2\log 2$, and $\inf_G\sup_D V \le -2\log 2$.",
            "h": r"With $d = 0$, $V(D, G) = -2\log 2$ for every $G$.",
        },
        stub="""
def proof():
    # a string of letters, such as "bda"
    return ...
""",
        hints=(
            "You need a lower bound of the left side and an upper bound of the right side. Which player do you fix for which?",
            "A fixed $D$ bounds the left side from below, a fixed $G$ the right side from above. Each bound takes two or "
            "three lines, and one more line joins them.",
        ),
        explanation=r"""
*Upper bound.* For $G_0$ both expectations are taken under $p$ (c), and the sum of the two logarithms is at most
$-2\log 2$ at every point (f); so no $D$ gets more against $G_0$, and the infimum over $G$ is no larger (g). *Lower
bound.* The score $0$ gives $-2\log 2$ against every $G$ (h), so a $D$ that commits first gets at least that (d). *Both*
meet (a). Line b confuses "$d = 0$ guarantees $-2\log 2$" with "no score gets more": against a $G$ with $q \ne p$ a
better score exists. Line e draws an upper bound from a lower one. No divergence is used, and neither player needs to be
able to do more than these two things.
""",
        solution=solution_2_5,
        wrong=(
            ("cfgha", "lower bound of the left side"),
            ("fghda", "what the value is against"),
            ("cghda", "no score gets more than"),
            ("hdbga", "is not the best response"),
            ("cfehda", "bounds nothing from above"),
            ("acfghd", "comes before"),
            ("cfghd", "joined"),
            ("cfgda", "fixed score guarantees"),
        ),
        check=ordered(
            rests_on={
                "c": "",
                "f": "",
                "g": "cf",
                "h": "",
                "d": "h",
                "a": "gd",
            },
            false={
                "b": "If q differs from p, a score of 0 is not the best response: D can do better.",
                "e": "A lower bound that holds for every G bounds nothing from above.",
            },
            needed={
                "c": "It is not yet said what the value is against a generator that reaches the data.",
                "f": "It is not yet shown that no score gets more than -2 log 2 at a point.",
                "g": "The upper bound of the right side is not drawn yet.",
                "h": "It is not yet said what a fixed score guarantees against every G.",
                "d": "The lower bound of the left side is missing.",
                "a": "The two bounds still have to be joined.",
            },
        ),
    )
)


# 2.10: the price of committing first --------------------------------------------------------------------------


def solution_2_10(p):
    gaps = []
    for j in range(len(p)):
        atom = torch.zeros_like(p)
        atom[j] = 1
        m = (p + atom) / 2
        kl_p = (torch.special.xlogy(p, p) - torch.special.xlogy(p, m)).sum()
        kl_atom = -torch.log(m[j])
        js = (kl_p + kl_atom) / 2
        gaps.append(2 * js)
    return torch.stack(gaps).min()


def alternative_2_10_best_atom(p):
    a = p.max()
    return (
        torch.special.xlogy(a, a) + 2 * math.log(2) - (1 + a) * torch.log1p(a)
    )


def every_gap(p):
    return (
        torch.special.xlogy(p, p) + 2 * math.log(2) - (1 + p) * torch.log1p(p)
    )


def wrong_2_10_worst(p):
    return every_gap(p).max()


def wrong_2_10_js(p):
    return every_gap(p).min() / 2


def wrong_2_10_value(p):
    return every_gap(p).min() - 2 * math.log(2)


def wrong_2_10_first(p):
    return every_gap(p)[0]


def wrong_2_10_variation(p):
    return 1 - p.max()


def wrong_2_10_average(p):
    return (p * every_gap(p)).sum()


def check_2_10(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor([0.15, 0.1, 0.3, 0.25, 0.2], dtype=dtype)
        for p in (
            fixed,
            c.probabilities((4,), dtype),
            c.probabilities((7,), dtype),
            torch.tensor([0.25, 0.0, 0.75], dtype=dtype),
        ):
            exact, atoms = p.double(), torch.eye(len(p), dtype=torch.float64)
            real = torch.where(
                exact > 0,
                torch.log((exact / (exact + atoms)).clamp(min=1e-300))
                * exact,
                0.0,
            ).sum(1)
            want = (real - torch.log1p(exact)).min() + 2 * math.log(2)
            got = c.call(answer, p)
            texts = {
                "That is the worst atom; a generator that commits first picks the best one.": wrong_2_10_worst,
                "That is JS; the value is twice it, less 2 log 2.": wrong_2_10_js,
                "That is the value itself; what is asked for is how far it lies above -2 log 2.": wrong_2_10_value,
                "That is the first atom's; compare them all.": wrong_2_10_first,
                "That is the total variation distance to the best atom.": wrong_2_10_variation,
                "That is an average over atoms: G has to choose a single one, and is free to.": wrong_2_10_average,
            }
            c.equal(
                got,
                float(want),
                rtol=2e-4 if dtype == torch.float32 else 1e-6,
                mistakes={
                    text: lambda wrong=wrong, p=p: float(wrong(p))
                    for text, wrong in texts.items()
                },
            )


register(
    Exercise(
        id="2.10",
        title="The price of committing first",
        stars=2,
        kind="function",
        statement=r"""
The data are a distribution $p$ on $K$ atoms, and $G$ may only choose *one* atom, while $D$ may give each atom any score
(read $\max$ as supremum). Write `gap(p)`: for a tensor of $K$ probabilities (zeros allowed), the difference $\min_G \max_D V - \max_D \min_G V$ in nats, as a number. Use what the
chapter derived about both orders. For $p = (0.15, 0.1, 0.3, 0.25, 0.2)$ it is about $0.684$.
""",
        stub="""
def gap(p):
    return ...
""",
        hints=(
            r"If $D$ commits first the value is $-2\log 2$. If $G$ commits to atom $j$, it is $2\,\mathrm{JS}(p, \delta_j) - 2\log 2$.",
            r"So the gap is $\min_j 2\,\mathrm{JS}(p, \delta_j)$; `ganbook.divergences.js` takes probability vectors.",
        ),
        explanation=r"""
The difference of the two values is $2\,\mathrm{JS}(p, \delta_j)$ at the best atom, which is the likeliest one. Written
out with $a = \max_j p_j$ it is $a \log a + 2 \log 2 - (1 + a)\log(1 + a)$: $0$ if the data are a single atom, and
$2 \log 2$ in the limit of many equal ones. A generator that may mix pays nothing.
""",
        solution=solution_2_10,
        alternatives=(alternative_2_10_best_atom,),
        wrong=(
            (wrong_2_10_worst, "worst atom"),
            (wrong_2_10_js, "That is JS"),
            (wrong_2_10_value, "value itself"),
            (wrong_2_10_first, "compare them all"),
            (wrong_2_10_variation, "total variation"),
            (wrong_2_10_average, "average over atoms"),
        ),
        check=check_2_10,
    )
)


# 2.11: four logs ----------------------------------------------------------------------------------------------

TRUTH = {"A": "frozen G", "B": "healthy", "C": "saturated", "D": "frozen D"}


def solution_2_11():
    return {
        "A": "frozen G",
        "B": "healthy",
        "C": "saturated",
        "D": "frozen D",
    }


register(
    Exercise(
        id="2.11",
        title="Which run is which?",
        stars=2,
        kind="classify",
        statement=r"""
The figure above shows the losses of both players in four runs of the plane's game, not all from the same distance. In
one run $G$'s learning rate is set to zero after one ordinary round (`"frozen G"`), in one $D$'s after forty
(`"frozen D"`). In one, `"saturated"`, $G$ uses the minimax loss from a far start; in the remaining one, `"healthy"`,
nothing is wrong. All but the `"saturated"` run use the non-saturating loss. Return a dict from `"A"`, `"B"`, `"C"`,
`"D"` to these names.
""",
        stub="""
def diagnosis():
    return ...
""",
        hints=(
            r"Look at the *sign* of G's loss first: $-\mathrm{softplus}(d)$ is never positive, $\mathrm{softplus}(-d)$ never negative.",
            r"If the samples are as good as the data, the losses are near $2\log 2$ and $\log 2$. If G stands still, D's loss "
            "tends down and G's tends up; if D stands still, it is the other way round.",
        ),
        explanation=r"""
C has a loss of $G$ below zero: minimax, and near zero at that, so all weights $\sigma(d)$ are near zero as well. In B
the losses settle at $2\log 2 = 1.39$ and $\log 2 = 0.69$, the values at $d = 0$. In run A the loss of
the discriminator falls to zero while that of the generator grows: only the discriminator learns. In run D it is the
other way round: the generator maximises a fixed score, whether or not its maximum lies near the data. A falling loss of either player is no evidence of quality.
""",
        solution=solution_2_11,
        wrong=(
            ({**TRUTH, "A": "saturated"}, "G's loss grows far above zero"),
            ({**TRUTH, "A": "healthy"}, "D wins all the time"),
            ({**TRUTH, "B": "frozen D"}, "settle at the values"),
            ({**TRUTH, "C": "healthy"}, "below zero"),
            ({**TRUTH, "C": "frozen G"}, "never be negative"),
            ({**TRUTH, "D": "healthy"}, "nothing holds it back"),
        ),
        check=classify(
            TRUTH,
            labels=("healthy", "saturated", "frozen G", "frozen D"),
            reasons={
                (
                    "A",
                    "saturated",
                ): "There G's loss grows far above zero, so it is not the minimax loss.",
                (
                    "A",
                    "healthy",
                ): "D wins all the time, and G's loss only grows: G does not respond.",
                ("A", "frozen D"): "D's loss falls steadily: D does learn.",
                (
                    "B",
                    "frozen D",
                ): "Both losses settle at the values for d = 0; a D that stands still "
                "does not pay just that.",
                (
                    "B",
                    "frozen G",
                ): "If G stood still, D's loss would go on falling.",
                (
                    "B",
                    "saturated",
                ): "G's loss is positive there: not minimax.",
                (
                    "C",
                    "healthy",
                ): "G's loss lies below zero: which of the two losses can do that?",
                (
                    "C",
                    "frozen G",
                ): "The runs with frozen players use the non-saturating loss, which can never be negative.",
                ("C", "frozen D"): "D's loss falls to zero: D does learn.",
                (
                    "D",
                    "healthy",
                ): "G's loss falls and falls: nothing holds it back, D does not answer.",
                ("D", "frozen G"): "G's loss falls: G does move.",
                ("D", "saturated"): "G's loss is positive: not minimax.",
            },
        ),
    )
)
