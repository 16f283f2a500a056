"""The error that users can correct: one message, no traceback."""

from blendmf.common.wording import shortened

LONGEST_LINE = 3000
"""Characters of the longest line of a message."""


class UserError(Exception):
    """A mistake that the user can correct.

    The message says what is wrong, where (file, line, configuration key) and what to do. A job
    prints only the message; any other exception is a defect and keeps its traceback. Names and
    values of foreign files in it may be long or have characters that are not seen: lines are cut,
    and such characters become escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(shortened(line, LONGEST_LINE) for line in message.split("\n")))
