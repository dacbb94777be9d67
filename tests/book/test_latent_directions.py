"""The play of chapter 14: its generator, truncated vectors, properties and spread against the
package's, with faults planted; its stored numbers; and by keys."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import play_numbers
import pytest
import torch
from scipy.stats import norm, truncnorm

from book_ext.play import as_script
from ganbook import records
from ganbook.recipes.mnist import conditional
from support.pages import Visitor, stored
from support.plays import PLAYS, numbers, open_play, source, tab_to

pytestmark = pytest.mark.browser
NAME, RECORD = "latent-directions", "mnist-conditional"


@pytest.fixture(scope="module")
def held() -> dict[str, Any]:
    return play_numbers.stored(NAME)


@pytest.fixture(scope="module")
def G() -> torch.nn.Module:
    return conditional.generator(0)


def truncated(z: np.ndarray, c: float) -> np.ndarray:
    """By SciPy: the entries of the same rank within [-c, c]."""
    return truncnorm.ppf(norm.cdf(z), -c, c)


def gaps(page: Any, z: np.ndarray, G: torch.nn.Module) -> dict[str, float]:
    """Largest differences between the page and the package, for several labels and bounds."""
    bounds = (0.25, 1.0, 2.5, math.inf)
    told = page.evaluate(
        f"""([zs, bounds]) => {{
          const f = ganbookPlays.numbers["{NAME}"];
          const generate = f.generator(ganbookPlays.weights["{RECORD}"]);
          const cut = bounds.map(c => zs.map(z => z.map(x => f.truncated(x, c ?? Infinity))));
          const pictures = zs.map((z, k) => generate(z, k % 10));
          return {{ cut, pictures: pictures.map(p => [...p]), properties: pictures.map(f.properties),
                    spread: f.spread(pictures) }}; }}""",
        [z.tolist(), [c if c < math.inf else None for c in bounds]],
    )
    with torch.no_grad():
        pictures = G(torch.from_numpy(z).float(), torch.arange(len(z)) % 10)
    found = play_numbers.properties(pictures).numpy()
    spread = pictures.double().var(dim=0).sum().item()
    told_properties = np.array([[one["ink"], one["slant"]] for one in told["properties"]])
    gap = {
        "pictures": np.abs(np.array(told["pictures"]) - pictures.flatten(1).numpy()).max(),
        "properties": np.abs(told_properties - found).max(),
        "spread": abs(told["spread"] / spread - 1),
        "cut": max(
            np.abs(np.array(one) - truncated(z, c)).max()
            for one, c in zip(told["cut"], bounds, strict=True)
        ),
    }
    return {key: float(value) for key, value in gap.items()}


FAULTS = (
    ("SLOPE = 0.2", "SLOPE = 0.1", "pictures"),
    ("z.length + label]", "z.length + 9 - label]", "pictures"),
    ("- 1 + (tap & 3)", "- 1 + 3 - (tap & 3)", "pictures"),  # the kernel turned over
    ("let i = 0; i < y.length; i++) y[i] = bias", "let i = 1; i < y.length; i++) y[i] = bias", "pictures"),
    ("2 ** (exponent - 15)", "2 ** (exponent - 14)", "pictures"),
    ("slant: -both / square", "slant: both / square", "properties"),
    ("(value + 1) / 2", "value", "properties"),
    ("/ (n - 1)", "/ n", "spread"),
    ("end + (1 - 2 * end) * below(z)", "end + (1 - end) * below(z)", "cut"),
    ("0.5 - sum * density(x)", "0.5 + sum * density(x)", "cut"),
)  # fmt: skip


def test_it_has_the_numbers_of_the_package_and_a_fault_is_caught(
    browser: Any, held: dict[str, Any], G: torch.nn.Module
) -> None:
    """Twelve pictures and their vectors; with each fault three."""
    page, z = numbers(browser, NAME), np.array(held["z"])
    content = records.path(f"{RECORD}.safetensors").read_bytes()
    page.add_script_tag(content=as_script(RECORD, content, "0."))
    found = gaps(page, z[:12], G)
    print("largest differences:", {key: f"{gap:.1e}" for key, gap in found.items()})
    assert max(found.values()) < 1e-5
    assert found["cut"] < 1e-9
    for *fault, part in FAULTS:
        page.add_script_tag(content=source(NAME, tuple(fault)))
        assert not gaps(page, z[:3], G)[part] < 1e-5, fault
    page.close()


def test_the_stored_numbers_are_current_and_the_text_is_true_of_them(
    held: dict[str, Any], G: torch.nn.Module
) -> None:
    """Directions by the chapter's regression; one bound computed again;
    the chapter's exact variances; and what the page says.
    """
    z, *_ = play_numbers.chapter_draws()
    assert np.abs(np.array(held["z"]) - z[3_500:3_524].numpy()).max() <= 5.1e-4
    for name, one in play_numbers.directions().items():
        assert held["directions"][name]["size"] == pytest.approx(one["size"], rel=1e-3)
        assert np.dot(held["directions"][name]["unit"], one["unit"]) == pytest.approx(1, abs=1e-5)
    cuts = {cut["c"] or math.inf: cut for cut in held["cuts"]}
    assert tuple(cuts) == play_numbers.BOUNDS
    whole, one = (play_numbers.pictures(c) for c in (math.inf, 1.0))
    fresh, kept = play_numbers.judged(one), cuts[1.0]
    assert kept["kept"] == pytest.approx(fresh["kept"] / play_numbers.spread(whole), rel=1e-4)
    assert kept["frechet"] == pytest.approx(fresh["frechet"], rel=1e-2)
    for key in ("asked", "precision", "recall"):  # counts of 1,000: a rounding may move one
        assert kept[key] == pytest.approx(fresh[key], abs=0.0031)
    exact = [cuts[c]["variance"] for c in (2.0, 1.0, 0.5)]
    assert exact == pytest.approx([0.774, 0.291, 0.081], abs=5e-4)
    (text,) = (
        "".join(cell["source"])
        for cell in stored(PLAYS[NAME])["cells"]
        if f"{{play}} {NAME}" in "".join(cell["source"])
    )
    z, y = torch.tensor(held["z"][:12]), torch.full((12,), 7)
    unit = {name: torch.tensor(one["unit"]) for name, one in held["directions"].items()}
    assert abs(unit["ink"] @ unit["slant"]) < 0.05
    with torch.no_grad():
        ink, slant = (
            (play_numbers.properties(G(z + 2 * u, y)) - play_numbers.properties(G(z, y)))[:, 1]
            for u in (unit["ink"], unit["slant"])
        )
    assert ink.mean() == pytest.approx(0.02, abs=0.005) and "by .02, a twentieth" in text
    assert ink.mean() / slant.mean() == pytest.approx(1 / 20, abs=0.01)
    best = min(cuts, key=lambda c: cuts[c]["frechet"])
    assert best == math.inf and "is least *without* truncation" in text
    assert f"from {cuts[math.inf]['precision']:.2f}".replace("0.", ".") in text
    assert f"from {cuts[math.inf]['recall']:.2f}".replace("0.", ".") in text
    assert cuts[0.25]["precision"] > 0.995 and cuts[0.25]["recall"] < 0.005
    real = held["real"]
    said = f"precision {real['precision']:.2f}, recall {real['recall']:.2f}".replace("0.", ".")
    assert f"{said}, Fréchet distance {real['frechet']:.1f}" in text


def shown(tab: Any, key: str) -> float:
    return float(tab.locator(f"figure.play [data-number={key}]").inner_text().replace("−", "-"))


def test_by_keyboard(
    reader: Visitor, request: pytest.FixtureRequest, held: dict[str, Any], G: torch.nn.Module
) -> None:
    """Loaded, moved along both directions and truncated by keys; the table has torch's numbers and
    the canvas its pictures.
    """
    tab = open_play(reader, NAME, request)

    def expected(label: int, name: str, t: float, c: float) -> tuple[torch.Tensor, list[float]]:
        z = truncated(np.array(held["z"][:12]), c)
        moved = z + t * np.array(held["directions"][name]["unit"])
        with torch.no_grad():
            after, before, plain = (
                G(torch.from_numpy(x).float(), torch.full((12,), label))
                for x in (moved, z, np.array(held["z"][:12]))
            )
        change = (play_numbers.properties(after) - play_numbers.properties(before)).mean(dim=0)
        share = after.var(dim=0).sum() / plain.var(dim=0).sum()
        return after, [change[1].item(), change[0].item(), share.item()]

    def agrees(*state: Any) -> bool:
        found = [shown(tab, key) for key in ("slant", "ink", "shown")]
        return bool(np.allclose(found, expected(*state)[1], atol=5.2e-4))

    assert agrees(7, "slant", -1, math.inf)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(1) input")
    for key in ("PageUp", "PageUp", "PageUp", "ArrowRight"):
        tab.keyboard.press(key)
    assert agrees(7, "slant", 0.55, math.inf)
    tab_to(tab, ".play-groups .play-slider:nth-of-type(2) input")
    for _ in range(7):
        tab.keyboard.press("ArrowLeft")
    cut = held["cuts"][3]
    assert cut["c"] == 1.0 and agrees(7, "slant", 0.55, 1.0)
    for key in ("variance", "asked", "kept", "precision", "recall"):
        assert shown(tab, key) == pytest.approx(cut[key], abs=5.1e-4)
    assert shown(tab, "frechet") == pytest.approx(cut["frechet"], abs=0.051)
    tab_to(tab, ".play-groups .play-choice:nth-of-type(2) select")
    tab.keyboard.press("ArrowDown")
    tab_to(tab, ".play-groups .play-choice:nth-of-type(1) select")
    tab.keyboard.press("ArrowUp")
    assert agrees(6, "ink", 0.55, 1.0)
    canvas = tab.evaluate("""() => [...document.querySelector(".play-digits").getContext("2d")
      .getImageData(30, 30, 28, 28).data].filter((_, i) => i % 4 === 0)""")
    picture = expected(6, "ink", 0.55, 1.0)[0][7, 0].numpy()
    assert np.abs(np.reshape(canvas, (28, 28)) - 127.5 * (1 - picture)).max() < 0.6
    tab.wait_for_function(
        "document.querySelector('.play-spoken').textContent.startsWith('Mean change of the ink')"
    )
    assert reader.troubles == []
