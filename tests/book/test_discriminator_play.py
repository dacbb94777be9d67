"""The play of the optimal discriminator: its numbers against the package, by keyboard."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from ganbook.distributions import Gaussians
from ganbook.divergences import (
    game_value,
    kl_normal,
    log_ratio,
    optimal_discriminator,
    quadrature,
)
from support.pages import Visitor
from support.plays import PLAYS, numbers, shown, tab_to

pytestmark = pytest.mark.browser
Law = dict[str, list[float]]
LOG_2 = math.log(2)


def law(means: Any, widths: Any, share: float) -> Law:
    """Two normals with the share of the second."""
    return {"means": list(means), "widths": list(widths), "weights": [1 - share, share]}


def random_laws(n: int) -> list[tuple[Law, Law]]:
    """Pairs over the whole range of the sliders, some with a component of weight zero."""
    rng = np.random.default_rng(4)
    shares = [0.0, 1.0, 0.01, 0.5]

    def one(k: int) -> Law:
        share = shares[k % 8] if k % 8 < 4 else rng.uniform()
        return law(rng.uniform(-6, 6, 2).tolist(), rng.uniform(0.25, 2, 2).tolist(), float(share))

    return [(one(int(rng.integers(8))), one(int(rng.integers(8)))) for _ in range(n)]


EDGES = {
    "identical": (law((0, 0), (1, 1), 0), law((0, 0), (1, 1), 0)),
    "identical, written in two ways": (law((-1, 3), (0.5, 2), 0.3), law((3, -1), (2, 0.5), 0.7)),
    "far apart": (law((-6, 0), (0.25, 1), 0), law((6, 0), (0.25, 1), 0)),
    "weight zero far away": (law((-6, 6), (0.25, 0.25), 0), law((6, -6), (0.25, 0.25), 0)),
    "one bump on two": (law((-2, 2), (0.6, 0.6), 0.5), law((2, 2), (0.6, 0.6), 0)),
    "needle in a plain": (law((0, 0), (0.25, 1), 0), law((0, 6), (2, 2), 0.5)),
}


def of_package(p: Law, q: Law) -> dict[str, Any]:
    """The package's numbers. A weight of zero is left out: torch's Categorical lifts it to 2e-16."""
    first, second = (
        Gaussians(
            *(
                torch.tensor(
                    [v for v, w in zip(g[k], g["weights"], strict=True) if w > 0],
                    dtype=torch.float64,
                )
                for k in ("means", "widths", "weights")
            )
        )
        for g in (p, q)
    )
    x = torch.linspace(-24, 24, 4801, dtype=torch.float64)
    score = log_ratio(first, second)
    values = {
        "value": game_value(score, first, second, x),
        "js": quadrature("js", first, second, x),
        "kl": quadrature("kl", first, second, x),
        "reverseKl": quadrature("reverse_kl", first, second, x),
    }
    curves = {
        "p": first.log_prob(x).exp(),
        "q": second.log_prob(x).exp(),
        "best": optimal_discriminator(first, second)(x),
    }
    return {k: float(v) for k, v in values.items()} | {
        k: v[::20].numpy() for k, v in curves.items()
    }


def disagreements(page: Any, pairs: list[tuple[Law, Law]], tolerance: float = 1e-9) -> list[str]:
    """Where page and package differ, relative to numbers above one."""
    compare = """([p, q]) => Object.fromEntries(
      Object.entries(ganbookPlays.numbers["optimal-discriminator"].compare(p, q))
        .map(([k, v]) => [k, v.length ? [...v].filter((_, i) => i % 20 === 0) : v]))"""
    found = []
    for p, q in pairs:
        ours, theirs = of_package(p, q), page.evaluate(compare, [p, q])
        for key, expected in ours.items():
            gap = np.abs(np.asarray(theirs[key]) - expected).max() / max(1, np.abs(expected).max())
            if not gap <= tolerance:
                found.append(f"{key} by {gap:.1e} for {p}, {q}")
    return found


def test_discriminator_has_the_numbers_of_the_package(browser: Any) -> None:
    """Curves and five numbers to 1e-9 on the same grid; on Gaussians the closed form too."""
    page = numbers(browser, "optimal-discriminator")
    assert disagreements(page, [*EDGES.values(), *random_laws(16)]) == []
    for a, s, b, t in ((0, 1, 2, 1), (-3, 0.25, 4, 2), (1, 1.5, 1, 0.5)):
        told = page.evaluate(
            """([p, q]) => { const f = ganbookPlays.numbers["optimal-discriminator"].compare(p, q);
          return [f.kl, f.reverseKl]; }""",
            [law((a, 0), (s, 1), 0), law((b, 0), (t, 1), 0)],
        )
        mine = np.array([a]), np.array([[s * s]])
        other = np.array([b]), np.array([[t * t]])
        assert told == pytest.approx([kl_normal(*mine, *other), kl_normal(*other, *mine)], rel=1e-9)
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("/ 2,\n      kl", "/ 1,\n      kl"),  # JS without its half
        ("reverseKl: mean(q, (i) => -score[i])", "reverseKl: mean(p, (i) => -score[i])"),
        ("- Math.log(widths[k])", ""),
        ("values[values.length - 1]) / 2", "values[values.length - 1]) / 2 + 1e-6"),
    ],
)
def test_a_fault_in_the_discriminator_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, "optimal-discriminator", (sound, broken))
    assert disagreements(page, [EDGES["one bump on two"]])
    page.close()


def test_discriminator_by_keyboard(reader: Visitor) -> None:
    """Buttons and sliders by keys alone; the page then shows the package's numbers, rounded."""
    tab = reader.open(PLAYS["optimal-discriminator"], formulas=False)
    assert shown(tab, "value") == pytest.approx(-0.712633, abs=5.1e-5)  # the chapter's table
    tab_to(tab, ".play-of-q .play-slider:nth-of-type(1) input")
    for _ in range(20):
        tab.keyboard.press("ArrowRight")
    expected = of_package(law((0, 0), (1, 1), 0), law((3, 3), (1, 1), 0))
    for key in ("value", "js", "kl", "reverseKl"):
        assert shown(tab, key) == pytest.approx(expected[key], abs=5.1e-5)
    tab.keyboard.press("End")  # almost at the ceiling
    assert LOG_2 - 0.005 < shown(tab, "js") < LOG_2
    tab_to(tab, ".play-buttons button:nth-child(2)")
    tab.keyboard.press("Enter")
    assert [shown(tab, key) for key in ("js", "kl", "reverseKl")] == [0, 0, 0]
    assert shown(tab, "value") == pytest.approx(-2 * LOG_2, abs=5.1e-5)
    tab_to(tab, ".play-of-p .play-slider:nth-of-type(5) input")
    tab.keyboard.press("End")
    assert tab.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "1.00"
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('Value −1.3863, JS 0.0000')"
    )
    assert reader.troubles == []


