"""The play of chapter 5: six measures of two laws of atoms against the package's, with faults planted,
and by keys."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ganbook.divergences import js, kl, total_variation
from ganbook.transport import transport_plan
from support.pages import Visitor
from support.plays import PLAYS, numbers, tab_to

pytestmark = pytest.mark.browser
NAME = "divergences"
PLACES = np.arange(13.0)
MODES = np.array([0.35, 0.15, 0, 0.15, 0.35])


def of_package(p: np.ndarray, q: np.ndarray) -> dict[str, float]:
    cost = np.abs(PLACES[:, None] - PLACES)
    return {
        "kl": kl(p, q),
        "reverseKl": kl(q, p),
        "midpoint": 2 * kl((p + q) / 2, p),
        "js": js(p, q),
        "tv": total_variation(p, q),
        "w": transport_plan(p, q, cost)[0],
    }


def law(atoms: np.ndarray, start: int, spread: float) -> np.ndarray:
    """Five atoms from a place on, with a share spread over thirteen places."""
    return (1 - spread) * np.pad(atoms, (start, 8 - start)) + spread / 13


def pairs() -> list[tuple[list[float], int, list[float], int, float]]:
    """Laws of atoms: equal, apart, with holes, with noise, and random ones."""
    rng, even = np.random.default_rng(5), [0.2] * 5
    found = [(even, 1, even, 1, 0.0), (even, 1, even, 6, 0.0), (even, 1, even, 6, 0.1)]
    found += [(MODES.tolist(), 1, [0.7, 0.3, 0, 0, 0], 1, 0.0), (MODES.tolist(), 1, even, 1, 0.0)]
    for spread in (0.0, 0.01, 0.5, 0.3):
        p, q = rng.dirichlet(0.5 * np.ones(5), size=2)
        found.append((p.tolist(), 1, q.tolist(), int(rng.integers(9)), spread))
    return found


def disagreements(page: Any) -> list[str]:
    """Where a measure leaves the package's by more than 1e-9, infinities included."""
    found = []
    for a, at_p, b, at_q, spread in pairs():
        told = page.evaluate(
            f"""([a, s, b, t, e]) => {{ const f = ganbookPlays.numbers["{NAME}"];
          const told = f.compare(f.law(a, s, e), f.law(b, t, e));
          return Object.fromEntries(Object.entries(told).map(([k, v]) => [k, String(v)])); }}""",
            [a, at_p, b, at_q, spread],
        )
        p, q = law(np.array(a), at_p, spread), law(np.array(b), at_q, spread)
        for key, expected in of_package(p, q).items():
            mine = float(told[key].replace("Infinity", "inf"))
            if not (mine == expected or abs(mine - expected) < 1e-9):
                found.append(f"{key}: {mine} against {expected} for {a}, {b}, {at_q}, {spread}")
    return found


def test_it_has_the_numbers_of_the_package(browser: Any) -> None:
    page = numbers(browser, NAME)
    assert disagreements(page) == []
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("2 * kl(m, p)", "kl(m, p)"),
        ("(kl(p, m) + kl(q, m)) / 2", "kl(p, m) + kl(q, m)"),
        ("kl: kl(p, q), reverseKl: kl(q, p)", "kl: kl(q, p), reverseKl: kl(p, q)"),
        ("q[k] === 0 ? Infinity", "q[k] === 0 ? 0"),
        ("area += Math.abs(lead)", "area += lead"),
        ("mass - q[k]))) / 2", "mass - q[k])))"),
    ],
)
def test_a_fault_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert disagreements(page)
    page.close()


def shown(tab: Any, key: str) -> float:
    text = tab.locator(f"figure.play [data-number={key}]").inner_text()
    return float(text.replace("−", "-").replace("∞", "inf"))


def compare_shown(tab: Any, p: np.ndarray, q: np.ndarray) -> None:
    for key, expected in of_package(p, q).items():
        assert shown(tab, key) == pytest.approx(expected, abs=6e-5), key


def test_by_keyboard(reader: Visitor) -> None:
    """An atom, the place and the noise by keys, with the package's numbers after each."""
    tab = reader.open(PLAYS[NAME], formulas=False)
    q = np.array([0.7, 0.3, 0, 0, 0])
    compare_shown(tab, law(MODES, 1, 0), law(q, 1, 0))
    assert shown(tab, "kl") == np.inf > shown(tab, "reverseKl")
    tab_to(tab, "figure.play [role=slider][aria-label='q, generated: mass of atom 5']")
    tab.keyboard.press("PageUp")
    q = np.append(0.8 * q[:4], 0.2)  # the others keep their proportions
    compare_shown(tab, law(MODES, 1, 0), law(q, 1, 0))
    tab.keyboard.press("End")
    tab.keyboard.press("Home")  # all was on one atom: the rest is shared evenly
    q = np.array([0.25, 0.25, 0.25, 0.25, 0])
    compare_shown(tab, law(MODES, 1, 0), law(q, 1, 0))
    tab_to(tab, "figure.play .play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("End")
    compare_shown(tab, law(MODES, 1, 0), law(q, 8, 0))
    assert [shown(tab, key) for key in ("js", "tv", "kl")] == [0.6931, 1, np.inf]
    tab_to(tab, "figure.play .play-groups .play-slider:nth-of-type(2) input")
    for _ in range(5):
        tab.keyboard.press("ArrowRight")
    compare_shown(tab, law(MODES, 1, 0.05), law(q, 8, 0.05))
    before = [shown(tab, key) for key in ("kl", "reverseKl", "midpoint", "js", "tv", "w")]
    tab_to(tab, "figure.play .play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowLeft")  # apart all the same: only W1 changes
    after = [shown(tab, key) for key in ("kl", "reverseKl", "midpoint", "js", "tv", "w")]
    assert after[:5] == before[:5]
    assert after[5] == pytest.approx(before[5] - 0.95, abs=2e-4)
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.startsWith('KL')")
    assert reader.troubles == []
