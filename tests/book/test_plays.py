"""The plays: the page's numbers against the package's, by keyboard, by touch, in time, and without
scripts.
"""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import build_book
import numpy as np
import play_pictures
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from support.books import render, tiny_book
from support.pages import PAGES, THIN, Visitor, at_rest
from support.paths import ROOT
from support.plays import PLAYS, UPRIGHT, open_play, tab_to, visit

pytestmark = pytest.mark.browser

# Every play
# -------------------------------------------------------------------------------------------------


# What a page does with every play alike is tried with three in `make test`, and with all in `make test-slow`.
FEW_PLAYS = [
    pytest.param(
        n, marks=() if n in ("dirac-gan", "divergences", "latent-explorer") else pytest.mark.slow
    )
    for n in PLAYS
]


@pytest.mark.parametrize("name", FEW_PLAYS)
def test_an_update_is_quick(name: str, reader: Visitor, request: pytest.FixtureRequest) -> None:
    """Median of 21 movements of each slider, drawing included."""
    tab = open_play(reader, name, request)
    times = tab.evaluate("""() => [...document.querySelectorAll("figure.play input[type=range]")].map(input => {
      const times = [];
      for (let k = 0; k < 21; k++) {
        input.value = Number(input.min) + (Number(input.max) - Number(input.min)) * k / 20;
        const start = performance.now();
        input.dispatchEvent(new Event("input", { bubbles: true }));
        document.querySelector("figure.play").getBoundingClientRect();
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[10];
    })""")
    print(f"{name}: medians of {len(times)} sliders up to {max(times):.1f} ms")
    assert times
    assert max(times) < 100


SMALL = """() => {
  const all = selector => [...document.querySelectorAll("figure.play " + selector)];
  const limit = document.documentElement.clientWidth;
  document.querySelector("figure.play .play-stage svg").scrollIntoView({block: "center", behavior: "instant"});
  const sliders = all("input[type=range]").map(node => node.getBoundingClientRect());
  const missed = all(".play-handle:not([hidden]) .play-dot").flatMap(dot => {
    const box = dot.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
    return [[12, 0], [-12, 0], [0, 12], [0, -12], [8, 8], [-8, -8]].map(([dx, dy]) => [x + dx, y + dy])
      .filter(place => !document.elementFromPoint(...place)?.closest("g.play-handle"));
  });
  const wide = all("*").filter(node => {
    const box = node.getBoundingClientRect();
    return !node.closest("svg, .play-text") && box.width && (box.left < 0 || box.right > limit);
  });
  return { dots: all(".play-handle:not([hidden]) .play-dot").length, missed, wide: wide.map(node => node.outerHTML),
           length: Math.min(...sliders.map(box => box.width)), height: Math.min(...sliders.map(box => box.height)) };
}"""


@pytest.mark.parametrize("name", PLAYS)
def test_a_finger_has_room(
    name: str, browser: Any, stage: Path, request: pytest.FixtureRequest
) -> None:
    """Long sliders, 24 pixels across each dot whatever its drawn size, and nothing past the
    window's edge.
    """
    visitor = visit(browser, stage.as_uri())
    tab = open_play(visitor, name, request)
    for width, length in ((320, 240), (390, 300), (1200, 130)):
        tab.set_viewport_size({"width": width, "height": 900})
        found = at_rest(
            tab, lambda: tab.evaluate(SMALL), lambda small: small["wide"] + small["missed"]
        )  # the contents slide away
        assert (found["wide"], found["missed"]) == ([], []), width
        assert found["dots"] > 0
        assert found["length"] >= length, width
        assert found["height"] >= 24, width
    visitor.context.close()


@pytest.mark.parametrize("how", ["mouse", "finger"])
@pytest.mark.parametrize("name", PLAYS)
def test_a_handle_can_be_dragged(
    name: str, how: str, browser: Any, stage: Path, request: pytest.FixtureRequest
) -> None:
    """By a mouse and by a finger that meet it off its middle; no other one moves, nor does the page
    under it.
    """
    visitor = visit(browser, stage.as_uri(), has_touch=True, viewport={"width": 500, "height": 900})
    tab = open_play(visitor, name, request)
    handles = tab.locator("figure.play .play-handle circle.play-dot:visible")
    handle, others = handles.first, "all => all.slice(1).map(dot => dot.getBoundingClientRect().x)"
    handle.scroll_into_view_if_needed()
    tab.evaluate(
        "document.querySelector('figure.play .play-stage svg').scrollIntoView({block: 'center'})"
    )
    before, height = tab.locator(".play-numbers").inner_text(), tab.evaluate("scrollY")
    box, still = handle.bounding_box(), handles.evaluate_all(others)
    x, y = (
        box["x"] + box["width"] / 2 + 8,
        box["y"] + box["height"] / 2 - 5,
    )  # where two points' rooms overlap
    way, axis = ((0, -2 / 3), "y") if name in UPRIGHT else ((1, 0), "x")
    if how == "mouse":
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.mouse.move(x + 60 * way[0], y + 60 * way[1], steps=4)
        tab.mouse.up()
    else:
        device = visitor.context.new_cdp_session(tab)
        for kind, step in (
            ("touchStart", 0),
            ("touchMove", 30),
            ("touchMove", 60),
            ("touchEnd", None),
        ):
            points = [] if step is None else [{"x": x + step * way[0], "y": y + step * way[1]}]
            device.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    arrived = "([goal, dot, axis]) => Math.abs(dot.getBoundingClientRect()[axis] - goal) < 3"
    goal = box[axis] + 60 * sum(way)
    tab.wait_for_function(arrived, arg=[goal, handle.element_handle(), axis], timeout=20_000)
    assert tab.locator(".play-numbers").inner_text() != before
    assert handles.evaluate_all(others) == still
    assert tab.evaluate("scrollY") == height
    assert visitor.troubles == []
    visitor.context.close()


