"""What all tests share."""

from hypothesis import settings

# How long an example takes hangs on the machine and its load, and is no property of the code.
settings.register_profile("blendmf", deadline=None)
settings.load_profile("blendmf")
