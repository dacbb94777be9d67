"""The play of chapter 9: eight scores of two clouds against the package's, with faults planted, and
by keys and finger."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import play_numbers
import pytest

from support.pages import Visitor, stored
from support.plays import PLAYS, numbers, source, tab_to

pytestmark = pytest.mark.browser
NAME = "judged-clouds"
ROWS = ("frechet", "kid", "precision", "recall", "density", "coverage", "neighbour", "distance")
Pair = tuple[np.ndarray, np.ndarray]


def held() -> dict[str, Any]:
    return play_numbers.stored(NAME)


def pairs(n: int) -> list[Pair]:
    """Clouds of unequal sizes: drawn freely, on a coarse grid full of ties, with repeats, on a line,
    far apart; and the play's own.
    """
    rng, found = np.random.default_rng(9), []
    for k in range(n):
        sizes = rng.integers(5, 21, 2)
        real, other = (rng.normal(rng.uniform(-1, 1), rng.uniform(0.1, 1.5), (m, 2)) for m in sizes)
        if k % 3 == 1:
            real, other = (np.round(2 * x) / 10 for x in (real, other))
        if k % 6 == 2:
            other = real[rng.integers(len(real), size=sizes[1])]
        if k % 10 == 3:
            real[:, 1] = 0.3 * real[:, 0] + 1
        if k % 10 == 9:
            other += 40
        found.append((real, other))
    real = np.array(held()["real"])
    return found + [(real, np.array(cloud)) for cloud in held()["made"].values()]


def gaps(page: Any, clouds: list[Pair], wanted: list[dict[str, float]], k: int = 3) -> list[str]:
    """Where a score leaves the package's by more than 1e-6, in units of the score above one."""
    told = page.evaluate(
        f"([pairs, k]) => pairs.map(([x, y]) => ganbookPlays.numbers['{NAME}'].judge(x, y, k))",
        [[[x.tolist(), y.tolist()] for x, y in clouds], k],
    )
    assert {tuple(one) for one in (*told, *wanted)} == {ROWS}
    return [
        f"{name}: {one[name]} against {value}"
        for one, want in zip(told, wanted, strict=True)
        for name, value in want.items()
        if not abs(one[name] - value) <= 1e-6 * max(1, abs(value))
    ]


FAULTS = (
    ("over = cloud.length - 1", "over = cloud.length"),
    ("a * d + 2 * b * e + c * f", "a * d + b * e + c * f"),
    ("Math.max(0, d * f - e * e)", "Math.max(0, d * f)"),
    ("/ 2 + 1) ** 3", "+ 1) ** 3"),
    (" - sum(cloud.map((x) => kernel(x, x)))", ""),
    ("- 2 * all(real", "- all(real"),
    (".sort((a, b) => a - b)[k - 1]", ".sort((a, b) => a - b)[k]"),
    ("<= radius + slack(point, center)", "< radius"),
    ("recall: share(real, generated, radii(generated, k))", "recall: share(real, real, reach)"),
    ("/ (k * generated.length)", "/ generated.length"),
    ("n > 0).length / real.length", "n > 1).length / real.length"),
    ("own(i) === own(j)", "own(i) !== own(j)"),
    ("points[j]) <= edge", "points[j]) <= edge && j < real.length"),
    ("Math.sqrt(Math.min(...real", "(Math.min(...real"),
)


def test_it_has_the_numbers_of_the_package_and_a_fault_is_caught(browser: Any) -> None:
    """Over 200 pairs of clouds, and over a dozen with each fault."""
    page = numbers(browser, NAME)
    for n, k in ((193, 3), (10, 1)):
        clouds = pairs(n)
        assert gaps(page, clouds, [play_numbers.scores(*pair, k) for pair in clouds], k) == []
    few = pairs(12)
    wanted = [play_numbers.scores(*pair) for pair in few]
    for fault in FAULTS:
        page.add_script_tag(content=source(NAME, fault))
        assert gaps(page, few, wanted), fault
    page.close()


def test_the_stored_numbers_are_current_and_the_text_is_true_of_them() -> None:
    """Computed again by the package: points, floor; and what the page says of each button."""
    assert json.loads(play_numbers.script(NAME).partition(" = ")[2][:-2]) == held()
    verdicts = {}
    for name, cloud in held()["made"].items():
        found = play_numbers.scores(np.array(held()["real"]), np.array(cloud))
        verdicts[name] = {
            key: (found[key] > high + 1e-9) - (found[key] < low - 1e-9)
            for key, (low, high) in held()["floor"].items()
        }
    outside = {name: [key for key, v in one.items() if v] for name, one in verdicts.items()}
    copy = {key: -1 for key in ("frechet", "kid", "neighbour", "distance")} | {"density": 1}
    assert verdicts["copy"] == dict.fromkeys(ROWS, 0) | copy
    assert outside["lost"] == ["recall"] and verdicts["lost"]["recall"] == -1
    assert outside["outlier"] == ["distance"] and outside["fresh"] == []
    moments = verdicts["moments"]
    assert moments["frechet"] == -1 and moments["recall"] == 0
    assert {moments[key] for key in ("precision", "density", "coverage")} == {-1}
    assert set(outside["one"]) == {*ROWS} - {"precision"}
    (text,) = (
        "".join(cell["source"])
        for cell in stored(PLAYS[NAME])["cells"]
        if f"{{play}} {NAME}" in "".join(cell["source"])
    )
    assert "Of *a mode lost* recall alone is out of range" in text
    assert "The *outlier* changes one row of eight" in text
    assert "*All on one point* has perfect precision" in text


def shown(tab: Any, key: str) -> float:
    return float(tab.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-"))


def agrees(tab: Any, cloud: np.ndarray) -> bool:
    want = play_numbers.scores(np.array(held()["real"]), cloud)
    return all(abs(shown(tab, key) - value) <= 5.1e-4 for key, value in want.items())


def test_by_keyboard(reader: Visitor) -> None:
    """A preset, a point's choice, its two sliders and the dot itself, with the package's numbers
    after each; then what is said.
    """
    tab = reader.open(PLAYS[NAME], formulas=False)
    cloud = np.array(held()["made"]["copy"])
    assert agrees(tab, np.array(held()["made"]["fresh"]))
    tab_to(tab, ".play-buttons button:nth-child(2)")
    tab.keyboard.press("Enter")
    assert agrees(tab, cloud)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowRight")
    tab_to(tab, ".play-groups .play-slider:nth-of-type(2) input")
    tab.keyboard.press("PageUp")
    cloud[1, 0] += 1
    assert agrees(tab, cloud)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(3) input")
    tab.keyboard.press("ArrowDown")
    cloud[1, 1] -= 0.1
    assert agrees(tab, cloud)
    tab_to(tab, "[role=slider][aria-label='Generated point 2']")
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp"):
        tab.keyboard.press(key)
    cloud[1] += [-0.1, 0.2]
    assert agrees(tab, cloud)
    said = tab.evaluate("document.activeElement.getAttribute('aria-valuetext')")
    assert said.replace("−", "-") == f"{cloud[1, 0]:.2f} across, {cloud[1, 1]:.2f} up"
    tab_to(tab, ".play-check input")
    tab.keyboard.press("Space")
    assert tab.locator("figure.play .play-balls").get_attribute("d").count("M") == 20
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('Above the real range: ')"
    )
    assert reader.troubles == []
