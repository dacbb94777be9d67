r"""Exercises 7.7, 7.10, 7.12 and 7.13."""

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
    rubric,
)
from ganbook.exercises.engine.proofs import ordered

# 7.7 ---------------------------------------------------------------------------------------------------------------

_TRUTH_7_7 = {
    "A": "weight clipping",
    "B": "gradient clipping",
    "C": "gradient penalty",
    "D": "spectral norm",
    "E": "gradient clipping",
    "F": "gradient penalty",
}


def solution_7_7():
    return {
        "A": "weight clipping",
        "B": "gradient clipping",
        "C": "gradient penalty",
        "D": "spectral norm",
        "E": "gradient clipping",
        "F": "gradient penalty",
    }


def _swap_7_7(case, label):
    return solution_7_7() | {case: label}


register(
    Exercise(
        id="7.7",
        title="Four tools",
        stars=1,
        kind="classify",
        statement=r"""
Which tool is meant? Return a dict from each letter to one of `"weight clipping"`, `"gradient clipping"`,
`"gradient penalty"`, `"spectral norm"`.

- **A**: After each step, every parameter is moved to the nearest point of an interval.
- **B**: It shortens the *update* and leaves the set of critics that can be reached as it is.
- **C**: It differentiates the critic in its *input* and needs a second derivative to be trained.
- **D**: By its construction the product of the layers' stretches is one, whatever the data are.
- **E**: It helps against single huge steps; a slope may still grow without end.
- **F**: The critic's slope ends *above* the target, by $W_1 / 2\lambda$ if it is the same at all penalised points.
""",
        stub="""
def tools():
    # {"A": "weight clipping", "B": ..., ...}
    return ...
""",
        hints=(
            "Ask of each sentence: does it speak of the parameters, of their gradient, of the gradient in the input, or of a layer?",
            "Two of the tools are the answer twice.",
        ),
        explanation=r"""
Three of them carry "gradient" or "clipping" in their names and act on three different things: the weights, the
gradient of the loss in the weights (the update), and the gradient of the score in the input (the slope). Only A and
D bound the slope at every moment, A by a number that depends on the architecture; C and F bound it softly, where it
is measured. B and E bound no slope at all.
""",
        solution=solution_7_7,
        wrong=(
            (_swap_7_7("A", "gradient clipping"), "it is the parameters"),
            (_swap_7_7("B", "weight clipping"), "reduces the set"),
            (_swap_7_7("C", "gradient clipping"), "gradient in the weights"),
            (_swap_7_7("D", "gradient penalty"), "where samples are drawn"),
            (_swap_7_7("E", "gradient penalty"), "would pull a slope back"),
            (_swap_7_7("F", "weight clipping"), "no lambda"),
        ),
        check=classify(
            _TRUTH_7_7,
            labels=(
                "weight clipping",
                "gradient clipping",
                "gradient penalty",
                "spectral norm",
            ),
            reasons={
                (
                    "A",
                    "gradient penalty",
                ): "That adds a term to the loss; no parameter is set to a value.",
                (
                    "B",
                    "spectral norm",
                ): "That rescales the weights, and with them the set of critics that can be reached.",
                (
                    "C",
                    "spectral norm",
                ): "That looks at the weights alone; no derivative in the input is taken.",
                (
                    "C",
                    "weight clipping",
                ): "That looks at the parameters alone; no derivative in the input is taken.",
                (
                    "D",
                    "gradient clipping",
                ): "That shortens the update and leaves the weights as large as they are.",
                (
                    "E",
                    "spectral norm",
                ): "There the slope is at most one at every step.",
                (
                    "F",
                    "gradient clipping",
                ): "There is no target for the slope, and no lambda.",
                (
                    "A",
                    "gradient clipping",
                ): "What is moved? It is the parameters themselves, not their gradient.",
                (
                    "A",
                    "spectral norm",
                ): "That divides a whole matrix; here each number is treated alone.",
                (
                    "B",
                    "weight clipping",
                ): "Clipping weights reduces the set of critics that can be reached.",
                (
                    "B",
                    "gradient penalty",
                ): "That changes the loss, and with it the critic at the optimum.",
                (
                    "C",
                    "gradient clipping",
                ): "That looks at the gradient in the weights, and only after the backward pass.",
                (
                    "D",
                    "gradient penalty",
                ): "A penalty acts where samples are drawn, and softly; this holds everywhere.",
                (
                    "D",
                    "weight clipping",
                ): "Clipping bounds the product too, but not by one.",
                (
                    "E",
                    "gradient penalty",
                ): "That would pull a slope back as soon as it is steep.",
                (
                    "E",
                    "weight clipping",
                ): "With bounded weights no slope grows without end.",
                (
                    "F",
                    "weight clipping",
                ): "There is no lambda there, and no target for the slope.",
                (
                    "F",
                    "spectral norm",
                ): "There the slope ends at or below its target.",
            },
        ),
    )
)


