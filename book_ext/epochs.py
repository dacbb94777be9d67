"""A figure with a slider: samples of a recorded run at each epoch at which it was looked at.

    :::{epochs}
    :alt: What the last sheet shows.
    The caption.
    :::

The sheets are ``pictures/epochs.png``, one below the other, made by ``scripts/make_epochs.py``. Without
scripts, and on paper, the last one shows."""

import json
from html import escape
from pathlib import Path
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PICTURES = Path(__file__).parent / "pictures"


class epochs(nodes.General, nodes.Element):
    """The picture of all sheets, then the caption."""


class Epochs(SphinxDirective):
    """The directive described at the top of this module."""

    has_content = True
    option_spec: ClassVar = {"alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        """Make the figure; raises an error where there is no alternative text."""
        if not self.options.get("alt", "").strip():
            raise self.error("epochs has no :alt:, which says what the last sheet shows")
        looks = json.loads((PICTURES / "epochs.json").read_text(encoding="utf-8"))
        image = nodes.image(uri="/book_ext/pictures/epochs.png", alt=self.options["alt"])
        text = nodes.container(classes=["epochs-text"])
        self.state.nested_parse(self.content, self.content_offset, text)
        figure = epochs("", image, text, looks=looks)
        self.set_source_info(figure)
        return [figure]


def setup(app: Sphinx) -> None:
    """Offer the directive; its script is for the pages that have one."""
    nothing = (lambda self, node: None,) * 2
    app.add_node(
        epochs,
        html=(open_figure, close_figure),
        latex=nothing,
        text=nothing,
        man=nothing,
        texinfo=nothing,
    )
    app.add_directive("epochs", Epochs)
    app.connect("html-page-context", load_script)
    app.connect("html-page-context", end_window, priority=955)


def open_figure(self: Any, node: epochs) -> None:
    """The window that shows one sheet, as high as one of them, and the slider below it."""
    looks = node["looks"]
    last = len(looks) - 1
    self.body.append(
        f'<figure class="epochs" style="--looks: {len(looks)}; --look: {last}" '
        f'data-epochs="{escape(json.dumps(looks), quote=True)}">'
        '<div class="epochs-control needs-marks"><label for="epochs-slider">Epoch '
        f'<output for="epochs-slider">{looks[last]}</output></label>'
        f'<input id="epochs-slider" type="range" min="0" max="{last}" value="{last}" step="1" '
        f'aria-valuetext="epoch {looks[last]}"></div><div class="epochs-window">'
    )


def close_figure(self: Any, node: epochs) -> None:
    """End the figure."""
    self.body.append("</figure>\n")


def load_script(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """The script is for the pages that have such a figure."""
    if doctree is not None and any(doctree.findall(epochs)):
        app.add_js_file("epochs.js", defer="defer", priority=905)


def end_window(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """End the window behind its picture: the theme's image has no end of its own."""
    before, window, after = context.get("body", "").partition('<div class="epochs-window">')
    if window:
        picture, mark, rest = after.partition('<div class="epochs-text')
        context["body"] = f"{before}{window}{picture}</div>{mark}{rest}"
