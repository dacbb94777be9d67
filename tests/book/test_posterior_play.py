"""The play of chapter 1: posterior, log odds, boundaries and error against the package's mixture, with
faults planted, and by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import norm

from ganbook.mixtures import GaussianMixture
from support.pages import Visitor
from support.plays import PLAYS, numbers, tab_to

pytestmark = pytest.mark.browser
NAME = "posterior"
GRID = np.linspace(-24, 24, 4801)


def mixture(means: Any, widths: Any, share: float) -> GaussianMixture:
    """Classes 0 and 1 as components of weights 1 - share and share."""
    covariances = np.square(widths)[:, None, None]
    return GaussianMixture([1 - share, share], np.array(means)[:, None], covariances)


def cases() -> list[tuple[list[float], list[float], float]]:
    """Means and widths of both classes, and the prior of class 1, over the sliders' range."""
    rng = np.random.default_rng(1)
    found = [([-1.0, 1.5], [1.0, 1.0], 0.5), ([0.0, 0.5], [0.6, 2.0], 0.5)]
    found += [([0.0, 0.0], [0.8, 1.2], 0.7), ([0.0, 0.0], [1.0, 1.0], 0.3)]
    for _ in range(4):
        means, widths = rng.uniform(-5, 5, 2), rng.uniform(0.25, 2, 2)
        found.append((means.tolist(), widths.tolist(), float(rng.uniform(0.01, 0.99))))
    return found


def disagreements(page: Any) -> list[str]:
    """Where page and package differ by more than 1e-9 (log odds: relative to numbers above one)."""
    found = []
    for means, widths, share in cases():
        told = page.evaluate(
            f"""([m, w, share]) => {{ const f = ganbookPlays.numbers["{NAME}"];
          const all = f.posterior({{ mean: m[0], width: w[0] }}, {{ mean: m[1], width: w[1] }}, share);
          const thin = curve => [...curve].filter((_, i) => i % 20 === 0);
          return {{ posterior: thin(all.posterior), score: thin(all.score), zero: thin(all.zero), one: thin(all.one),
                   odds: Object.values(all.odds), cuts: all.boundaries, error: all.error }}; }}""",
            [means, widths, share],
        )
        model = mixture(means, widths, share)
        logs = model.log_joint(GRID[:, None])
        score = logs[:, 1] - logs[:, 0]
        expected = {
            "posterior": model.responsibilities(GRID[::20, None])[:, 1],
            "score": score[::20],
            "zero": np.exp(logs[::20, 0]),
            "one": np.exp(logs[::20, 1]),
            "odds": np.polyfit(GRID[2300:2501], score[2300:2501], 2),
            "error": np.trapezoid(np.exp(logs.min(axis=1)), GRID),
        }
        for key, value in expected.items():
            gap = np.abs(np.array(told[key]) - value) / np.maximum(1, np.abs(value))
            if not gap.max() < 1e-9:
                found.append(f"{key} by {gap.max():.1e} for {means}, {widths}, {share}")
        cuts = np.array(told["cuts"])
        at = model.log_joint(cuts[:, None]) if len(cuts) else np.zeros((0, 2))
        if not np.abs(at[:, 1] - at[:, 0]).max(initial=0) < 1e-6:
            found.append(f"boundaries {told['cuts']} for {means}, {widths}, {share}")
        seen = cuts[np.abs(cuts) < 24]
        if len(seen) != np.diff(score > 0).sum():
            found.append(f"{len(seen)} boundaries for {means}, {widths}, {share}")
    # Nearly equal widths: of two roots far apart the near one loses its digits if it is a difference.
    for linear in (-2.5, 2.5):
        near = page.evaluate(
            f"""linear => ganbookPlays.numbers["{NAME}"]
              .boundaries({{ square: 1e-9, linear, constant: 1 }})""",
            linear,
        )
        if not np.abs(np.array(near) * linear + 1).min() < 1e-9:
            found.append(f"boundaries {near} of a nearly straight line of slope {linear}")
    return found


def test_it_has_the_numbers_of_the_package(browser: Any) -> None:
    """Also the error of equal widths and priors, in closed form: Phi(-distance / 2)."""
    page = numbers(browser, NAME)
    assert disagreements(page) == []
    told = page.evaluate(
        f"ganbookPlays.numbers['{NAME}'].posterior("
        "{ mean: -1, width: 1 }, { mean: 1.5, width: 1 }, 0.5).error"
    )
    assert told == pytest.approx(norm.cdf(-1.25), abs=1e-5)
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("square: (u - v) / 2", "square: (v - u) / 2"),
        ("- Math.log1p(-share)", "+ Math.log1p(-share)"),
        ("Math.log(zero.width / one.width)", "0"),
        ("(linear < 0 ? -1 : 1)", "1"),
        ("Math.min(value, second[i])", "Math.max(value, second[i])"),
    ],
)
def test_a_fault_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert disagreements(page)
    page.close()


def shown(tab: Any, key: str) -> str:
    return tab.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-")


def test_by_keyboard(reader: Visitor) -> None:
    """Prior, mean and presets by keys: a line, a shifted line, a parabola with two boundaries."""
    tab = reader.open(PLAYS[NAME], formulas=False)
    assert [shown(tab, k) for k in ("square", "linear", "boundary")] == ["0.0000", "2.5000", "0.25"]
    assert float(shown(tab, "error")) == pytest.approx(norm.cdf(-1.25), abs=6e-5)
    tab_to(tab, "figure.play .play-groups > .play-slider input")
    tab.keyboard.press("Home")  # a prior of 0.01
    assert shown(tab, "linear") == "2.5000"
    cut = 0.25 + np.log(99) / 2.5
    assert float(shown(tab, "boundary")) == pytest.approx(cut, abs=6e-3)
    tab_to(tab, "figure.play .play-of-p .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowRight")
    assert shown(tab, "linear") == "2.5500"
    tab_to(tab, "figure.play .play-buttons button:nth-child(3)")
    tab.keyboard.press("Enter")
    assert float(shown(tab, "square")) == pytest.approx((1 / 0.36 - 1 / 4) / 2, abs=6e-5)
    assert shown(tab, "boundary").count("and") == 1
    tab_to(tab, "figure.play .play-buttons button:nth-child(4)")
    tab.keyboard.press("Enter")
    assert shown(tab, "boundary") == "none"
    assert float(shown(tab, "error")) == pytest.approx(0.3, abs=1e-4)  # the rarer class
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('Log odds')"
    )
    assert reader.troubles == []
