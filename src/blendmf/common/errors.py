"""The error that users can correct: one message, no traceback."""


class UserError(Exception):
    """A mistake that the user can correct.

    The message says what is wrong, where (file, line, configuration key) and what to do. A job
    prints only the message; any other exception is a defect and keeps its traceback.
    """
