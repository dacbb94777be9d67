"""The play of chapter 15: its networks against the record and against torch, its scores and hidden
message against the package's, with faults planted, and by keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import play_pictures
import play_typefaces
import pytest
import torch

from ganbook import data, records
from ganbook.data.glyphs import CHARACTERS
from ganbook.recipes.typefaces import cycle
from support.pages import Visitor
from support.plays import SCRIPTS, numbers, open_play, tab_to

NAME = "typefaces"
LETTERS = {c: CHARACTERS.index(c) for c in "Rg5"}  # the last two are held out from the twin
CASES = [(LETTERS["R"], 0, 0.0), (LETTERS["g"], 0, 1.0), (LETTERS["5"], 1, 9.0)]


def test_its_networks_are_those_of_the_record() -> None:
    """Made again from 12 bits a weight: each pixel of the record within one grey level, the scores and
    the cycle error within 1e-5; else ``python scripts/play_typefaces.py`` has to be run again."""
    run, (there, back) = records.load("typefaces-cycle"), play_typefaces.translators()
    pictures = cycle.translated(there)
    shown = data.to_uint8(2 * pictures - 1).numpy().astype(int)
    assert np.abs(shown - run["cycle/shown"]).max() <= 1
    found = cycle.score(pictures)
    assert np.abs(found["errors"] - run["cycle/errors"][0]).max() < 1e-5
    assert (found["right"] == run["cycle/right"][0]).all()
    for name, error in cycle.messages(there, back, cycle.SEEDS[0]).items():
        assert abs(error - run[f"cycle/{name}"][0]) < 1e-5


def test_its_file_is_small_and_has_the_characters() -> None:
    """What the page loads on request stays under 150 kB; its pictures are the faces', byte for byte."""
    assert play_typefaces.FILE.stat().st_size < 150_000
    assert play_typefaces.stored()["glyphs"] == play_typefaces.sheet(play_typefaces.faces())
    values = torch.tensor([[0.5, -0.25], [0.0, 1.0]])
    again = play_typefaces.unpacked(play_typefaces.packed(values))
    assert again.shape == (2, 2)
    assert (again - values).abs().max() <= 0.5 / 2047


def gaps(page: Any, cases: list[tuple[int, int, float]]) -> dict[str, float]:
    """Largest differences between the page and the package, over letters, directions and noise."""
    page.add_script_tag(path=SCRIPTS / f"{NAME}.weights.js")
    faces, found = play_typefaces.faces() / 255, {}
    told = page.evaluate(
        """([faces, cases]) => {
      const f = ganbookPlays.numbers.typefaces, { there, back } = ganbookPlays.weights.typefaces.networks;
      const nets = [f.translator(there), f.translator(back)];
      return cases.map(([letter, face, levels]) => {
        const given = faces[face][letter].map(ink => 2 * ink - 1), draws = f.noise(letter), reals = faces[1 - face];
        const plain = nets[face](given), made = f.noisy(plain, draws, levels);
        const again = nets[1 - face](made), thumb = f.noisy(f.detail(given, 1 / 255), draws, levels);
        const read = f.detail(thumb, 255);
        return { pictures: [given, made, again, reals[letter].map(ink => 2 * ink - 1), thumb, read].map(p => [...p]),
                 errors: [f.apart(again, given), f.apart(read, given)],
                 scores: [plain.map(v => (v + 1) / 2), faces[face][letter], f.meanOf(reals)]
                   .map(picture => f.shiftedErrors(picture, reals)), plain: [...plain] };
      });
    }""",
        [faces.reshape(2, 62, 784).tolist(), cases],
    )
    for (letter, face, levels), mine in zip(cases, told, strict=True):
        pictures, errors = play_pictures.letter_and_ways(letter, face, levels)
        target = torch.tensor(faces[1 - face])
        plain = torch.tensor(mine["plain"]).reshape(28, 28)
        made = torch.stack([(plain + 1) / 2, torch.tensor(faces[face, letter]), target.mean(dim=0)])
        expected = [np.array([float(e) for e in row]) for row in cycle.shifted_errors(made, target)]
        pairs = {
            "pictures": (mine["pictures"], [p.flatten().tolist() for p in pictures.values()]),
            "errors": (mine["errors"], list(errors.values())),
            "scores": (mine["scores"], expected),
        }
        for key, (ours, theirs) in pairs.items():
            gap = float(np.abs(np.array(ours) - np.array(theirs)).max())
            found[key] = max(found.get(key, 0.0), gap if math.isfinite(gap) else math.inf)
    return found


