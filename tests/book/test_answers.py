"""Answers checked in the page: the words of the package's checks, by mouse and by keyboard, and kept
as marks.
"""

from __future__ import annotations

import itertools
import json
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from ganbook.exercises import all_exercises
from ganbook.exercises.engine.page import on_page
from support.pages import CHAPTERS, Visitor, stored
from support.paths import ROOT

pytestmark = pytest.mark.browser
SCRIPT = ROOT / "book_ext" / "static" / "answers.js"
EXERCISES = {ex.id: data for ex in all_exercises() if (data := on_page(ex))}
BY_ID = {ex.id: ex for ex in all_exercises()}


@pytest.fixture(scope="module")
def script(browser: Any) -> Any:
    """An empty page with the script alone."""
    page = browser.new_page()
    page.set_content("<p>answers</p>")
    page.add_script_tag(path=str(SCRIPT))
    yield page
    page.close()


def numbers(data: dict[str, Any], rng: np.random.Generator) -> list[float]:
    """The answer, the known mistakes, and numbers near and far, of either sign and of any size."""
    want = data["want"]
    near = want * (1 + rng.choice([-1, 1], 8) * 10 ** rng.uniform(-9, 1, 8))
    wide = rng.choice([-1, 1], 6) * 10 ** rng.uniform(-9, 9, 6)
    return [want, 0.0, *(v for _, v in data["mistakes"]), *near.tolist(), *wide.tolist()]


def classifications(data: dict[str, Any], rng: np.random.Generator) -> list[list[Any]]:
    """The truth, each label in the place of each, and random ones."""
    truth, labels = [label for _, label in data["truth"]], data["labels"]
    found = [truth]
    for place, label in itertools.product(range(len(truth)), labels):
        found.append([*truth[:place], label, *truth[place + 1 :]])
    return found + [
        [labels[k] for k in rng.integers(len(labels), size=len(truth))] for _ in "12345"
    ]


def proofs(data: dict[str, Any], rng: np.random.Generator) -> list[str]:
    """Random orders with and without the false lines, whole and cut short, and strange letters."""
    needed, known = list(data["rests_on"]), [*data["rests_on"], *data["false"]]
    found = ["z", "aa", f"{needed[0].upper()}, {needed[-1]}"]
    for lines in [needed] * 12 + [known] * 4:
        order = rng.permutation(lines).tolist()
        found += ["".join(order), " -> ".join(order[: rng.integers(1, len(order))])]
    # an order that is right: each line after those that it uses
    right: list[str] = []
    while len(right) < len(needed):
        right += [a for a in needed if a not in right and set(data["rests_on"][a]) <= set(right)]
    return [*found, "".join(right), "".join(right[:-1])]


CASES = {
    "choice": lambda data, rng: [data["correct"], *data["reasons"]],
    "classify": classifications,
    "ordered": proofs,
    "number": numbers,
}


@pytest.mark.parametrize("name", EXERCISES)
def test_the_page_says_what_the_package_says(name: str, script: Any) -> None:
    """Right or not, and every word of the feedback, for right answers, known mistakes and others."""
    data, ex, rng = EXERCISES[name], BY_ID[name], np.random.default_rng(0)
    verdicts = set()
    for answer in CASES[data["kind"]](data, rng):
        told = script.evaluate(
            "([data, answer]) => ganbookAnswers.verdict(data, answer)", [data, answer]
        )
        handed = answer
        if data["kind"] == "classify":
            handed = dict(zip((thing for thing, _ in data["truth"]), answer, strict=True))
        feedback, _ = ex.trial(handed)
        assert (told["right"], told["says"]) == (feedback.status == "correct", feedback.message), (
            answer
        )
        verdicts.add(told["right"])
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("0.25", 0.25),
        ("1/4", 0.25),
        ("-2.5e-3", -0.0025),
        ("−3", -3),
        ("2*log(2)", 2 * np.log(2)),
        ("math.sqrt(2) / 2", np.sqrt(0.5)),
        ("2**-1 + 3^2", 9.5),
        ("-2^2", -4),
        ("(1 + 2) * pi", 3 * np.pi),
        ("exp(1) - e", 0),
        ("1e6", 1e6),
    ],
)
def test_numbers_may_be_written_as_one_calculates(script: Any, text: str, want: float) -> None:
    assert script.evaluate("text => ganbookAnswers.value(text)", text) == pytest.approx(want)


@pytest.mark.parametrize(
    "text", ["", "a", "1 2", "log 2", "2*", "(1", "alert(1)", "1;2", "__proto__"]
)
def test_what_is_no_number_is_none(script: Any, text: str) -> None:
    assert script.evaluate("text => Number.isNaN(ganbookAnswers.value(text))", text)


def test_the_notebooks_hold_what_the_checks_know() -> None:
    """Each chapter's exercises carry their answers, as the package has them now."""
    held = {}
    for page in CHAPTERS:
        for cell in stored(page)["cells"]:
            mark = cell["metadata"].get("ganbook", {})
            if "exercise" in mark:
                held[mark["exercise"]] = mark.get("answer")
    there = {name for name in held if held[name]}
    assert there == {name for name in EXERCISES if name in held}
    assert {name: held[name] for name in there} == {
        name: json.loads(json.dumps(EXERCISES[name])) for name in there
    }


def test_a_choice_is_answered_on_the_page(served: Visitor) -> None:
    """Nothing chosen, a wrong letter, the right one: each is answered, and the last one kept as a mark."""
    tab = served.open("notebooks/02_the_adversarial_game")
    tab.evaluate("localStorage.clear()")
    tab.reload()
    form = tab.locator("#ex-2-4 form.answer-form")
    said = form.locator("[role=status]")
    form.get_by_role("button", name="Check").click()
    expect(said).to_have_text("Choose a letter first.")
    form.get_by_label("a", exact=True).check()
    form.get_by_role("button", name="Check").click()
    data = EXERCISES["2.4"]
    expect(said).to_have_text(f"Not right yet. Not a. {data['reasons']['a']}")
    mark = tab.locator("#ex-2-4 > .mark-button")
    expect(mark).to_have_attribute("aria-pressed", "false")
    form.get_by_label(data["correct"], exact=True).focus()
    tab.keyboard.press("Space")
    tab.keyboard.press("Enter")
    expect(said).to_have_text(f"Correct. {data['right']}".strip())
    expect(mark).to_have_attribute("aria-pressed", "true")
    assert "2.4" in tab.evaluate("JSON.parse(localStorage.getItem('ganbook.exercises.v1')).solved")
    tab.evaluate("localStorage.clear()")


def test_numbers_and_labels_are_answered_on_the_page(served: Visitor) -> None:
    """A number with a known mistake, something that is none, and a classification half filled in."""
    tab = served.open("notebooks/08_convergence")
    form = tab.locator("#ex-8-1 form.answer-form")
    said = form.locator("[role=status]")
    form.get_by_role("textbox").fill("seventy")
    tab.keyboard.press("Enter")
    expect(said).to_contain_text("That is not a number")
    form.get_by_role("textbox").fill("70")
    tab.keyboard.press("Enter")
    expect(said).to_have_text(
        "Not right yet. It is too small, by a factor of about 2. "
        "That is where the squared distance has doubled."
    )
    expect(said.locator("em")).to_have_text("squared")
    form = tab.locator("#ex-8-10 form.answer-form")
    form.get_by_role("combobox").first.select_option(index=1)
    form.get_by_role("button", name="Check").click()
    expect(form.locator("[role=status]")).to_contain_text("Choose a label for each")
    assert served.troubles == []
    tab.evaluate("localStorage.clear()")
