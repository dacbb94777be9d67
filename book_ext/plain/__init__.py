"""A notebook for other rooms beside each chapter's page, its download button, and launch buttons.

Colab, Kaggle, VS Code, GitHub and plain JupyterLab know nothing of MyST and have no ganbook. What
they get has the same code cells, its text as plain Markdown, and a first cell that installs."""

import json
import os
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

from .labels import labels
from .notebook import Places, plain_notebook

__all__ = ["launch_links", "places", "setup"]

logger = logging.getLogger(__name__)
BRANCH = "gh-pages"  # where .github/workflows/pages.yml publishes the site
TORCH = "--extra-index-url https://download.pytorch.org/whl/cpu"


def setup(app: Sphinx) -> None:
    """Convert when all pages are read, so that what cannot be converted fails the build."""
    app.connect("env-check-consistency", convert)
    app.connect("html-page-context", offer, priority=920)
    app.connect("build-finished", write)


def places(config: Any) -> Places:
    """The wheel's name, and the public addresses that the configuration gives."""
    wheel = Path(os.environ.get("GANBOOK_WHEEL", "")).name
    site, repository = config.html_baseurl, getattr(config, "ganbook_repository", "")
    raw = repository.replace("https://github.com/", "https://raw.githubusercontent.com/")
    base = site.rstrip("/") or (f"{raw}/{BRANCH}" if raw else "")
    return Places(wheel, f"{base}/{wheel}" if base and wheel else "", site)


def convert(app: Sphinx, env: Any) -> None:
    """Make each notebook's plain one; what has no plain form is a warning, which fails the build."""
    app.ganbook_plain = {}
    if app.builder.format != "html":
        return
    known = labels(Path(app.srcdir, "notebooks"))
    for docname in sorted(env.found_docs):
        source = Path(env.doc2path(docname))
        if source.suffix != ".ipynb":
            continue
        try:
            app.ganbook_plain[docname] = plain_notebook(source, known, places(app.config))
        except ValueError as error:
            logger.warning("no plain notebook: %s", error, location=docname)


def offer(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Let the download button give the plain notebook, and add buttons that open it elsewhere."""
    if pagename not in getattr(app, "ganbook_plain", {}):
        return
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", ()):
            if button.get("label") in ("download-source-button", "download-notebook-button"):
                button["url"] = f"{pagename.rsplit('/', 1)[-1]}.ipynb"
                button["tooltip"] = "Download the notebook, for Colab, Kaggle, VS Code, JupyterLab"
    links = launch_links(getattr(app.config, "ganbook_repository", ""), pagename)
    if links:
        buttons = [
            {
                "type": "link",
                "url": url,
                "text": name,
                "icon": icon,
                "tooltip": f"Open this chapter in {name}",
                "label": f"launch-{name.lower()}-button",
            }
            for name, icon, url in links
        ]
        context["header_buttons"].insert(
            0,
            {
                "type": "group",
                "tooltip": "Run this chapter elsewhere",
                "icon": "fas fa-rocket",
                "buttons": buttons,
                "label": "launch-buttons",
            },
        )


def launch_links(repository: str, pagename: str) -> list[tuple[str, str, str]]:
    """Name, icon and address of each room that opens the published notebook of a page.

    >>> launch_links("https://github.com/some/book", "notebooks/01_a")[0][2]
    'https://colab.research.google.com/github/some/book/blob/gh-pages/notebooks/01_a.ipynb'
    """
    if not repository.startswith("https://github.com/"):
        return []
    name = repository.removeprefix("https://github.com/")
    path = f"{name}/blob/{BRANCH}/{pagename}.ipynb"
    return [
        ("Colab", "fas fa-play", f"https://colab.research.google.com/github/{path}"),
        (
            "Kaggle",
            "fab fa-kaggle",
            f"https://kaggle.com/kernels/welcome?src=https://github.com/{path}",
        ),
        (
            "Binder",
            "fas fa-cube",
            f"https://mybinder.org/v2/gh/{name}/{BRANCH}?urlpath=lab/tree/{pagename}.ipynb",
        ),
    ]


def write(app: Sphinx, problem: Exception | None) -> None:
    """Put the notebooks beside their pages, and what Binder builds its room from at the top."""
    if problem is not None or app.builder.format != "html":
        return
    for docname, notebook in app.ganbook_plain.items():
        path = Path(app.outdir, f"{docname}.ipynb")
        text = json.dumps(notebook, indent=1, ensure_ascii=False)
        path.write_text(text + "\n", encoding="utf-8")
    wheel = places(app.config).wheel
    if wheel:
        Path(app.outdir, "requirements.txt").write_text(f"{TORCH}\njupyterlab\n./{wheel}\n")
        Path(app.outdir, "runtime.txt").write_text("python-3.12\n")
