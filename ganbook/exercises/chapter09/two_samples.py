r"""Exercises 9.8 and 9.11: Train a test; Is this bin different?."""

import numpy as np
from scipy.stats import norm

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.mistakes import mistake, outcomes


def _halves_9_8(real, fake):
    n, m = len(real) // 2, len(fake) // 2
    train = np.concatenate([real[:n], fake[:m]])
    held_out = np.concatenate([real[n:], fake[m:]])
    labels = np.repeat([1.0, 0.0], [n, m])
    truth = np.repeat([1.0, 0.0], [len(real) - n, len(fake) - m])
    return train, labels, held_out, truth


def solution_9_8(real, fake):
    n = len(real) // 2
    train = np.concatenate([real[:n], fake[:n]])
    held_out = np.concatenate([real[n:], fake[n:]])
    label = np.repeat([1.0, 0.0], n)
    centre, scale = train.mean(axis=0), train.std(axis=0)
    # a column of ones, so that the score has a bias
    x, new = (
        np.column_stack([(part - centre) / scale, np.ones(2 * n)])
        for part in (train, held_out)
    )
    weight = np.zeros(x.shape[1])
    for _ in range(300):
        probability = 1 / (1 + np.exp(-x @ weight))
        weight += (label - probability) @ x / len(x)
    accuracy = ((new @ weight > 0) == (label == 1)).mean()
    return 2 * accuracy - 1


def _logistic_9_8():
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=100.0, max_iter=1000)


def alternative_9_8_sklearn(real, fake):
    train, labels, held_out, truth = _halves_9_8(real, fake)
    return 2 * _logistic_9_8().fit(train, labels).score(held_out, truth) - 1


def wrong_9_8_seen(real, fake):
    train, labels, _, _ = _halves_9_8(real, fake)
    return 2 * _logistic_9_8().fit(train, labels).score(train, labels) - 1


def wrong_9_8_accuracy(real, fake):
    return (alternative_9_8_sklearn(real, fake) + 1) / 2


def wrong_9_8_labels(real, fake):
    return -alternative_9_8_sklearn(real, fake)


def wrong_9_8_untrained(real, fake):
    return 0.0


def wrong_9_8_first(real, fake):
    return alternative_9_8_sklearn(real[:, :1], fake[:, :1])


def wrong_9_8_threshold(real, fake):
    train, labels, held_out, truth = _halves_9_8(real, fake)
    slope = train[labels == 1].mean(axis=0) - train[labels == 0].mean(axis=0)
    return float(2 * ((held_out @ slope > 0) == (truth == 1)).mean() - 1)


def wrong_9_8_cut(real, fake):
    return max(0.0, solution_9_8(real, fake))


def wrong_9_8_halves(real, fake):
    n = len(real) // 2
    return solution_9_8(np.roll(real, n, axis=0), np.roll(fake, n, axis=0))


