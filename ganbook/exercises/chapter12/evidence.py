r"""Reading runs without a name, and planning an ablation that others can believe."""

from ganbook.exercises.engine.core import Exercise, register, rubric

# 12.14 -----------------------------------------------------------------


def solution_12_14():
    return """
    Nets and data are those of the chapter. The trick is (1) added to the bare net and (2) added to the good one. Both nets
    of a pair share initial weights, batches and z; ten seeds. Each net gets the same number of trials for the rate of D
    and the strength of the trick, drawn from one printed range, on other seeds than those that are reported. Score:
    Frechet distance on 10,000 samples at two moments, 300 and 3,000 steps, with the floor and the distance of noise
    beside it. We report the ratio in pairs with its interval, every run that failed, and the seconds a step.
    """


register(
    Exercise(
        id="12.14",
        title="An ablation of your own",
        stars=3,
        kind="rubric",
        statement=r"""
    Somebody proposes a new trick: multiply D's gradient by a random number from $\{0, 2\}$ at each step. Plan an
    experiment, in at most ten sentences, after which you would believe that it helps, or that it does not. Return the
    text.
    """,
        stub="""
    def plan():
        return ...
    """,
        hints=(
            r"To what is it compared, and what is held fixed? Think of the seeds, and of the tuning that each side gets.",
            r"When is the score taken, what are its floor and its spread, and what would count as a failure?",
        ),
        explanation=r"""
    The point is that each choice could decide the result: the net it is added to, the moment of scoring, the rate. A
    comparison in which only the new trick was tuned shows that tuning helps. Here one would also compare with a control
    that has the same mean and variance of the step, such as dropout of whole steps, before calling it a new effect.
    """,
        solution=solution_12_14,
        check=rubric(
            "The trick is compared in more than one net, or the text says to which net the claim is limited.",
            "Runs are paired by seed, there are at least five, and failed runs are counted.",
            "Both sides get the same tuning, on seeds that are not reported.",
            "The score has its floor, its number of samples, and the moment at which it is taken.",
            "An interval or a test is named before the runs are made.",
        ),
    )
)
