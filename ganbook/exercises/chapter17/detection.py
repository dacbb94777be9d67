r"""Exercises of chapter 17: base rates, marks, and many pictures of one source."""

import math
from fractions import Fraction

import numpy as np
from scipy.stats import binom

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 17.14 -----------------------------------------------------------------


def solution_17_14(share, hit, false_alarm):
    flagged = share * hit + (1 - share) * false_alarm
    return share * hit / flagged


def alternative_17_14_odds(share, hit, false_alarm):
    odds = share / (1 - share) * hit / false_alarm
    return odds / (1 + odds)


@mistake(
    "That is how many generated pictures are flagged; asked is how many flagged ones are generated."
)
def wrong_17_14_hit(share, hit, false_alarm):
    return hit


@mistake("That holds only if half of all pictures are generated.")
def wrong_17_14_balanced(share, hit, false_alarm):
    return hit / (hit + false_alarm)


@mistake(
    "That is a share of all pictures; divide by the share that is flagged."
)
def wrong_17_14_all(share, hit, false_alarm):
    return share * hit


@mistake("That is the share that is flagged at all.")
def wrong_17_14_flagged(share, hit, false_alarm):
    return share * hit + (1 - share) * false_alarm


@mistake("That is the accuracy.")
def wrong_17_14_accuracy(share, hit, false_alarm):
    return share * hit + (1 - share) * (1 - false_alarm)


@mistake("share is that of generated pictures, not of real ones.")
def wrong_17_14_swapped(share, hit, false_alarm):
    return solution_17_14(1 - share, hit, false_alarm)


def check_17_14(answer, c):
    cases = [(0.01, 0.99, 0.05), (0.5, 0.8, 0.1), (0.9, 0.6, 0.3)]
    cases += [
        (c.number(0.001, 0.4), c.number(0.5, 0.99), c.number(0.01, 0.4))
        for _ in range(3)
    ]
    cases += [(10 ** -c.number(3, 6), 0.9, 10 ** -c.number(3, 6))]
    cases += [(0.999, 0.004, 0.997)]  # a detector that is nearly always wrong
    for share, hit, alarm in cases:
        s, h, f = map(Fraction, (share, hit, alarm))
        want = float(s * h / (s * h + (1 - s) * f))
        c.equal(
            c.call(answer, share, hit, alarm),
            want,
            rtol=1e-9,
            mistakes=outcomes(
                (share, hit, alarm),
                wrong_17_14_hit,
                wrong_17_14_balanced,
                wrong_17_14_all,
                wrong_17_14_flagged,
                wrong_17_14_accuracy,
                wrong_17_14_swapped,
            ),
        )


register(
    Exercise(
        id="17.14",
        title="A flagged picture",
        stars=1,
        kind="function",
        statement=r"""
    Of all pictures a `share` is generated. A detector flags generated pictures with probability `hit` and real ones with probability `false_alarm`. Write
    `right(share, hit, false_alarm)`: the share of flagged pictures that are generated. All three lie strictly between 0 and 1.
    """,
        stub="""
    def right(share, hit, false_alarm):
        return ...
    """,
        hints=(
            r"Draw a table of 10,000 pictures: generated or real, flagged or not.",
            r"Bayes' rule: flagged and generated, divided by flagged.",
        ),
        explanation=r"""
    With 1 % generated pictures, 99 % of them caught, and 5 % false alarms, 99 of 10,000 pictures are caught and 495 real ones flagged with
    them: one flag in six is right. An accuracy that was measured on a balanced set does not determine this number: with
    97 % there, and the same share, it is 1 if all errors are misses and 0.14 if all are false alarms.
    """,
        solution=solution_17_14,
        alternatives=(alternative_17_14_odds,),
        wrong=(
            wrong_17_14_hit,
            wrong_17_14_balanced,
            wrong_17_14_all,
            wrong_17_14_flagged,
            wrong_17_14_accuracy,
            wrong_17_14_swapped,
        ),
        check=check_17_14,
    )
)

# 17.15 -----------------------------------------------------------------


def solution_17_15(bits, alarm):
    k = np.arange(bits + 2)
    tail = binom.sf(k - 1, bits, 0.5)  # the chance of at least k agreements
    return int(np.argmax(tail <= alarm))


def alternative_17_15_count(bits, alarm):
    total, k, limit = 0, bits + 1, Fraction(alarm) * 2**bits
    while k > 0:
        more = total + math.comb(bits, k - 1)
        if more > limit:
            break
        total, k = more, k - 1
    return k


