"""The one address from which launch and repository buttons follow.

Taken from ``GANBOOK_REPOSITORY``, else from ``repository.url`` in ``_config.yml``, else from the
git remote ``origin``, which may be of the form git@host:owner/name; an address that names no host
is none. Nothing is invented."""

import os
import re
import subprocess
from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx

HOSTS = ("github.com", "gitlab.com", "bitbucket.org")


def setup(app: Sphinx) -> None:
    """Set the theme's options before the theme reads them."""
    app.add_config_value("ganbook_repository", "", "html")
    app.connect("config-inited", offer_repository, priority=100)


def clean(address: str) -> str | None:
    """The address without credentials and without ``.git``, or None when it is not a web address.

    >>> clean("https://name:secret@github.com/someone/book.git")
    'https://github.com/someone/book'
    >>> clean("git@github.com:someone/book.git")
    'https://github.com/someone/book'
    >>> clean("/srv/git/book") is None
    True
    """
    address = address.strip()
    if short := re.fullmatch(
        r"(?:ssh://)?[\w.-]+@([\w.-]+)(?::\d+)?[:/]([^:/][^:]*/[^:]+)", address
    ):
        address = f"https://{short[1]}/{short[2].lstrip('/')}"
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.count("/") < 2:
        return None
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path.rstrip('/').removesuffix('.git')}"


def find(source: str, configured: str) -> str | None:
    """The address to use, in the order given at the top of this module."""
    for address in (os.environ.get("GANBOOK_REPOSITORY", ""), configured):
        if address:
            return clean(address)
    try:
        remote = subprocess.run(
            ["git", "-C", source, "remote", "get-url", "origin"],
            capture_output=True,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return clean(remote.stdout) if remote.returncode == 0 else None


def offer_repository(app: Sphinx, config: Any) -> None:
    """Switch on the buttons that the address allows, or none."""
    options = config.html_theme_options
    address = find(str(app.srcdir), options.get("repository_url", ""))
    options.pop("repository_url", None)
    host = urlsplit(address).hostname if address else None
    if host not in HOSTS:
        options.pop("repository_branch", None)
        return
    options.update(
        repository_url=address, use_repository_button=True, use_issues_button=host == "github.com"
    )
    if host == "github.com":
        config.ganbook_repository = address
