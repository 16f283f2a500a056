"""The error of a user's making: told in one message, without a traceback."""


class UserError(Exception):
    """Something that the user can put right.

    The message says what is wrong, where (file, line, configuration key) and what to do.
    Whoever runs a step prints it alone; any other exception is a defect and keeps its traceback.
    """
