r"""Norms of linear maps: power iteration, Fourier, and a proof in pieces."""

import torch
from torch.nn.functional import conv2d, conv_transpose2d

from ganbook.exercises.engine.core import Exercise, register
from ganbook.exercises.engine.proofs import ordered
from ganbook.exercises.engine.words import say

# 12.1 ------------------------------------------------------------------


def solution_12_1(forward, back, v, steps):
    for _ in range(steps):
        u = forward(v / v.norm())
        v = back(u)
    return u.norm()


def alternative_12_1_unit(forward, back, v, steps):
    for _ in range(steps - 1):
        v = v / v.square().sum().sqrt()
        v = back(forward(v))
    v = v / v.square().sum().sqrt()
    return forward(v).square().sum().sqrt()


def wrong_12_1_square(forward, back, v, steps):
    for _ in range(steps):
        v = back(forward(v / v.norm()))
    return v.norm()


def wrong_12_1_unscaled(forward, back, v, steps):
    for _ in range(steps):
        u = forward(v)
        v = back(u)
    return u.norm()


def wrong_12_1_one_step(forward, back, v, steps):
    return forward(v / v.norm()).norm()


def wrong_12_1_one_more(forward, back, v, steps):
    return solution_12_1(forward, back, v, steps + 1)


def wrong_12_1_largest(forward, back, v, steps):
    for _ in range(steps):
        u = forward(v / v.norm())
        v = back(u)
    return u.abs().max()


def wrong_12_1_rows(forward, back, v, steps):
    for _ in range(steps):
        u = forward(v / v.norm(dim=-1, keepdim=True))
        v = back(u)
    return u.norm()


def _maps_12_1(c, dtype):
    """A linear map, its transpose, a start and a name; the last map is a convolution."""
    for shape in ((3, 5), (6, 2), (4, 4)):
        W = c.normal(shape, dtype)
        v = c.normal((shape[1],), dtype)

        def forward(x, W=W):
            return W @ x

        def back(x, W=W):
            return W.T @ x

        yield forward, back, v, say("a matrix of shape {shape}", shape=shape)
    A, B = c.normal((3, 4), dtype), c.normal((4, 2), dtype)

    def forward(x, A=A, B=B):
        return A @ x @ B

    def back(x, A=A, B=B):
        return A.T @ x @ B.T

    v = c.normal((4, 4), dtype)
    yield forward, back, v, "a map of (4, 4) to (3, 2)"
    W, v = c.normal((2, 3, 3, 3), dtype), c.normal((3, 5, 4), dtype)

    def forward(x):
        return conv2d(x, W, padding=1)

    def back(x):
        return conv_transpose2d(x, W, padding=1)

    yield forward, back, v, "a convolution of pictures (3, 5, 4)"


def check_12_1(answer, c):
    for dtype in c.dtypes:
        for forward, back, v, name in _maps_12_1(c, dtype):
            steps = 1 if v.shape == (2,) else c.integer(2, 4)
            value = v.clone()
            for _ in range(steps - 1):
                value = back(forward(value))
            want = forward(value).norm() / value.norm()
            given = forward, back, v, steps
            c.equal(
                c.call(answer, *given),
                want,
                rtol=1e-4,
                on=f"{name}, {steps} steps",
                mistakes={
                    "That tends to the square of the norm: both maps have been applied.": wrong_12_1_square(
                        *given
                    ),
                    "The vector is never scaled to length 1, so its length is in the result.": wrong_12_1_unscaled(
                        *given
                    ),
                    "That is the stretch of the start vector, before any iteration has turned it.": wrong_12_1_one_step(
                        *given
                    ),
                    "One iteration too many was made.": wrong_12_1_one_more(
                        *given
                    ),
                    "That is the largest entry of the result, not its length.": wrong_12_1_largest(
                        *given
                    ),
                    "Each row was scaled by itself; a picture is one vector and has one length.": wrong_12_1_rows(
                        *given
                    ),
                },
            )
    M = torch.diag(torch.tensor([3.0, 2.9], dtype=torch.float64))
    v = torch.tensor([0.1, 1.0], dtype=torch.float64)
    c.like(
        answer,
        solution_12_1,
        lambda: (lambda x: M @ x, lambda y: M.T @ y, v, 60),
        says="All iterations count, also the sixtieth.",
    )


