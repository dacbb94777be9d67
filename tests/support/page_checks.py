"""What every rendered page is asked in a real browser: four widths, two colour schemes.

A test file takes some pages, so that no file takes long: one load of a page serves all checks of it.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pytest

from support.pages import (
    BROKEN_IMAGES,
    CHAPTERS,
    CUT_FORMULAS,
    LEFT_OVER,
    OUT_OF_REACH,
    RAW_TEXT,
    UNFOLD,
    WIDE,
    Visitor,
    at_rest,
    violations,
)

WIDTHS = (1440, 768, 360, 320)  # the last is 1280 at 400 % (WCAG 1.4.10)
DESKS = (1200, 1440)


SCROLLING_CODE = """() => [...document.querySelectorAll(".bd-article pre")].filter(code =>
    code.offsetParent && code.scrollWidth > code.clientWidth + 1)
  .map(code => code.textContent.split("\\n").sort((a, b) => b.length - a.length)[0])"""


FIRST_PICTURE = """() => Math.min(...[...document.querySelectorAll(".bd-article :is(img, figure.play)")]
  .map(picture => picture.getBoundingClientRect().top + scrollY))"""


def lines(tab: Any, *scripts: str) -> list[str]:
    """What scripts find on a page at rest."""
    return at_rest(tab, lambda: [line for script in scripts for line in tab.evaluate(script)])


@functools.cache
def weight(path: Path) -> tuple[int, int]:
    """Bytes of a file, as it is and compressed."""
    content = path.read_bytes()
    return len(content), len(gzip.compress(content, 6))


class PageChecks:
    """The checks; a subclass whose name begins with ``Test`` says on which pages."""

    PAGES: ClassVar[Sequence[str]] = ()

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Each check on each page."""
        metafunc.parametrize("page", cls.PAGES)

    @pytest.fixture(scope="class")
    @classmethod
    def report(cls, from_disk: Visitor, site: Path) -> Callable[[str], dict[str, Any]]:
        """All that one load of a page from the disk tells, where browsers are strictest, with every fold
        open; kept for all tests.
        """

        @functools.cache
        def look(page: str) -> dict[str, Any]:
            tab = from_disk.open(page)
            paths = {
                url.removeprefix(from_disk.home).split("?")[0].split("#")[0]
                for url in from_disk.requested
            }
            sizes = [weight(site / path.lstrip("/")) for path in paths if path.startswith("/")]
            told = {
                "broken formulas": tab.locator(".math:not(:has(math))").count(),
                "formulas": tab.locator(".bd-article math").count(),
                "left-over markup": re.findall(LEFT_OVER, tab.evaluate(RAW_TEXT)),
                "broken or silent pictures": tab.evaluate(BROKEN_IMAGES),
                "bytes": sum(raw for raw, _ in sizes),
                "compressed bytes": sum(compressed for _, compressed in sizes),
                "troubles": list(from_disk.troubles),
                "first picture": tab.evaluate(FIRST_PICTURE),
            }
            tab.evaluate(UNFOLD)
            told["still folded"] = tab.locator(".bd-article div.solution.toggle-hidden").count()
            for width in sorted({*WIDTHS, *DESKS}):
                tab.set_viewport_size({"width": width, "height": 900})
                if width in WIDTHS:
                    told[f"too wide at {width}"] = lines(tab, WIDE, OUT_OF_REACH)
                    told[f"cut formulas at {width}"] = lines(tab, CUT_FORMULAS)
                if width in DESKS:
                    told[f"code scrolls at {width}"] = lines(tab, SCROLLING_CODE)
            # Colours fade into each other when the theme changes; what is audited is where they arrive.
            tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
            told["violations, light"] = violations(tab, without=["color-contrast"])
            told["violations, light"] += violations(tab, "color-contrast")
            tab.emulate_media(color_scheme="dark")
            tab.wait_for_function("document.documentElement.dataset.theme === 'dark'")
            told["violations, dark"] = violations(tab, "color-contrast")
            tab.emulate_media(color_scheme="light")
            return told

        return look

    def test_page_shows_all_it_has(self, page: str, report: Callable) -> None:
        """Nothing fails or is fetched elsewhere; formulas and pictures stand; no markup is left over."""
        told = report(page)
        kinds = ("troubles", "broken formulas", "left-over markup", "broken or silent pictures")
        assert {kind: told[kind] for kind in kinds if told[kind]} == {}

    def test_a_chapter_shows_before_it_tells(self, page: str, report: Callable) -> None:
        """A picture begins on the first screen of a desk, 1440 by 900."""
        assert report(page)["first picture"] < 900 or page not in CHAPTERS

    def test_page_is_light(self, page: str, report: Callable) -> None:
        """A first load, everything included."""
        told = report(page)
        assert 50_000 < told["compressed bytes"] < 1.0e6
        assert told["bytes"] < 4e6

    def test_nothing_overflows_sideways(self, page: str, report: Callable) -> None:
        """At a desk, on a tablet and on a phone, only code, formulas and tables scroll, by keyboard
        too.
        """
        told = report(page)
        assert {width: wide for width in WIDTHS if (wide := told[f"too wide at {width}"])} == {}

    def test_no_formula_is_cut(self, page: str, report: Callable) -> None:
        """Right edges inside, at each width, and no comma alone on a line."""
        told = report(page)
        assert {width: cut for width in WIDTHS if (cut := told[f"cut formulas at {width}"])} == {}
        assert told["formulas"] > 100 or page not in CHAPTERS

    def test_no_code_scrolls_at_a_desk(self, page: str, report: Callable) -> None:
        """Beside both side bars, with every hint and solution open: 78 columns fit, and no line is
        longer.
        """
        told = report(page)
        assert told["still folded"] == 0
        assert {width: told[f"code scrolls at {width}"] for width in DESKS} == {1200: [], 1440: []}

    def test_page_is_accessible(self, page: str, report: Callable) -> None:
        """No serious or critical violation, in light and in dark colours."""
        told = report(page)
        assert {key: told[key] for key in told if key.startswith("violations") and told[key]} == {}
