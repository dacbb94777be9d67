"""The front page and part I, page by page: see `support.page_checks`."""

from support.page_checks import PageChecks
from support.pages import PAGES, part


class TestPages(PageChecks):
    PAGES = (PAGES[0], *part("Part I."))
