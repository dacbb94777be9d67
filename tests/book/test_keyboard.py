"""What a keyboard and a finger reach: focus, copy buttons, headings, folds; tables and facts of a page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from support.pages import CHAPTERS, PAGES, THIN, WIDE, Visitor, parsed, stored

MARKS_PAGE = "notebooks/how_exercises_work"
CHAPTER = "notebooks/04_the_optimal_discriminator"


UNSEEN_FOCUS = """() => {
  const light = color => {
    const [r, g, b] = color.match(/[\\d.]+/g).map(x => x / 255)
      .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = light(getComputedStyle(document.body).backgroundColor);
  const stands = color => {
    const [low, high] = [light(color), ground].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05) >= 3;
  };
  const ring = node => {
    const style = getComputedStyle(node);
    if (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) return style.outlineColor;
    return style.boxShadow.match(/(rgba?[^)]*\\)) 0px 0px 0px [2-9]px(?! inset)/)?.[1];
  };
  const nodes = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const unseen = [];
  let looked = 0;
  for (const node of nodes) {
    if (!node.checkVisibility({visibilityProperty: true}) || node.closest(".skip-link, #pst-skip-link")) continue;
    node.focus({preventScroll: true});
    if (document.activeElement !== node) continue;
    looked += 1;
    const color = ring(node) ?? (node.nextElementSibling?.matches("label") ? ring(node.nextElementSibling) : undefined);
    if (!color || !stands(color)) unseen.push(`${node.outerHTML.slice(0, 120)} ${color}`);
  }
  return [looked, unseen];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", [CHAPTER, MARKS_PAGE, PAGES[0]])
def test_focus_is_seen(browser: Any, address: str, page: str, scheme: str) -> None:
    """Whatever takes the keyboard's focus shows it by a ring of three times the ground's luminance,
    or a third.
    """
    visitor = Visitor(browser, address, color_scheme=scheme)
    tab = visitor.open(page)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.keyboard.press("Tab")
    looked, unseen = tab.evaluate(UNSEEN_FOCUS)
    assert looked > 20
    assert unseen == []
    assert tab.locator("span.math[tabindex], math[tabindex]").count() == 0
    if page == CHAPTER:
        assert tab.locator("math").count() > 300
        tab.add_style_tag(
            content=".btn:focus-visible { outline: none !important; box-shadow: none !important; }"
        )
        tab.keyboard.press("Tab")
        assert len(tab.evaluate(UNSEEN_FOCUS)[1]) > 2
    visitor.context.close()


@pytest.mark.parametrize("page", [CHAPTER, MARKS_PAGE])
def test_focus_is_seen_in_the_systems_colours(browser: Any, address: str, page: str) -> None:
    """Forced colours drop every shadow: what takes the focus has an outline."""
    visitor = Visitor(browser, address, forced_colors="active")
    tab = visitor.open(page, formulas=False)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    tab.keyboard.press("Tab")
    looked, unseen = tab.evaluate(UNSEEN_FOCUS)
    assert looked > 20
    assert unseen == []
    visitor.context.close()


def test_copying_by_keyboard_keeps_its_place(browser: Any, address: str) -> None:
    """The button keeps the focus, the page stays where it is, and each copy is announced."""
    visitor = Visitor(browser, address)
    tab = visitor.open(CHAPTER, formulas=False)
    button, status = (
        tab.locator("div.cell > div.cell_input .copybtn").nth(4),  # not in a fold
        tab.locator(".copy-said[role=status]"),
    )
    tab.evaluate("""() => {
      window.news = [];
      const status = document.querySelector(".copy-said");
      new MutationObserver(() => status.textContent && news.push(status.textContent))
        .observe(status, {childList: true});
    }""")
    tab.keyboard.press("Shift")  # from now on focus is the keyboard's
    button.focus()
    tab.wait_for_function(
        "button => getComputedStyle(button).opacity === '1'", arg=button.element_handle()
    )
    place = tab.evaluate("scrollY")
    for times in (1, 2):
        tab.keyboard.press("Enter")
        tab.wait_for_function(f"news.length === {times}")
        assert button.evaluate("button => button === document.activeElement")
    assert status.inner_text() == "Copied!"
    assert tab.evaluate("scrollY") == place > 1000
    visitor.context.close()


def test_printed_sentences_wrap_and_columns_stay(browser: Any, address: str) -> None:
    """No sentence is cut on a phone; a wide table keeps a line for each row, at a desk too."""
    measured = """() => [...document.querySelectorAll(".bd-article .cell_output pre")].map(pre => {
      const style = getComputedStyle(pre);
      const height = pre.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom);
      return [pre.classList.contains("without-columns"), pre.scrollWidth <= pre.clientWidth + 1,
        Math.round(height / parseFloat(style.lineHeight)), pre.textContent.trimEnd().split("\\n").length]; })"""
    visitor = Visitor(browser, address, viewport={"width": 390, "height": 844})
    tab = visitor.open("notebooks/clinic")
    printed = tab.evaluate(measured)
    assert {sentences for sentences, *_ in printed} == {True, False}
    assert all(fits for sentences, fits, *_ in printed if sentences)
    tab.set_viewport_size({"width": 1440, "height": 900})
    columns = [rest for sentences, *rest in tab.evaluate(measured) if not sentences]
    assert columns and all(fits and rows == lines for fits, rows, lines in columns)
    visitor.context.close()


def test_a_finger_sees_the_copy_buttons(browser: Any, address: str) -> None:
    """Where nothing hovers they show on code, and cover no output; with a mouse they wait for it."""
    for touch, opacity in ((True, "1"), (False, "0")):
        visitor = Visitor(browser, address, has_touch=touch, is_mobile=touch)
        tab = visitor.open(CHAPTER, formulas=False)
        tab.locator("div.cell_input .copybtn").first.wait_for(state="attached")
        shown = tab.locator(".copybtn").evaluate_all(
            "all => all.map(button => getComputedStyle(button).opacity)"
        )
        assert set(shown) == {opacity}
        assert tab.locator("div.cell_output .copybtn").first.is_visible() is not touch
        visitor.context.close()


