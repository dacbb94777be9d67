r"""Exercises of chapter 14 on few labels, wiring, and judging."""

import torch
from torch import nn
from torch.nn.functional import softplus

from ganbook.exercises.engine.core import Exercise, register, rubric
from ganbook.exercises.engine.mistakes import mistake, outcomes

# 14.11 -----------------------------------------------------------------


def solution_14_11(real, fake):
    d_real, d_fake = (t.logsumexp(dim=1) for t in (real, fake))
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def alternative_14_11_one_more_class(real, fake):
    def with_generated(t):
        zero = torch.zeros(len(t), 1, dtype=t.dtype)
        return torch.log_softmax(torch.cat([t, zero], dim=1), dim=1)

    is_real = with_generated(real)[:, :-1].logsumexp(dim=1)
    return -is_real.mean() - with_generated(fake)[:, -1].mean()


@mistake("The largest logit is not the sum of the classes' weights.")
def wrong_14_11_largest(real, fake):
    d_real, d_fake = (t.amax(dim=1) for t in (real, fake))
    return softplus(-d_real).mean() + softplus(d_fake).mean()


@mistake(
    "Weights add, and logits are their logarithms: adding logits multiplies them."
)
def wrong_14_11_sum(real, fake):
    d_real, d_fake = (t.sum(dim=1) for t in (real, fake))
    return softplus(-d_real).mean() + softplus(d_fake).mean()


@mistake("Real and generated samples have changed places.")
def wrong_14_11_swapped(real, fake):
    return solution_14_11(fake, real)


@mistake("The generated samples do not enter.")
def wrong_14_11_real_only(real, fake):
    return softplus(-real.logsumexp(dim=1)).mean()


@mistake(
    "The class of generated samples, with its logit 0, is left out of the normalisation."
)
def wrong_14_11_no_zero(real, fake):
    return -real.logsumexp(dim=1).mean() + fake.logsumexp(dim=1).mean()


@mistake("Sum over the classes, axis 1, not over the batch.")
def wrong_14_11_batch(real, fake):
    d_real, d_fake = (t.logsumexp(dim=0) for t in (real, fake))
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_14_11_exponentials(real, fake):
    z_real, z_fake = (t.exp().sum(dim=1) for t in (real, fake))
    loss = -torch.log(z_real / (1 + z_real)).mean()
    return loss + torch.log(1 + z_fake).mean()


def wrong_14_11_one_less(real, fake):
    zero = torch.zeros(len(real), 1, dtype=real.dtype)
    generated = torch.softmax(torch.cat([real, zero], dim=1), dim=1)[:, -1]
    loss = -torch.log(1 - generated).mean()
    return loss + softplus(fake.logsumexp(dim=1)).mean()


def wrong_14_11_frozen(real, fake):
    return solution_14_11(real, fake.detach())


def check_14_11(answer, c):
    for dtype in c.dtypes:
        for scale in (1.0, 3.0, 300.0):
            K = c.integer(2, 6)
            real = scale * c.normal((c.integer(7, 9), K), dtype)
            fake = scale * c.normal((c.integer(10, 12), K), dtype)
            if scale > 3:  # sure of "generated" on a real sample
                real = torch.cat([real, -real.abs() - 50])
            level = [t.double().logsumexp(dim=1) for t in (real, fake)]
            zero = torch.zeros((), dtype=torch.float64)
            want = torch.logaddexp(zero, -level[0]).mean()
            want = (want + torch.logaddexp(zero, level[1]).mean()).to(dtype)
            got = c.call(answer, real, fake)
            if scale > 3 and torch.isnan(torch.as_tensor(got)).any():
                c.fail(
                    "For logits of several hundred the exponentials overflow: keep to logarithms, with `logsumexp`."
                )
            if scale > 3 and torch.isinf(torch.as_tensor(got)).any():
                c.fail(
                    "For logits of several hundred the result is infinite: the logarithm of a probability that has become 0."
                )
            c.equal(
                got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes=outcomes(
                    (real, fake),
                    wrong_14_11_largest,
                    wrong_14_11_sum,
                    wrong_14_11_swapped,
                    wrong_14_11_real_only,
                    wrong_14_11_no_zero,
                    wrong_14_11_batch,
                ),
            )
            _, slopes = c.call_grad(answer, real, fake)
            leaves = [t.clone().requires_grad_(True) for t in (real, fake)]
            wanted = torch.autograd.grad(solution_14_11(*leaves), leaves)
            c.true(
                all(
                    c.agrees(slope, right, rtol=1e-3, atol=1e-6)
                    for slope, right in zip(slopes, wanted, strict=True)
                ),
                "The value is right, but its gradient is not: a part of it was detached.",
            )