register(
    Exercise(
        id="12.1",
        title="Power iteration without a matrix",
        stars=1,
        kind="function",
        statement=r"""
    `forward` is a linear map and `back` its transpose, both functions of tensors (for a convolution, `conv2d` and
    `conv_transpose2d`). Write `top(forward, back, v, steps)`: in each of `steps` $\ge 1$ iterations scale $v$ to length 1,
    apply `forward` to get $u$, and apply `back` to $u$ to get the next $v$. Return the length of the last $u$ as
    a tensor. For the matrix $\mathrm{diag}(3, 1)$, $v = (1, 1)$ and 2 steps it is about $2.98$.
    """,
        stub="""
    def top(forward, back, v, steps):
        return ...
    """,
        hints=(
            r"The loop has three lines: scale, forward, back.",
            r"Lengths are Euclidean, and the last $u$ is one `back` short of the last $v$.",
        ),
        explanation=r"""
    Each iteration multiplies the part of $v$ along the top singular vector by $\sigma_1^2$ and the others by less, so
    $v$ turns towards it. $\lVert u \rVert = \lVert W v \rVert$ for a unit vector $v$ is at most $\sigma_1$ at every
    moment, whatever the number of steps.
    """,
        solution=solution_12_1,
        alternatives=(alternative_12_1_unit,),
        wrong=(
            (wrong_12_1_square, "square of the norm"),
            (wrong_12_1_unscaled, "never scaled"),
            (wrong_12_1_one_step, "start vector"),
            (wrong_12_1_one_more, "too many"),
            (wrong_12_1_largest, "largest entry"),
            (wrong_12_1_rows, "has one length"),
        ),
        check=check_12_1,
    )
)

# 12.2 ------------------------------------------------------------------


def solution_12_2(kernel, n):
    matrices = torch.fft.fft2(kernel, s=(n, n)).permute(2, 3, 0, 1)
    return torch.linalg.matrix_norm(matrices, 2).max()


def alternative_12_2_sum(kernel, n):
    size, best = kernel.shape[2], []
    place = torch.arange(size, dtype=kernel.dtype)
    for a in range(n):
        for b in range(n):
            angle = 2 * torch.pi * (a * place[:, None] + b * place) / n
            real = (kernel * torch.cos(angle)).sum(dim=(2, 3))
            imag = (kernel * torch.sin(angle)).sum(dim=(2, 3))
            best.append(torch.linalg.svdvals(torch.complex(real, -imag))[0])
    return torch.stack(best).max()


def wrong_12_2_reshaped(kernel, n):
    return torch.linalg.matrix_norm(kernel.flatten(1), 2)


def wrong_12_2_real(kernel, n):
    matrices = torch.fft.fft2(kernel, s=(n, n)).real.permute(2, 3, 0, 1)
    return torch.linalg.matrix_norm(matrices, 2).max()


def wrong_12_2_unpadded(kernel, n):
    matrices = torch.fft.fft2(kernel).permute(2, 3, 0, 1)
    return torch.linalg.matrix_norm(matrices, 2).max()


def wrong_12_2_entry(kernel, n):
    return torch.fft.fft2(kernel, s=(n, n)).abs().max()


def wrong_12_2_frobenius(kernel, n):
    matrices = torch.fft.fft2(kernel, s=(n, n)).permute(2, 3, 0, 1)
    return torch.linalg.matrix_norm(matrices, "fro").max()


def wrong_12_2_constant(kernel, n):
    return torch.linalg.matrix_norm(kernel.sum(dim=(2, 3)), 2)


def check_12_2(answer, c):
    for dtype in c.dtypes:
        for out, into, size, n in ((3, 2, 3, 4), (1, 1, 2, 5), (2, 3, 3, 6)):
            kernel = c.normal((out, into, size, size), dtype)
            wide = torch.zeros(out, n, n, into, n, n, dtype=torch.float64)
            for i in range(n):
                for j in range(n):
                    for a in range(size):
                        for b in range(size):
                            place = (i + a) % n, (j + b) % n
                            wide[:, i, j, :, place[0], place[1]] += kernel[
                                :, :, a, b
                            ]
            whole = wide.reshape(out * n * n, into * n * n)
            want = torch.linalg.matrix_norm(whole, 2).to(dtype)
            given = kernel, n
            c.equal(
                c.call(answer, *given),
                want,
                rtol=1e-4,
                on=say(
                    "{out} x {into} channels, kernel {size} x {size}, pictures {n} x {n}",
                    out=out,
                    into=into,
                    size=size,
                    n=n,
                ),
                mistakes={
                    "That is the norm of the reshaped kernel.": lambda g=given: (
                        wrong_12_2_reshaped(*g)
                    ),
                    "The transform is complex; its real part alone misses the phase.": lambda g=given: (
                        wrong_12_2_real(*g)
                    ),
                    "The kernel must be padded with zeros to the size of the picture: only so are its frequencies those of the picture.": lambda g=given: (
                        wrong_12_2_unpadded(*g)
                    ),
                    "The largest entry ignores that channels add up: each frequency has a matrix.": lambda g=given: (
                        wrong_12_2_entry(*g)
                    ),
                    "That is a Frobenius norm, not the largest singular value.": lambda g=given: (
                        wrong_12_2_frobenius(*g)
                    ),
                    "That looks at constant pictures only, the frequency 0.": lambda g=given: (
                        wrong_12_2_constant(*g)
                    ),
                },
            )
    kernel = c.normal((1, 1, 5, 5))
    c.like(answer, solution_12_2, lambda: (kernel, 40), rtol=1e-9)