def test_hints_and_solutions_say_whose_they_are(other: Visitor) -> None:
    """No two controls of one page are called the same; what is seen stays as it was."""
    tab = other.open(CHAPTER, formulas=False)
    tab.locator("div.solution button.toggle-button").first.wait_for()
    total = tab.locator("div.exercise").count()
    names = tab.locator("div.solution button.toggle-button").evaluate_all(
        "all => all.map(one => one.ariaLabel)"
    )
    assert names == [f"Solution to Exercise 4.{n}" for n in range(1, total + 1)]
    hints = tab.locator(".bd-article details.sd-dropdown > summary .sd-summary-text")
    called = hints.evaluate_all("all => all.map(one => one.textContent)")
    assert len(set(called)) == len(called) > total
    assert all(re.fullmatch(r"Exercise 4\.\d+, Hint \d", name) for name in called)
    assert hints.locator(".visually-hidden").first.bounding_box()["width"] <= 1
    tab.emulate_media(media="print")
    assert not hints.locator(".visually-hidden").first.is_visible()


@pytest.mark.parametrize(("page", "number"), [(CHAPTER, "4.2"), (MARKS_PAGE, "0.1")])
def test_an_exercise_is_a_heading_with_a_link(other: Visitor, page: str, number: str) -> None:
    """Its number is in its title and its solution's; the link shows on hover and on focus, and
    leads to it.
    """
    tab = other.open(page, formulas=False)
    place = f"ex-{number.replace('.', '-')}"
    title = tab.get_by_role("heading", level=3, name=f"Exercise {number} ")
    link = title.locator("a.headerlink")
    assert link.get_attribute("href") == f"#{place}"
    assert title.locator("xpath=..").get_attribute("id") == place
    assert tab.get_by_role("button", name=f"Solution to Exercise {number}", exact=True).count() == 1
    opacity = "link => getComputedStyle(link).opacity"
    assert link.evaluate(opacity) == "0"
    title.hover()
    assert link.evaluate(opacity) == "1"
    tab.mouse.move(1, 1)
    tab.keyboard.press("Shift")
    link.focus()
    assert link.evaluate(opacity) == "1"
    tab.keyboard.press("Enter")
    assert tab.url.endswith(f"#{place}")


def test_previous_leads_back_to_the_front(site: Path) -> None:
    """`previous` walks the pages in reverse, and names the page that it leads to."""
    found, seen = (
        re.compile(r'<a class="left-prev"\s+href="([^"]+)".*?prev-next-title">(.*?)</p>', re.S),
        [PAGES[-1]],
    )
    while link := found.search((site / f"{seen[-1]}.html").read_text(encoding="utf-8")):
        target = (site / seen[-1]).parent.joinpath(link[1]).resolve()
        seen.append(target.relative_to(site.resolve()).with_suffix("").as_posix())
        words = re.sub(r"<[^>]+>", "", link[2]).split()
        assert " ".join(words) in target.read_text(encoding="utf-8").split("</title>")[0]
    assert seen == PAGES[::-1]


def test_tables_have_headers(site: Path) -> None:
    """Each table of the text names its columns, and each header says for what it stands."""
    found = 0
    for page in PAGES:
        for table in parsed(site, page).select(".bd-article table"):
            found += 1
            heads = table.select("thead th")
            assert heads, (page, table.get_text()[:80])
            assert all(
                head.get("scope") in ("col", "row", "rowgroup") for head in table.select("th")
            ), page
            assert len({len(row.select("th, td")) for row in table.select("tr")}) == 1, page
    assert found > 15


@pytest.mark.parametrize("page", CHAPTERS)
def test_the_page_says_what_executed_it(page: str, site: Path) -> None:
    """Date, seconds, versions and class of machine, as the notebook's metadata hold them."""
    run = stored(page)["metadata"]["ganbook"]["executed"]
    text = (site / f"{page}.html").read_text(encoding="utf-8")
    line = re.search(r'<p class="chapter-facts">(.*?)</p>', text, re.S)[1]
    assert (
        f"on {run['date']} in {float(run['seconds']):.0f} s of CPU time "
        f"with Python {run['python']}, torch {run['torch']} ({run['hardware']})"
    ) in line
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", run["date"])
    assert "cores" in run["hardware"]


@pytest.mark.parametrize("page", [MARKS_PAGE, "notebooks/07_the_wasserstein_gan"])
def test_what_unfolds_fits_and_is_accessible(browser: Any, address: str, page: str) -> None:
    """Lists of marks and descriptions, opened: within a phone's width, and without a violation in
    the dark.
    """
    visitor = Visitor(browser, address, viewport={"width": 360, "height": 900}, color_scheme="dark")
    tab = visitor.open(page, formulas=False)
    tab.add_style_tag(content="*, *::before, *::after { transition: none !important; }")
    folds = tab.locator(".marks-page details, .picture-description")
    assert folds.count() > 1
    folds.evaluate_all("all => all.forEach(fold => fold.open = true)")
    assert tab.evaluate(WIDE) == []
    tab.evaluate(THIN)
    options = {"resultTypes": ["violations"], "preload": False}
    for place in (".marks-page", "figure:has(> .picture-description)", ".chapter-facts"):
        if tab.locator(place).count():
            found = Axe().run(tab, place, options).response["violations"]
            assert [
                (problem["id"], problem["nodes"][0]["html"][:120]) for problem in found
            ] == [], place
    visitor.context.close()