@pytest.mark.browser
def test_it_has_the_numbers_of_the_package(browser: Any) -> None:
    """Pictures of both networks and of the linear code to 1e-4, scores after the best shift to 1e-9."""
    page = numbers(browser, NAME)
    found = gaps(page, CASES)
    print("largest differences:", {key: f"{gap:.1e}" for key, gap in found.items()})
    assert found["pictures"] < 1e-4
    assert found["errors"] < 1e-5
    assert found["scores"] < 1e-9
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(
    ("sound", "broken", "key", "bound"),
    [
        ("NEAR * picture[i]", "picture[i]", "pictures", 1e-4),
        ("((i * out + o) * k + u)", "((o * n + i) * k + u)", "pictures", 1e-4),
        ("- 2048) * step", "- 2047) * step", "pictures", 1e-4),
        ("sum / moved.length", "sum / real.length / 2", "scores", 1e-9),
        ("2 * levels / 255", "levels / 255", "errors", 1e-5),
    ],
)
def test_a_fault_is_caught(browser: Any, sound: str, broken: str, key: str, bound: float) -> None:
    page = numbers(browser, NAME, (sound, broken))
    assert not gaps(page, CASES[-1:])[key] < bound
    page.close()


def shown(tab: Any, key: str) -> float:
    return float(tab.locator(f"figure.play [data-number={key}]").inner_text())


@pytest.mark.browser
def test_by_keyboard(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """Load, letter, direction and noise by keys: the record's scores, and the code that noise destroys."""
    tab = open_play(reader, NAME, request)
    assert tab.evaluate("document.activeElement.matches('.play-choice select')")
    run = records.load("typefaces-cycle")
    tab.keyboard.press("g")
    k = CHARACTERS.index("g")
    assert shown(tab, "made") == pytest.approx(run["cycle/errors"][0, k], abs=6e-5)
    for key in ("identity", "mean"):
        assert shown(tab, key) == pytest.approx(run[f"{key}/errors"][k], abs=6e-5)
    assert shown(tab, "message") == 0
    calm = shown(tab, "cycle")
    tab_to(tab, "figure.play .play-slider input")
    for _ in range(4):
        tab.keyboard.press("ArrowRight")  # one level of 255
    _, errors = play_pictures.letter_and_ways(k, 0, 1.0)
    assert shown(tab, "cycle") == pytest.approx(errors["cycle"], abs=6e-5)
    assert shown(tab, "message") == pytest.approx(errors["message"], abs=6e-5)
    assert abs(shown(tab, "cycle") - calm) < 0.005 < 1 < shown(tab, "message")
    tab_to(tab, "figure.play .play-buttons button:nth-of-type(2)")
    tab.keyboard.press("Enter")
    assert tab.locator("figure.play button[aria-pressed=true]").inner_text().endswith("→ sans")
    _, errors = play_pictures.letter_and_ways(k, 1, 1.0)
    assert shown(tab, "cycle") == pytest.approx(errors["cycle"], abs=6e-5)
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('g, serif bold italic to sans')"
    )
    assert reader.troubles == []


@pytest.mark.browser
def test_a_file_that_is_missing_is_said(browser: Any, site: Any) -> None:
    """The button keeps the focus, says what is missing, and works again."""
    visitor = Visitor(browser, site.as_uri())
    tab = visitor.open("notebooks/15_image_to_image", formulas=False)
    visitor.context.route("**/typefaces.weights.js", lambda route: route.abort())
    tab_to(tab, "figure.play button")
    tab.keyboard.press("Enter")
    tab.get_by_text("could not be loaded").wait_for()
    assert tab.evaluate("document.activeElement.matches('figure.play button')")
    visitor.context.unroute("**/typefaces.weights.js")
    tab.keyboard.press("Enter")
    tab.locator("figure.play.play-live .play-strips").wait_for()
    visitor.context.close()
