"""The U-Net and the discriminator of patches: sizes by hand, and what each output depends on."""

import pytest
import torch

from ganbook.networks import (
    PATCH_16,
    PATCH_70,
    PatchDiscriminator,
    Translator,
    UNet,
    count_parameters,
)
from ganbook.networks.patch import receptive_field


def conv(n_in, n_out, kernel):
    return (n_in * kernel**2 + 1) * n_out


def test_parameters_by_hand():
    w = 16
    unet = conv(1, w, 4) + conv(w, 2 * w, 4) + conv(2 * w, 2 * w, 3)
    unet += conv(2 * w, w, 4) + conv(2 * w, 1, 4)
    assert count_parameters(UNet()) == unet == 26_465
    assert count_parameters(UNet(latent=8)) == unet + 8 * 9 * 2 * w
    assert count_parameters(UNet(skips=False)) == unet - 16 * w
    assert count_parameters(Translator()) == unet
    patch = conv(2, 16, 4) + conv(16, 32, 4) + conv(32, 1, 4)
    assert count_parameters(PatchDiscriminator()) == patch


@pytest.mark.parametrize(("layers", "field"), [(PATCH_16, 16), (PATCH_70, 70), (((3, 1),), 3)])
def test_receptive_field_by_formula_and_by_gradient(layers, field):
    assert receptive_field(layers) == field
    torch.manual_seed(0)
    D = PatchDiscriminator(1, 2, layers).double()
    x = torch.randn(1, 1, 160, 160, dtype=torch.float64, requires_grad=True)
    scores = D(x)
    middle = scores.shape[1] // 2
    (gradient,) = torch.autograd.grad(scores[0, middle, middle], x)
    rows, columns = gradient[0, 0].nonzero().T
    assert rows.max() - rows.min() + 1 == field == columns.max() - columns.min() + 1


def test_a_stride_counts_after_its_layer():
    assert receptive_field([(3, 2), (3, 1)]) == 7
    assert receptive_field([(3, 1), (3, 2)]) == 5
    assert receptive_field([]) == 1


def test_scores_of_patches_and_their_mean():
    torch.manual_seed(0)
    D = PatchDiscriminator(2, 4)
    x, y = torch.randn(2, 3, 1, 28, 28)
    assert D(x, y).shape == (3, 12, 12)
    D.mean = True
    torch.testing.assert_close(D(x, y), D.body(torch.cat([x, y], 1)).mean(dim=(2, 3)))
    assert D(x, y).shape == (3, 1)
    assert not torch.allclose(D(x, y), D(x, y.roll(1, 0)))


def test_skips_carry_detail_and_noise_enters_at_the_bottom():
    torch.manual_seed(0)
    G = UNet(4, latent=3)
    z, y = torch.randn(2, 3), torch.rand(2, 1, 28, 28) * 2 - 1
    assert G(z, y).shape == (2, 1, 28, 28) and G(z, y).abs().max() < 1
    assert not torch.allclose(G(z, y), G(z.flip(0), y))
    with torch.no_grad():
        G.up.weight.zero_()  # nothing comes up from below
        G.up.bias.zero_()
    torch.testing.assert_close(G(z, y), G(z.flip(0), y))
    assert not torch.allclose(G(z, y), G(z, y.flip(3)))  # the skip connection is left
    bare = UNet(4, skips=False)
    with torch.no_grad():
        bare.up.weight.zero_()
    torch.testing.assert_close(bare(z, y), bare(z, y.flip(3)))


def test_a_residual_net_starts_near_the_identity():
    y = torch.rand(2, 1, 12, 12) * 2 - 1
    G = Translator(4, residual=True)
    torch.testing.assert_close(G(y), torch.tanh(2 * y))
    assert (G(y).sign() == y.sign()).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: UNet(0), "width is 0"),
        (lambda: UNet(latent=-1), "latent is -1"),
        (lambda: PatchDiscriminator(layers=((4, 0),)), "layers is"),
        (lambda: receptive_field([(0, 1)]), "kernel is 0"),
    ],
)
def test_refusals(make, message):
    with pytest.raises(ValueError, match=message):
        make()
