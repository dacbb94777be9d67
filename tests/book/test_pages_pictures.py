"""Part IV: pictures, sound, motion, page by page: see `support.page_checks`."""

from support.page_checks import PageChecks
from support.pages import part


class TestPages(PageChecks):
    PAGES = part("Part IV.")