# 7.10 --------------------------------------------------------------------------------------------------------------


def solution_7_10():
    return "ceagfb"


register(
    Exercise(
        id="7.10",
        title="Order the proof",
        stars=3,
        kind="value",
        statement=r"""
$D$ maximises gap $- \lambda\, \mathbb{E}[(n - 1)^2]$ over a family that contains $sD$ with each $D$, and $f_0$ with gap
$W_1$ and slope one. Six of these eight steps, in the right order, prove gap $\ge W_1 + W_1^2 / 2\lambda$. Write
$a = W_1 / 2\lambda$, $m = \mathbb{E}[n - 1]$, $v = \mathbb{E}[(n - 1)^2]$. Return the six letters in order, as one
string; each step may use only what was said before it.

- **a**: $D$ is no worse than $(1 + a) f_0$, so $m + v/2 \ge a + a^2/2$.
- **b**: So gap$/2\lambda = (m + v/2) + v/2 \ge a + a^2$, which was to be shown.
- **c**: Scaling $D$ changes nothing to first order, so gap $= 2\lambda (m + v)$, and the value of $D$ is
  $2\lambda(m + v/2)$.
- **d**: The slopes average at least $1 + a$, so $m \ge a$.
- **e**: The value of $(1 + a) f_0$ is $(1 + a) W_1 - \lambda a^2 = 2\lambda (a + a^2/2)$.
- **f**: So $v \ge a^2$, and with the inequality for $m + v/2$ both summands of the gap are bounded.
- **g**: If $v < a^2$, then $m \le \sqrt v < a$, and $m + v/2 < a + a^2/2$: a contradiction.
- **h**: At the optimum the penalty is zero, so $n = 1$ and $v = 0$.
""",
        stub="""
def order():
    # six letters, such as "abcdef"
    return ...
""",
        hints=(
            "Two values are compared: that of D and that of a candidate. Both must be known before they can be compared.",
            "The last step adds half of v to the compared inequality. So a lower bound of v must come before it; where is it proved, and from what?",
        ),
        explanation=r"""
The values of $D$ (c, by the balance) and of the candidate (e) come first, in either order; their comparison (a)
bounds $m + v/2$. Step g turns that into a bound of $v$ by contradiction, f states it, b adds up. Step d is what one would like to use,
and it is not available: $m \ge a$ need not be shown, and the proof works without it. Step h would make the gap zero.
""",
        solution=solution_7_10,
        wrong=(
            (lambda: "ceagb", "proof has a gap"),
            (lambda: "cedgfb", "claims that the mean"),
            (lambda: "ceahfb", "is one at the optimum"),
            (lambda: "acegfb", "Line a comes before"),
            (lambda: "cegafb", "Line g comes before"),
            (lambda: "bceagf", "Line b comes before"),
            (lambda: 3, "wrong type"),
            (lambda: "ceagffb", "occurs twice"),
        ),
        check=ordered(
            {"c": "", "e": "", "a": "ce", "g": "a", "f": "ag", "b": "fc"},
            {
                "d": "It claims that the mean of n - 1 is at least a. Nothing has shown that, and it is not needed.",
                "h": "It says that n is one at the optimum. The balance requires slopes above one.",
            },
        ),
    )
)


# 7.12 --------------------------------------------------------------------------------------------------------------

_TRUTH_7_12 = {
    "A": "at most",
    "B": "no telling",
    "C": "at least",
    "D": "at least",
    "E": "at most",
    "F": "no telling",
}


def solution_7_12():
    return {
        "A": "at most",
        "B": "no telling",
        "C": "at least",
        "D": "at least",
        "E": "at most",
        "F": "no telling",
    }


def _swap_7_12(case, label):
    return solution_7_12() | {case: label}


