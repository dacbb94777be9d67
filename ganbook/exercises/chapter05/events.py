r"""Exercises 5.3, 5.10 and 5.11."""

import itertools
import math

import numpy as np
import torch

from ganbook.divergences import js
from ganbook.exercises.engine.core import (
    Exercise,
    register,
)
from ganbook.exercises.engine.words import say

# 5.3 ---------------------------------------------------------------------------------------------------------------


def solution_5_3(p, q):
    return p > q


def alternative_5_3_loop(p, q):
    return torch.tensor([bool(a > b) for a, b in zip(p, q, strict=True)])


def wrong_5_3_swapped(p, q):
    return q > p


def wrong_5_3_one(p, q):
    return torch.arange(len(p)) == (p - q).argmax()


def wrong_5_3_likely(p, q):
    return p > 1 / len(p)


def wrong_5_3_everything(p, q):
    return torch.ones_like(p, dtype=torch.bool)


def wrong_5_3_twice(p, q):
    return p > 2 * q


def wrong_5_3_margin(p, q):
    return p - q > 1e-3


def alternative_5_3_numpy(p, q):
    return (p > q).numpy()


def check_5_3(answer, c):
    for dtype in c.dtypes:
        fixed = torch.tensor(
            [[0.35, 0.3, 0.21, 0.09, 0.05], [0.05, 0.1, 0.55, 0.08, 0.22]],
            dtype=dtype,
        )
        near = c.probabilities((6,), dtype)
        moved = near * (1 + 1e-4 * c.normal((6,), dtype))
        for p, q in (
            fixed,
            *(
                (c.probabilities((k,), dtype), c.probabilities((k,), dtype))
                for k in (3, 7, 7, 9)
            ),
            (near, moved / moved.sum()),
        ):
            got = c.call(answer, p, q)
            if isinstance(got, list | tuple | np.ndarray):
                try:
                    got = torch.as_tensor(got)
                except (TypeError, ValueError, RuntimeError):
                    c.fail(
                        "The wrong type: a boolean tensor was expected, with one entry for each outcome."
                    )
            c.true(
                isinstance(got, torch.Tensor) and got.shape == p.shape,
                say(
                    "A boolean tensor of shape {shape} was expected, with one entry for each outcome.",
                    shape=tuple(p.shape),
                ),
            )
            c.true(
                got.dtype == torch.bool,
                say(
                    "The wrong dtype: True or False for each outcome expected, not {dtype}.",
                    dtype=got.dtype,
                ),
            )
            gap = (p - q).double()
            events = torch.tensor(
                list(itertools.product((0.0, 1.0), repeat=len(p)))
            ).double()
            best, reached = (
                float((events @ gap).max()),
                float((got * gap).sum()),
            )
            if reached >= best * (1 - 1e-3) - 1e-15:
                continue
            if torch.equal(got, wrong_5_3_margin(p, q)):
                c.fail(
                    "These two laws are nearly equal, and no outcome passed your threshold: the smallest difference counts."
                )
            if torch.equal(got, q > p):
                c.fail(
                    "That event has the most negative difference: p and q are exchanged."
                )
            if bool(got.all()):
                c.fail(
                    "Every law gives the sure event probability one, so it shows no difference."
                )
            if torch.equal(got, wrong_5_3_one(p, q)):
                c.fail(
                    "That is the best single outcome; an event may hold several."
                )
            if torch.equal(got, p > 1 / len(p)):
                c.fail(
                    "That event holds what is likely under p, without a look at q."
                )
            if torch.equal(got, p > 2 * q):
                c.fail(
                    "Outcomes where p is above q, but by less than a factor, were left out: each still adds."
                )
            c.fail(
                say(
                    "It reaches a difference of {reached:.4g}; another event reaches {best:.4g}.",
                    reached=reached,
                    best=best,
                )
            )


