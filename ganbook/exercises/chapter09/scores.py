r"""Exercises 9.3, 9.6 and 9.7."""

import numpy as np

from ganbook.exercises.engine.core import Exercise, classify, register
from ganbook.exercises.engine.mistakes import mistake, outcomes
from ganbook.metrics import (
    frechet_distance,
    inception_score,
)

TRUTH_9_3 = {
    "P": "fresh real digits",
    "Q": "500 stored digits",
    "R": "blurred digits",
    "S": "digits without nines",
    "T": "features with equal moments",
}


REASONS_9_3 = {
    "P": {
        "features with equal moments": "A normal law in feature space has no classes, so the classifier is unsure of its samples.",
        "blurred digits": "Blur costs far more than one unit of Fréchet distance.",
        "500 stored digits": "Five hundred pictures cannot reach the balls of 2,000: coverage would be far below .96.",
        "digits without nines": "With one class of ten gone the inception score falls to about nine.",
    },
    "Q": {
        "digits without nines": "With one class of ten gone the inception score falls to about nine.",
        "features with equal moments": "Equal moments mean a small Fréchet distance, and this set's samples lie among real ones.",
        "fresh real digits": "Fresh digits reach .96 of the balls; this set reaches .65.",
        "blurred digits": "Blur raises precision above that of real digits, .88; here it is .88.",
    },
    "R": {
        "digits without nines": "Why would a lost class raise precision above that of real digits?",
        "fresh real digits": "Fresh digits lie at the floor, a distance of about 1.",
        "500 stored digits": "A stored digit is a real digit: why would its precision exceed .88?",
        "features with equal moments": "Equal moments mean a small Fréchet distance; this one is the largest.",
    },
    "S": {
        "fresh real digits": "Fresh digits lie at the floor, a distance of about 1.",
        "500 stored digits": "Five hundred random digits hold all ten classes: which score falls if one class is missing?",
        "blurred digits": "Blur raises precision above that of real digits, .88; here it is .88.",
        "features with equal moments": "Equal moments mean a small Fréchet distance, and this set's samples lie among real ones.",
    },
    "T": {
        "fresh real digits": "Fresh digits lie in the balls of real ones: a precision of .88, not .00.",
        "500 stored digits": "Stored digits lie in the balls of real ones: their precision is not .00.",
        "blurred digits": "Blurred digits lie in more of the real balls than real ones do, not in none.",
        "digits without nines": "Real digits of nine classes lie in real balls: their precision is not .00.",
    },
}


def solution_9_3():
    return dict(TRUTH_9_3)


def _swap_9_3(a, b):
    changed = dict(TRUTH_9_3)
    changed[a], changed[b] = changed[b], changed[a]
    return changed


def wrong_9_3_best_distance():
    return _swap_9_3("P", "T")


def wrong_9_3_precise():
    return _swap_9_3("P", "R")


def wrong_9_3_lost_or_stored():
    return _swap_9_3("Q", "S")


def wrong_9_3_blur_or_lost():
    return _swap_9_3("R", "S")


def wrong_9_3_stored_or_moments():
    return _swap_9_3("Q", "T")


register(
    Exercise(
        id="9.3",
        title="Which sampler is which?",
        stars=2,
        kind="classify",
        statement=r"""
    Five sets of 10,000 samples, on the book's scale (features of the MNIST classifier, reference 10,000
    training images, noise 795; precision and coverage from 2,000 against 2,000):

    | | Fréchet distance | inception score | precision | coverage |
    |---|---|---|---|---|
    | P | 1.0 | 9.8 | .88 | .96 |
    | Q | 7.9 | 9.7 | .88 | .65 |
    | R | 28.9 | 9.7 | .96 | .89 |
    | S | 17.3 | 8.9 | .88 | .88 |
    | T | 0.3 | 6.5 | .00 | .01 |

    Return a dict from each letter to one of `"fresh real digits"`, `"500 stored digits"`,
    `"blurred digits"`, `"digits without nines"`, `"features with equal moments"`.
    """,
        stub="""
    # {"P": "...", "Q": "...", "R": "...", "S": "...", "T": "..."}
    def samplers():
        return ...
    """,
        hints=(
            "Start with the inception score: which failure takes one class of ten away? And which set shares the reference's own moments?",
            "Fresh real digits define the floor and .96. Blur moves samples towards the middle of the real ones; a few stored ones leave most of the real balls empty.",
        ),
        explanation=r"""
    T's distance is *below* the floor of real samples: only moments were copied, and no sample lies where real
    ones do. S loses a class: the inception score falls by about one. R's precision is above that of real
    digits, which blur does. Q has the right classes and real pictures, but 500 of them cannot reach the balls
    of 2,000. P is what is left, and sits at the floor.
    """,
        solution=solution_9_3,
        wrong=(
            (wrong_9_3_best_distance, "P is not 'features with equal"),
            (wrong_9_3_precise, "P is not 'blurred"),
            (wrong_9_3_lost_or_stored, "Q is not 'digits without"),
            (wrong_9_3_blur_or_lost, "R is not 'digits without"),
            (wrong_9_3_stored_or_moments, "Q is not 'features"),
        ),
        check=classify(
            TRUTH_9_3,
            labels=tuple(TRUTH_9_3.values()),
            reasons={
                (letter, name): why
                for letter, row in REASONS_9_3.items()
                for name, why in row.items()
            },
        ),
    )
)


