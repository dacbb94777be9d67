"""The GAN that trains in the page: what its reader meets, by keys, by touch, and over time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from support.pages import Visitor
from support.plays import PLAYS, open_play, tab_to, visit

pytestmark = pytest.mark.browser

NAME = "living-gan"


def text(tab: Any, key: str) -> str:
    return str(tab.locator(f"figure.play [data-number={key}]").inner_text())


def button(tab: Any, name: str) -> Any:
    return tab.locator("figure.play").get_by_role("button", name=name, exact=True)


def test_it_waits_until_it_is_asked(browser: Any, stage: Path) -> None:
    """No round, no frame and no word before the first key; each of them stops with the pause."""
    visitor = visit(browser, stage.as_uri())
    visitor.page.add_init_script(
        "window.frames_asked = 0; const ask = requestAnimationFrame.bind(window);"
        "window.requestAnimationFrame = what => { frames_asked += 1; return ask(what); };"
    )
    tab = visitor.open(PLAYS[NAME], formulas=False)
    tab.locator(".play-plane").scroll_into_view_if_needed()
    tab.wait_for_timeout(1500)
    asked = tab.evaluate("frames_asked")
    tab.wait_for_timeout(700)
    assert tab.evaluate("frames_asked") == asked
    assert text(tab, "round") == "0"
    assert tab.locator("figure.play .play-spoken").text_content() == ""
    button(tab, "Play").focus()
    tab.keyboard.press("Space")
    tab.wait_for_function("Number(document.querySelector('[data-number=round]').textContent) > 5")
    assert tab.locator("figure.play .play-spoken").text_content() == ""
    tab.keyboard.press("Space")
    tab.wait_for_function("document.querySelector('.play-spoken').textContent")
    rounds, asked = int(text(tab, "round")), tab.evaluate("frames_asked")
    assert tab.locator("figure.play .play-spoken").text_content().startswith(f"Round {rounds}: ")
    tab.wait_for_timeout(700)
    assert (int(text(tab, "round")), tab.evaluate("frames_asked")) == (rounds, asked)
    assert visitor.troubles == []
    visitor.context.close()


def test_half_steps_by_the_keyboard(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """D's half-step moves no generated point, G's moves them all, and a round is both."""
    tab = open_play(reader, NAME, request)
    tab_to(tab, "figure.play .play-transport button:nth-child(2)")
    half = tab.locator("figure.play .play-transport button:nth-child(2)")
    assert half.inner_text() == "Half-step of D"
    before = tab.locator(".play-numbers").inner_text()
    tab.keyboard.press("Enter")
    after_d = tab.locator(".play-numbers").inner_text()
    assert (half.inner_text(), text(tab, "round")) == ("Half-step of G", "0")
    assert after_d != before
    score = text(tab, "probe")
    tab.keyboard.press("Enter")
    assert (half.inner_text(), text(tab, "round")) == ("Half-step of D", "1")
    assert text(tab, "probe") == score  # G's half-step left D alone
    button(tab, "One round").press("Enter")
    assert text(tab, "round") == "2"
    told = tab.locator(".play-plane svg").get_attribute("aria-label")
    assert told.startswith("The plane after 2 rounds: ") and text(tab, "modes") in told


def test_reset_and_seed(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """A seed gives the same three rounds every time, another seed others."""
    tab = open_play(reader, NAME, request)
    ends = []
    for seed in ("7", "7", "8"):
        tab.locator("figure.play input[type=number]").fill(seed)
        tab.locator("figure.play input[type=number]").press("Enter")
        button(tab, "Reset").click()
        assert text(tab, "round") == "0"
        for _ in range(3):
            button(tab, "One round").click()
        ends.append(tab.locator(".play-numbers").inner_text())
    assert ends[0] == ends[1] != ends[2]


def test_presets_ask_first(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """Each preset starts afresh with a question, and its answer folded."""
    tab = open_play(reader, NAME, request)
    answers = tab.locator("figure.play details")
    for name in ("Collapse", "Circling", "Fading push", "Coverage"):
        button(tab, "One round").click()
        answers.locator("summary").click()
        assert answers.locator("p").is_visible()
        button(tab, name).click()
        assert text(tab, "round") == "0"
        assert "?" in tab.locator(".play-question > p").inner_text()
        assert answers.locator("p").is_hidden()
        pressed = tab.locator("figure.play [aria-pressed=true]").all_inner_texts()
        assert pressed == [name]
    question = tab.locator(".play-question > p").inner_text()
    tab.locator("figure.play select").first.select_option("moons")
    assert tab.locator("figure.play [aria-pressed=true]").count() == 0
    assert question != tab.locator(".play-question > p").inner_text()
    button(tab, "Coverage").click()
    assert tab.locator(".play-question > p").inner_text() == question


def test_real_points_drawn_by_keys_and_by_a_finger(
    browser: Any, stage: Path, request: pytest.FixtureRequest
) -> None:
    """Without a point nothing can be played; a point comes from a button or from a tap."""
    visitor = visit(browser, stage.as_uri(), has_touch=True, viewport={"width": 390, "height": 844})
    tab = open_play(visitor, NAME, request)
    tab.locator("figure.play select").first.select_option("drawn")
    assert text(tab, "modes").endswith("of 3")
    button(tab, "Clear").press("Enter")
    assert button(tab, "Play").is_disabled() and button(tab, "One round").is_disabled()
    button(tab, "Real point at the probe").press("Enter")
    assert button(tab, "Play").is_enabled() and text(tab, "modes").endswith("of 1")
    tab.evaluate("document.querySelector('.play-plane').scrollIntoView({block: 'center'})")
    box, height = tab.locator(".play-plane").bounding_box(), tab.evaluate("scrollY")
    tab.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + 0.8 * box["height"])
    tab.wait_for_function("document.querySelector('[data-number=modes]').textContent.endsWith('2')")
    assert tab.evaluate("scrollY") == height
    button(tab, "One round").click()
    assert text(tab, "round") == "1"
    assert visitor.troubles == []
    visitor.context.close()


@pytest.mark.parametrize("rounds", [300, pytest.param(600, marks=pytest.mark.slow)])
def test_play_leaves_nothing_behind(
    rounds: int, reader: Visitor, request: pytest.FixtureRequest
) -> None:
    """After the first third the page gains no element but an axis's, and the heap stays as it is."""
    tab = open_play(reader, NAME, request)
    device = reader.context.new_cdp_session(tab)
    tab.evaluate("document.querySelector('.play-plane').scrollIntoView({block: 'center'})")
    speed = tab.locator("figure.play input[type=range]").first
    speed.press("End")
    button(tab, "Play").click()

    def state(reached: int) -> tuple[int, int]:
        tab.wait_for_function(
            f"Number(document.querySelector('[data-number=round]').textContent) >= {reached}"
        )
        device.send("HeapProfiler.collectGarbage")
        elements = tab.evaluate("document.querySelectorAll('figure.play *').length")
        return elements, device.send("Runtime.getHeapUsage")["usedSize"]

    # What lives is at most the least of a few readings: between collections the heap swings by a megabyte.
    early, late = (
        [state(rounds * twelfth // 12) for twelfth in twelfths]
        for twelfths in ((2, 3, 4), (10, 11, 12))
    )
    elements, elements_then = early[0][0], late[-1][0]
    used, used_then = (min(size for _, size in readings) for readings in (early, late))
    button(tab, "Pause").click()
    speed.press("Home")
    points = tab.evaluate(
        "[...document.querySelectorAll('.play-curves path')].map(p => p.getAttribute('d').length)"
    )
    print(f"heap {used / 1e6:.2f} MB, then {used_then / 1e6:.2f} MB")
    assert abs(elements_then - elements) <= 8  # an axis may have another tick
    assert used_then < used + 0.5e6
    assert 1000 < max(points) < 400 * 20


def test_a_frame_is_short(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """As fast as it goes, steps, field, drawing and numbers take 50 ms in nine of ten frames."""
    tab = open_play(reader, NAME, request)
    tab.evaluate("""() => {
      const ask = requestAnimationFrame.bind(window);
      window.frame_times = [];
      window.requestAnimationFrame = what => ask(now => {
        const start = performance.now();
        what(now);
        frame_times.push(performance.now() - start);
      });
      document.querySelector(".play-plane").scrollIntoView({ block: "center" });
    }""")
    tab.locator("figure.play input[type=range]").first.press("End")
    button(tab, "Play").click()
    tab.wait_for_function("frame_times.length > 150")
    button(tab, "Pause").click()
    times = sorted(tab.evaluate("frame_times"))
    print(f"frames: median {times[len(times) // 2]:.0f} ms, last {times[-1]:.0f} ms")
    assert times[int(0.9 * len(times))] < 50
