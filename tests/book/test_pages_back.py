"""How to use the book, and the pages at the back, page by page: see `support.page_checks`."""

from support.page_checks import PageChecks
from support.pages import part


class TestPages(PageChecks):
    PAGES = part("Using") + part("At the back")
