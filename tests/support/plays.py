"""Pages with plays: opened, reached by keys, and their numbers alone with faults planted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from support.pages import Visitor
from support.paths import ROOT

SCRIPTS = ROOT / "book_ext" / "static" / "plays"
PLAYS = {
    "critic": "notebooks/07_the_wasserstein_gan",
    "dirac-gan": "notebooks/08_convergence",
    "judged-clouds": "notebooks/09_judging_a_sampler",
    "latent-directions": "notebooks/14_control",
    "divergences": "notebooks/05_divergences",
    "latent-explorer": "notebooks/03_a_gan_on_mnist",
    "living-gan": "notebooks/02_the_adversarial_game",
    "optimal-discriminator": "notebooks/04_the_optimal_discriminator",
    "posterior": "notebooks/01_generative_and_discriminative",
    "transport": "notebooks/06_optimal_transport",
    "typefaces": "notebooks/15_image_to_image",
}
UPRIGHT = {"critic", "divergences"}  # their handles move up and down
# What loads on request, and what is there afterwards.
ASKS = {
    "latent-directions": ".play-digits",
    "latent-explorer": ".play-pad",
    "typefaces": ".play-strips",
}


SECTION = re.compile(r"</?section\b[^>]*>")
CONTENTS = re.compile(r'<nav id="pst-page-toc-nav"[^>]*>.*?</nav>', re.DOTALL)


def alone(html: str) -> str:
    """A page without the sections that do not hold its play: an eighth of a chapter to load."""
    at, open_at, cuts = html.index('<figure class="play'), [], []
    for tag in SECTION.finditer(html):
        if not tag[0].startswith("</"):
            open_at.append(tag.start())
        elif not (start := open_at.pop()) < at < tag.end():
            cuts = [cut for cut in cuts if cut[0] < start] + [(start, tag.end())]
    assert not open_at
    for start, end in reversed(cuts):
        html = html[:start] + html[end:]
    html, found = CONTENTS.subn("", html)  # the theme follows each of its links
    assert found == 1
    return html


def put_on_stage(site: Path, folder: Path) -> Path:
    """A site whose pages are the plays' alone, each with its own section; the rest is linked."""
    for name in {Path(page).parent for page in PLAYS.values()}:
        (folder / name).mkdir(parents=True)
    for part in site.iterdir():
        if not (folder / part.name).exists() and part.suffix != ".html":
            (folder / part.name).symlink_to(part)
    for page in PLAYS.values():
        html = (site / f"{page}.html").read_text(encoding="utf-8")
        (folder / f"{page}.html").write_text(alone(html), encoding="utf-8")
    return folder


def visit(browser: Any, home: str, **context: Any) -> Visitor:
    """A visitor of a page with a play."""
    return Visitor(browser, home, **context)


def open_play(visitor: Visitor, name: str, request: pytest.FixtureRequest) -> Any:
    """Open a play's page; what loads on demand is loaded by keys alone."""
    if name == "latent-explorer":
        request.getfixturevalue("library")
    tab = visitor.open(PLAYS[name], formulas=False)
    if name in ASKS:
        heavy = ("weights", "tf-", "directions.stored")
        assert not any(part in url for url in visitor.requested for part in heavy)
        tab_to(tab, "figure.play button")
        tab.keyboard.press("Enter")
        tab.locator(f"figure.play.play-live {ASKS[name]}").wait_for()
    return tab


def source(name: str, *faults: tuple[str, str]) -> str:
    """A play's mathematics, with faults planted on request."""
    text = (SCRIPTS / f"{name}.numbers.js").read_text(encoding="utf-8")
    for sound, broken in faults:
        assert text.count(sound) == 1, (
            f"{sound!r} is not in the script once: plant the fault elsewhere"
        )
        text = text.replace(sound, broken)
    return text


def numbers(browser: Any, name: str, *faults: tuple[str, str]) -> Any:
    """A blank page that holds a play's mathematics alone, with faults planted on request."""
    page = browser.new_page()
    page.add_script_tag(content="window.ganbookPlays = { numbers: {}, weights: {} };")
    page.add_script_tag(content=source(name, *faults))
    return page


def tab_to(page: Any, selector: str, limit: int = 400) -> None:
    """Press Tab, and nothing else, until the element has the focus."""
    page.evaluate(
        """selector => { const all = [...document.querySelectorAll('figure.play *')];
      const before = [...document.querySelectorAll('.bd-article a, .bd-article button')]
        .filter(node => node.compareDocumentPosition(all[0]) & 4).pop(); before.focus(); }""",
        selector,
    )
    for _ in range(limit):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} cannot be reached by Tab")


def shown(page: Any, key: str) -> float:
    """A number as the reader sees it."""
    return float(page.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-"))
