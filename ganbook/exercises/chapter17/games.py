r"""Exercises of chapter 17: the reverse-KL game on paper."""

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.proofs import ordered

# 17.7 ------------------------------------------------------------------


def solution_17_7():
    return "dbacf"


register(
    Exercise(
        id="17.7",
        title="Put the proof together",
        stars=2,
        kind="value",
        statement=r"""
    Prove that the reverse-KL game with the best discriminator has the gradient of distribution matching. $q_\theta$ is the law of $G_\theta(z)$ and
    $d^\star = \log p - \log q_\theta$. Choose the lines that are needed, in an order in which each follows from earlier ones. Return the letters as text,
    such as `"a c"`.

    - a. The second term is $\int \partial_\theta q_\theta = \partial_\theta \int q_\theta = \partial_\theta 1 = 0$.
    - b. Differentiate under the expectation over $z$: one term from the place $G_\theta(z)$, one from the density $q_\theta$ inside the logarithm,
      $\mathbb{E}_{q_\theta}[\partial_\theta \log q_\theta(x)]$ with $x$ held fixed.
    - c. Hence $\partial_\theta \mathrm{KL}(q_\theta \| p) = \mathbb{E}_z[(\nabla \log q_\theta - \nabla \log p)(G_\theta(z)) \cdot \partial_\theta G_\theta(z)]$.
    - d. $\mathrm{KL}(q_\theta \| p) = \mathbb{E}_z[\log q_\theta(G_\theta(z)) - \log p(G_\theta(z))]$.
    - e. $\partial_\theta \log q_\theta(x) = 0$, because $x$ is held fixed.
    - f. $\nabla d^\star$ is $\nabla \log p - \nabla \log q_\theta$, so this is $-\partial_\theta \mathbb{E}_z[d^\star(G_\theta(z))]$ with $d^\star$ held fixed.
    - g. $\nabla \log q_\theta = 0$ where $q_\theta$ is largest, so only $\nabla \log p$ remains.
    """,
        stub="""
    def proof():
        # the letters as text, such as "a c"
        return ...
    """,
        hints=(
            r"Begin with the divergence as an expectation over $z$, and end with $d^\star$.",
            r"The density inside the logarithm depends on $\theta$ too. Why does this cost nothing on average?",
        ),
        explanation=r"""
    Line d writes the divergence over $z$, b is the product of both dependences, a removes the second on average, c collects
    what is left, f reads it as a game. Line e confuses two things: $\log q_\theta(x)$ at a fixed point changes with
    $\theta$, only its mean change under $q_\theta$ is 0. Line g is a statement about one point.
    """,
        solution=solution_17_7,
        wrong=(
            (lambda: "d b e a c f", "at a fixed point"),
            (lambda: "d b a c g f", "one point"),
            (lambda: "d a b c f", "comes before a line that it uses"),
            (lambda: "d b c f", "second term"),
            (lambda: "d b a c", "as a game"),
            (lambda: "b a c f", "as an expectation"),
        ),
        check=ordered(
            {"d": "", "b": "d", "a": "b", "c": "ab", "f": "c"},
            {
                "e": "The density at a fixed point does change with the parameters; only its mean change is 0.",
                "g": "That holds at one point, and the expectation runs over all.",
            },
            {
                "d": "The divergence has not been written as an expectation over z.",
                "b": "Nothing has been differentiated.",
                "a": "The second term is still there.",
                "c": "The gradient of the divergence has not been stated.",
                "f": "It has not been read as a game.",
            },
        ),
    )
)

# 17.8 ------------------------------------------------------------------

_LABELS_17_8 = ("2 JS", "2 KL(m||p)", "KL(q||p)", "KL(p||q)", "none of these")


def solution_17_8():
    return {
        "A": "2 JS",
        "B": "2 KL(m||p)",
        "C": "KL(q||p)",
        "D": "KL(q||p)",
        "E": "none of these",
    }