def check_9_8(answer, c):
    def value(real, fake):
        found = c.call(answer, real, fake)
        c.true(
            np.ndim(found) == 0 and not isinstance(found, str),
            "A number was expected.",
        )
        c.true(np.isfinite(float(found)), "That is NaN or infinite.")
        return float(found)

    n = 2000
    for axis in (0, 1, 0, 2):
        shift = c.number(0.7, 2.6)
        truth = 2 * norm.cdf(shift / 2) - 1  # the total variation
        real, fake = c.rng.normal(size=(2, n, 3))
        fake[:, axis] += shift
        got = value(real, fake)
        if abs(got - truth) < 0.085:
            continue
        if abs(got - (1 + truth) / 2) < 0.06:
            c.fail(
                "That is the accuracy; the bound on total variation is twice it, less one."
            )
        if got < -0.15:
            c.fail(
                "A classifier that is wrong most of the time has its labels turned round."
            )
        if abs(got) < 0.15:
            c.fail(
                "The laws differ in another coordinate than the first, and your test sees nothing there."
                if axis
                else "Two laws that a hyperplane tells apart look alike to your test."
            )
        c.fail(
            "Too far from the total variation of the laws, which a linear classifier reaches here."
        )
    c.true(
        value(real + 30, fake + 30) > 0.15,
        "Moved away from the origin together, the two samples are no longer told apart: the classifier needs a bias.",
    )
    common = 2 * c.rng.normal(size=(2, n, 1))
    real, fake = common + 0.5**0.5 * c.rng.normal(size=(2, n, 2))
    fake[:, 0] += 1
    unit = np.array([10.0, 0.1])
    c.true(
        value(real * unit, fake * unit) > 0.29,
        "Two columns that depend on each other, in different units, hide part of the difference from your classifier: it is no minimiser of the cross-entropy.",
    )
    real, fake = c.rng.normal(size=(2, 60, 40))
    c.true(
        abs(value(real, fake)) < 0.6,
        "Two small samples of *one* law: your bound is close to one. Was the accuracy taken on samples that were trained on?",
    )
    # what is real in the first halves looks generated in the second, and back
    real, fake = c.rng.normal(size=(2, 2000, 2))
    fake[:1000, 0] += 4
    real[1000:, 0] += 4
    fake[1000:, 1] += 4
    got = value(real, fake)
    if got > -0.8:
        if abs(got) < 0.05 or got > 0.8:
            c.fail(
                "On second halves where the classifier is nearly always wrong the number may be negative, down to -1: cut nothing off, and keep its sign."
            )
        c.fail(
            "The classifier learns from the first halves and is judged on the second: here the second halves follow other laws, and the value is nearly -1."
        )


register(
    Exercise(
        id="9.8",
        title="Train a test",
        stars=3,
        kind="function",
        statement=r"""
    Write `tv_bound(real, fake)`: train a linear classifier (by logistic regression, with numpy, torch or scikit-learn) on the
    first half of each set, and return $2a - 1$ for its accuracy $a$ on the second halves, as a number. Both are
    numpy arrays of shape `(N, d)`, $N$ even and at most 2,000. It is checked on laws that a
    hyperplane tells apart, in columns of any units, which may depend on each other, on two small samples of one law,
    and on samples whose second halves follow other laws than the first, where the number may be negative. Keep it
    below a second.
    """,
        stub="""
    def tv_bound(real, fake):
        return ...
    """,
        hints=(
            "Stack the first halves with labels 1 and 0, minimise the binary cross-entropy of a linear score with a bias, and count right signs on the second halves.",
            "Standardise the columns by the mean and spread of the *training* halves; three hundred steps of gradient descent at rate 1 are enough. Do not touch the second halves before the end.",
        ),
        explanation=r"""
    The best accuracy is $(1 + \mathrm{TV})/2$, and any classifier's is at most that, so $2a - 1 \le \mathrm{TV}$ up
    to the sampling error of $a$. On the training halves nothing of the kind holds: in 40 dimensions a hyperplane can
    nearly always separate 30 points from 30 others, even if all come from one law. Chapter 4 met the same thing as a discriminator that memorises.
    """,
        solution=solution_9_8,
        alternatives=(alternative_9_8_sklearn,),
        wrong=(
            (wrong_9_8_seen, "that were trained on"),
            (wrong_9_8_accuracy, "twice it, less one"),
            (wrong_9_8_labels, "turned round"),
            (wrong_9_8_untrained, "look alike"),
            (wrong_9_8_first, "another coordinate"),
            (wrong_9_8_threshold, "Too far from the total"),
            (wrong_9_8_cut, "may be negative"),
            (wrong_9_8_halves, "learns from the first halves"),
        ),
        check=check_9_8,
    )
)


def solution_9_11(p, q, n, m):
    pooled = (n * p + m * q) / (n + m)
    error = np.sqrt(pooled * (1 - pooled) * (1 / n + 1 / m))
    return np.divide(p - q, error, out=np.zeros_like(p), where=error > 0)


def alternative_9_11_loop(p, q, n, m):
    found = []
    for a, b in zip(p, q, strict=True):
        s = (n * a + m * b) / (n + m)
        error = (s * (1 - s) * (n + m) / (n * m)) ** 0.5
        found.append((a - b) / error if error else 0.0)
    return np.array(found)


