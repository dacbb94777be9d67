"""f-divergences of tiny masses, against mpmath; never NaN."""

import mpmath
import pytest
import torch

from ganbook.divergences import js, kl
from ganbook.f_divergences import F_DIVERGENCES, f_divergence

NAMES = ["js", "kl", "non_saturating", "reverse_kl", "total_variation"]


def by_mpmath(name: str, p: list[float], q: list[float]) -> float:
    mpmath.mp.dps = 60
    total = mpmath.mpf(0)
    for a, b in ((mpmath.mpf(x), mpmath.mpf(y)) for x, y in zip(p, q, strict=True)):
        m = (a + b) / 2
        total += {
            "kl": lambda a=a, b=b: a * mpmath.log(a / b),
            "reverse_kl": lambda a=a, b=b: b * mpmath.log(b / a),
            "js": lambda a=a, b=b, m=m: (a * mpmath.log(a / m) + b * mpmath.log(b / m)) / 2,
            "total_variation": lambda a=a, b=b: abs(a - b) / 2,
            "non_saturating": lambda a=a, m=m: 2 * m * mpmath.log(m / a),
        }[name]()
    return float(total)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("dtype", "tiny"),
    [(torch.float32, t) for t in (1e-45, 1e-38, 1e-20, 1e-3)]
    + [(torch.float64, t) for t in (5e-324, 1e-308, 1e-160, 1e-3)],
)
def test_f_divergences_of_tiny_masses(name, dtype, tiny):
    p, q = (torch.tensor(v, dtype=dtype) for v in ([0.5, 0.5], [1 - tiny, tiny]))
    for first, second in ((p, q), (q, p)):
        want = by_mpmath(name, first.tolist(), second.tolist())
        got = f_divergence(name, first, second)
        assert float(got) == pytest.approx(want, rel=16 * torch.finfo(dtype).eps)


def test_errata_js_of_a_softmax_that_nearly_underflows():
    p, q = torch.tensor([0.5, 0.5]), torch.softmax(torch.tensor([0.0, -86.0]), 0)
    assert float(f_divergence("js", p, q)) == pytest.approx(float(js(p, q)), rel=1e-6)
    assert float(f_divergence("kl", p, q)) == pytest.approx(float(kl(p, q)), rel=1e-6)
    assert float(kl(p, q)) == pytest.approx(42.3069, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_through_a_subnormal_softmax_are_finite(name):
    for first in (True, False):
        logits = torch.tensor([0.0, -90.0], requires_grad=True)
        pair = (torch.tensor([0.5, 0.5]), torch.softmax(logits, 0))
        f_divergence(name, *(pair if first else pair[::-1])).backward()
        assert torch.isfinite(logits.grad).all()


@pytest.mark.parametrize("t", [-0.6931472, -0.7, -1.0, -30.0, -1e5, -1e17, -7.5e17, -1e30])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_errata_conjugate_of_the_midpoint_game_is_stable(t, dtype):
    mpmath.mp.dps = 60
    given = torch.tensor(t, dtype=dtype)
    c = 1 - mpmath.mpf(float(given)) - mpmath.log(2)
    v = 1 + mpmath.sqrt(2 * (c - 1)) + (c - 1)
    for _ in range(60):
        v -= (v - mpmath.log(v) - c) / (1 - 1 / v)
    want = float(mpmath.log(2) - 1 - mpmath.log(v))
    got = float(F_DIVERGENCES["non_saturating"].conjugate(given))
    assert got == pytest.approx(want, rel=8 * torch.finfo(dtype).eps)