register(
    Exercise(
        id="5.3",
        title="The most telling event",
        stars=1,
        kind="function",
        statement=r"""
Total variation is the largest difference $P(A) - Q(A)$ that any event $A$ shows. Write `telling_event(p, q)`, which
returns such an $A$ as a boolean tensor of shape $(K,)$ (`True` where outcome $k$ belongs to $A$), for probability
vectors `p` and `q` of shape $(K,)$. Outcomes with $p_k = q_k$ may go either way.
""",
        stub="""
def telling_event(p, q):
    return ...
""",
        hints=(
            "Start from some event and add one outcome. When does the difference grow?",
            "Outcome k contributes p_k - q_k. Keep the positive contributions.",
        ),
        explanation=r"""
$P(A) - Q(A) = \sum_{k \in A} (p_k - q_k)$, and each term can be taken or left by itself. So take all positive ones.
Since $p - q$ sums to zero, the positive terms add up to half of $\sum |p_k - q_k|$, which is the other formula for
total variation; and "real where $p > q$" is the best discriminator's decision.
""",
        solution=solution_5_3,
        alternatives=(alternative_5_3_loop, alternative_5_3_numpy),
        wrong=(
            (wrong_5_3_swapped, "exchanged"),
            (wrong_5_3_one, "single outcome"),
            (wrong_5_3_likely, "without a look"),
            (wrong_5_3_everything, "sure event"),
            (wrong_5_3_twice, "each still adds"),
            (wrong_5_3_margin, "smallest difference"),
        ),
        check=check_5_3,
    )
)


# 5.10 --------------------------------------------------------------------------------------------------------------


def solution_5_10():
    return (1.0, 0.0), (0.5, 0.5), (0.0, 1.0)


def wrong_5_10_ends(p=(1.0, 0.0), q=(0.0, 1.0), r=(0.5, 0.5)):
    return p, q, r


def wrong_5_10_equal():
    return (0.3, 0.7), (0.3, 0.7), (0.3, 0.7)


def wrong_5_10_counts():
    return (2, 0), (1, 1), (0, 2)


def wrong_5_10_small():
    return (0.6, 0.4), (0.5, 0.5), (0.4, 0.6)


def wrong_5_10_negative():
    return (1.2, -0.2), (0.5, 0.5), (-0.2, 1.2)


def wrong_5_10_lengths():
    return (1.0, 0.0), (0.4, 0.3, 0.3), (0.0, 1.0)


def check_5_10(answer, c):
    found = c.call(answer)
    c.true(
        isinstance(found, (tuple, list, np.ndarray)) and len(found) == 3,
        "Return three probability vectors: (p, q, r).",
    )
    laws = [np.asarray(law, dtype=float) for law in found]
    c.true(
        all(law.ndim == 1 and len(law) == len(laws[0]) for law in laws),
        "The three have different lengths.",
        on="",
    )
    c.true(
        all(np.isfinite(law).all() for law in laws),
        "A probability is NaN or infinite.",
        on="",
    )
    c.true(
        all((law >= 0).all() for law in laws),
        "A probability is negative.",
        on="",
    )
    c.true(
        all(abs(law.sum() - 1) < 1e-6 for law in laws),
        "These do not sum to one: divide counts by their total.",
        on="",
    )
    p, q, r = laws
    direct, detour = float(js(p, r)), float(js(p, q) + js(q, r))
    if direct < 1e-9:
        c.fail(
            "p and r are equal, so the direct way has length zero and no detour is shorter.",
            on="",
        )
    if direct <= detour:
        c.fail(
            say(
                "Direct {direct:.3f}, detour {detour:.3f}: with this law in the middle the inequality holds.",
                direct=direct,
                detour=detour,
            ),
            on="",
        )
    c.true(
        direct - detour >= 0.2,
        say(
            "It fails there, but only by {value:.3f} nats: make p and r differ more.",
            value=direct - detour,
        ),
        on="",
    )
    root = float(np.sqrt(js(p, q)) + np.sqrt(js(q, r)) - np.sqrt(js(p, r)))
    return say(
        "Direct {direct:.3f}, detour {detour:.3f}; with square roots the detour is longer again, by {root:.3f}.",
        direct=direct,
        detour=detour,
        root=root,
    )


