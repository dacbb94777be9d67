r"""Exercises 1.1, 1.2 and 1.13: Which kind of model?; Bayes from a table; Correct the sentence."""

import torch

from ganbook.exercises.engine.core import (
    Exercise,
    classify,
    register,
    rubric,
)

# 1.1 ---------------------------------------------------------------------------------------------------------------


def solution_1_1():
    return {
        "naive Bayes": "generative",
        "logistic regression": "discriminative",
        "picture from caption": "generative",
        "least squares": "discriminative",
        "next word": "generative",
        "GAN generator": "generative",
    }


def wrong_1_1(case):
    answer = solution_1_1()
    answer[case] = (
        "generative" if answer[case] == "discriminative" else "discriminative"
    )
    return answer


register(
    Exercise(
        id="1.1",
        title="Which kind of model?",
        stars=1,
        kind="classify",
        statement=r"""
Sort six models. $x$ is what is observed, $y$ what is said about it. Return a dict from each name to
`"generative"` or `"discriminative"`.

- `"naive Bayes"`: $p(y)$ and $p(x_j \mid y)$ for each word $x_j$ of a mail $x$; used to throw spam away.
- `"logistic regression"`: $p(y \mid x)$ for the same mails and the same use.
- `"picture from caption"`: $p(x \mid y)$ for pictures $x$ and captions $y$.
- `"least squares"`: a line and the spread round it, $p(y \mid x)$ for the price $y$ of a house $x$.
- `"next word"`: $p(x_i \mid x_1, \dots, x_{i-1})$ for the words of a text $x$, at every position.
- `"GAN generator"`: a network that turns noise into pictures $x$.
""",
        stub="""
def kinds():
    # {"naive Bayes": "...", "logistic regression": "...", and so on}
    return ...
""",
        hints=(
            "Do not ask what the model is used for. Ask: could you draw an $x$ from it?",
            "A product of conditionals of *all* parts of $x$ is a distribution of $x$. A formula for the density is not "
            "needed for drawing.",
        ),
        explanation=r"""
Four of them can make an $x$: naive Bayes (draw $y$, then each word), the picture model, the language model (draw
one word after another) and the generator. The other two hold $p(y \mid x)$ and nothing about which $x$ occur. Uses
do not matter: the first two sort the same mails, one by a generative and one by a discriminative model. Conditioning
does not matter either; what counts is on which side of the bar the observation stands.
""",
        solution=solution_1_1,
        wrong=(
            (wrong_1_1("naive Bayes"), "draw a label, then each word"),
            (wrong_1_1("logistic regression"), "cannot write a mail"),
            (wrong_1_1("picture from caption"), "left of the bar"),
            (wrong_1_1("least squares"), "does not know which houses"),
            (wrong_1_1("next word"), "product rule"),
            (wrong_1_1("GAN generator"), "without a formula for the density"),
        ),
        check=classify(
            solution_1_1(),
            labels=("generative", "discriminative"),
            reasons={
                (
                    "naive Bayes",
                    "discriminative",
                ): "It classifies, but it holds p(y) and p(x | y): draw a label, then each word.",
                (
                    "logistic regression",
                    "generative",
                ): "It holds p(y | x) only, and cannot write a mail.",
                (
                    "picture from caption",
                    "discriminative",
                ): "It is conditional, but the picture stands left of the bar.",
                (
                    "least squares",
                    "generative",
                ): "It can draw a price for a house; it does not know which houses there are.",
                (
                    "next word",
                    "discriminative",
                ): "By the product rule its factors multiply to p(x) of the whole text.",
                (
                    "GAN generator",
                    "discriminative",
                ): "It draws pictures; it does so without a formula for the density.",
            },
        ),
    )
)


# 1.2 ---------------------------------------------------------------------------------------------------------------


def solution_1_2(prior, likelihood):
    joint = likelihood * prior
    return joint / joint.sum(dim=1, keepdim=True)


def alternative_1_2_loop(prior, likelihood):
    rows = []
    for row in likelihood:
        evidence = sum(p * q for p, q in zip(prior, row, strict=True))
        rows.append(
            torch.stack(
                [p * q / evidence for p, q in zip(prior, row, strict=True)]
            )
        )
    return torch.stack(rows)


def wrong_1_2_no_prior(prior, likelihood):
    return likelihood / likelihood.sum(dim=1, keepdim=True)


def wrong_1_2_over_x(prior, likelihood):
    joint = likelihood * prior
    return joint / joint.sum(dim=0)


def wrong_1_2_joint(prior, likelihood):
    return likelihood * prior


def wrong_1_2_evidence(prior, likelihood):
    return likelihood * prior / likelihood.sum(dim=1, keepdim=True)


def wrong_1_2_broadcast(prior, likelihood):
    joint = likelihood * prior
    evidence = joint.sum(dim=1)
    if len(evidence) != len(prior):
        evidence = evidence[:, None]
    return joint / evidence  # a square table divides columns by sums of rows


def wrong_1_2_softmax(prior, likelihood):
    return torch.softmax(likelihood * prior, dim=1)


def wrong_1_2_floor(prior, likelihood):
    joint = likelihood * prior
    return joint / joint.sum(dim=1, keepdim=True).clamp(min=1e-3)


