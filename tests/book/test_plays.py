"""The plays: the page's numbers against the package's, by keyboard, by touch, in time, and without
scripts.
"""

from __future__ import annotations

import io
import json
import math
import re
from pathlib import Path
from typing import Any

import build_book
import numpy as np
import play_pictures
import pytest
import torch
from axe_playwright_python.sync_playwright import Axe
from PIL import Image

from ganbook.distributions import Gaussians
from ganbook.divergences import (
    game_value,
    js,
    kl_normal,
    log_ratio,
    optimal_discriminator,
    quadrature,
)
from ganbook.transport import transport_plan, wasserstein_1d
from support.books import render, tiny_book
from support.pages import PAGES, THIN, Visitor, at_rest
from support.paths import ROOT
from support.plays import PLAYS, UPRIGHT, numbers, open_play, tab_to, visit

pytestmark = pytest.mark.browser
LOG_2 = math.log(2)


def shown(page: Any, key: str) -> float:
    """A number as the reader sees it."""
    return float(page.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-"))


# The optimal discriminator
# ----------------------------------------------------------------------------------

Law = dict[str, list[float]]


def law(means: Any, widths: Any, share: float) -> Law:
    """Two normals with the share of the second."""
    return {"means": list(means), "widths": list(widths), "weights": [1 - share, share]}


def random_laws(n: int) -> list[tuple[Law, Law]]:
    """Pairs over the whole range of the sliders, some with a component of weight zero."""
    rng = np.random.default_rng(4)
    shares = [0.0, 1.0, 0.01, 0.5]

    def one(k: int) -> Law:
        share = shares[k % 8] if k % 8 < 4 else rng.uniform()
        return law(rng.uniform(-6, 6, 2).tolist(), rng.uniform(0.25, 2, 2).tolist(), float(share))

    return [(one(int(rng.integers(8))), one(int(rng.integers(8)))) for _ in range(n)]


EDGES = {
    "identical": (law((0, 0), (1, 1), 0), law((0, 0), (1, 1), 0)),
    "identical, written in two ways": (law((-1, 3), (0.5, 2), 0.3), law((3, -1), (2, 0.5), 0.7)),
    "far apart": (law((-6, 0), (0.25, 1), 0), law((6, 0), (0.25, 1), 0)),
    "weight zero far away": (law((-6, 6), (0.25, 0.25), 0), law((6, -6), (0.25, 0.25), 0)),
    "one bump on two": (law((-2, 2), (0.6, 0.6), 0.5), law((2, 2), (0.6, 0.6), 0)),
    "needle in a plain": (law((0, 0), (0.25, 1), 0), law((0, 6), (2, 2), 0.5)),
}


def of_package(p: Law, q: Law) -> dict[str, Any]:
    """The package's numbers. A weight of zero is left out: torch's Categorical lifts it to 2e-16."""
    first, second = (
        Gaussians(
            *(
                torch.tensor(
                    [v for v, w in zip(g[k], g["weights"], strict=True) if w > 0],
                    dtype=torch.float64,
                )
                for k in ("means", "widths", "weights")
            )
        )
        for g in (p, q)
    )
    x = torch.linspace(-24, 24, 4801, dtype=torch.float64)
    score = log_ratio(first, second)
    values = {
        "value": game_value(score, first, second, x),
        "js": quadrature("js", first, second, x),
        "kl": quadrature("kl", first, second, x),
        "reverseKl": quadrature("reverse_kl", first, second, x),
    }
    curves = {
        "p": first.log_prob(x).exp(),
        "q": second.log_prob(x).exp(),
        "best": optimal_discriminator(first, second)(x),
    }
    return {k: float(v) for k, v in values.items()} | {
        k: v[::20].numpy() for k, v in curves.items()
    }


def disagreements(page: Any, pairs: list[tuple[Law, Law]], tolerance: float = 1e-9) -> list[str]:
    """Where page and package differ, relative to numbers above one."""
    compare = """([p, q]) => Object.fromEntries(
      Object.entries(ganbookPlays.numbers["optimal-discriminator"].compare(p, q))
        .map(([k, v]) => [k, v.length ? [...v].filter((_, i) => i % 20 === 0) : v]))"""
    found = []
    for p, q in pairs:
        ours, theirs = of_package(p, q), page.evaluate(compare, [p, q])
        for key, expected in ours.items():
            gap = np.abs(np.asarray(theirs[key]) - expected).max() / max(1, np.abs(expected).max())
            if not gap <= tolerance:
                found.append(f"{key} by {gap:.1e} for {p}, {q}")
    return found


def test_discriminator_has_the_numbers_of_the_package(browser: Any) -> None:
    """Curves and five numbers to 1e-9 on the same grid; on Gaussians the closed form too."""
    page = numbers(browser, "optimal-discriminator")
    assert disagreements(page, [*EDGES.values(), *random_laws(16)]) == []
    for a, s, b, t in ((0, 1, 2, 1), (-3, 0.25, 4, 2), (1, 1.5, 1, 0.5)):
        told = page.evaluate(
            """([p, q]) => { const f = ganbookPlays.numbers["optimal-discriminator"].compare(p, q);
          return [f.kl, f.reverseKl]; }""",
            [law((a, 0), (s, 1), 0), law((b, 0), (t, 1), 0)],
        )
        mine = np.array([a]), np.array([[s * s]])
        other = np.array([b]), np.array([[t * t]])
        assert told == pytest.approx([kl_normal(*mine, *other), kl_normal(*other, *mine)], rel=1e-9)
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        ("/ 2,\n      kl", "/ 1,\n      kl"),  # JS without its half
        ("reverseKl: mean(q, (i) => -score[i])", "reverseKl: mean(p, (i) => -score[i])"),
        ("- Math.log(widths[k])", ""),
        ("values[values.length - 1]) / 2", "values[values.length - 1]) / 2 + 1e-6"),
    ],
)
def test_a_fault_in_the_discriminator_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, "optimal-discriminator", (sound, broken))
    assert disagreements(page, [EDGES["one bump on two"]])
    page.close()