register(
    Exercise(
        id="5.10",
        title="A shortcut",
        stars=2,
        kind="experiment",
        statement=r"""
Show that JS is not a metric: find probability vectors $p, q, r$ of one length for which the direct way is *longer*
than the detour, $\mathrm{JS}(p, r) \ge \mathrm{JS}(p, q) + \mathrm{JS}(q, r) + 0.2$. Return them as a tuple
`(p, q, r)` of lists, tuples or arrays.
""",
        stub="""
def shortcut():
    return ...
""",
        hints=(
            "The direct way is longest when p and r share no outcome. Where would a good stop on the way lie?",
            "Try the midpoint of p and r as q, on two outcomes.",
        ),
        explanation=r"""
A fair coin lies between the coin that always shows heads and the one that always shows tails. Directly it is
$\log 2 = 0.693$; each half is $0.216$. Near equality JS behaves like a *squared* distance, and squares violate the
triangle inequality at every midpoint: $(a + b)^2 > a^2 + b^2$. Taking the root repairs it.
""",
        solution=solution_5_10,
        wrong=(
            (wrong_5_10_ends, "inequality holds"),
            (wrong_5_10_equal, "are equal"),
            (wrong_5_10_counts, "sum to one"),
            (wrong_5_10_small, "differ more"),
            (wrong_5_10_negative, "is negative"),
            (wrong_5_10_lengths, "different lengths"),
        ),
        check=check_5_10,
    )
)


# 5.11 --------------------------------------------------------------------------------------------------------------


def solution_5_11():
    return math.ceil((1000 - 1) / (2 * 0.005))


def check_5_11(value, c):
    c.true(
        np.ndim(value) == 0 and not isinstance(value, (str, bool)),
        "Return one whole number.",
    )
    told = {
        100_000: "That uses all 1000 classes; their frequencies sum to one, so one fewer is free.",
        199_800: "The one half is missing: the bias is half of a chi-square's mean over N.",
        49_950: "The half was used twice.",
        200: "That is the answer for a single free class; the floor grows with their number.",
        39_960_000: "The floor falls like 1/N, not like its square root.",
    }
    n = float(value)
    for number, says in told.items():
        if n == number:
            c.fail(says)
    c.true(n == round(n), "A number of samples is whole.")
    c.true(
        999 / (2 * n) <= 0.005 if n > 0 else False,
        say("With {n:.0f} samples the floor is still above 0.005 nats.", n=n),
    )
    c.true(
        999 / (2 * (n - 1)) > 0.005,
        say(
            "{n:.0f} are enough, and fewer are too: the smallest number was asked for.",
            n=n,
        ),
    )


register(
    Exercise(
        id="5.11",
        title="How many samples does a claim need?",
        stars=1,
        kind="value",
        statement=r"""
A paper sorts generated samples into $K = 1000$ equally likely classes and reports a plug-in $\mathrm{KL}$ to the
uniform law of 0.005 nats. What is the smallest number of samples for which even a *perfect* sampler is expected to
read no more than 0.005, by the floor of this chapter? Return a whole number.
""",
        stub="""
def samples_needed():
    return ...
""",
        hints=(
            "The floor is (K - 1)/(2N).",
            "Set the floor equal to 0.005 and solve for N.",
        ),
        explanation=r"""
$999 / (2 N) \le 0.005$ gives $N \ge 99\,900$. A reading of 0.005 from 26,000 samples would be far *below* the floor
of 0.0192, and so a sign of an error (or of samples that were spread over the classes on purpose), not of quality.
""",
        solution=solution_5_11,
        wrong=(
            (100_000, "one fewer is free"),
            (199_800, "one half is missing"),
            (49_950, "used twice"),
            (200, "single free class"),
            (39_960_000, "square root"),
            (26_000, "still above"),
            (120_000, "smallest number"),
        ),
        check=check_5_11,
    )
)
