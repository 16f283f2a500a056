"""The browser of all tests here."""

from browsing import browser, visit

__all__ = ["browser", "visit"]