def solution_9_6(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    values, vectors = np.linalg.eigh(cov)
    d = len(values)
    # two points on each axis; 2d points with the divisor 2d - 1
    arms = np.sqrt(values.clip(0) * (2 * d - 1) / 2) * vectors
    return np.concatenate([mean + arms.T, mean - arms.T])


def alternative_9_6_root(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    d = len(cov)
    unit = np.concatenate([np.eye(d), -np.eye(d)])
    unit *= np.sqrt((2 * d - 1) / 2)
    return mean + unit @ np.linalg.cholesky(cov).T


def wrong_9_6_gaussian(real):
    rng = np.random.default_rng(0)
    return rng.multivariate_normal(real.mean(axis=0), np.cov(real.T), 16)


def wrong_9_6_mean(real):
    return np.repeat(real.mean(axis=0)[None], 4, axis=0)


def wrong_9_6_divisor(real):
    mean, cov = real.mean(axis=0), np.cov(real.T)
    d = len(cov)
    unit = np.sqrt(d) * np.concatenate([np.eye(d), -np.eye(d)])
    return mean + unit @ np.linalg.cholesky(cov).T


def wrong_9_6_centred(real):
    return solution_9_6(real) - real.mean(axis=0)


def wrong_9_6_copy(real):
    return real.copy()


def wrong_9_6_marginals(real):
    d = real.shape[1]
    arms = np.diag(real.std(axis=0, ddof=1) * np.sqrt((2 * d - 1) / 2))
    mean = real.mean(axis=0)
    return np.concatenate([mean + arms, mean - arms])


def check_9_6(answer, c):
    for n, d in ((200, 2), (300, 3), (50, 5)):
        turn = np.linalg.qr(c.rng.normal(size=(d, d)))[0]
        real = c.rng.normal(size=(n, d)) * np.arange(1.0, d + 1) @ turn
        real += c.rng.uniform(2, 4, d)
        fake = np.asarray(c.call(answer, real), dtype=float)
        c.true(
            fake.ndim == 2 and fake.shape[1] == d and len(fake) >= 2,
            "An array of shape (m, d) was expected.",
        )
        c.true(np.isfinite(fake).all(), "A value is NaN or infinite.")
        c.true(
            len(fake) <= 2 * d,
            "That is more than 2d points; anything has the right moments if it may be as large as the data.",
        )
        centre = np.abs(fake.mean(axis=0) - real.mean(axis=0)).max()
        if centre > 1e-6:
            moved = np.allclose(fake.mean(axis=0), 0, atol=1e-6)
            c.fail(
                "The mean of your points is 0; add the data's mean."
                if moved
                else "The mean of your points is not that of the data."
            )
        cov, want = np.cov(fake.T), np.cov(real.T)
        if not np.allclose(cov, want, rtol=1e-6, atol=1e-6):
            if np.abs(cov).max() < 1e-9:
                c.fail("Your points have no spread at all.")
            if np.allclose(cov * (len(fake) - 1) / len(fake), want):
                c.fail(
                    "The covariance of m points divides by m - 1; yours is right for the divisor m."
                )
            if np.allclose(np.diag(cov), np.diag(want)):
                c.fail(
                    "The variances agree and the covariances between coordinates do not."
                )
            c.fail("The covariance of your points is not that of the data.")
        c.true(
            frechet_distance(real, fake) < 1e-5,
            "The Fréchet distance is not 0.",
        )


register(
    Exercise(
        id="9.6",
        title="Forge a perfect score",
        stars=2,
        kind="function",
        statement=r"""
    Write `forge(real)`: for real features of shape `(N, d)`, $d \ge 2$, a numpy array whose covariance has full
    rank, return at most $2d$ points, an array of shape `(m, d)`, whose Fréchet distance to `real` is $0$ (to
    $10^{-5}$): sample mean and unbiased sample covariance, `np.cov`, must be those of `real`.
    """,
        stub="""
    def forge(real):
        return ...
    """,
        hints=(
            r"Put two points on each axis of a cross, at $\pm a$: what are their mean and covariance? Then turn and stretch the cross.",
            r"The cross with arms $a$ has the covariance $\frac{2a^2}{2d - 1} I$. Choose $a$ so that this is $I$, multiply by a root of the covariance (Cholesky, or eigenvectors), and add the mean.",
        ),
        explanation=r"""
    $d$ means and $d(d+1)/2$ covariances are all that the Fréchet distance sees, so $2d$ points can match them:
    four points in the plane score as well as the data themselves, and better than fresh data. With 128 features,
    256 pictures would do, if pictures with these features exist.
    """,
        solution=solution_9_6,
        alternatives=(alternative_9_6_root,),
        wrong=(
            (wrong_9_6_gaussian, "more than 2d points"),
            (wrong_9_6_mean, "no spread"),
            (wrong_9_6_divisor, "divisor m"),
            (wrong_9_6_centred, "add the data's mean"),
            (wrong_9_6_marginals, "between coordinates"),
        ),
        check=check_9_6,
    )
)


def broken_9_7(probabilities):
    mean = probabilities.mean(axis=1, keepdims=True)
    ratio = np.log(probabilities) - np.log(mean)
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def solution_9_7(probabilities):
    mean = probabilities.mean(axis=0)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def alternative_9_7_entropies(probabilities):
    from scipy.special import entr

    mean = probabilities.mean(axis=0)
    inside = entr(probabilities).sum(axis=1).mean()
    return float(np.exp(entr(mean).sum() - inside))


@mistake(
    "The mean is still over the classes of one sample; it belongs over the samples."
)
def wrong_9_7_axis(probabilities):
    mean = probabilities.mean(axis=1, keepdims=True)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(mean)
    return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


def wrong_9_7_zeros(probabilities):
    mean = probabilities.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(probabilities) - np.log(mean)
        return float(np.exp((probabilities * ratio).sum(axis=1).mean()))


@mistake(
    "A constant added to the probabilities changes the score: rows no longer sum to one."
)
def wrong_9_7_epsilon(probabilities):
    p = probabilities + 1e-2
    ratio = np.log(p) - np.log(p.mean(axis=0))
    return float(np.exp((p * ratio).sum(axis=1).mean()))


@mistake("That is the mutual information; the score is its exponential.")
def wrong_9_7_exponent(probabilities):
    return float(np.log(solution_9_7(probabilities)))


@mistake("The mean over samples is taken before the exponential, not after.")
def wrong_9_7_mean_of_exponentials(probabilities):
    mean = probabilities.mean(axis=0)
    safe = np.where(probabilities > 0, probabilities, 1.0)
    ratio = np.log(safe) - np.log(np.where(mean > 0, mean, 1.0))
    return float(np.exp((probabilities * ratio).sum(axis=1)).mean())


def check_9_7(answer, c):
    certain, mixed = np.eye(10), c.rng.dirichlet(np.full(4, 0.5), 12)
    undefined, first = (c.call(answer, p) for p in (certain, mixed))
    for got in (undefined, first):
        c.true(
            np.ndim(got) == 0 and not isinstance(got, str),
            "A number was expected.",
        )
    undefined, first = np.isnan(float(undefined)), float(first)
    if undefined and not c.agrees(first, inception_score(mixed), 1e-6, 0):
        c.fail(
            "Both faults are still there: NaN where a probability is 0, and a wrong value elsewhere."
        )
    if undefined:
        c.fail(
            "A probability of 0 makes it NaN: 0 times the logarithm of 0 counts as 0."
        )
    for p in (
        mixed,
        certain,
        np.repeat(np.eye(3)[:1], 5, axis=0),
        np.eye(12),
        np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.2, 0.3, 0.5]]),
        np.eye(3)[np.arange(20_001) // 10_000],  # a class with one sample
    ):
        c.equal(
            c.call(answer, p),
            inception_score(p),
            rtol=1e-6,
            mistakes=outcomes(
                (p,),
                wrong_9_7_axis,
                wrong_9_7_epsilon,
                wrong_9_7_exponent,
                wrong_9_7_mean_of_exponentials,
            ),
        )