@pytest.mark.parametrize("name", FEW_PLAYS)
def test_a_play_runs_from_a_server_too(
    name: str, browser: Any, address: str, request: pytest.FixtureRequest
) -> None:
    """In its whole chapter; the other tests open its section alone."""
    visitor = visit(browser, address)
    tab = open_play(visitor, name, request)
    assert tab.locator("figure.play .play-stage svg").first.is_visible()
    assert visitor.troubles == []
    visitor.context.close()


@pytest.mark.parametrize("name", FEW_PLAYS)
def test_picture_stands_in_without_scripts_and_in_print(
    name: str, browser: Any, stage: Path, reader: Visitor, request: pytest.FixtureRequest
) -> None:
    """The static picture has its size and its words, and gives way to the live one only on a
    screen.
    """
    still = Visitor(browser, stage.as_uri(), java_script_enabled=False)
    still.page.goto(f"{stage.as_uri()}/{PLAYS[name]}.html")
    picture = still.page.locator("figure.play img")
    assert picture.is_visible()
    assert picture.bounding_box()["width"] > 300
    assert len(picture.get_attribute("alt")) > 60
    assert still.page.locator(".play-stage").count() == 0
    still.context.close()
    tab = open_play(reader, name, request)
    tab.emulate_media(media="print")
    seen = tab.locator("figure.play img").is_visible(), tab.locator(".play-stage").is_visible()
    tab.emulate_media(media="screen")
    assert seen == (True, False)


@pytest.mark.parametrize("name", PLAYS)
def test_a_live_play_is_accessible(
    name: str, reader: Visitor, request: pytest.FixtureRequest
) -> None:
    """axe finds nothing in the figure in either theme; what can be operated is reached by Tab and
    shows it.
    """
    tab = open_play(reader, name, request)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.evaluate(THIN)
    for scheme in ("light", "dark"):
        tab.emulate_media(color_scheme=scheme)
        tab.wait_for_function(f"document.documentElement.dataset.theme === '{scheme}'")
        found = (
            Axe()
            .run(tab, context="figure.play", options={"resultTypes": ["violations"]})
            .response["violations"]
        )
        assert [
            (problem["id"], [node["html"] for node in problem["nodes"]]) for problem in found
        ] == []
    tab.emulate_media(color_scheme="light")
    tab_to(tab, "figure.play .play-stage :is(input, button)")
    assert tab.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


PALE = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(x => x / 255)
      .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const kinds = ".play-stage svg :is(text, line, .play-line, .play-ring, .play-dot, .play-mark)";
  const drawn = [...document.querySelectorAll(kinds)];
  return [drawn.length, drawn.filter(node => {
    const style = getComputedStyle(node), paint = style[node.matches("line, path") ? "stroke" : "fill"];
    return contrast(light(paint), ground) < (node.matches("text") ? 4.5 : 3);
  }).map(node => node.outerHTML)];
}"""


@pytest.mark.parametrize(("theme", "palette"), [("light", "dark"), ("dark", "light")])
@pytest.mark.parametrize("name", FEW_PLAYS)
def test_forced_colours_are_legible(
    name: str, theme: str, palette: str, browser: Any, stage: Path, request: pytest.FixtureRequest
) -> None:
    """The reader's own palette wins over the theme that the page remembers."""
    visitor = visit(browser, stage.as_uri(), forced_colors="active", color_scheme=palette)
    visitor.page.add_init_script(
        f"for (const key of ['mode', 'theme']) localStorage.setItem(key, '{theme}');"
    )
    tab = open_play(visitor, name, request)
    assert tab.evaluate("document.documentElement.dataset.theme") == theme
    drawn, pale = tab.evaluate(PALE)
    assert drawn > 8
    assert pale == []
    visitor.context.close()


@pytest.mark.parametrize("name", ["optimal-discriminator", "transport"])
def test_a_play_is_silent_until_it_is_touched(name: str, browser: Any, stage: Path) -> None:
    """The numbers of the start are spoken to nobody; those of the first movement are."""
    visitor = visit(browser, stage.as_uri())
    visitor.page.clock.install()
    tab = visitor.open(PLAYS[name], formulas=False)
    tab.clock.run_for(5_000)
    said = tab.locator("figure.play .play-spoken")
    assert said.text_content() == ""
    tab.locator("figure.play input[type=range]:enabled").first.press("ArrowRight")
    tab.clock.run_for(5_000)
    assert "JS" in said.text_content()
    visitor.context.close()


