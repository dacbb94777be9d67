r"""Exercises 15.9 to 15.12: what a cycle leaves open, how it is trained, and what it hides."""

import copy
import math

import numpy as np
import torch
from torch import nn

from ganbook.exercises.engine.core import Exercise, register, rubric

# 15.9 ------------------------------------------------------------------


def solution_15_9():
    forth = np.array([1, 0, 3, 2])  # exchanges the two of a kind
    return forth, np.argsort(forth)


def wrong_15_9_identity():
    return np.arange(4), np.arange(4)


def wrong_15_9_no_way_back():
    return np.array([1, 0, 3, 2]), np.arange(4)


def wrong_15_9_law():
    forth = np.array([2, 1, 0, 3])
    return forth, np.argsort(forth)


def wrong_15_9_many_to_one():
    return np.array([1, 1, 3, 3]), np.array([0, 0, 2, 2])


def wrong_15_9_half():
    forth = np.array([1, 0, 2, 3])
    return forth, np.argsort(forth)


def check_15_9(answer, c):
    share = np.array([0.2, 0.2, 0.3, 0.3])
    found = c.call(answer)
    try:
        forth, back = (np.asarray(part, dtype=int) for part in found)
    except (TypeError, ValueError):
        c.fail("A pair of lists of four whole numbers is expected.")
    if forth.shape != (4,) or back.shape != (4,):
        c.fail("Each translator is a list of four places, 0 to 3.")
    if not all(set(part.tolist()) <= set(range(4)) for part in (forth, back)):
        c.fail("Places are whole numbers from 0 to 3.")
    law = np.bincount(forth, weights=share, minlength=4)
    if len(set(forth.tolist())) < 4:
        c.fail("Two characters are translated alike: no way leads back.")
    if not (back[forth] == np.arange(4)).all():
        c.fail("The cycle error is not zero: the way back is another one.")
    if not np.allclose(law, share):
        c.fail("A critic notices: the frequencies of the output are off.")
    right = int((forth == np.arange(4)).sum())
    if right == 4:
        c.fail("That one is right everywhere; a wrong one was asked for.")
    if right:
        c.fail("Some characters are translated correctly; none should be.")


register(
    Exercise(
        id="15.9",
        title="Consistent, and wrong everywhere",
        stars=2,
        kind="experiment",
        statement=r"""
    Both sets hold the characters a, b, c, d (places 0 to 3) with the frequencies $0.2, 0.2, 0.3, 0.3$; the true
    translation keeps the character. Build a translator and a way back for which both critics see nothing and the cycle
    error is zero, and which translate *no* character correctly. Return a pair of lists of four places: entry $i$ says
    where place $i$ is sent.
    """,
        stub="""
    def translators():
        # ([...], [...])
        return ...
    """,
        hints=(
            r"Which exchanges leave the frequencies as they are?",
            r"An exchange is its own inverse. How many exchanges are needed so that no place stays?",
        ),
        explanation=r"""
    Exchanging a with b, and c with d, preserves the frequencies, and doing it twice is the identity: all three losses are
    as small as for the truth. A single pair (a translated a) excludes it for a and b; with unequal frequencies all
    around, the truth is the only solution.
    """,
        solution=solution_15_9,
        wrong=(
            (wrong_15_9_identity, "right everywhere"),
            (wrong_15_9_no_way_back, "way back is another"),
            (wrong_15_9_law, "frequencies of the output"),
            (wrong_15_9_many_to_one, "translated alike"),
            (wrong_15_9_half, "Some characters"),
        ),
        check=check_15_9,
    )
)

# 15.10 -----------------------------------------------------------------


def solution_15_10(G, F, a, steps, rate):
    optimizer = torch.optim.SGD([*G.parameters(), *F.parameters()], lr=rate)
    for _ in range(steps):
        loss = (F(G(a)) - a).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return float((F(G(a)) - a).square().mean())


def alternative_15_10_by_hand(G, F, a, steps, rate):
    parameters = [*G.parameters(), *F.parameters()]
    for _ in range(steps):
        loss = torch.nn.functional.mse_loss(F(G(a)), a)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for p, g in zip(parameters, gradients, strict=True):
                p -= rate * g
    return torch.nn.functional.mse_loss(F(G(a)), a).item()


def _descend(G, F, a, steps, rate, of, loss, clear=True):
    optimizer = torch.optim.SGD(of, lr=rate)
    for _ in range(steps):
        paid = loss(G, F, a)
        if clear:
            optimizer.zero_grad()
        paid.backward()
        optimizer.step()
    with torch.no_grad():
        return float((F(G(a)) - a).square().mean())


def _cycle(G, F, a):
    return (F(G(a)) - a).square().mean()


def wrong_15_10_only_g(G, F, a, steps, rate):
    return _descend(G, F, a, steps, rate, G.parameters(), _cycle)


def wrong_15_10_only_f(G, F, a, steps, rate):
    def cut(G, F, a):
        return (F(G(a).detach()) - a).square().mean()

    return _descend(G, F, a, steps, rate, F.parameters(), cut)


