"""A game of frames: their order in the batch, what D sees, and that shuffling changes nothing."""

import pytest
import torch
from torch import nn

from ganbook.games import FrameGame, frames
from ganbook.losses import NON_SATURATING
from ganbook.training import d_step, fit


class Clip(nn.Module):
    """Films of 3 frames of 2 by 2 from z."""

    def __init__(self):
        super().__init__()
        self.line = nn.Linear(4, 12)

    def forward(self, z):
        return self.line(z).reshape(len(z), 1, 3, 2, 2)


def game():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G, D = Clip(), nn.Sequential(nn.Flatten(), nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 1))
    adam = [torch.optim.Adam(p.parameters(), 1e-2) for p in (G, D)]
    return FrameGame(G, D, *adam, 4)


def test_frames_follow_each_other_film_by_film():
    x = torch.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    found = frames(x)
    assert found.shape == (8, 3, 5, 6)
    for n in range(2):
        for t in range(4):
            assert torch.equal(found[4 * n + t], x[n, :, t])
    with pytest.raises(ValueError, match="expected"):
        frames(x[0])


def test_d_scores_every_frame_and_no_order():
    one, other = game(), game()
    x = torch.randn(5, 1, 3, 2, 2)
    assert one.real(x).shape == game().fake(x)[0].shape == (15, 1, 2, 2)
    rows = d_step(one, x), d_step(other, x[:, :, [2, 0, 1]])
    assert rows[0]["loss_d"] == pytest.approx(float(rows[1]["loss_d"]), abs=1e-6)
    for a, b in zip(one.D.parameters(), other.D.parameters(), strict=True):
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-4)


def test_it_trains_and_refuses_other_batches():
    played = game()
    history = fit(played, iter(lambda: torch.ones(4, 1, 3, 2, 2), None), NON_SATURATING, steps=30)
    assert len(history) == 30
    with pytest.raises(ValueError, match="expected films"):
        fit(game(), iter(lambda: torch.ones(4, 4), None), steps=1)