def test_sliders_without_effect_rest(reader: Visitor) -> None:
    """Mean and width rest and say why while their component has no share; no key that does it loses
    the focus.
    """
    tab = reader.open(PLAYS["optimal-discriminator"], formulas=False)
    component = {
        k: [
            tab.locator(f".play-of-p .play-slider:nth-of-type({n}) input")
            for n in (2 * k + 1, 2 * k + 2)
        ]
        for k in (0, 1)
    }

    def resting() -> dict[int, list[bool]]:
        return {k: [one.is_disabled() for one in inputs] for k, inputs in component.items()}

    assert resting() == {0: [False, False], 1: [True, True]}
    for one in component[1]:
        assert one.get_attribute("title") == "Without effect while the second’s share is 0"
    tab_to(tab, ".play-of-p .play-slider:nth-of-type(5) input")
    for key, expected in (
        ("ArrowRight", {0: [False] * 2, 1: [False] * 2}),
        ("End", {0: [True] * 2, 1: [False] * 2}),
        ("Home", {0: [False] * 2, 1: [True] * 2}),
    ):
        tab.keyboard.press(key)
        assert resting() == expected
        assert tab.evaluate(
            "document.activeElement.matches('.play-of-p .play-slider:nth-of-type(5) input')"
        )
    assert component[0][0].get_attribute("title") == ""
    tab_to(tab, ".play-buttons button:nth-child(3)")
    tab.keyboard.press("Enter")
    assert resting() == {0: [False, False], 1: [False, False]}
    assert tab.evaluate("document.activeElement.matches('.play-buttons button')")
