"""What must be legible in the figures of chapters 1, 3, 4 and 7."""

import re
from itertools import pairwise

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest

from ganbook import records
from ganbook.plots import critic, densities, discriminator, training
from support.paths import ROOT


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def overlapping(labels):
    """Pairs of neighbouring labels whose boxes overlap, of those that say something."""
    boxes = [(t.get_text(), t.get_window_extent()) for t in labels if t.get_text()]
    return [(a, b) for (a, x), (b, y) in pairwise(boxes) if x.x1 > y.x0]


@pytest.mark.parametrize("width", [3.6, 6.0])
def test_epochs_under_the_record_of_chapter_3_do_not_run_together(width):
    run = records.load("mnist-mlp")
    _, ax = plt.subplots(figsize=(width, 2.9))
    training.score_over_epochs(run["epochs"], {"G": run["frechet"]}, {"noise": 795.0}, ax)
    ax.figure.canvas.draw()
    assert overlapping(ax.get_xticklabels()) == []
    assert [t.get_text() for t in ax.get_xticklabels()].count("50") == 1


def test_the_distances_of_the_record_of_chapter_7_fill_their_panel():
    run = records.load("mnist-wgan-gp")
    figure = critic.record(run["step"], run["estimate"], run["frechet"], {"noise: 795": 795.0})
    ax = figure.axes[1]
    low, high = np.log(ax.get_ylim())
    used = np.ptp(np.log(run["frechet"])) / (high - low)
    assert used > 0.6
    # the name of the level stands in the legend, away from the points
    figure.canvas.draw()
    assert not any("noise" in t.get_text() for t in ax.texts)
    box = ax.get_legend().get_window_extent()
    places = ax.transData.transform(np.column_stack([run["estimate"], run["frechet"]]))
    assert not any(box.contains(*place) for place in places)


def test_the_steps_of_em_have_a_logarithmic_axis():
    rng, grid = np.random.default_rng(0), (np.linspace(0, 1, 5), np.linspace(0, 1, 4))
    figure = densities.mixture_fit(
        rng.random((6, 2)),
        np.array([0, 0, 1, 1, 2, 2]),
        ("a", "b", "c"),
        grid,
        -rng.random((4, 5)),
        rng.random((6, 2)),
        -1 / np.arange(1.0, 97),
        ("x", "y"),
    )
    assert figure.axes[2].get_xscale() == "log"


def test_clipped_weights_are_drawn_with_those_at_the_start():
    rng = np.random.default_rng(0)
    figure = critic.weights({"clipped": rng.normal(size=50)}, rng.normal(size=50), 0.1)
    names = [t.get_text() for t in figure.axes[0].get_legend().get_texts()]
    assert sorted(names) == ["after training", "at the start"]


def test_formulas_in_figures_are_set_as_mathematics():
    plain = re.compile(r"\bE_[pq]\b|\blog [dD]\b")
    for path in sorted((ROOT / "ganbook/plots").glob("*.py")):
        source = re.sub(r'r?""".*?"""', "", path.read_text(encoding="utf-8"), flags=re.S)
        for text in re.findall(r'"([^"\n]*)"', source):
            assert not plain.search(re.sub(r"\$[^$]*\$", "", text)), (path.name, text)


def test_all_samples_of_the_last_epoch_are_shown_and_a_chosen_seed_is_said_to_be():
    (path,) = (ROOT / "notebooks").glob("03_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    captions = [c.metadata.get("mystnb", {}).get("figure", {}).get("caption", "") for c in cells]
    assert any("all 64 samples of the last epoch" in caption for caption in captions)
    chosen = [k for k, c in enumerate(captions) if "seed was chosen" in c]
    assert len(chosen) == 1 and "# chosen" in cells[chosen[0]].source
    (play,) = (c.source for c in cells if "{play} latent-explorer" in c.source)
    assert "were chosen" in play


def test_both_laws_and_all_their_points_are_drawn():
    x = np.linspace(-3, 3, 50)
    height = np.exp(-(x**2))
    points = np.linspace(-1, 1, 7), np.linspace(0, 2, 9)
    ax = discriminator.two_laws(x, height, height, points)
    ticks = [lines.get_segments() for lines in ax.collections if hasattr(lines, "get_segments")]
    assert [[float(s[0][0]) for s in row] for row in ticks] == [list(p) for p in points]
    assert all(end[1] < 0 for row in ticks for segment in row for end in segment)
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["real", "generated"]