register(
    Exercise(
        id="12.2",
        title="A convolution, frequency by frequency",
        stars=2,
        kind="function",
        statement=r"""
    Write `conv_norm(kernel, n)`: the spectral norm of the circular convolution of stride 1 with `kernel`, a real tensor of
    shape `(out, in, k, k)`, on pictures of $n \times n$ pixels, $n \ge k$, as a tensor of the kernel's dtype. For a
    $3 \times 3$ kernel of ones with one channel it is 9, for any $n \ge 3$.
    """,
        stub="""
    def conv_norm(kernel, n):
        return ...
    """,
        hints=(
            r"`torch.fft.fft2(kernel, s=(n, n))` transforms the last two axes and pads with zeros.",
            r"Bring the channels to the last two axes: there is one matrix (out, in) per frequency. Which norm of it, and what over the frequencies?",
        ),
        explanation=r"""
    In Fourier space the map is block diagonal: one complex matrix (out, in) for each of the $n^2$ frequencies. Its
    norm is the largest singular value of all blocks. The reshaped kernel's norm can be smaller by a factor of up to
    $k$.
    """,
        solution=solution_12_2,
        alternatives=(alternative_12_2_sum,),
        wrong=(
            (wrong_12_2_reshaped, "reshaped"),
            (wrong_12_2_real, "misses the phase"),
            (wrong_12_2_unpadded, "with zeros to the size"),
            (wrong_12_2_entry, "channels add up"),
            (wrong_12_2_frobenius, "Frobenius"),
            (wrong_12_2_constant, "constant pictures"),
        ),
        check=check_12_2,
    )
)

# 12.3 ------------------------------------------------------------------


def solution_12_3():
    return "dfagbc"


register(
    Exercise(
        id="12.3",
        title="Between the kernel and the map",
        stars=2,
        kind="value",
        statement=r"""
    Prove $\lVert R \rVert \le \lVert W \rVert \le \sqrt K\, \lVert R \rVert$ for a circular convolution with $K$ places and
    matrices $W_k$. Return the letters of the lines that are needed, in an order in which each uses only what stands
    before it, as a string such as `"ab"`. Two lines do not belong to the proof.

    - **a**: For a unit vector $u$ and each frequency, $\lVert \hat W(f)^\ast u \rVert \le \sum_k \lVert W_k^\top u \rVert$, by d and the triangle inequality.
    - **b**: The mean over $f$ of $\lVert \hat W(f)^\ast u \rVert^2$ is $\sum_k \lVert W_k^\top u \rVert^2$, by d and Parseval's identity.
    - **c**: The largest value over $f$ is at least the mean in b; with $R$'s top singular vector as $u$, $\lVert W \rVert \ge \lVert R \rVert$ by d, b and f.
    - **d**: The transform makes $W$ block diagonal: $\lVert W \rVert = \max_f \lVert \hat W(f) \rVert$ with $\hat W(f) = \sum_k e^{-i f \cdot k} W_k$.
    - **e**: All $W_k$ have the same norm, so that $\sum_k \lVert W_k^\top u \rVert = K \lVert W_1^\top u \rVert$.
    - **f**: $R = (W_1, \dots, W_K)$ side by side, so $\sum_k \lVert W_k^\top u \rVert^2 = \lVert R^\top u \rVert^2$.
    - **g**: By a, the Cauchy–Schwarz inequality and f, $\lVert \hat W(f)^\ast u \rVert \le \sqrt K\, \lVert R^\top u \rVert$, so $\lVert W \rVert \le \sqrt K\, \lVert R \rVert$ by d.
    - **h**: $R$ is the block of $W$ that makes one output pixel, and a block of a matrix has the norm of the whole.
    """,
        stub="""
    def proof():
        # a string of letters
        return ...
    """,
        hints=(
            r"Nothing can be said about $W$ before line d. Both halves of the claim use line f.",
            r"The upper bound needs a and f before g. The lower bound needs b and f before c.",
        ),
        explanation=r"""
    Line d reduces the claim to one matrix for each frequency; f says what the reshaped kernel is. The triangle and
    Cauchy–Schwarz inequalities give the upper half (a, g), Parseval's identity and "the maximum is at least the mean"
    the lower half (b, c). Line e is false in general. Line h is half true: a block's norm is at most that of the whole,
    which would give another proof of the lower half, but it is not equal to it.
    """,
        solution=solution_12_3,
        wrong=(
            (lambda: "fdag", "maximum over the frequencies is compared"),
            (lambda: "dagfbc", "Line g comes before"),
            (lambda: "dfaebgc", "same norm"),
            (lambda: "dfagbh", "at most that of the whole"),
            (lambda: "afdgbc", "Line a comes before"),
            (lambda: "dfagcb", "Line c comes before"),
            (lambda: 12, "wrong type"),
        ),
        check=ordered(
            {"d": "", "f": "", "a": "d", "g": "adf", "b": "d", "c": "dbf"},
            {
                "e": "It assumes that all matrices have the same norm, which nobody has given.",
                "h": "A block's norm is at most that of the whole, not equal to it.",
            },
            needed={
                "d": "The map itself has not been described.",
                "f": "What the reshaped kernel has to do with the matrices is not yet said.",
                "a": "The matrix of one frequency has not been bounded.",
                "g": "The upper half of the claim is open.",
                "b": "A mean is missing with which the maximum over the frequencies is compared.",
                "c": "The lower half of the claim is open.",
            },
        ),
    )
)