register(
    Exercise(
        id="14.11",
        title="A classifier as a discriminator",
        stars=2,
        kind="function",
        statement=r"""
    A classifier has $K$ logits for the real classes; the class "generated" has the logit 0. Write
    `unlabelled_loss(real, fake)`: $-\mathbb{E}\log P(\text{any class})$ on real samples plus
    $-\mathbb{E}\log P(\text{generated})$ on generated ones, in nats, from the logits `real` of shape `(N, K)` and `fake` of
    shape `(M, K)`, as a tensor through which a network can be trained. Logits may be several hundred in size.
    """,
        stub="""
    def unlabelled_loss(real, fake):
        return ...
    """,
        hints=(
            r"With $Z = \sum_k e^{\ell_k}$, what is the probability of the class with the logit 0?",
            r"$Z/(1+Z) = \sigma(\log Z)$: the score is $\log Z$, `logsumexp`, and the loss is the usual one.",
        ),
        explanation=r"""
    $P(\text{generated}) = 1/(1 + Z)$ and $P(\text{real}) = Z/(1+Z) = \sigma(\log Z)$. So $\log Z$ is a score like any
    other, and $D$'s loss is the usual one. Labelled samples add the cross-entropy among the $K$ classes,
    which does not change when all logits grow by the same amount; the loss of unlabelled samples depends on the
    logits through $\log Z$ alone.
    """,
        solution=solution_14_11,
        alternatives=(alternative_14_11_one_more_class,),
        wrong=(
            wrong_14_11_largest,
            wrong_14_11_sum,
            wrong_14_11_swapped,
            wrong_14_11_real_only,
            wrong_14_11_no_zero,
            wrong_14_11_batch,
            (wrong_14_11_exponentials, "exponentials overflow"),
            (wrong_14_11_one_less, "result is infinite"),
            (wrong_14_11_frozen, "input 2"),
        ),
        check=check_14_11,
    )
)

# 14.12 -----------------------------------------------------------------


def broken_14_12(D, x_real, x_fake, y):
    d_real = D(x_real, y)
    d_fake = D(x_fake, y[torch.randperm(len(y))])
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def solution_14_12(D, x_real, x_fake, y):
    d_real, d_fake = D(x_real, y), D(x_fake, y)
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def alternative_14_12_one_pass(D, x_real, x_fake, y):
    scores = D(torch.cat([x_real, x_fake]), torch.cat([y, y]))
    d_real, d_fake = scores.split(len(y))
    return (softplus(-d_real) + softplus(d_fake)).mean()


def wrong_14_12_flipped(D, x_real, x_fake, y):
    d_fake = D(x_fake, y.flip(0))
    return softplus(-D(x_real, y)).mean() + softplus(d_fake).mean()


def wrong_14_12_first(D, x_real, x_fake, y):
    label = torch.zeros_like(y)
    d_real, d_fake = D(x_real, label), D(x_fake, label)
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_14_12_sources(D, x_real, x_fake, y):
    d_real, d_fake = D(x_real, y), D(x_fake, y)
    return softplus(d_real).mean() + softplus(-d_fake).mean()


def wrong_14_12_half(D, x_real, x_fake, y):
    return solution_14_12(D, x_real, x_fake, y) / 2