def _z_9_11(p, q, variance):
    error = np.sqrt(variance)
    return np.divide(p - q, error, out=np.zeros_like(p), where=error > 0)


@mistake(
    "Under equal laws both shares estimate one number: pool them, and use it in both variances."
)
def wrong_9_11_unpooled(p, q, n, m):
    return _z_9_11(p, q, p * (1 - p) / n + q * (1 - q) / m)


@mistake("Only the first sample's error is in it.")
def wrong_9_11_one(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    return _z_9_11(p, q, s * (1 - s) / n)


@mistake("The pooled share weighs each sample by its size.")
def wrong_9_11_average(p, q, n, m):
    s = (p + q) / 2
    return _z_9_11(p, q, s * (1 - s) * (1 / n + 1 / m))


@mistake(
    "The sign is lost: it says whether the bin is filled too little or too much."
)
def wrong_9_11_absolute(p, q, n, m):
    return np.abs(solution_9_11(p, q, n, m))


@mistake("The variance of a share has the factor one minus the share.")
def wrong_9_11_poisson(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    return _z_9_11(p, q, s * (1 / n + 1 / m))


def wrong_9_11_empty(p, q, n, m):
    s = (n * p + m * q) / (n + m)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (p - q) / np.sqrt(s * (1 - s) * (1 / n + 1 / m))


@mistake(
    "A bin that only one of the sets leaves empty differs all the same: its z is not 0."
)
def wrong_9_11_either(p, q, n, m):
    return np.where((p > 0) & (q > 0), solution_9_11(p, q, n, m), 0.0)


def check_9_11(answer, c):
    for n, m in ((100, 100), (1000, 50), (40, 4000)):
        p, q = c.rng.dirichlet(np.full(6, 1.0), 2)
        p, q = np.append(p, 0.0), np.append(q, 0.0)
        p[1], q[2] = 0.0, 0.0
        p[3], q[3] = 1e-4 * p[3], 2e-4 * q[3]
        p, q = p / p.sum(), q / q.sum()
        got = c.call(answer, p, q, n, m)
        if np.isnan(np.asarray(got, dtype=float)).any():
            c.fail(
                "A bin that both sets leave empty gives 0 over 0, which is NaN: its z is 0."
            )
        c.equal(
            got,
            solution_9_11(p, q, n, m),
            rtol=1e-9,
            mistakes=outcomes(
                (p, q, n, m),
                wrong_9_11_unpooled,
                wrong_9_11_one,
                wrong_9_11_average,
                wrong_9_11_absolute,
                wrong_9_11_poisson,
                wrong_9_11_either,
            ),
        )


register(
    Exercise(
        id="9.11",
        title="Is this bin different?",
        stars=1,
        kind="function",
        statement=r"""
    `p` and `q` are numpy arrays of shape `(K,)`: the shares of $n$ real and of $m$ generated samples in each of $K$
    bins. Write `z(p, q, n, m)`: for each bin the difference $p - q$ over its standard error under equal laws, from
    the pooled share; `0` for a bin that is empty in both. An array of shape `(K,)`.
    """,
        stub="""
    def z(p, q, n, m):
        return ...
    """,
        hints=(
            "If both laws are equal, what is the best estimate of the share from all n + m samples?",
            "The variance of p - q is s(1 - s)(1/n + 1/m) for the pooled share s; `np.divide` has `where` and `out`.",
        ),
        explanation=r"""
    The pooled share is $(np + mq)/(n + m)$. The count NDB is the number of bins with $|z|$ above a threshold; among
    $K$ bins of equal laws about $.05 K$ exceed 1.96 by chance, and hardly one exceeds 4: which is why a count needs
    its threshold beside it.
    """,
        solution=solution_9_11,
        alternatives=(alternative_9_11_loop,),
        wrong=(
            wrong_9_11_unpooled,
            wrong_9_11_one,
            wrong_9_11_average,
            wrong_9_11_absolute,
            wrong_9_11_poisson,
            (wrong_9_11_empty, "0 over 0"),
            wrong_9_11_either,
        ),
        check=check_9_11,
    )
)
