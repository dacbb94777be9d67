r"""Exercises 4.12 and 4.13: Six reports; An answer to a colleague."""

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
    rubric,
)

# 4.12 Six reports --------------------------------------------------------------------------------------------------------------------------

REPORTS_4_12 = {
    "A": "agrees",
    "B": "memorised",
    "C": "impossible",
    "D": "memorised",
    "E": "agrees",
    "F": "turned",
}


def solution_4_12():
    return {
        "A": "agrees",
        "B": "memorised",
        "C": "impossible",
        "D": "memorised",
        "E": "agrees",
        "F": "turned",
    }


register(
    Exercise(
        id="4.12",
        title="Six reports",
        stars=2,
        kind="classify",
        statement=r"""
Six discriminators were scored on their training points and on 10,000 fresh ones, half of them real, and the total
variation of the two distributions is known:

| report | accuracy, training | accuracy, fresh | total variation |
|---|---|---|---|
| A | 0.84 | 0.84 | 0.68 |
| B | 1.00 | 0.50 | 0.00 |
| C | 0.93 | 0.93 | 0.60 |
| D | 0.97 | 0.79 | 0.68 |
| E | 0.56 | 0.55 | 0.95 |
| F | 0.12 | 0.11 | 0.90 |

Return a dict that gives each letter one of the labels `"agrees"` (nothing contradicts the theory, and training and
fresh points agree), `"memorised"` (it knows its training points, not only the law), `"impossible"` (the numbers
contradict each other by far more than sampling error) and `"turned"` (possible, with the two labels exchanged).
""",
        stub="""
def labels():
    return ...
""",
        hints=(
            r"For each line compute $\tfrac12(1 \pm \mathrm{TV})$ first, and compare the *fresh* accuracy with it. The standard error is at most 0.005.",
            r"Then compare training with fresh. A large gap is memory, even where the fresh accuracy is respectable.",
        ),
        explanation=r"""
A reaches the best accuracy, 0.84. B is the experiment of this chapter: one distribution, all training points memorised. C
beats the best possible 0.80 on fresh points: look for the bug (perhaps the "fresh" points were not). D is allowed on
fresh points (0.79 below 0.84), but 0.97 on its training points is more than any discriminator of the *laws* could have.
E is weak, far below the possible 0.975; being weak contradicts nothing. F is above the floor of 0.05, so possible:
turned round, it would be right 89 % of the time.
""",
        solution=solution_4_12,
        wrong=(
            ({**REPORTS_4_12, "A": "impossible"}, "is 0.84"),
            ({**REPORTS_4_12, "B": "agrees"}, "no difference to be learned"),
            ({**REPORTS_4_12, "C": "agrees"}, "is 0.80"),
            ({**REPORTS_4_12, "D": "agrees"}, "gap between"),
            ({**REPORTS_4_12, "E": "impossible"}, "weak one"),
            ({**REPORTS_4_12, "F": "impossible"}, "is 0.05"),
        ),
        check=classify(
            REPORTS_4_12,
            ("agrees", "memorised", "impossible", "turned"),
            {
                (
                    "A",
                    "impossible",
                ): "The best accuracy at this total variation is 0.84.",
                (
                    "A",
                    "memorised",
                ): "Training and fresh accuracy are the same.",
                (
                    "B",
                    "agrees",
                ): "With total variation 0 there is no difference to be learned, and yet it separates its training points.",
                (
                    "B",
                    "turned",
                ): "Fresh accuracy is one half: with the labels exchanged it would be one half as well.",
                (
                    "C",
                    "turned",
                ): "Exchanging the labels makes it 0.07. Is that within the bounds?",
                (
                    "D",
                    "turned",
                ): "It is right more often than not; exchanging the labels would only hurt.",
                (
                    "E",
                    "turned",
                ): "It is right more often than not, if barely.",
                (
                    "E",
                    "memorised",
                ): "Training and fresh accuracy differ by one point in a hundred.",
                (
                    "F",
                    "memorised",
                ): "Training and fresh accuracy differ by one point in a hundred. What else is strange?",
                (
                    "B",
                    "impossible",
                ): "The fresh accuracy is exactly what it must be.",
                (
                    "C",
                    "agrees",
                ): "The best accuracy at this total variation is 0.80.",
                (
                    "C",
                    "memorised",
                ): "The fresh points do as well as the training points; that is the trouble.",
                (
                    "D",
                    "agrees",
                ): "Look at the gap between the two accuracies.",
                (
                    "D",
                    "impossible",
                ): "On fresh points it stays below the best; training points are no fair sample.",
                (
                    "E",
                    "impossible",
                ): "The theory gives a ceiling. A weak one is not forbidden.",
                (
                    "F",
                    "impossible",
                ): "The lowest accuracy at this total variation is 0.05.",
                (
                    "F",
                    "agrees",
                ): "Can a discriminator that learned the right labels be wrong nine times in ten?",
            },
        ),
    )
)


# 4.13 An answer to a colleague ----------------------------------------------------------------------------------------------------------------


def solution_4_13():
    return """
The loss was measured on the points that D was trained on. A flexible
network separates any two finite samples of continuous distributions,
even of one and the same law: a loss near zero, a divergence of log 2,
is what you would see in any case. It says that D has capacity to spare,
and nothing about the supports. Score D on images that it has not seen.
The value there is, on average, a lower bound of the best one. If it is
near −2 log 2 or below, D has memorised, and you know nothing about your
generator. If it is near zero there as well, the distributions do differ
strongly, though not necessarily with disjoint supports.
"""


register(
    Exercise(
        id="4.13",
        title="An answer to a colleague",
        stars=2,
        kind="rubric",
        statement=r"""
"I trained a discriminator on 500 real and 500 generated images. Its loss on them is 0.002, so the Jensen–Shannon
divergence is $\log 2$ and the supports are disjoint. My generator is hopeless." What do you answer, and what should
your colleague measure? Return four or five sentences as text.
""",
        stub="""
def my_answer():
    return ...
""",
        hints=(
            "What would the same network do with two samples of 500 from *one* distribution?",
            "Which of the two inequalities {eq}`eq:04-optimism` applies to the number 0.002, and which experiment would make use of the other?",
        ),
        explanation=r"""
The number is a training value. By the experiment of this chapter it would look the same if the generator were perfect,
so it carries no information about the generator. The repair is to score fresh images; the value there errs downwards,
so what it shows is really there.
""",
        solution=solution_4_13,
        check=rubric(
            "the loss was measured on training points",
            "a network separates two finite samples of one law as well, so nothing follows about supports or divergence",
            "D should be scored on images that it has not seen",
            "that value is a lower bound, on average, of the best one: a high one is evidence, a low one may be D's weakness",
        ),
    )
)