def wrong_15_10_adds_up(G, F, a, steps, rate):
    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, _cycle, clear=False)


def wrong_15_10_identity(G, F, a, steps, rate):
    def same(G, F, a):
        return (G(a) - a).square().mean() + (F(a) - a).square().mean()

    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, same)


def wrong_15_10_other_way(G, F, a, steps, rate):
    def other(G, F, a):
        return (G(F(a)) - a).square().mean()

    both = [*G.parameters(), *F.parameters()]
    return _descend(G, F, a, steps, rate, both, other)


def wrong_15_10_before(G, F, a, steps, rate):
    solution_15_10(G, F, a, steps - 1, rate)
    with torch.no_grad():
        before = float((F(G(a)) - a).square().mean())
    solution_15_10(G, F, a, 1, rate)
    return before


def check_15_10(answer, c):
    for dtype in c.dtypes:
        G, F = (nn.Linear(2, 2).to(dtype) for _ in range(2))
        with torch.no_grad():
            for p in (*G.parameters(), *F.parameters()):
                p.copy_(0.5 * c.normal(tuple(p.shape), dtype) + 0.3)
        a, steps = c.normal((12, 2), dtype), c.integer(20, 30)
        start = copy.deepcopy((G, F))

        def after(other, start=start, a=a, steps=steps):
            first, second = copy.deepcopy(start)
            other(first, second, a, steps, 0.05)
            return first.weight.detach()

        got = c.call(answer, G, F, a, steps, 0.05)
        one, two = copy.deepcopy(start)
        want = alternative_15_10_by_hand(one, two, a, steps, 0.05)
        c.equal(
            G.weight.detach(),
            one.weight.detach(),
            rtol=1e-3,
            atol=1e-5,
            says="G is not where so many steps lead.",
            mistakes={
                "G has not moved: is the gradient cut between the two?": lambda: (
                    after(wrong_15_10_only_f)
                ),
                "F has not moved: both translators are trained.": lambda: (
                    after(wrong_15_10_only_g)
                ),
                "Gradients of earlier steps are added up: clear them.": lambda: (
                    after(wrong_15_10_adds_up)
                ),
                "That pulls each map to the identity; the cycle asks that the two undo each other.": lambda: (
                    after(wrong_15_10_identity)
                ),
                "That is the other cycle, which starts with F.": lambda: (
                    after(wrong_15_10_other_way)
                ),
            },
        )
        c.equal(
            F.weight.detach(),
            two.weight.detach(),
            rtol=1e-3,
            atol=1e-5,
            says="F is not where so many steps lead.",
        )
        c.true(
            abs(float(got) - want) <= 1e-4 * want + 1e-9,
            "The loss after the last step was asked for, not the one before it.",
        )


register(
    Exercise(
        id="15.10",
        title="Train a cycle, and nothing else",
        stars=2,
        kind="function",
        statement=r"""
    Write `train(G, F, a, steps, rate)`: train both networks in place for `steps` steps of plain gradient descent (no
    momentum) with the given `rate` on the mean over all entries of $(F(G(a)) - a)^2$, with the same `a` of shape `(N, 2)`
    in each step, and return that loss *after* the last step as a number. Then try it on `nn.Linear(2, 2)`: is $G$ the
    identity where the loss is small?
    """,
        stub="""
    def train(G, F, a, steps, rate):
        return ...
    """,
        hints=(
            r"One optimiser can hold the parameters of both networks.",
            r"The loop is: loss, clear, backward, step. Compute the loss once more at the end.",
        ),
        explanation=r"""
    Both translators are trained by one loss, through both. The cycle alone never makes $G$ the identity: any invertible $G$
    with $F = G^{-1}$ has the loss 0, and gradient descent ends at one near the start.
    """,
        solution=solution_15_10,
        alternatives=(alternative_15_10_by_hand,),
        wrong=(
            (wrong_15_10_only_f, "G has not moved"),
            (wrong_15_10_only_g, "F has not moved"),
            (wrong_15_10_adds_up, "added up"),
            (wrong_15_10_identity, "undo each other"),
            (wrong_15_10_other_way, "starts with F"),
            (wrong_15_10_before, "not the one before"),
        ),
        check=check_15_10,
    )
)

# 15.11 -----------------------------------------------------------------


def solution_15_11(epsilon, noise, kept, total):
    hidden = total - kept
    variance = noise**2 * (kept + hidden / epsilon**2) / total
    return math.sqrt(variance)


def alternative_15_11_directions(epsilon, noise, kept, total):
    scale = np.repeat([1.0, 1 / epsilon], [kept, total - kept])
    return float(np.sqrt(np.mean((noise * scale) ** 2)))


def wrong_15_11_multiplied(epsilon, noise, kept, total):
    return noise * math.sqrt((kept + (total - kept) * epsilon**2) / total)


def wrong_15_11_swapped(epsilon, noise, kept, total):
    return noise * math.sqrt((total - kept + kept / epsilon**2) / total)