register(
    Exercise(
        id="9.7",
        title="A score that sees one sample at a time",
        stars=2,
        kind="bug",
        statement=r"""
    This is meant to be the inception score of `probabilities`, a numpy array of shape `(N, K)` with rows that sum
    to one; entries may be 0. It has two faults. Mend it; ten samples of ten classes, each certain, score 10.
    """,
        stub="""
    def score(probabilities):
        return ...
    """,
        hints=(
            "Over which axis is the mean that each sample is compared with?",
            r"A certain classifier gives zeros, and $0 \log 0$ is 0 in an entropy: replace the argument of the logarithm where the probability is 0.",
        ),
        explanation=r"""
    $\bar P$ is the mean over *samples*, `axis=0`; over the classes it would be $1/K$ for every row, and the score
    could not see whether samples differ. And $p \log p \to 0$ as $p \to 0$: a term with $p = 0$ contributes
    nothing. Public code of the extrapolated score takes the logarithm of 0 here.
    """,
        solution=solution_9_7,
        alternatives=(alternative_9_7_entropies,),
        broken=broken_9_7,
        wrong=(
            wrong_9_7_axis,
            (wrong_9_7_zeros, "makes it NaN"),
            wrong_9_7_epsilon,
            wrong_9_7_exponent,
            wrong_9_7_mean_of_exponentials,
            (broken_9_7, "Both faults"),
        ),
        check=check_9_7,
    )
)
