"""Which files are pages, and where the bibliography lies."""

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)


def setup(app: Sphinx) -> None:
    """Look for sources as soon as the configuration is read."""
    app.connect("config-inited", find_bibliographies)
    app.connect("config-inited", refuse_twins)


def find_bibliographies(app: Sphinx, config: Any) -> None:
    """Read ``notebooks/references.bib`` and one file a chapter under ``notebooks/refs/``."""
    source = Path(app.srcdir)
    found = [*source.glob("notebooks/*.bib"), *sorted(source.glob("notebooks/refs/*.bib"))]
    config.bibtex_bibfiles = [path.relative_to(source).as_posix() for path in found]


def refuse_twins(app: Sphinx, config: Any) -> None:
    """Warn (which ``-W`` turns into a failure) when a page exists as ``.md`` and as ``.ipynb``."""
    for notebook in sorted(Path(app.srcdir, "notebooks").glob("*.ipynb")):
        page = notebook.with_suffix(".md")
        if page.exists():
            logger.warning(
                "notebooks/%s now holds the chapter that notebooks/%s stood in for: git rm notebooks/%s",
                notebook.name,
                page.name,
                page.name,
            )
            config.exclude_patterns = [*config.exclude_patterns, f"notebooks/{page.name}"]
