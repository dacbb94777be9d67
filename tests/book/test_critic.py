"""The play of chapter 7: gap, slopes and W1 against the package's and the dual program, with faults
planted, and by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganbook.transport import kantorovich_potentials, wasserstein_1d
from support.pages import Visitor
from support.plays import PLAYS, numbers, tab_to

pytestmark = pytest.mark.browser
NAME = "critic"
KNOTS = np.arange(-5, 6)
HEAPS = np.arange(-3.5, 0), np.arange(0.5, 4)


def cases() -> list[tuple[list[float], list[float], list[int]]]:
    """Clouds of one size, distinct places halfway between knots, and heights in tenths."""
    rng, found = np.random.default_rng(7), [(*(h.tolist() for h in HEAPS), (-4 * KNOTS).tolist())]
    for n in (1, 2, 3, 4, 4, 5, 7, 10):
        clouds = [rng.permutation(10)[:n] - 4.5 for _ in range(2)]
        found.append((*(c.tolist() for c in clouds), rng.integers(-50, 51, 11).tolist()))
    return found


def disagreements(page: Any) -> list[str]:
    """Where page and package differ: gap, W1, and the gap of the best critic."""
    found = []
    for real, generated, heights in cases():
        told = page.evaluate(
            f"""([x, y, h]) => {{ const f = ganbookPlays.numbers["{NAME}"], best = f.best(x, y);
          return {{ score: [-5, -4.7, 0.2, 3.9, 5].map(place => f.score(h, place)),
                   gap: f.gap(h, x, y), w: f.wasserstein(x, y), steepest: f.steepest(h),
                   best, reached: f.gap(best, x, y) }}; }}""",
            [real, generated, heights],
        )
        x, y, h = np.array(real), np.array(generated), np.array(heights) / 10
        exact, even = wasserstein_1d(x, y), np.full(len(x), 1 / len(x))
        dual, *_ = kantorovich_potentials(even, even, np.abs(x[:, None] - y))
        slopes = np.diff(h)
        expected = {
            "score": np.interp([-5, -4.7, 0.2, 3.9, 5], KNOTS, h),
            "gap": np.interp(x, KNOTS, h).mean() - np.interp(y, KNOTS, h).mean(),
            "w": exact,
            "steepest": np.abs(slopes).max(),
            "reached": dual,
        }
        found += [
            f"{key}: {told[key]} against {value} for {real}, {generated}"
            for key, value in expected.items()
            if not np.abs(np.array(told[key]) - value).max() < 1e-9
        ]
        if not (np.abs(np.diff(told["best"])).max() <= 10 and np.abs(told["best"]).max() <= 50):
            found.append(f"the best critic breaks the limit: {told['best']}")
        if not told["gap"] / told["steepest"] <= exact + 1e-9:
            found.append(f"gap over slope above W1 for {real}, {generated}")
    return found


def test_it_has_the_numbers_of_the_package(browser: Any) -> None:
    """W1 as by sorting, and the best critic's gap as the dual program's value, to 1e-9."""
    page = numbers(browser, NAME)
    assert disagreements(page) == []
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("heights[k] - TENTHS *", "heights[k] + TENTHS *"),  # the wrong way up
        ("(x - places[i]) * Math.abs", "(x - places[i]) * "),  # signed area
        ("(1 - t) * heights[k] + t", "t * heights[k] + t"),
        ("Math.abs(sum) < 1e-12 ? 0", "Math.abs(sum) < 2 ? 0"),
        ("score(heights, x))) - mean", "score(heights, x))) + mean"),
    ],
)
def test_a_fault_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert disagreements(page)
    page.close()


def test_the_limit_is_kept(browser: Any) -> None:
    """Whatever is dragged, neighbours follow to slopes of one and no further; a steep one is flattened."""
    page, rng = numbers(browser, NAME), np.random.default_rng(8)
    drags = [(int(rng.integers(11)), int(rng.integers(-60, 61))) for _ in range(200)]
    steep = rng.integers(-50, 51, size=(200, 11))
    states, flat = page.evaluate(
        f"""([drags, steep]) => {{ const f = ganbookPlays.numbers["{NAME}"], states = [Array(11).fill(0)];
          for (const [k, to] of drags) states.push(f.put(states.at(-1), k, to, true));
          return [states, steep.map(f.flattened)]; }}""",
        [drags, steep.tolist()],
    )
    states, flat = np.array(states), np.array(flat)
    for (k, to), before, after in zip(drags, states[:-1], states[1:], strict=True):
        assert after[k] == np.clip(to, -50, 50)
        changed = np.flatnonzero(after != before)
        others = changed[changed != k]
        assert (np.abs(after[others] - after[k]) == 10 * np.abs(others - k)).all()
    assert np.abs(np.diff(states)).max() == np.abs(np.diff(flat)).max() == 10
    scale = np.maximum(1, np.abs(np.diff(steep)).max(axis=1, keepdims=True) / 10)
    assert np.abs(flat - steep / scale).max() <= 2
    page.close()


def shown(tab: Any, key: str) -> float:
    return float(tab.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-"))


def test_by_keyboard(reader: Visitor) -> None:
    """Knots, limit, shift and buttons by keys: within the limit never above W1, at the best equal."""
    tab = reader.open(PLAYS[NAME], formulas=False)
    assert [shown(tab, key) for key in ("gap", "steepest", "quotient", "w")] == [1.6, 0.4, 4, 4]
    tab_to(tab, "figure.play [role=slider][aria-label='Critic at −5']")
    tab.keyboard.press("End")  # the others follow: 5, 4, 3, 2, 1, 0, ...
    values = tab.locator("figure.play [role=slider]").evaluate_all(
        "all => all.map(dot => Number(dot.ariaValueNow))"
    )
    assert values == pytest.approx([5, 4, 3, 2, 1, 0, -0.4, -0.8, -1.2, -1.6, -2])
    f = np.interp(np.concatenate(HEAPS), KNOTS, values)
    assert shown(tab, "gap") == pytest.approx(f[:4].mean() - f[4:].mean(), abs=6e-5)
    assert shown(tab, "gap") < 4
    tab_to(tab, "figure.play .play-numbers + .play-buttons button:nth-child(3)")
    tab.keyboard.press("Enter")
    assert shown(tab, "gap") == shown(tab, "w") == 4
    tab_to(tab, "figure.play .play-numbers + .play-buttons button:nth-child(2)")
    tab.keyboard.press("Enter")  # twice as steep, cut off at the frame's edges
    assert shown(tab, "steepest") == 2
    assert shown(tab, "gap") > 4 >= shown(tab, "quotient")
    assert "no bound" in tab.locator("figure.play .play-numbers").inner_text()
    assert tab.locator("figure.play .play-steep").get_attribute("d").count("M") == 4
    tab_to(tab, "figure.play .play-check input")
    tab.keyboard.press("Space")
    assert shown(tab, "steepest") == 1
    tab_to(tab, "figure.play .play-slider input")
    tab.keyboard.press("Home")  # the generated points now lie to the left
    moved = HEAPS[1] - 5
    assert shown(tab, "w") == pytest.approx(wasserstein_1d(HEAPS[0], moved), abs=6e-5)
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.startsWith('Gap')")
    assert reader.troubles == []
