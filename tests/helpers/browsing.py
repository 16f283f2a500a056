"""A browser for the tests of pages, and a check of their accessibility."""

import shutil
from importlib.resources import files

import pytest

PATIENCE = 10_000
"""Milliseconds that a page has to show what is expected."""

SIZES = ((390, "light"), (1024, "dark"), (1400, "light"))
"""Every width, of a phone, a tablet and a screen, and both colour schemes."""

SERIOUS = ("critical", "serious")


def violations(page, *selectors):
    """Critical and serious violations of a page as it is: rule, impact, first element.

    With selectors: of those parts of the page.
    """
    axe = files("axe_playwright_python").joinpath("axe.min.js")
    page.evaluate(axe.read_text(encoding="utf-8"))
    parts = {"include": [[selector] for selector in selectors]} if selectors else None
    check = "parts => axe.run(parts ?? document, {resultTypes: ['violations']})"
    found = page.evaluate(check, parts)["violations"]
    return [
        (rule["id"], rule["impact"], rule["nodes"][0]["html"])
        for rule in found
        if rule["impact"] in SERIOUS
    ]


@pytest.fixture(scope="session")
def browser():
    """Chromium: the system's own if there is one, otherwise Playwright's."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield chromium
        chromium.close()


class Visit:
    """A page in the browser, with what it wrote to the console and what it asked for."""

    def __init__(self, page):
        self.page, self.messages, self.requests = page, [], []
        page.on("console", lambda message: self.messages.append(message.text))
        page.on("pageerror", lambda error: self.messages.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    @property
    def outside(self):
        """Requests for anything but the page itself."""
        return [url for url in self.requests if not url.startswith(("file:", "blob:"))]

    @property
    def violations(self):
        """Critical and serious violations of accessibility rules."""
        return violations(self.page)

    def violations_in(self, *selectors):
        """The same of parts of the page."""
        return violations(self.page, *selectors)


@pytest.fixture
def visit(browser):
    """A function that opens an address and gives a `Visit`; options are those of a new page."""
    opened = []

    def open_page(address, **options):
        page = browser.new_page(**options)
        page.set_default_timeout(PATIENCE)
        opened.append(page)
        visited = Visit(page)
        page.goto(address)
        return visited

    yield open_page
    for page in opened:
        page.close()
