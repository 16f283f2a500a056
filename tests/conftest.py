"""Configuration shared by all tests."""

from hypothesis import settings

from browsing import browser, visit

__all__ = ["browser", "visit"]

# The time of an example depends on the machine and its load, not on the code.
settings.register_profile("blendmf", deadline=None)
settings.load_profile("blendmf")


def pytest_collection_modifyitems(items):
    """Put one test of the shared smoke run first, which makes the run, and the others of it last.

    Parallel processes then need not wait for it.
    """
    of_smoke = [item for item in items if "smoke" in getattr(item, "fixturenames", ())]
    others = [item for item in items if "smoke" not in getattr(item, "fixturenames", ())]
    items[:] = of_smoke[:1] + others + of_smoke[1:]


def pytest_make_parametrize_id(val, argname):
    """Name a case of bytes by its argument and number: packed bytes contain the current time.

    Parallel processes must give all cases the same names.
    """
    return argname if isinstance(val, bytes) else None