@pytest.mark.parametrize("name", PLAYS)
def test_nothing_has_no_sign(name: str, reader: Visitor, request: pytest.FixtureRequest) -> None:
    """Wherever the sliders stand, what rounds to zero is shown and spoken without a minus."""
    tab = open_play(reader, name, request)
    texts = tab.evaluate("""() => {
      const figure = document.querySelector("figure.play"), inputs = [...figure.querySelectorAll("input[type=range]")];
      const stage = way => inputs.map((input, i) => {
        input.value = Number(input.min) + (Number(input.max) - Number(input.min)) * way(i);
        input.dispatchEvent(new Event("input", { bubbles: true }));
        return [...figure.querySelectorAll("*")].map(node =>
          `${node.childElementCount ? "" : node.textContent} ${node.ariaLabel} ${node.ariaValueText}`).join(" ");
      });
      const apart = i => i === 5 ? 1 : 0;                      // chapter 4: needles at both ends of the line
      return [() => 0, () => 0.499, () => 0.5, () => 1, apart].flatMap(stage);
    }""")
    assert [
        found for text in texts for found in re.findall(r".{0,20}[−-]0(?:\.0+)?(?![.\d])", text)
    ] == []
    assert tab.evaluate("[-1e-9, -0, 4e-5, -4e-5, -5.1e-5].map(x => ganbookPlays.number(x))") == [
        "0.0000",
        "0.0000",
        "0.0000",
        "0.0000",
        "−0.0001",
    ]


@pytest.mark.parametrize("name", PLAYS)
def test_the_static_picture_is_current(name: str) -> None:
    """Drawn again by the package of today it is the same, but for a little dithering of another
    library.
    """
    stored, drawn = (
        np.asarray(Image.open(source).convert("RGB"), float)
        for source in (
            ROOT / "book_ext" / "pictures" / f"{name}.png",
            io.BytesIO(play_pictures.picture(name)),
        )
    )
    assert stored.shape == drawn.shape, "run python scripts/play_pictures.py"
    assert np.abs(stored - drawn).mean() < 0.5, "run python scripts/play_pictures.py"


def test_only_pages_with_a_play_load_scripts_for_it(site: Path) -> None:
    """And no page loads the heavy parts before it is asked to."""
    for page in PAGES:
        scripts = re.findall(
            r'<script[^>]* src="([^"]*/plays/[^"]*)"', (site / f"{page}.html").read_text()
        )
        (source,) = (p for p in ROOT.glob(f"{page}.*") if p.suffix in {".md", ".ipynb"})
        assert bool(scripts) == ("{play}" in source.read_text(encoding="utf-8")), page
        assert not any("weights" in src or "tf-" in src for src in scripts)


def test_the_lock_pins_content_and_names_no_host() -> None:
    """Every package of the lock has its hash; none says where it was fetched."""
    lock = (ROOT / "book_ext" / "player" / "package-lock.json").read_text(encoding="utf-8")
    packages = {name: about for name, about in json.loads(lock)["packages"].items() if name}
    assert packages
    assert all(about["integrity"].startswith("sha512-") for about in packages.values())
    assert "http" not in lock


# Without npm
# ------------------------------------------------------------------------------------------------


def test_a_build_without_npm_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No npm, or one that fails: no folder, no litter, one line."""
    fetch, folder = build_book.fetch_player, tmp_path / "player"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert fetch(folder) == (None, "npm is not installed")
    npm = tmp_path / "npm"
    npm.write_text(
        "#!/bin/sh\necho 'npm error code EINTEGRITY' >&2\necho 'npm error sha512' >&2\nexit 1\n"
    )
    npm.chmod(0o755)
    assert fetch(folder) == (None, "npm ci failed: code EINTEGRITY; sha512")
    assert [path.name for path in tmp_path.iterdir()] == ["npm"]


def test_a_page_without_the_library_keeps_the_picture(tmp_path: Path) -> None:
    """The build passes; the page has the picture and its words, and no script that would ask for
    more.
    """
    text = "# Title\n\n:::{play} latent-explorer\n:alt: What it shows.\n\nWhat to try.\n:::\n"
    source = tiny_book(tmp_path, text)
    assert render(source) == 0
    page = (tmp_path / "out" / "_build" / "html" / "notebooks" / "index.html").read_text()
    assert 'alt="What it shows."' in page and "What to try." in page
    assert "plays.css" in page and "plays/latent" not in page
    assert (tmp_path / "out" / "_build" / "html" / "_images" / "latent-explorer.png").exists()


def test_a_play_that_is_wrong_fails_the_build(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    """An unknown name, and a picture without words."""
    plays = (
        ":::{play} no-such-play\n:alt: Words.\n\nText.\n:::\n\n:::{play} transport\n\nText.\n:::\n"
    )
    assert render(tiny_book(tmp_path, f"# Title\n\n{plays}")) != 0
    said = capfd.readouterr().err
    assert "there is no play 'no-such-play': expected one of" in said
    assert "the play 'transport' has no :alt:" in said
