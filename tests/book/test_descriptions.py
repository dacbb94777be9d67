"""Long descriptions of the pictures that carry an argument."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from book_ext import descriptions
from support.pages import CHAPTERS, parsed, stored


def described(page: str) -> dict[str, str]:
    """The descriptions in a notebook, by the name of their figure."""
    return {
        cell["metadata"]["mystnb"]["figure"]["name"]: "\n".join(
            cell["metadata"]["ganbook"]["description"]
        )
        for cell in stored(page)["cells"]
        if "description" in cell["metadata"].get("ganbook", {})
    }


@pytest.mark.parametrize("page", CHAPTERS)
def test_pictures_that_carry_an_argument_are_described(page: str, site: Path) -> None:
    """At least one a chapter: longer than the alt text, inside its figure, closed at first, with
    numbers.
    """
    html, texts = parsed(site, page), described(page)
    assert len(texts) >= 1
    for name, text in texts.items():
        figure = html.find("figure", id=name)
        details = figure.select_one("details.picture-description")
        assert not details.has_attr("open")
        assert details.find("summary").get_text() == "Describe this picture"
        assert "\n".join(part.get_text() for part in details.select("p")) == text
        assert figure.img["aria-details"] == details["id"]
        assert len(text) > max(500, 1.2 * len(figure.img["alt"]))
        assert len(re.findall(r"\d", text)) > 10
        assert re.search("axis|axes|to the right", text)
    assert len(html.select("details.picture-description")) == len(texts)


def test_descriptions_give_the_records_numbers() -> None:
    """What is read off a recorded run is what the record holds."""
    import numpy as np

    from ganbook import records

    mlp, beta, wgan = (records.load(f"mnist-{name}") for name in ("mlp", "beta1", "wgan-gp"))
    made, scale = records.load("made-digits"), records.load("mnist-scale")
    race, clothes = (records.load(f"{name}-architectures") for name in ("mnist", "fashion"))
    texts = {name: text for page in CHAPTERS for name, text in described(page).items()}
    test_curve = made["curves"][:, 2].mean(axis=0)
    quoted = {
        "fig-01-made-record": [
            f"{made['curves'][:, 0, 0].mean():.1f}",
            f"{test_curve[0]:.1f}",
            f"{test_curve.min():.1f}",
            f"{made['steps'][test_curve.argmin()]:,}",
            f"{float(made['ensemble']):.1f}",
            f"{made['curves'][:, 0, -1].mean():.1f}",
        ],
        "fig-03-puzzle": [
            *(f"{x:.0f}" for x in mlp["frechet"]),
            f"{float(scale['noise']):.0f}",
            *(f"{mlp['loss_d'].reshape(50, 7).mean(axis=1)[k]:.2f}" for k in (1, 6, 49)),
            *(f"{mlp['loss_g'].reshape(50, 7).mean(axis=1)[k]:.2f}" for k in (1, 49)),
        ],
        "fig-03-beta": [
            *(f"{x:.0f}" for x in beta["frechet"][:, :, ::2].ravel()),
            *(f"{mlp['frechet_ema'][k]:.0f}" for k in (0, 3, 5, 6, 8)),
        ],
        "fig-07-record": [
            *(f"{wgan['frechet'][k]:.0f}" for k in (0, 1, 2, 3, 19)),
            *(f"{wgan['estimate'][k]:.1f}" for k in (0, 1, 2, 3, 19)),
            *(f"{wgan['estimate'][k] / wgan['estimate'][0]:.2f}" for k in (1, 4, 9, 19)),
            *(f"{wgan['frechet'][k] / wgan['frechet'][0]:.2f}" for k in (3, 19)),
        ],
        "fig-13-clock": [
            *(f"{x:.0f}" for x in race["at_seconds"][:, :, -1].mean(axis=0)),
            *(f"{x:.0f}" for x in np.sort(race["at_seconds"][:, -1, -1])[[0, -1]]),
            f"{float(race['noise']):.0f}",
        ],
        "fig-13-clothes": [
            *(f"{x:.0f}" for x in clothes["at_seconds"][:, :, -1].mean(axis=0)),
            *(f"{x:.0f}" for x in clothes["at_seconds"][:, [1, 2, 4, 5], 0].mean(axis=0)),
            f"{float(clothes['noise']):.0f}",
        ],
    }
    for name, numbers in quoted.items():
        said = re.findall(r"\d[\d,]*(?:\.\d+)?(?<!,)", texts[name])
        assert [number for number in numbers if number not in said] == [], name


def test_a_description_needs_a_figure(tmp_path: Path) -> None:
    """Without a name it would be lost, so it is refused."""
    cell = {
        "cell_type": "code",
        "source": "",
        "metadata": {"ganbook": {"description": ["A curve."]}},
    }
    (tmp_path / "a.ipynb").write_text(json.dumps({"cells": [cell]}))
    with pytest.raises(
        ValueError, match=r"a\.ipynb: the description 'A curve\.' belongs to no named figure"
    ):
        descriptions.descriptions(tmp_path / "a.ipynb")
    cell["metadata"]["mystnb"] = {"figure": {"name": "fig-a"}}
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [cell]}))
    assert descriptions.descriptions(tmp_path / "b.ipynb") == {"fig-a": ["A curve."]}