@mistake(
    "With that many agreements the chance is still above the limit: look at *at least k*, not at *more than k*."
)
def wrong_17_15_above(bits, alarm):
    return solution_17_15(bits, alarm) - 1


@mistake(
    "That is the threshold for half the alarm. Too few agreements are no sign of the mark: the test has one side."
)
def wrong_17_15_two_sided(bits, alarm):
    return solution_17_15(bits, alarm / 2)


@mistake(
    "At one agreement fewer the chance is `alarm` itself, and *at most* allows that."
)
def wrong_17_15_strict(bits, alarm):
    k = np.arange(bits + 2)
    return int(np.argmax(binom.sf(k - 1, bits, 0.5) < alarm))


@mistake("With so large an alarm the threshold lies below half of the bits.")
def wrong_17_15_upper_half(bits, alarm):
    return max(bits // 2, solution_17_15(bits, alarm))


@mistake(
    "The standard deviation of the count is the root of bits divided by two."
)
def wrong_17_15_normal(bits, alarm):
    from scipy.stats import norm

    return math.ceil(bits / 2 + norm.isf(alarm) * math.sqrt(bits))


@mistake(
    "All bits are more than is needed, and one changed bit would lose the mark."
)
def wrong_17_15_all(bits, alarm):
    return bits


@mistake("The number of agreements was asked for, not its share.")
def wrong_17_15_share(bits, alarm):
    return solution_17_15(bits, alarm) / bits


@mistake(
    "That limits the chance of exactly k agreements; add up those with more."
)
def wrong_17_15_point(bits, alarm):
    k = np.arange(bits // 2, bits + 2)
    return int(k[np.argmax(binom.pmf(k, bits, 0.5) <= alarm)])


def check_17_15(answer, c):
    cases = [
        (100, 0.2),
        (48, 1e-6),
        (10, 0.05),
        (32, 1e-3),
        (100, 0.01),
        (4, 1e-3),
        (3, 0.125),
        (20, 0.9),
        (1_500, 1e-3),  # its share of one row is below the least float
    ]
    cases += [
        (c.integer(12, 120), 10 ** -c.number(1.0, 7.0)) for _ in range(4)
    ]
    for bits, alarm in cases:
        want = alternative_17_15_count(bits, alarm)
        c.equal(
            c.call(answer, bits, alarm),
            want,
            mistakes=outcomes(
                (bits, alarm),
                wrong_17_15_above,
                wrong_17_15_strict,
                wrong_17_15_two_sided,
                wrong_17_15_upper_half,
                wrong_17_15_share,
                wrong_17_15_all,
                wrong_17_15_point,
                wrong_17_15_normal,
            ),
        )
    c.equal(
        c.call(answer, 6, 1.0),
        0,
        says="With an alarm of 1 even no agreement at all is enough.",
    )
    for bits, alarm in ((48, 1e-14), (100, 1e-20)):
        c.equal(
            c.call(answer, bits, alarm),
            alternative_17_15_count(bits, alarm),
            says="A tail far below 1e-16 is lost in 1 minus the rest: add it up, or take `sf`.",
        )


register(
    Exercise(
        id="17.15",
        title="When is a mark found?",
        stars=2,
        kind="function",
        statement=r"""
    A generator hides a message of `bits` bits in its pictures. In an unmarked picture each bit that is read agrees with the message with
    probability one half, independently. Write `threshold(bits, alarm)`: the least number $k$ such that an unmarked picture has at
    least $k$ agreements with probability at most `alarm` (return `bits + 1` if there is none). For 48 bits and $10^{-6}$ it is 41.
    """,
        stub="""
    def threshold(bits, alarm):
        return ...
    """,
        hints=(
            r"The number of agreements is binomial.",
            r"`binom.sf(k - 1, bits, 0.5)` is the probability of at least `k`.",
        ),
        explanation=r"""
    The upper tail of a binomial law, with *at least*: `sf(k)` is the probability of *more* than $k$. At 41 of 48 bits, seven may be
    lost to compression and cropping, and a false alarm happens in fewer than one in a million unmarked pictures. The
    test finds pictures that were marked by somebody who wanted them to be found; of generated pictures without a mark
    it says nothing.
    """,
        solution=solution_17_15,
        alternatives=(alternative_17_15_count,),
        wrong=(
            wrong_17_15_above,
            wrong_17_15_two_sided,
            wrong_17_15_strict,
            wrong_17_15_upper_half,
            wrong_17_15_normal,
            wrong_17_15_all,
            wrong_17_15_share,
            wrong_17_15_point,
        ),
        check=check_17_15,
    )
)
