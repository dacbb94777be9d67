"""Moving patches: each frame by hand, reflections, seeds, digits, and what is refused."""

import pytest
import torch

from ganbook.data import Images
from ganbook.data.moving import VELOCITIES, disc, moving, moving_digits, moving_patches


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_each_frame_shows_the_patch_where_a_slow_walk_puts_it():
    """One bright pixel in the corner of the patch marks its place."""
    patches = torch.zeros(50, 1, 14, 14, dtype=torch.uint8)
    patches[:, :, 0, 0] = 255
    patches[:, :, 13, 13] = 100
    films = moving(patches, torch.arange(50), generator())
    assert films.x.shape == (50, 1, 8, 32, 32) and films.x.dtype == torch.uint8
    bounced = 0
    for x, velocity in zip(films.x[:, 0], films.velocity.tolist(), strict=True):
        place = torch.nonzero(x[0] == 255)[0].tolist()
        assert max(place) <= 18
        for frame in x:
            assert torch.nonzero(frame == 255).tolist() == [place]
            assert torch.nonzero(frame == 100).tolist() == [[place[0] + 13, place[1] + 13]]
            assert int((frame > 0).sum()) == 2
            for axis in (0, 1):
                if not 0 <= place[axis] + velocity[axis] <= 18:
                    velocity[axis], bounced = -velocity[axis], bounced + 1
                place[axis] += velocity[axis]
    assert bounced > 20


def test_the_first_step_is_the_velocity_that_is_given():
    films = moving_patches(40, generator())
    places = [
        [torch.nonzero(f > 100)[:, a].double().mean() for a in (0, 1)] for f in films.x[:, 0, 0]
    ]
    then = [
        [torch.nonzero(f > 100)[:, a].double().mean() for a in (0, 1)] for f in films.x[:, 0, 1]
    ]
    assert torch.equal(torch.tensor(then) - torch.tensor(places), films.velocity.float())


def test_all_velocities_occur_and_a_seed_gives_the_same_films():
    assert len(VELOCITIES) == 24 and (0, 0) not in VELOCITIES
    films = moving_patches(600, generator())
    assert len(films) == 600 and len(films.velocity.unique(dim=0)) == 24
    assert torch.equal(films.x, moving_patches(600, generator()).x)
    assert not torch.equal(films.x, moving_patches(600, generator(1)).x)


def test_the_disc_is_symmetric():
    d = disc()[0]
    assert torch.equal(d, d.flip(0)) and torch.equal(d, d.T) and d.max() == 255 and d[0, 0] == 0


def test_digits_are_means_of_four_pixels():
    x = torch.randint(0, 256, (5, 1, 28, 28), dtype=torch.uint8, generator=generator())
    films = moving_digits(Images(x, torch.arange(5)), 20, generator(2))
    means = x.double().reshape(5, 14, 2, 14, 2).mean(dim=(2, 4))
    for film, label in zip(films.x[:, 0], films.y.tolist(), strict=True):
        windows = film[0].double().unfold(0, 14, 1).unfold(1, 14, 1)
        assert (windows - means[label]).abs().amax(dim=(2, 3)).min() <= 0.51


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"patches": torch.zeros(2, 1, 14, 14)}, "expected uint8"),
        ({"labels": torch.zeros(3)}, "as many labels"),
        ({"side": 15}, "pixels of room"),
        ({"frames": 0}, "pixels of room"),
    ],
)
def test_what_cannot_move_is_refused(change, message):
    given = {"patches": torch.zeros(2, 1, 14, 14, dtype=torch.uint8), "labels": torch.zeros(2)}
    with pytest.raises(ValueError, match=message):
        moving(**(given | change), generator=generator())


def test_numbers_and_pictures_are_checked():
    with pytest.raises(ValueError, match="at least 1"):
        moving_patches(0, generator())
    small = Images(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), torch.zeros(2, dtype=torch.int64))
    with pytest.raises(ValueError, match="1, 28, 28"):
        moving_digits(small, 2, generator())
