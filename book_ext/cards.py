"""What other sites show when someone shares a page: title, description, picture.

One configuration in ``_config.yml``: ``html.baseurl`` (where the site stands, if anywhere),
``card_image`` (a file of ``book_ext/static``) and ``card_alt``. Addresses on a card must be
absolute, so without a base there are none."""

from html import escape
from typing import Any

from bs4 import BeautifulSoup
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Add the two settings, and the tags after the page's description is made."""
    app.add_config_value("card_image", "", "html")
    app.add_config_value("card_alt", "", "html")
    app.connect("html-page-context", describe, priority=920)


def describe(
    app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any
) -> None:
    """Append the page's tags to its metatags."""
    if doctree is None:
        return
    tags = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": escape(app.config.html_title or app.config.project, quote=True),
        "og:title": escape(BeautifulSoup(context["title"], "html.parser").text, quote=True),
        "og:description": escape(context.get("description", ""), quote=True),
        "og:locale": app.config.language,
        "og:url": "",
        "og:image": "",
        "twitter:card": "summary",
    }
    base = app.config.html_baseurl
    if base:
        tags["og:url"] = f"{base.rstrip('/')}/{app.builder.get_target_uri(pagename)}"
    if base and app.config.card_image:
        tags["og:image"] = f"{base.rstrip('/')}/_static/{app.config.card_image}"
        tags |= {
            "og:image:width": "1200",
            "og:image:height": "630",
            "twitter:card": "summary_large_image",
            "og:image:alt": escape(app.config.card_alt, quote=True),
        }
    context["metatags"] = context.get("metatags", "") + "".join(
        f'\n<meta {"name" if name.startswith("twitter") else "property"}="{name}" content="{content}" />'
        for name, content in tags.items()
        if content
    )