def wrong_14_12_detached(D, x_real, x_fake, y):
    return solution_14_12(D, x_real, x_fake, y).detach()


def wrong_14_12_sums(D, x_real, x_fake, y):
    return solution_14_12(D, x_real, x_fake, y) * len(y)


def wrong_14_12_real_alone(D, x_real, x_fake, y):
    d_real, d_fake = D(x_real, y), D(x_fake, y).detach()
    return softplus(-d_real).mean() + softplus(d_fake).mean()


def wrong_14_12_log_sigmoid(D, x_real, x_fake, y):
    d_real, d_fake = D(x_real, y).sigmoid(), D(x_fake, y).sigmoid()
    return -(torch.log(d_real) + torch.log(1 - d_fake)).mean()


class _OnPairs(nn.Module):
    def __init__(self, n, classes, c, dtype):
        super().__init__()
        self.w = nn.Parameter(c.normal((classes, n), dtype))

    def forward(self, x, y):
        return (x * self.w[y]).sum(dim=1, keepdim=True)


def _loss(D, x_real, x_fake, y):
    """The loss in double precision, and its gradient in D's vectors."""
    w = D.w.detach().double().requires_grad_(True)
    real, fake = ((x * w[y]).sum(dim=1) for x in (x_real, x_fake))
    zero = torch.zeros((), dtype=torch.float64)
    loss = torch.logaddexp(zero, -real).mean()
    loss = loss + torch.logaddexp(zero, fake).mean()
    return loss.detach(), torch.autograd.grad(loss, w)[0]


def check_14_12(answer, c):
    for dtype in c.dtypes:
        for scale in (1, 1, 1, 300):
            N, K = c.integer(6, 9), c.integer(3, 5)
            D = _OnPairs(3, K, c, dtype)
            x_real, x_fake = (
                scale * c.normal((N, 3), dtype) for _ in range(2)
            )
            y = (torch.arange(N) * 2 + 1) % K
            want, slope = (t.to(dtype) for t in _loss(D, x_real, x_fake, y))
            # With one label for all, no sample can have another's.
            one = torch.zeros_like(y)
            got = c.call(answer, D, x_real, x_fake, one)
            but_for_labels = c.agrees(
                got.detach() if isinstance(got, torch.Tensor) else got,
                _loss(D, x_real, x_fake, one)[0].to(dtype),
            )
            as_before = c.watch(D)
            got = c.call(answer, D, x_real, x_fake, y)
            as_before()
            if scale > 1 and not torch.isfinite(torch.as_tensor(got)).all():
                c.fail(
                    "For scores of several hundred the result is not finite; with softplus it was."
                )
            c.equal(
                got.detach() if isinstance(got, torch.Tensor) else got,
                want,
                rtol=1e-4 if dtype == torch.float32 else 1e-9,
                atol=1e-5 if dtype == torch.float32 else 1e-10,
                mistakes={
                    "The labels are in reverse order for generated samples.": wrong_14_12_flipped(
                        D, x_real, x_fake, y
                    ).detach(),
                    "One label for all samples: D could as well have none.": wrong_14_12_first(
                        D, x_real, x_fake, y
                    ).detach(),
                    "Real and generated have changed places.": wrong_14_12_sources(
                        D, x_real, x_fake, y
                    ).detach(),
                    "The two means are added, not averaged.": wrong_14_12_half(
                        D, x_real, x_fake, y
                    ).detach(),
                    "Those are sums over the batch; both terms are means.": wrong_14_12_sums(
                        D, x_real, x_fake, y
                    ).detach(),
                },
                says="Each sample has to be scored with the label of its own row, a generated one with the label that it was made for."
                if but_for_labels
                else "",
            )
            c.true(
                got.requires_grad,
                "The value is right, but D cannot be trained through it.",
            )
            (reached,) = torch.autograd.grad(got, D.w, allow_unused=True)
            c.true(
                reached is not None,
                "The value is right, but D cannot be trained through it.",
            )
            c.equal(
                reached,
                slope,
                says="The value is right, but its gradient is not: one of the two terms does not train D.",
            )