def test_discriminator_by_keyboard(reader: Visitor) -> None:
    """Buttons and sliders by keys alone; the page then shows the package's numbers, rounded."""
    tab = reader.open(PLAYS["optimal-discriminator"], formulas=False)
    assert shown(tab, "value") == pytest.approx(-0.712633, abs=5.1e-5)  # the chapter's table
    tab_to(tab, ".play-of-q .play-slider:nth-of-type(1) input")
    for _ in range(20):
        tab.keyboard.press("ArrowRight")
    expected = of_package(law((0, 0), (1, 1), 0), law((3, 3), (1, 1), 0))
    for key in ("value", "js", "kl", "reverseKl"):
        assert shown(tab, key) == pytest.approx(expected[key], abs=5.1e-5)
    tab.keyboard.press("End")  # almost at the ceiling
    assert LOG_2 - 0.005 < shown(tab, "js") < LOG_2
    tab_to(tab, ".play-buttons button:nth-child(2)")
    tab.keyboard.press("Enter")
    assert [shown(tab, key) for key in ("js", "kl", "reverseKl")] == [0, 0, 0]
    assert shown(tab, "value") == pytest.approx(-2 * LOG_2, abs=5.1e-5)
    tab_to(tab, ".play-of-p .play-slider:nth-of-type(5) input")
    tab.keyboard.press("End")
    assert tab.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "1.00"
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('Value −1.3863, JS 0.0000')"
    )
    assert reader.troubles == []


def test_sliders_without_effect_rest(reader: Visitor) -> None:
    """Mean and width rest and say why while their component has no share; no key that does it loses
    the focus.
    """
    tab = reader.open(PLAYS["optimal-discriminator"], formulas=False)
    component = {
        k: [
            tab.locator(f".play-of-p .play-slider:nth-of-type({n}) input")
            for n in (2 * k + 1, 2 * k + 2)
        ]
        for k in (0, 1)
    }

    def resting() -> dict[int, list[bool]]:
        return {k: [one.is_disabled() for one in inputs] for k, inputs in component.items()}

    assert resting() == {0: [False, False], 1: [True, True]}
    for one in component[1]:
        assert one.get_attribute("title") == "Without effect while the second’s share is 0"
    tab_to(tab, ".play-of-p .play-slider:nth-of-type(5) input")
    for key, expected in (
        ("ArrowRight", {0: [False] * 2, 1: [False] * 2}),
        ("End", {0: [True] * 2, 1: [False] * 2}),
        ("Home", {0: [False] * 2, 1: [True] * 2}),
    ):
        tab.keyboard.press(key)
        assert resting() == expected
        assert tab.evaluate(
            "document.activeElement.matches('.play-of-p .play-slider:nth-of-type(5) input')"
        )
    assert component[0][0].get_attribute("title") == ""
    tab_to(tab, ".play-buttons button:nth-child(3)")
    tab.keyboard.press("Enter")
    assert resting() == {0: [False, False], 1: [False, False]}
    assert tab.evaluate("document.activeElement.matches('.play-buttons button')")


# Transport
# --------------------------------------------------------------------------------------------------

CLOUDS = {
    "coinciding": ([-30, -20, 8], [8, -30, -20]),
    "one point each": ([0], [50]),
    "one against many": ([7], [-50, -50, 0, 3, 3, 50, 50, 50]),
    "heaps": ([0, 0, 0], [0, 10, 10, 10]),
    "far apart": ([-50, -49], [49, 50, 50]),
}


def random_clouds(n: int) -> list[tuple[list[int], list[int]]]:
    rng = np.random.default_rng(6)
    return [
        tuple(rng.integers(-50, 51, rng.integers(1, 9)).tolist() for _ in range(2))
        for _ in range(n)
    ]


