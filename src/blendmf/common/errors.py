"""The error that users can correct: one message, no traceback."""

from blendmf.common.wording import printable


class UserError(Exception):
    """A mistake that the user can correct.

    The message says what is wrong, where (file, line, configuration key) and what to do. A job
    prints only the message; any other exception is a defect and keeps its traceback. Characters
    that are not seen, which names and values of foreign files may have, become escapes.
    """

    def __init__(self, message: str) -> None:
        super().__init__("\n".join(map(printable, message.split("\n"))))