register(
    Exercise(
        id="14.12",
        title="Labels in the wrong rows",
        stars=2,
        kind="bug",
        statement=r"""
    This is $D$'s loss in a conditional game; `x_fake` was made from the labels `y`, row by row, and `D(x, y)` returns scores
    of shape `(N, 1)`, which may be several hundred in size. Training looks healthy, and the samples show the labels that
    are asked for. But where the classes of the data overlap, the generated ones lie further apart, as in the puzzle. Mend it.
    """,
        stub="""
    def discriminator_loss(D, x_real, x_fake, y):
        return ...
    """,
        broken=broken_14_12,
        hints=(
            r"Which pairs does $D$ learn to call generated?",
            r"The label of a generated sample is the one that the generator was given for it.",
        ),
        explanation=r"""
    With shuffled labels the generated pairs are (sample, independent label), so the best score is
    $\log p_y(x) - \log \bar q(x)$, with $\bar q$ the law of all generated samples. At a perfect generator this is
    $\log p(y|x) - \log \pi_y$ and not 0: G is rewarded for samples whose label is easy to recognise, as by an auxiliary
    classifier, and leaves the data. With the right labels the best score is $\log p_y(x) - \log q_y(x)$, which is 0 there.
    (Real samples with wrong labels are sometimes added as a *third* kind of pair, which $D$ is to call generated. They
    must not replace the second, and where the classes overlap they move the optimum, too.)
    """,
        solution=solution_14_12,
        alternatives=(alternative_14_12_one_pass,),
        wrong=(
            (broken_14_12, "label that it was made for"),
            (wrong_14_12_flipped, "reverse order"),
            (wrong_14_12_first, "One label for all"),
            (wrong_14_12_sources, "changed places"),
            (wrong_14_12_half, "not averaged"),
            (wrong_14_12_detached, "cannot be trained"),
            (wrong_14_12_sums, "sums over the batch"),
            (wrong_14_12_real_alone, "does not train D"),
            (wrong_14_12_log_sigmoid, "not finite"),
        ),
        check=check_14_12,
    )
)

# 14.13 -----------------------------------------------------------------


def solution_14_13():
    return (
        "A classifier trained on 1,000 real digits and 10,000 generated ones named x % of the real test images correctly, "
        "one trained on the 1,000 alone y % (five seeds each, same network, same number of steps, spread given). The "
        "generator was trained on all 60,000 images with their labels, so the comparison does not show that generated "
        "digits replace real ones: a classifier with the same 60,000 labels reached z %, more than both."
    )


register(
    Exercise(
        id="14.13",
        title="Does augmentation help?",
        stars=2,
        kind="rubric",
        statement=r"""
    A draft says: "Adding generated digits to 1,000 real ones raises the accuracy of a classifier; our GAN therefore creates
    new information." Rewrite it in at most five sentences so that a reader is not misled. Say what was compared, what the
    generator was trained on, and which comparison is missing.
    """,
        stub="""
    def claim():
        return ...
    """,
        hints=(
            r"Which data did the generator see, and with which labels?",
            r"A classifier that is given what the generator was given is the fair baseline.",
        ),
        explanation=r"""
    By the data-processing inequality, samples of a generator carry no information about the data beyond what its training
    set carried. They can still help a particular learner, as augmentation does, but the baseline has to have the same data,
    the same number of steps and the usual augmentation.
    """,
        solution=solution_14_13,
        check=rubric(
            "It says how many real digits, generated digits, seeds and steps each arm had.",
            "It says that the generator was trained on more labelled data than the classifier without it.",
            "It names the fair baseline: the same data for both, with ordinary augmentation.",
            "It does not say that information is created.",
            "It gives the spread over seeds, and does not call a difference inside the spread a gain.",
        ),
    )
)
