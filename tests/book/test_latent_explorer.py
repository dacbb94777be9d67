"""The latent explorer: its pictures against torch, by keyboard, a load that fails."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import play_pictures
import pytest
import torch

from support.pages import Visitor
from support.plays import PLAYS, numbers, open_play, shown, tab_to, visit

pytestmark = pytest.mark.browser


def slerp(z0: torch.Tensor, z1: torch.Tensor, t: float) -> torch.Tensor:
    """Chapter 3's formula."""
    angle = torch.acos((z0 @ z1 / z0.norm() / z1.norm()).clamp(-1 + 1e-6, 1 - 1e-6))
    return (torch.sin((1 - t) * angle) * z0 + torch.sin(t * angle) * z1) / torch.sin(angle)


def picture_gaps(page: Any, library: list[Path]) -> dict[str, float]:
    """Largest differences between the page and torch: the vectors, the pictures, the counts of full
    ink.
    """
    for part in library:
        page.add_script_tag(path=part)
    cases = [
        (seed, a, b)
        for seed in (0, 15, 2**32 - 1)
        for a, b in ((1, 0), (0, 0), (-1.5, 0.3), (0.7, 1.5))
    ]
    times = (0, 0.25, 0.5, 0.99, 1)
    told = page.evaluate(
        """([cases, times]) => {
      const f = ganbookPlays.numbers["latent-explorer"], zs = [];
      for (const [seed, a, b] of cases) {
        const ends = f.draws(seed, 2);
        zs.push(f.combine(a, ends[0], b, ends[1]));
        for (const t of times) for (const share of [f.straight(t), f.spherical(...ends, t)]) {
          zs.push(f.combine(share[0], ends[0], share[1], ends[1]));
        }
      }
      const pictures = f.generator(tf, ganbookPlays.weights["mnist-mlp"])(zs);
      return { zs, pictures: pictures.map(p => [...p]), ink: pictures.map(f.fullInk), lengths: zs.map(f.length) };
    }""",
        [cases, times],
    )
    expected = []
    for seed, a, b in cases:
        z0, z1 = torch.tensor(play_pictures.seeded_draws(seed, 2))
        expected += [
            a * z0 + b * z1,
            *(z for t in times for z in ((1 - t) * z0 + t * z1, slerp(z0, z1, t))),
        ]
    expected = torch.stack(expected)
    with torch.no_grad():
        pictures = play_pictures.recorded_generator()(expected.float()).flatten(1).numpy()
    shown = np.array(told["pictures"])
    clear = np.abs(pictures - 0.8).min(1) > 1e-3  # no pixel on the edge
    counts = (pictures > 0.8).sum(1)
    assert clear.sum() > 20
    return {
        "vectors": float(np.abs(np.array(told["zs"]) - expected.numpy()).max()),
        "lengths": float(np.abs(np.array(told["lengths"]) - expected.norm(dim=1).numpy()).max()),
        "pictures": float(np.abs(shown - pictures).max()) if np.isfinite(shown).all() else math.inf,
        "ink": float(np.abs(np.array(told["ink"]) - counts)[clear].max()),
    }


def test_generator_draws_the_pictures_of_torch(browser: Any, library: list[Path]) -> None:
    """The same vectors to 1e-9 and the same pictures to 1e-3, on the pad and on both ways between
    two draws.
    """
    page = numbers(browser, "latent-explorer")
    gaps = picture_gaps(page, library)
    print("largest differences:", {key: f"{gap:.1e}" for key, gap in gaps.items()})
    assert gaps["pictures"] < 1e-3
    assert max(gaps["vectors"], gaps["lengths"], gaps["ink"]) < 1e-9
    many = np.array(page.evaluate("ganbookPlays.numbers['latent-explorer'].draws(7, 300)"))
    assert abs(many.mean()) < 0.03
    assert 0.97 < many.std() < 1.03
    assert abs(np.corrcoef(many[:, :-1].ravel(), many[:, 1:].ravel())[0, 1]) < 0.03
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("SLOPE = 0.2", "SLOPE = 0.19"),
        ("tf.tanh(x)", "tf.sigmoid(x)"),
        ("2 ** (exponent - 15)", "2 ** (exponent - 14)"),
        ("Math.sin((1 - t) * angle)", "Math.sin(t * angle)"),
    ],
)
def test_a_fault_in_the_generator_is_caught(
    browser: Any, library: list[Path], sound: str, broken: str
) -> None:
    page = numbers(browser, "latent-explorer", (sound, broken))
    assert picture_gaps(page, library)["pictures"] > 1e-3
    page.close()