register(
    Exercise(
        id="17.8",
        title="Which divergence does G descend?",
        stars=2,
        kind="classify",
        statement=r"""
    $D$ is trained to the best logit $d = \log(p/q)$ and held fixed while $G$ takes its gradient. Which divergence (up to a constant) has
    this gradient? With $m = \frac12(p + q)$ the labels are `"2 JS"`, `"2 KL(m||p)"`, `"KL(q||p)"`, `"KL(p||q)"` and `"none of these"`.

    - A. $G$ minimises $\mathbb{E}_q[\log(1 - \sigma(d))]$ (minimax).
    - B. $G$ minimises $\mathbb{E}_q[-\log \sigma(d)]$ (non-saturating).
    - C. $G$ minimises $\mathbb{E}_q[-d]$.
    - D. $G$ minimises the sum of A and B.
    - E. $G$ minimises $\mathbb{E}_q[d]$.
    """,
        stub="""
    def which():
        # a dict such as {"A": "2 JS", ...}
        return ...
    """,
        hints=(
            r"$\log(1 - \sigma(d)) - \log \sigma(d)$ is a simple function of $d$.",
            r"A and B are results of {ref}`ch:05`. E moves G away from the data.",
        ),
        explanation=r"""
    A is the minimax game, B is {ref}`ch:05`'s result on the non-saturating loss. $\log(1 - \sigma(d)) - \log\sigma(d) = -d$,
    so D is C, the reverse-KL game of this chapter: what distribution matching follows. E has the opposite sign: it
    ascends.
    """,
        solution=solution_17_8,
        wrong=(
            (
                lambda: solution_17_8() | {"A": "KL(q||p)"},
                "value of the classic game",
            ),
            (
                lambda: solution_17_8() | {"B": "KL(q||p)"},
                "half of the story",
            ),
            (lambda: solution_17_8() | {"C": "KL(p||q)"}, "under the data"),
            (
                lambda: solution_17_8() | {"D": "2 JS"},
                "Add the two logarithms",
            ),
            (lambda: solution_17_8() | {"E": "KL(q||p)"}, "lower its score"),
        ),
        check=classify(
            solution_17_8(),
            labels=_LABELS_17_8,
            reasons={
                (
                    "A",
                    "KL(q||p)",
                ): "With the best D this is the value of the classic game, up to a constant.",
                (
                    "B",
                    "KL(q||p)",
                ): "That is half of the story of chapter 5: what else did the non-saturating loss contain?",
                (
                    "C",
                    "KL(p||q)",
                ): "The expectation is over generated samples; KL(p||q) takes it under the data.",
                (
                    "D",
                    "2 JS",
                ): "Add the two logarithms before you decide.",
                (
                    "E",
                    "KL(q||p)",
                ): "Descending this makes G lower its score.",
                (
                    "E",
                    "KL(p||q)",
                ): "It has the opposite gradient of C: which divergence falls when G lowers its score?",
            },
        ),
    )
)

# 17.9 ------------------------------------------------------------------


def solution_17_9():
    return "s / t**2 - 1 / s"


register(
    Exercise(
        id="17.9",
        title="The arrow in the spread",
        stars=2,
        kind="expression",
        statement=r"""
    $p = \mathcal{N}(a, t^2)$ and $G(z) = m + s z$ with $s > 0$. Return the derivative of $-\mathbb{E}_z[d^\star(G(z))]$ in $s$, where the best logit
    $d^\star = \log(p/q)$ is held fixed, as a sympy expression or as text in `m`, `s`, `a` and `t`, such as `"m * s"`.
    """,
        stub="""
    def slope():
        return ...
    """,
        hints=(
            r"$\partial G / \partial s = z$, and $\nabla d^\star(x) = (x - m)/s^2 - (x - a)/t^2$.",
            r"Insert $x = m + sz$, multiply by $-z$, and take the mean: $\mathbb{E} z = 0$, $\mathbb{E} z^2 = 1$.",
        ),
        explanation=r"""
    $-\mathbb{E}[z\,(z/s - (m + sz - a)/t^2)] = s/t^2 - 1/s$: the derivative of
    $\mathrm{KL}(q \| p) = \log(t/s) + (s^2 + (m-a)^2)/(2t^2) - \frac12$. The term $-1/s$ comes from $\nabla \log q$; it is what keeps a
    generator from collapsing, and it is absent where a discriminator cannot see how dense the generated samples are.
    """,
        solution=solution_17_9,
        wrong=(
            (lambda: "1 / s - s / t**2", "opposite"),
            (lambda: "s / t**2", "density of q"),
            (lambda: "-1 / s", "pull of p"),
            (lambda: "s / t - 1 / s", "square of t"),
            (lambda: "(s**2 + (m - a)**2) / t**2 - 1", "relative"),
        ),
        check=lambda value, c: _slope(value, c),
    )
)


def _slope(value, c):
    ranges = {"m": (-2, 2), "s": (0.3, 3), "a": (-2, 2), "t": (0.4, 2.5)}
    known = {
        "That is the opposite: the direction of descent, not the derivative.": lambda m, s, a, t: (
            1 / s - s / t**2
        ),
        "The density of q depends on the place too: a term is missing.": lambda m, s, a, t: (
            s / t**2
        ),
        "The pull of p is missing.": lambda m, s, a, t: -1 / s,
        "The precision of p is one over the square of t.": lambda m, s, a, t: (
            s / t - 1 / s
        ),
        "That is the derivative relative to log s, with the mean's part mixed in.": lambda m, s, a, t: (
            (s**2 + (m - a) ** 2) / t**2 - 1
        ),
    }
    c.expression(
        value, lambda m, s, a, t: s / t**2 - 1 / s, mistakes=known, **ranges
    )
