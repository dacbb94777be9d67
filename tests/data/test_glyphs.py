"""ganbook.data.glyphs: each factor is what it says, by moving pixels and by areas of outlines."""

import numpy as np
import pytest
import torch
from matplotlib import get_data_path
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from ganbook.data import glyphs
from ganbook.data.glyphs import CHARACTERS, FACES, PARTIAL, render, sample


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_sixty_two_characters_in_each_face():
    assert len(CHARACTERS) == 62 and len(set(CHARACTERS)) == 62 and len(FACES) == 21
    for face in FACES:
        found = render(face)
        assert found.x.shape == (62, 1, 28, 28) and found.x.dtype == torch.float32
        assert found.x.min() == 0 and found.x.max() == 1
        assert found.letter.tolist() == list(range(62))
        assert (found.x.flatten(1).sum(1) > 10).all(), f"{face} has a blank character"
    script = render("cm script", PARTIAL["cm script"][1])
    assert len(script) == 26 and (script.x.flatten(1).sum(1) > 10).all()


def test_faces_and_letters_differ():
    pages = torch.stack([render(face).x for face in FACES])
    apart = torch.cdist(pages.flatten(1), pages.flatten(1)) + 99 * torch.eye(len(FACES))
    assert apart.min() > 1  # no file is listed under two names
    letters = pages[0].flatten(1)
    assert (torch.cdist(letters, letters) + 99 * torch.eye(62)).min() > 0.5


@pytest.mark.parametrize("c", ["i", "L", "B", "g", "8"])
def test_ink_is_the_area_of_the_outline(c):
    """By the shoelace formula, with holes of the other sign, in squared pixels."""
    font = FontProperties(fname=f"{get_data_path()}/fonts/ttf/STIXGeneral.ttf")
    area = 0.0
    for polygon in TextPath((0, 0), c, size=20, prop=font).to_polygons():
        x, y = np.asarray(polygon).T
        area += 0.5 * (x[:-1] @ y[1:] - x[1:] @ y[:-1])
    assert float(render("stix", c).x.sum()) == pytest.approx(abs(area), rel=0.02)


@pytest.mark.parametrize("face", ["serif bold italic", "cm roman", "stix italic"])
def test_the_ink_is_centred(face):
    font = FontProperties(fname=f"{get_data_path()}/fonts/ttf/{FACES[face]}.ttf")
    for c in "CJOQfgy7":
        box = TextPath((0, 0), c, size=100, prop=font).get_extents()
        vertices, _ = glyphs._outline(face, c)
        path = TextPath((0, 0), c, size=100, prop=font)
        moved = path.vertices[0, 0] / 100 - vertices[0, 0]
        assert moved == pytest.approx((box.x0 + box.x1) / 200, abs=1e-6)


def test_whole_pixels_of_shift_move_the_picture():
    still, moved = render("serif", "Rg7").x, render("serif", "Rg7", shift=(3.0, -2.0)).x
    assert torch.allclose(torch.roll(still, (-2, 3), (2, 3)), moved, atol=0.02)
    assert not torch.allclose(still, moved, atol=0.02)


def test_a_fraction_of_a_pixel_moves_the_centre_of_mass():
    def centre(x):
        rows = torch.arange(28.0)
        return (
            torch.stack([(x.sum((1, 2)) @ rows), (x.sum((1, 3)) @ rows)], -1)
            / x.sum((1, 2, 3))[:, None]
        )

    moved = render("sans", "aQ", shift=(0.4, 0.7)).x
    assert torch.allclose(
        centre(moved) - centre(render("sans", "aQ").x), torch.tensor([0.4, 0.7]), atol=0.02
    )


def test_scale_acts_on_lengths_about_the_centre():
    one, two = render("cm sans", "O", size=64).x, render("cm sans", "O", size=64, scale=1.25).x
    assert float(two.sum() / one.sum()) == pytest.approx(1.25**2, rel=0.01)
    rows = torch.arange(64.0) + 0.5 - 32
    old, new = ((x[0, 0].sum(1) @ rows / x.sum()).item() for x in (one, two))
    assert new == pytest.approx(1.25 * old, abs=0.05)
    assert float(render("cm sans", "O", size=32).x.sum()) == pytest.approx(
        float(one.sum()) / 4, rel=0.02
    )


def test_a_sample_is_made_of_its_factors():
    names = ("sans", "cm roman", "stix bold")
    found = sample(40, generator(3), faces=names, characters="abcXYZ789", shift=1.5)
    assert repr(found) == "Glyphs(x: float32 (40, 1, 28, 28), letter, face, shift, scale)"
    for k in (0, 7, 39):
        again = render(
            names[found.face[k]], CHARACTERS[found.letter[k]], 28, found.shift[k], found.scale[k]
        )
        assert torch.equal(again.x[0], found.x[k])
    assert torch.equal(sample(40, generator(3), names, "abcXYZ789", 28, 1.5).x, found.x)
    assert not torch.equal(sample(40, generator(4), names, "abcXYZ789", 28, 1.5).x, found.x)


def test_the_factors_are_uniform_and_independent():
    found = sample(2_000, generator(), faces=("sans", "serif"), characters="ab", size=8)
    assert found.shift.abs().max() <= 2 and found.shift.abs().mean().item() == pytest.approx(
        1, 0.05
    )
    assert found.scale.min() >= 0.85 and found.scale.max() <= 1.1
    factors = torch.cat(
        [torch.stack([found.letter, found.face, found.scale], 1), found.shift], 1
    ).double()
    assert (torch.corrcoef(factors.T) - torch.eye(5)).abs().max() < 0.08
    assert set(CHARACTERS[k] for k in found.letter.tolist()) == {"a", "b"}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: render("comic"), "face is 'comic'"),
        (lambda: render("sans", "é"), "'sans' has"),
        (lambda: render("cm script", "a"), "'cm script' has"),
        (lambda: render("sans", ""), "characters is ''"),
        (lambda: render("sans", size=4), "size is 4"),
        (lambda: render("sans", "ab", shift=torch.zeros(3, 2)), r"shift has shape \(3, 2\)"),
        (lambda: render("sans", "ab", scale=[1.0, 0.0]), "expected positive"),
        (lambda: sample(0, generator()), "n is 0"),
        (lambda: sample(2, generator(), faces=()), "faces is empty"),
        (lambda: sample(2, generator(), faces=("sans", "no")), "face is 'no'"),
    ],
)
def test_bad_input_is_named(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_the_module_is_reached_from_data():
    assert glyphs.Glyphs is type(render("sans", "a"))