def test_latent_explorer_by_keyboard(reader: Visitor, request: pytest.FixtureRequest) -> None:
    """Loading, the pad's two ways, the walk and new draws by keys; the canvas holds the picture of
    torch, in ink.
    """
    tab = open_play(reader, "latent-explorer", request)
    z0, z1 = play_pictures.seeded_draws(15, 2)
    assert shown(tab, "pad") == pytest.approx(np.linalg.norm(-0.7 * z0 + 0.7 * z1), abs=0.0051)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowRight")
    z = -1.45 * z0 + 0.7 * z1
    assert shown(tab, "pad") == pytest.approx(np.linalg.norm(z), abs=0.0051)
    with torch.no_grad():
        expected = play_pictures.recorded_generator()(torch.tensor(z).float()[None])[0, 0].numpy()
    canvas = tab.evaluate("""() => [...document.querySelector(".play-sample-pad canvas").getContext("2d")
      .getImageData(0, 0, 28, 28).data].filter((_, i) => i % 4 === 0)""")
    assert np.abs(np.reshape(canvas, (28, 28)) - 127.5 * (1 - expected)).max() < 0.6
    tab_to(tab, ".play-groups .play-slider:nth-of-type(3) input")
    tab.keyboard.press("End")
    for key in ("line", "sphere"):
        assert shown(tab, key) == pytest.approx(np.linalg.norm(z1), abs=0.0051)
    tab_to(tab, ".play-buttons button")
    tab.keyboard.press("Enter")
    assert tab.locator(".play-seed input").input_value() == "16"
    assert shown(tab, "line") == pytest.approx(
        np.linalg.norm(play_pictures.seeded_draws(16, 2)[1]), abs=0.0051
    )
    tab_to(tab, ".play-seed input")
    tab.keyboard.type("2")
    tab.keyboard.press("Enter")
    seed = int(tab.locator(".play-seed input").input_value())
    assert seed != 16
    assert shown(tab, "sphere") == pytest.approx(
        np.linalg.norm(play_pictures.seeded_draws(seed, 2)[1]), abs=0.0051
    )
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.includes('length')")
    assert reader.troubles == []


def test_a_failed_load_leaves_the_focus(browser: Any, stage: Path, library: list[Path]) -> None:
    """The status is there before it has words; after a failure the button has the focus, and works
    again.
    """
    visitor = visit(browser, stage.as_uri())
    tab = visitor.open(PLAYS["latent-explorer"], formulas=False)
    trouble = tab.locator("figure.play").get_by_role("status")
    assert trouble.count() == 1
    assert (trouble.inner_text(), trouble.bounding_box()["height"]) == ("", 0)
    visitor.context.route("**/tf-core.min.js", lambda route: route.abort())
    tab_to(tab, "figure.play button")
    tab.keyboard.press("Enter")
    tab.get_by_text("could not be loaded").wait_for()
    tab.evaluate(
        "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert tab.evaluate("document.activeElement.matches('figure.play button')")
    visitor.context.unroute("**/tf-core.min.js")
    tab.keyboard.press("Enter")
    tab.locator("figure.play.play-live .play-pad").wait_for()
    visitor.context.close()
