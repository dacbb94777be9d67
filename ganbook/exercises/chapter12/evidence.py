r"""Reading runs without a name, and planning an ablation that others can believe."""

from ganbook.exercises.engine.core import Exercise, classify, register, rubric

# 12.13 -----------------------------------------------------------------

_TRUTH_12_13 = {
    "A": "weight of G's gradient",
    "B": "positions in the pictures",
    "C": "range of the pictures",
    "D": "held-out scores",
    "E": "range of the scores",
    "F": "the other generator",
    "G": "slope of D",
    "H": "floor and noise",
}


def solution_12_13():
    return {
        "A": "weight of G's gradient",
        "B": "positions in the pictures",
        "C": "range of the pictures",
        "D": "held-out scores",
        "E": "range of the scores",
        "F": "the other generator",
        "G": "slope of D",
        "H": "floor and noise",
    }


def _other_12_13(key, label):
    return lambda: _TRUTH_12_13 | {key: label}


_REASONS_12_13 = {
    "A": "D gets far ahead in the middle of the run and the pictures stay poor. Ask what is left of the gradient that G receives.",
    "B": "The curves are calm. Compare where the strokes lie with where they lie in real pictures.",
    "C": "Its pictures are grey where others are black. Look at the numbers in the pixels before you look at D.",
    "D": "Late in the run D tells the two kinds apart better and better, while the pictures look fair. How does D treat pictures that it has not been trained on?",
    "E": "Both mean scores fall to 0 and then stay there to the end. The scores of a linear layer would go on moving.",
    "F": "Its curves are those of the sound run, and its pictures are not. What was drawn cannot be what D has seen.",
    "G": "The scores run off to large values in a few dozen steps. Ask how steep D is.",
    "H": "Nothing points to a fault. Whether the run is good is then a matter of its score between two known numbers.",
}
_LABELS_12_13 = tuple(_TRUTH_12_13.values())

register(
    Exercise(
        id="12.13",
        title="Eight runs without a name",
        stars=2,
        kind="classify",
        statement=r"""
    The picture shows eight recorded runs: $D$'s mean scores of real and of generated samples over the 300 steps, and
    ten samples of the end. Seven have one fault each; one is sound. For each run, which *one* further measurement would
    you make to confirm your suspicion? Each of these belongs to one run:

    - `"held-out scores"`: $D$'s mean score of real pictures that it was not trained on
    - `"range of the scores"`: the smallest and the largest score of any sample
    - `"slope of D"`: the mean norm of $D$'s gradient at real samples
    - `"weight of G's gradient"`: $\sigma(d)$ at generated samples, for a generator with the minimax loss
    - `"positions in the pictures"`: where the strokes lie, in real and in generated pictures
    - `"range of the pictures"`: the smallest value of a pixel, in both kinds
    - `"the other generator"`: the samples of $G$ itself, where an average was drawn
    - `"floor and noise"`: the Fréchet distance, beside that of unseen real pictures and that of noise

    Return a dict from letter to measurement.
    """,
        stub="""
    def evidence():
        # {"A": "slope of D", "B": ..., ...}
        return ...
    """,
        hints=(
            r"Begin with the runs that only one fault can explain: scores that stop moving; scores in the tens; pictures that are grey.",
            r"Two runs have the same curves. One more looks nearly sound: it was trained on 50 pictures, which only other pictures can reveal.",
        ),
        explanation=r"""
    The pictures decide B (strokes where no real digit has any) and C (grey: its real pixels were in $[0, 1]$). The curves
    decide A (a gap that opens until the minimax loss has little gradient left), E (a sigmoid at the end of $D$) and G (a
    penalty on each pixel's slope). F has the curves of H to the last digit, because it is the same run: what was drawn
    is an average without batch norm's buffers. D's curves part late in the run, as they would if the discriminator learned
    something that holds for all digits. It was trained on 50 pictures, and only held-out pictures show the difference. The {ref}`clinic <clinic>` has the measurements.
    """,
        solution=solution_12_13,
        wrong=(
            (_other_12_13("A", "slope of D"), "in the middle of the run"),
            (_other_12_13("B", "held-out scores"), "where the strokes lie"),
            (_other_12_13("C", "slope of D"), "grey where others"),
            (_other_12_13("D", "floor and noise"), "not been trained on"),
            (_other_12_13("E", "slope of D"), "would go on moving"),
            (_other_12_13("F", "floor and noise"), "what D has seen"),
            (_other_12_13("G", "range of the scores"), "few dozen steps"),
            (_other_12_13("H", "held-out scores"), "two known numbers"),
        ),
        check=classify(
            _TRUTH_12_13,
            labels=_LABELS_12_13,
            reasons={
                (key, label): reason
                for key, reason in _REASONS_12_13.items()
                for label in _LABELS_12_13
                if label != _TRUTH_12_13[key]
            },
        ),
    )
)

# 12.14 -----------------------------------------------------------------


def solution_12_14():
    return """
    Nets and data are those of the chapter. The trick is (1) added to the bare net and (2) added to the good one. Both nets
    of a pair share initial weights, batches and z; ten seeds. Each net gets the same number of trials for the rate of D
    and the strength of the trick, drawn from one printed range, on other seeds than those that are reported. Score:
    Frechet distance on 10,000 samples at two moments, 300 and 3,000 steps, with the floor and the distance of noise
    beside it. We report the ratio in pairs with its interval, every run that failed, and the seconds per step.
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
    comparison in which only the new trick was tuned shows that tuning helps. Under plain
    gradient descent the trick skips half of the steps and doubles the rate in the others. So one would also compare with
    a control, such as Gaussian factors of the same mean and variance, before calling it a new effect.
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
