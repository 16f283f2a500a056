"""Configuration shared by all tests."""

from hypothesis import settings

from browsing import browser, visit

__all__ = ["browser", "visit"]

# The time of an example depends on the machine and its load, not on the code.
settings.register_profile("blendmf", deadline=None)
settings.load_profile("blendmf")
