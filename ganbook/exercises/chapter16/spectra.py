r"""Exercises of chapter 16 on spectra: the proof about Griffin and Lim's rounds, and what a mark sees."""

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.proofs import ordered

# 16.5 ------------------------------------------------------------------


def solution_16_5():
    return {
        "A": "in tune",
        "B": "fundamental",
        "C": "decay",
        "D": "entropy",
        "E": "in tune",
        "F": "none",
    }


def other_16_5(**labels):
    return lambda: solution_16_5() | labels


register(
    Exercise(
        id="16.5",
        title="Which mark sees it?",
        stars=1,
        kind="classify",
        statement=r"""
    Six generators. For each, which mark of the chapter refuses it? Most clips are not `"in tune"`; most have a share of
    the `"fundamental"` below $0.3$; most have a `"decay"` time outside of $0.03$ to $0.3$ seconds; the `"entropy"` of the
    notes in tune is far below $\log 12$; or `"none"` of these. (Where several do, name the first in this list.)

    - **A**: every clip is white noise.
    - **B**: plucks of the twelve notes, but each lacks its first harmonic.
    - **C**: plucks of the twelve notes in which $\tau$ is always one second.
    - **D**: real plucks of the lowest note alone.
    - **E**: plucks whose pitch is uniform between the lowest and the highest note.
    - **F**: twelve training clips, one of each note, repeated for ever.
    """,
        stub="""
    def seen():
        # {"A": "decay", "B": ..., ..., "F": ...}
        return ...
    """,
        hints=(
            "A sound without its first harmonic still repeats after the same period.",
            "Which of the marks compares a clip with the training set, or clips with each other?",
        ),
        explanation=r"""
    Noise is not periodic (A). Without the first harmonic the period is unchanged, so the clips of B are in tune, and
    the energy around the pitch is missing. C is in tune, has a
    fundamental above the threshold (a share a little lower than real plucks have), and fades too slowly. The clips of D
    are perfect, and there is one note. E is in tune with probability $0.2$. F replays training data, which none of
    these marks compares with: memorisation needs a test of its own.
    """,
        solution=solution_16_5,
        wrong=(
            (other_16_5(A="decay"), "comes first in the list"),
            (other_16_5(B="in tune"), "same period"),
            (other_16_5(C="in tune"), "slow fading"),
            (other_16_5(D="in tune"), "each clip alone"),
            (other_16_5(E="none"), "between two notes"),
            (other_16_5(F="entropy"), "all twelve notes"),
        ),
        check=classify(
            solution_16_5(),
            labels=("in tune", "fundamental", "decay", "entropy", "none"),
            reasons={
                (
                    "A",
                    "decay",
                ): "Noise does not fade, but another mark that it fails comes first in the list.",
                (
                    "A",
                    "fundamental",
                ): "Noise has little energy there, but an earlier mark in the list refuses it as well.",
                (
                    "B",
                    "none",
                ): "What is missing lies around the pitch that is read.",
                (
                    "C",
                    "none",
                ): "After a quarter of a second these clips are still loud.",
                (
                    "D",
                    "none",
                ): "One of the marks looks at the whole set.",
                (
                    "B",
                    "in tune",
                ): "Harmonics two to six repeat after the same period as before.",
                (
                    "C",
                    "in tune",
                ): "A slow fading leaves the period as it is.",
                (
                    "D",
                    "in tune",
                ): "That looks at each clip alone, and each is perfect.",
                (
                    "E",
                    "none",
                ): "Most of these pitches lie between two notes.",
                (
                    "F",
                    "entropy",
                ): "The set has all twelve notes, equally often.",
            },
        ),
    )
)

# 16.6 ------------------------------------------------------------------


def solution_16_6():
    return "cabfd"


register(
    Exercise(
        id="16.6",
        title="Prove it: the rounds never raise the error",
        stars=2,
        kind="choice",
        statement=r"""
    Magnitudes $M$ are given. In round $n$, $X_n$ has $\lvert X_n\rvert = M$; $Y_n$ is the transform of a sound that is
    nearest to $X_n$; and $X_{n+1}$ has the magnitudes $M$ and the phases of $Y_n$. Write
    $d_n = \lVert\, \lvert Y_n\rvert - M\rVert$. Prove that $d_{n+1} \le d_n$: choose the lines that the proof needs, in
    an order in which every line uses only lines before it, and return their letters as a string, such as `"gac"`.
    Two of the lines do not belong to the proof. (More than one order is right.)
    """,
        options={
            "a": r"So $\lVert X_{n+1} - Y_n\rVert = d_n$.",
            "b": r"$Y_{n+1}$ is the transform of a sound nearest to $X_{n+1}$, and $Y_n$ is the transform of a sound, so $\lVert X_{n+1} - Y_{n+1}\rVert \le \lVert X_{n+1} - Y_n\rVert$.",
            "c": r"$X_{n+1}$ and $Y_n$ have the same phases, so $\lvert X_{n+1} - Y_n\rvert = \bigl\lvert M - \lvert Y_n\rvert\bigr\rvert$ entry by entry.",
            "d": r"So $d_{n+1} \le \lVert X_{n+1} - Y_{n+1}\rVert \le \lVert X_{n+1} - Y_n\rVert = d_n$.",
            "e": r"$X_n$ and $Y_n$ have the same phases, so $\lVert X_n - Y_n\rVert = d_n$.",
            "f": r"For complex numbers $\bigl\lvert \lvert u\rvert - \lvert v\rvert\bigr\rvert \le \lvert u - v\rvert$, so $d_{n+1} \le \lVert Y_{n+1} - X_{n+1}\rVert$.",
            "g": r"The set of arrays with magnitudes $M$ is convex, so the rounds are projections that converge to the nearest point.",
        },
        stub="""
    def proof():
        # a string of letters, such as "gac"
        return ...
    """,
        hints=(
            "Between $Y_n$ and $Y_{n+1}$ stands $X_{n+1}$. How far is it from each?",
            "One distance is exactly $d_n$, the other is smaller because $Y_{n+1}$ is nearest, and $d_{n+1}$ is smaller still.",
        ),
        explanation=r"""
    Equal phases give the distance to the old transform (c, a); the nearest transform is nearer (b); magnitudes differ
    by no more than the numbers (f); the chain closes (d). Line e is false: $Y_n$ has new phases, and only the
    next array takes them over. Line g is false: the arrays with given magnitudes form a torus, which is not
    convex. That is why the rounds can stop at a sound with other magnitudes.
    """,
        solution=solution_16_6,
        wrong=(
            ("abfd", "same phases give"),
            ("cbfd", "distance to the old"),
            ("cafd", "nearest transform"),
            ("cabd", "the magnitudes differ"),
            ("cabf", "chain is not yet"),
            ("cabfed", "next array"),
            ("cabfgd", "torus"),
            ("dcabf", "comes before"),
        ),
        check=ordered(
            rests_on={"c": "", "a": "c", "b": "", "f": "", "d": "abf"},
            false={
                "e": "The phases of Y are passed on to the next array, not to this one.",
                "g": "Arrays with given magnitudes form a torus, and a torus is not convex.",
            },
            needed={
                "c": "It is not yet said what the same phases give.",
                "a": "It is not yet said how large the distance to the old transform is.",
                "b": "It is not yet used that Y is the nearest transform.",
                "f": "It is not yet said by how much the magnitudes differ.",
                "d": "The chain is not yet put together.",
            },
        ),
    )
)