def check_1_2(answer, c):
    for dtype in c.dtypes:
        cases = [
            (
                torch.tensor([0.9, 0.1], dtype=dtype),
                torch.tensor([[0.5, 0.8], [0.5, 0.2]], dtype=dtype),
            )
        ]
        for rows, classes in ((4, 3), (2, 5)):
            cases.append(
                (
                    c.probabilities((classes,), dtype),
                    c.probabilities((classes, rows), dtype).T.contiguous(),
                )
            )
        cases[-1][1][0, 0] = 0
        rare = torch.tensor([1e-6, 4e-6, 2e-6], dtype=dtype)  # p(x | y)
        cases.append(
            (c.probabilities((3,), dtype), torch.stack([rare, 1 - rare]))
        )
        seldom = torch.tensor([1e-6, 1 - 1e-6], dtype=dtype)  # p(y)
        mark = torch.tensor([0.9, 2e-6], dtype=dtype)
        cases.append((seldom, torch.stack([mark, 1 - mark])))
        cases.append((seldom, torch.stack([1e-9 * mark, 1 - 1e-9 * mark])))
        for prior, likelihood in cases:
            got = c.call(answer, prior, likelihood)
            given, joint = (
                (prior, likelihood),
                likelihood.double() * prior.double(),
            )
            want = torch.stack([row / row.sum() for row in joint]).to(dtype)
            c.equal(
                got,
                want,
                mistakes={
                    "The prior is missing: a rare class is to stay rare.": lambda g=given: (
                        wrong_1_2_no_prior(*g)
                    ),
                    "The columns sum to one, so this is p(x | y); for each x the classes are to sum to one.": lambda g=given: (
                        wrong_1_2_over_x(*g)
                    ),
                    "That is the joint p(x, y): it is not divided by p(x) yet.": lambda g=given: (
                        wrong_1_2_joint(*g)
                    ),
                    "The denominator p(x) needs the prior too.": lambda g=given: (
                        wrong_1_2_evidence(*g)
                    ),
                    "No exponentials here: these are probabilities already, not scores.": lambda g=given: (
                        wrong_1_2_softmax(*g)
                    ),
                    "The sums of rows were laid along the columns: keepdim=True keeps each sum with its row.": lambda g=given: (
                        wrong_1_2_broadcast(*g)
                    ),
                    "A floor below p(x) changes the answer wherever x is rare.": lambda g=given: (
                        wrong_1_2_floor(*g)
                    ),
                },
            )


register(
    Exercise(
        id="1.2",
        title="Bayes from a table",
        stars=1,
        kind="function",
        statement=r"""
Write `posterior(prior, likelihood)`. `prior` is a tensor of shape $(K,)$ with $p(y)$; `likelihood` has shape
$(X, K)$ with $p(x \mid y)$ in row $x$ and column $y$, so that its *columns* sum to one. Return $p(y \mid x)$, shape
$(X, K)$, same dtype; every $x$ has positive probability. For example, prior $(0.9, 0.1)$ and likelihood rows
$(0.5, 0.8)$, $(0.5, 0.2)$ give $0.849$ for the first class in the first row.
""",
        stub="""
def posterior(prior, likelihood):
    return ...
""",
        hints=(
            r"First the joint: $p(x, y) = p(y)\, p(x \mid y)$. Which axis does the prior belong to?",
            "Divide each row of the joint by its sum, which is $p(x)$; `keepdim=True` keeps the shapes in line.",
        ),
        explanation=r"""
The joint is the likelihood with each column scaled by its prior. Row sums of the joint are $p(x)$. Leaving the prior
out amounts to assuming equal classes, and it is the error by which a test that is right 95 times in 100 seems to
prove a rare disease. Dividing by column sums gives back $p(x \mid y)$.
""",
        solution=solution_1_2,
        alternatives=(alternative_1_2_loop,),
        wrong=(
            (wrong_1_2_no_prior, "prior is missing"),
            (wrong_1_2_over_x, "columns sum to one"),
            (wrong_1_2_joint, "that is the joint"),
            (wrong_1_2_evidence, "needs the prior too"),
            (wrong_1_2_softmax, "no exponentials"),
            (wrong_1_2_broadcast, "with its row"),
            (wrong_1_2_floor, "wherever x is rare"),
        ),
        check=check_1_2,
    )
)


# 1.13 --------------------------------------------------------------------------------------------------------------


def solution_1_13():
    return (
        "A generator maps noise to pictures, so it gives a way to draw and "
        "no formula for p(x). With 100 noise numbers its range is a sheet of "
        "at most 100 dimensions in a space of 784, which has no volume, so a "
        "density does not exist at all. What it learns is to draw samples "
        "that a discriminator cannot tell from real ones. Therefore no "
        "likelihood can be computed for a test picture, and models have to "
        "be compared by samples."
    )


register(
    Exercise(
        id="1.13",
        title="Correct the sentence",
        stars=1,
        kind="rubric",
        statement=r"""
A blog says: "GANs are generative models, so they learn $p(x)$, and you can use the trained generator to find out how
probable a new picture is." Correct it, in some 40 to 120 words, for a friend who has read this chapter up to its
map. Return the text.
""",
        stub="""
def correction():
    return ...
""",
        hints=(
            "What can you do with $G$ and a new picture $x$? What would you need to know besides?",
            "Use the words *sample*, *density* and *implicit*, and say what takes the place of the likelihood in training.",
        ),
        explanation=r"""
A good correction separates drawing from evaluating, says that the model is implicit, and does not claim that the
density is merely hard to compute: for a smooth generator with fewer noise dimensions than pixels there is none.
""",
        solution=solution_1_13,
        check=rubric(
            "that the generator lets you draw, and not evaluate",
            "that there is no density (or: that the samples fill a set without volume)",
            "what trains it instead: a comparison of samples by a discriminator",
            "that generative is right, and 'learns p(x)' is not",
            words=40,
        ),
    )
)
