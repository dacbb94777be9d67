"""The play of chapter 8: its fields, paths and moduli against the package's, with faults planted, and
by keys."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest

from ganbook import dynamics
from support.pages import Visitor
from support.plays import PLAYS, numbers, tab_to

pytestmark = pytest.mark.browser
NAME = "dirac-gan"
LOSSES = ("minimax", "non_saturating", "least_squares", "wasserstein", "hinge")
RUNS = {
    "at_once": ("simultaneous", {}),
    "d_first": ("alternating", {"first": "D"}),
    "g_first": ("alternating", {"first": "G"}),
    "extragradient": ("extragradient", {}),
    "optimistic": ("optimistic", {}),
}


def package_field(loss: str, penalty: str, weight: float) -> dynamics.Field:
    return dynamics.dirac_gan(loss, None if penalty == "none" else penalty, weight=weight)


def path_gaps(page: Any) -> list[str]:
    """Where a path of 200 steps leaves that of the package by more than 1e-8."""
    found = []
    rng = np.random.default_rng(8)
    cases = list(itertools.product(LOSSES, ("none", "r1", "gradient_penalty"), RUNS))
    for loss, penalty, play in cases:
        theta, psi = (float(x) for x in rng.uniform(-2, 2, 2))
        weight, h = float(rng.uniform(0.2, 1.0)), float(rng.uniform(0.02, 0.2))
        settings = {
            "loss": loss, "penalty": penalty, "weight": weight,
            "play": play, "h": h, "theta": theta, "psi": psi,
        }  # fmt: skip
        told = page.evaluate(f"s => ganbookPlays.numbers['{NAME}'].path(s, 200)", settings)
        name, options = RUNS[play]
        run = getattr(dynamics, name)
        want = run(package_field(loss, penalty, weight), (theta, psi), h, 200, **options)
        if not np.abs(np.array(told) - want).max() < 1e-8:
            found.append(f"{loss}, {penalty}, {play}")
    return found


def modulus_gaps(page: Any) -> list[str]:
    """Where the largest modulus leaves the package's by more than 1e-6 (a double one: 1e-6 as well,
    since one rounding moves it by the root of the rounding).
    """
    found = []
    for loss, play in itertools.product(LOSSES, RUNS):
        for weight, h in itertools.product((0.0, 0.04, 0.3, 1.0, 7.0), (0.02, 0.2, 1.3)):
            told = page.evaluate(
                f"([l, w, p, h]) => ganbookPlays.numbers['{NAME}'].modulus(l, w, p, h)",
                [loss, weight, play, h],
            )
            name, options = RUNS[play]
            field = package_field(loss, "r1" if weight else "none", weight)
            want = abs(dynamics.update_eigenvalues(field, (0, 0), h, name, **options)[0])
            if not abs(told - want) < 1e-6:
                found.append(f"{loss}, {play}, {weight}, {h}: {told} against {want}")
    return found


def test_it_has_the_numbers_of_the_package(browser: Any) -> None:
    page = numbers(browser, NAME)
    assert path_gaps(page) == []
    assert modulus_gaps(page) == []
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("weight * psi,", "weight / 2 * psi,"),  # the half of R1 taken twice
        ("non_saturating: [(d) => -sigmoid(-d)", "non_saturating: [(d) => -sigmoid(d)"),
        ("return [w[0] + h * v(w[0], psi)[0], psi]", "return [w[0] + h * v(...w)[0], psi]"),
        ("2 * now[0] - last[0]", "2 * now[0] + last[0]"),
        ("moved(w, h, v(...moved(w, h, v(...w))))", "moved(moved(w, h, v(...w)), h, v(...w))"),
    ],
)
def test_a_fault_in_a_path_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert path_gaps(page)
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("2 - h * weight - a * a", "2 - h * weight + a * a"),
        ("weight * weight / 4 - k * k", "weight * weight / 4 - k"),
        ("plus(plus([1, 0], step), times(step, step))", "plus([1, 0], times(step, step))"),
        ("largest([1 + 2 * step[0]", "largest([1 + step[0]"),
    ],
)
def test_a_fault_in_a_modulus_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert modulus_gaps(page)
    page.close()


def shown(tab: Any, key: str) -> str:
    return tab.locator(f"figure.play [data-number={key}]").inner_text()


def test_by_keyboard(reader: Visitor) -> None:
    """The puzzle's numbers, then a preset, a choice and a slider by keys."""
    tab = reader.open(PLAYS[NAME], formulas=False)
    assert (shown(tab, "first"), shown(tab, "modulus")) == ("1.4142", "1.004988")
    assert float(shown(tab, "last")) == pytest.approx(3.097, abs=5e-4)
    tab_to(tab, ".play-buttons button:nth-child(3)")
    tab.keyboard.press("Enter")
    assert shown(tab, "modulus") == "0.900000"
    assert tab.locator("figure.play .play-handle:not([hidden])").count() == 2
    tab_to(tab, ".play-groups .play-choice:nth-of-type(3) select")
    tab.keyboard.press("ArrowDown")  # D, then G
    assert float(shown(tab, "modulus")) == pytest.approx(0.927016, abs=1e-6)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowRight")
    h = 0.2 * 10 ** (1 / 50)
    field = dynamics.dirac_gan("minimax", "r1", weight=1.0)
    want = abs(dynamics.update_eigenvalues(field, (0, 0), h, "alternating")[0])
    assert float(shown(tab, "modulus")) == pytest.approx(want, abs=1e-6)
    tab_to(tab, ".play-buttons button:nth-child(5)")
    tab.keyboard.press("Enter")
    assert shown(tab, "modulus") == "none"
    assert float(shown(tab, "last")) == pytest.approx(1.413, abs=5e-4)
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.startsWith('Dist')")
    assert reader.troubles == []


def test_the_shaded_part_is_the_window_of_the_theorem(reader: Visitor) -> None:
    """For minimax and simultaneous play: between h/4 and 2/h + h/8, to a row of the drawing."""
    tab = reader.open(PLAYS[NAME], formulas=False)
    shape = tab.locator("figure.play .play-region").get_attribute("d")
    columns = [part.replace("M", "").rstrip("Z") for part in shape.split("Z") if part]
    assert len(columns) == 64
    for i, column in enumerate(columns):
        h = 10 ** (-2 + (i + 0.5) / 64 * math.log10(200))
        top = float(column.split(",")[1].split("h")[0])
        height = float(column.split("v")[1].split("h")[0])  # from the upper edge down

        def weight(y: float) -> float:
            return 10 ** (-2 + (276 - y) / 256 * math.log10(2_000))

        row = 10 ** (math.log10(2_000) / 128)
        low, high = sorted((weight(top), weight(top + height)))
        assert low == pytest.approx(max(h / 4, 0.01), rel=row - 1)
        assert high == pytest.approx(min(2 / h + h / 8, 20), rel=row - 1)