def transport_disagreements(page: Any, pairs: list[tuple[list[int], list[int]]]) -> list[str]:
    """Where page and package differ by more than 1e-9: W1, the plan by its sums and its price, JS
    by bins.
    """
    found = []
    for real, generated in pairs:
        told = page.evaluate(
            """([x, y]) => { const f = ganbookPlays.numbers.transport;
          const masses = [1, 5, 10, 20].map(width => [x, y].map(
            cloud => f.histogram(cloud, -50, width, Math.floor(100 / width) + 1)));
          return { w: f.wasserstein(x, y), plan: f.plan(f.sorted(x), f.sorted(y)),
                   js: masses.map(([p, q]) => f.js(p, q)) }; }""",
            [real, generated],
        )
        x, y = np.sort(real), np.sort(generated)
        table = np.zeros((len(x), len(y)))
        for move in told["plan"]:
            table[move["from"], move["to"]] += move["mass"]
        even = [np.full(len(cloud), 1 / len(cloud)) for cloud in (x, y)]
        cost = np.abs(x[:, None] - y)
        widths = [
            [
                np.bincount((np.array(cloud) + 50) // width, minlength=101) / len(cloud)
                for cloud in (x, y)
            ]
            for width in (1, 5, 10, 20)
        ]
        gaps = {
            "W1": told["w"] - wasserstein_1d(x, y),
            "price": (table * cost).sum() - transport_plan(*even, cost)[0],
            "rows": table.sum(1) - even[0],
            "columns": table.sum(0) - even[1],
            "sign": np.minimum(table, 0),
            "JS": np.array(told["js"]) - [js(*pair) for pair in widths],
        }
        found += [
            f"{key} for {real}, {generated}"
            for key, gap in gaps.items()
            if not np.abs(gap).max() <= 1e-9
        ]
    return found


def test_transport_has_the_numbers_of_the_package(browser: Any) -> None:
    page = numbers(browser, "transport")
    assert transport_disagreements(page, [*CLOUDS.values(), *random_clouds(60)]) == []
    page.close()


@pytest.mark.parametrize(
    ("sound", "broken"),
    [
        (
            "(towards(mass, i) + towards(q[i], i)) / 2",
            "(towards(mass, i) + towards(q[i], i))",
        ),  # the half dropped
        ("sort((a, b) => a - b)", "sort()"),  # by text: -10 before -5
        ("(i + 1) * m, (j + 1) * n", "(i + 1) * n, (j + 1) * m"),
    ],
)
def test_a_fault_in_transport_is_caught(browser: Any, sound: str, broken: str) -> None:
    page = numbers(browser, "transport", (sound, broken))
    assert transport_disagreements(page, random_clouds(12))
    page.close()


def test_transport_by_keyboard(reader: Visitor) -> None:
    """A point, the whole cloud and the bins by keys alone, with the package's numbers after each."""
    tab = reader.open(PLAYS["transport"], formulas=False)
    real, generated = np.array([-40, -34, -28, -20, -12]), np.array([0, 6, 12, 20, 28])
    assert [shown(tab, "w"), shown(tab, "js")] == [4, pytest.approx(LOG_2, abs=5.1e-5)]
    tab_to(tab, "[role=slider][aria-label='Generated point 1']")
    for key in ("Home", "ArrowRight", "PageUp"):
        tab.keyboard.press(key)
    generated[0] = -39
    assert tab.evaluate("document.activeElement.getAttribute('aria-valuetext')") == "−3.9"
    assert shown(tab, "w") == pytest.approx(wasserstein_1d(real, generated) / 10, abs=5.1e-5)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    tab.keyboard.press("ArrowLeft")
    generated -= 1  # two points now coincide
    together = [np.bincount(cloud + 50, minlength=101) / 5 for cloud in (real, generated)]
    assert shown(tab, "js") == pytest.approx(js(*together), abs=5.1e-5)
    assert shown(tab, "js") < 0.6
    tab_to(tab, ".play-groups .play-slider:nth-of-type(2) input")
    tab.keyboard.press("End")
    binned = [np.bincount((cloud + 50) // 20, minlength=6) / 5 for cloud in (real, generated)]
    assert shown(tab, "js") == pytest.approx(js(*binned), abs=5.1e-5)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(3) input")
    tab.keyboard.press("Home")
    assert tab.locator("[role=slider][aria-label^=Real]:visible").count() == 1
    assert shown(tab, "w") == pytest.approx(wasserstein_1d(real[:1], generated) / 10, abs=5.1e-5)
    tab.wait_for_function("document.querySelector('.play-spoken').textContent.startsWith('W1 ')")
    assert reader.troubles == []


# The latent explorer
# ----------------------------------------------------------------------------------------


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
