"""The wheel of ganbook beside the site: a download in every page's menu, and a role that links to
it.

``scripts/build_book.py`` makes the wheel and names it in ``GANBOOK_WHEEL``. A build by hand has no
wheel: its pages offer none, and the role gives its text without a link."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole


class WheelRole(SphinxRole):
    """``{ganbook-wheel}`text` ``: a link to the wheel at the top of the site."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Link the text, with a path that climbs from the page to the top."""
        wheel = os.environ.get("GANBOOK_WHEEL")
        if not wheel:
            return [nodes.inline(self.text, self.text)], []
        address = "../" * self.env.docname.count("/") + Path(wheel).name
        return [
            nodes.reference(self.text, self.text, refuri=address, classes=["wheel"], internal=True)
        ], []


def setup(app: Sphinx) -> None:
    """Offer the wheel and copy it."""
    app.add_role("ganbook-wheel", WheelRole())
    app.connect("config-inited", state_version)
    app.connect("source-read", fill_version)
    app.connect("html-page-context", offer, priority=900)
    app.connect("build-finished", copy)


def state_version(app: Sphinx, config: Any) -> None:
    """Read the version from the package's one line, without importing it."""
    text = Path(app.srcdir, "ganbook", "__init__.py").read_text(encoding="utf-8")
    config.version = config.release = re.search(r'__version__ = "([^"]+)"', text).group(1)


def fill_version(app: Sphinx, docname: str, source: list[str]) -> None:
    """Write the version into the running page, where substitutions do not reach: inside code."""
    if docname.endswith("running"):
        source[0] = source[0].replace("{{ version }}", app.config.version)


def offer(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Add the wheel to the download menu."""
    wheel = os.environ.get("GANBOOK_WHEEL")
    for group in context.get("header_buttons", []):
        if wheel and group.get("label") == "download-buttons":
            group["buttons"].append(
                {
                    "type": "link",
                    "url": context["pathto"](Path(wheel).name, 1),
                    "text": "ganbook (.whl)",
                    "icon": "fas fa-download",
                    "tooltip": "Download the package that the notebooks import",
                    "label": "download-wheel-button",
                }
            )


def copy(app: Sphinx, problem: Exception | None) -> None:
    """Put the wheel at the top of the site, in place of an older one."""
    wheel = os.environ.get("GANBOOK_WHEEL")
    if problem is None and wheel and app.builder.format == "html":
        for old in Path(app.outdir).glob("ganbook-*.whl"):
            old.unlink()
        shutil.copy2(wheel, app.outdir)
