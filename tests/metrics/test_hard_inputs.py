"""Features of every dtype: right, or refused by name."""

import numpy as np
import pytest
import torch

from ganbook.metrics import frechet_distance


def test_errata_frechet_distance_of_bfloat16_features():
    features = torch.randn(40, 3, generator=torch.Generator().manual_seed(0)).bfloat16()
    other = (features.float() * 2).bfloat16()
    want = frechet_distance(features.double().numpy(), other.double().numpy())
    assert frechet_distance(features, other) == pytest.approx(want, rel=1e-12)


def test_complex_and_text_features_are_refused_by_name():
    good = np.zeros((5, 2))
    for bad in (good + 1j, torch.zeros(5, 2, dtype=torch.complex64), good.astype(str)):
        with pytest.raises(ValueError, match="features_b holds .*: expected real numbers"):
            frechet_distance(good, bad)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.uint8])
def test_non_contiguous_features_that_require_a_gradient(dtype):
    a = torch.arange(60).reshape(3, 20).T.to(dtype)
    b = (a * 2).flip(0)
    want = frechet_distance(a.double().numpy().copy(), b.double().numpy().copy())
    if dtype.is_floating_point:
        a = a.requires_grad_()
    assert frechet_distance(a, b) == pytest.approx(want, rel=1e-12)