def wrong_15_11_first_power(epsilon, noise, kept, total):
    return noise * math.sqrt((kept + (total - kept) / epsilon) / total)


def wrong_15_11_sum(epsilon, noise, kept, total):
    return noise * math.sqrt(kept + (total - kept) / epsilon**2)


def wrong_15_11_squared(epsilon, noise, kept, total):
    return solution_15_11(epsilon, noise, kept, total) ** 2


def wrong_15_11_all(epsilon, noise, kept, total):
    return noise / epsilon


def check_15_11(answer, c):
    cases = [(1 / 255, 1 / 255, 16, 64), (0.5, 2.0, 3, 4)]
    cases += [
        (
            c.number(0.01, 0.9),
            c.number(0.1, 2),
            c.integer(2, 5),
            c.integer(8, 12),
        )
        for _ in range(4)
    ]
    for case in cases:
        c.equal(
            c.call(answer, *case),
            alternative_15_11_directions(*case),
            rtol=1e-9,
            mistakes={
                "The reader *divides* the message by epsilon, noise included.": wrong_15_11_multiplied(
                    *case
                ),
                "The kept directions come back as they are; the others are amplified.": wrong_15_11_swapped(
                    *case
                ),
                "Amplitudes are divided by epsilon, so variances by its square.": wrong_15_11_first_power(
                    *case
                ),
                "Per pixel: divide the sum of variances by their number.": wrong_15_11_sum(
                    *case
                ),
                "That is the mean square; its root was asked for.": wrong_15_11_squared(
                    *case
                ),
                "Not all directions carry the message.": wrong_15_11_all(
                    *case
                ),
            },
        )


register(
    Exercise(
        id="15.11",
        title="What noise does to a hidden message",
        stars=2,
        kind="function",
        statement=r"""
    A translator keeps `kept` of `total` dimensions of a picture as they are and writes the others, multiplied by `epsilon`,
    beside them; the reader divides these by `epsilon` again. Write `returned(epsilon, noise, kept, total)`: the root mean
    square error per pixel of the way there and back if independent noise of standard deviation `noise` is added to each
    pixel of the translation. For `(1/255, 1/255, 16, 64)` it is about $0.866$.
    """,
        stub="""
    def returned(epsilon, noise, kept, total):
        return ...
    """,
        hints=(
            r"White noise has the same variance in every direction. What does the reader do to each?",
            r"Add the variances of all directions, divide by `total`, take the root.",
        ),
        explanation=r"""
    The error is the noise as the reader sees it: $\tau$ in the kept directions and $\tau/\varepsilon$ in the hidden ones, so that
    the mean square is $\tau^2(k + (n - k)/\varepsilon^2)/n$. The fainter the message, the worse it survives.
    """,
        solution=solution_15_11,
        alternatives=(alternative_15_11_directions,),
        wrong=(
            (wrong_15_11_multiplied, "noise included"),
            (wrong_15_11_swapped, "others are amplified"),
            (wrong_15_11_first_power, "variances by its square"),
            (wrong_15_11_sum, "by their number"),
            (wrong_15_11_squared, "its root was asked"),
            (wrong_15_11_all, "carry the message"),
        ),
        check=check_15_11,
    )
)

# 15.12 -----------------------------------------------------------------


def solution_15_12():
    return """
    Hold out pairs that neither method has seen, and letters for the paired twin. Report, for five or more seeds,
    the error against the true picture and whether the nearest true picture is the right one, beside the identity, a blank
    page and the mean picture, and say how much shift is forgiven. Test the symmetries: does an exchange of two equally
    frequent classes occur? Look for a message: add noise of one grey level to the translation and compare the cycle
    error before and after. Let a fresh classifier, not the game's own D, judge whether the pictures look real.
    """


register(
    Exercise(
        id="15.12",
        title="Review a translator",
        stars=3,
        kind="rubric",
        statement=r"""
    A draft reports an unpaired translator with a small cycle error, a discriminator at chance, and eight beautiful
    pictures. Which experiments would you ask for before you believe that it translates? At most eight sentences.
    """,
        stub="""
    def review():
        return ...
    """,
        hints=(
            r"Each of the three pieces of evidence has a counterexample in this chapter.",
            r"Which baselines learn nothing, and what do they score?",
        ),
        explanation=r"""
    > Small cycle errors can be bought by a hidden message, so add noise of one grey level and report the error again. A
    > discriminator at chance says that the law of the output is right, which a permutation of classes satisfies: score on
    > known pairs that no method has seen. Print identity, blank page and mean picture; five seeds with their spread; a
    > fresh judge; pictures drawn at random, not chosen.
    """,
        solution=solution_15_12,
        check=rubric(
            "known pairs that took no part in training, and a score on them",
            "baselines that learn nothing: identity, blank page, mean picture",
            "several seeds, with spread and failures",
            "noise on the translation, against hidden messages",
            "a fresh judge in place of the game's own discriminator",
            "symmetries of the data, which no loss excludes",
        ),
    )
)