register(
    Exercise(
        id="7.12",
        title="Too much or too little?",
        stars=3,
        kind="classify",
        statement=r"""
Each letter is a reading that somebody takes for $W_1(p, q)$. Is it (a mean over a huge *fresh* sample counts as the
expectation; a mean over training points does not) `"at most"` the true value, `"at least"` the true value, or is there `"no telling"`? Return a dict.

- **A**: the gap, under $p$ and $q$ themselves, of some 1-Lipschitz function.
- **B**: the gap of a critic of unknown depth and width, with weights clipped at $0.01$.
- **C**: $\mathbb{E}\lVert x - y \rVert$ under some coupling of $p$ and $q$.
- **D**: $p$ and $q$ are two point masses; the gap of an optimal critic with the two-sided gradient penalty.
- **E**: the gap on a huge *fresh* sample of a critic with spectral norm in every layer (norms exact, ReLU between),
half trained.
- **F**: the gap of a critic with gradient penalty on the 64 points of each kind that it was trained on, in 100
dimensions.
""",
        stub="""
def bounds():
    # {"A": "at most", "B": ..., ...}
    return ...
""",
        hints=(
            "A maximum is at least every candidate; a minimum is at most every candidate. Which readings are candidates of which problem?",
            "Training a candidate badly does not stop it from being a candidate. Scoring it on its own training points does.",
        ),
        explanation=r"""
A and E are candidates of the maximum (E is 1-Lipschitz however badly it is trained, and a fresh sample gives its
true gap), so they are at most $W_1$. C is a candidate of the minimum. D overshoots by the factor
$1 + W_1/2\lambda$. B has an unknown scale. F is pulled up by memorising and down by the small network, and its
slope is soft besides.
""",
        solution=solution_7_12,
        wrong=(
            (_swap_7_12("A", "no telling"), "candidate of the maximum"),
            (_swap_7_12("B", "at most"), "another bound"),
            (_swap_7_12("C", "at most"), "candidate of the minimum"),
            (_swap_7_12("D", "at most"), "soft"),
            (_swap_7_12("E", "no telling"), "half trained or not"),
            (_swap_7_12("F", "at least"), "small network"),
        ),
        check=classify(
            _TRUTH_7_12,
            labels=("at most", "at least", "no telling"),
            reasons={
                (
                    "A",
                    "no telling",
                ): "It is a candidate of the maximum, and the maximum is no smaller.",
                (
                    "A",
                    "at least",
                ): "The maximum runs over all such functions; one of them cannot exceed it.",
                (
                    "B",
                    "at most",
                ): "It may have any slope: at another bound the same critic reads a thousand times as much.",
                (
                    "B",
                    "at least",
                ): "With c = 0.01 and three layers it read 0.002 where the truth was 1.",
                (
                    "C",
                    "at most",
                ): "It is a candidate of the minimum, and the minimum is no larger.",
                (
                    "C",
                    "no telling",
                ): "Every coupling's cost is an upper bound, the independent one's too.",
                (
                    "D",
                    "at most",
                ): "The penalty is soft: at the optimum the slope lies above one.",
                (
                    "D",
                    "no telling",
                ): "For two point masses the overshoot can be computed.",
                (
                    "E",
                    "no telling",
                ): "Half trained or not, it is 1-Lipschitz by construction.",
                (
                    "E",
                    "at least",
                ): "A 1-Lipschitz function cannot open a larger gap than the best one.",
                (
                    "F",
                    "at least",
                ): "A memorising critic reads too much, but a small network also misses differences, hidden ones for instance.",
                (
                    "F",
                    "at most",
                ): "On its own training points a critic can memorise, and read far above the truth.",
            },
        ),
    )
)


# 7.13 --------------------------------------------------------------------------------------------------------------


def solution_7_13():
    return (
        "WGAN clips weights, not gradients. Clipping the update's gradient "
        "bounds how far one step goes and no slope: in our experiment the "
        "slope passed a thousand after 400 clipped steps of Adam, while a gradient "
        "penalty held it near one. And clipping can only shrink a gradient, "
        "so it cures exploding, never vanishing ones. What keeps the "
        "generator's force alive is the critic's slope of about one."
    )


register(
    Exercise(
        id="7.13",
        title="A correction",
        stars=2,
        kind="rubric",
        statement=r"""
A tutorial says: "WGAN uses gradient clipping to satisfy the Lipschitz condition, which solves vanishing gradients."
Write the correction that you would send to its author, in a paragraph, with one number.
""",
        stub="""
def correction():
    return ...
""",
        hints=(
            "There are two false statements and one missing tool.",
            "What is clipped in WGAN? What did gradient clipping do to the slope? Can clipping enlarge anything?",
        ),
        explanation=r"""
A good correction names what WGAN clips, keeps the three tools apart, shows by a number that gradient clipping holds
no slope, and says that clipping only ever shrinks. It may add what does help the generator: a critic whose slope is
near one along the rays, however good it gets.
""",
        solution=solution_7_13,
        check=rubric(
            "that WGAN clips the weights, and that the gradient penalty is a third tool",
            "that clipping the update's gradient bounds no Lipschitz constant, with a number",
            "that clipping can only shrink a gradient, so it cannot cure a vanishing one",
            "what keeps the generator's gradient alive instead",
        ),
    )
)
