"""The play of transport: its numbers against the package's plans, by keyboard."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from ganbook.divergences import (
    js,
)
from ganbook.transport import transport_plan, wasserstein_1d
from support.pages import Visitor
from support.plays import PLAYS, numbers, shown, tab_to

pytestmark = pytest.mark.browser

LOG_2 = math.log(2)


CLOUDS = {
    "coinciding": ([-30, -20, 8], [8, -30, -20]),
    "one point each": ([0], [50]),
    "one against many": ([7], [-50, -50, 0, 3, 3, 50, 50, 50]),
    "heaps": ([0, 0, 0], [0, 10, 10, 10]),
    "far apart": ([-50, -49], [49, 50, 50]),
}


def random_clouds(n: int) -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(6)
    return [
        tuple(rng.integers(-50, 51, rng.integers(1, 9)).tolist() for _ in range(2))
        for _ in range(n)
    ]


def transport_disagreements(page: Any, pairs: list[tuple[list[int], list[int]]]) -> list[str]:
    """Where page and package differ by more than 1e-9: W1, the plan by its sums and its price, JS
    by bins.
    """
    found = []
    for real, generated in pairs:
        told = page.evaluate(
            """([x, y]) => { const f = ganbookPlays.numbers.transport;
          const masses = [1, 5, 10, 20].map(width => [x, y].map(
            cloud => f.histogram(cloud, -50, width, Math.floor(100 / width) + 1)));
          return { w: f.wasserstein(x, y), plan: f.plan(f.sorted(x), f.sorted(y)),
                   js: masses.map(([p, q]) => f.js(p, q)) }; }""",
            [real, generated],
        )
        x, y = np.sort(real), np.sort(generated)
        table = np.zeros((len(x), len(y)))
        for move in told["plan"]:
            table[move["from"], move["to"]] += move["mass"]
        even = [np.full(len(cloud), 1 / len(cloud)) for cloud in (x, y)]
        cost = np.abs(x[:, None] - y)
        widths = [
            [
                np.bincount((np.array(cloud) + 50) // width, minlength=101) / len(cloud)
                for cloud in (x, y)
            ]
            for width in (1, 5, 10, 20)
        ]
        gaps = {
            "W1": told["w"] - wasserstein_1d(x, y),
            "price": (table * cost).sum() - transport_plan(*even, cost)[0],
            "rows": table.sum(1) - even[0],
            "columns": table.sum(0) - even[1],
            "sign": np.minimum(table, 0),
            "JS": np.array(told["js"]) - [js(*pair) for pair in widths],
        }
        found += [
            f"{key} for {real}, {generated}"
            for key, gap in gaps.items()
            if not np.abs(gap).max() <= 1e-9
        ]
    return found


def test_transport_has_the_numbers_of_the_package(browser: Any) -> None:
    page = numbers(browser, "transport")
    assert transport_disagreements(page, [*CLOUDS.values(), *random_clouds(60)]) == []
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (
            "(towards(mass, i) + towards(q[i], i)) / 2",
            "(towards(mass, i) + towards(q[i], i))",
        ),  # the half dropped
        ("sort((a, b) => a - b)", "sort()"),  # by text: -10 before -5
        ("(i + 1) * m, (j + 1) * n", "(i + 1) * n, (j + 1) * m"),
    ],
)
def test_a_fault_in_transport_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, "transport", (sound, broken))
    assert transport_disagreements(page, random_clouds(12))
    page.close()


def test_transport_by_keyboard(reader: Visitor) -> None:
    """A point, the whole cloud and the bins by keys alone, with the package's numbers after each."""
    tab = reader.open(PLAYS["transport"], formulas=False)
    real, generated = np.array([-40, -34, -28, -20, -12]), np.array([0, 6, 12, 20, 28])
    assert [shown(tab, "w"), shown(tab, "js")] == [4, pytest.approx(LOG_2, abs=5.1e-5)]
    tab_to(tab, "[role=slider][aria-label='Generated point 1']")
    for key in ("Home", "ArrowRight", "PageUp"):
        tab.keyboard.press(key)
    generated[0] = -39
    assert tab.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "−3.9"
    assert shown(tab, "w") == pytest.approx(wasserstein_1d(real, generated) / 10, abs=5.1e-5)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowLeft")
    generated -= 1  # two points now coincide
    together = [np.bincount(cloud + 50, minlength=101) / 5 for cloud in (real, generated)]
    assert shown(tab, "js") == pytest.approx(js(*together), abs=5.1e-5)
    assert shown(tab, "js") < 0.6
    tab_to(tab, ".play-groups .play-slider:nth-of-type(2) input")
    tab.keyboard.press("End")
    binned = [np.bincount((cloud + 50) // 20, minlength=6) / 5 for cloud in (real, generated)]
    assert shown(tab, "js") == pytest.approx(js(*binned), abs=5.1e-5)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(3) input")
    tab.keyboard.press("Home")
    assert tab.locator("[role=slider][aria-label^=Real]:visible").count() == 1
    assert shown(tab, "w") == pytest.approx(wasserstein_1d(real[:1], generated) / 10, abs=5.1e-5)
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.startsWith('W1 ')")
    assert reader.troubles == []
