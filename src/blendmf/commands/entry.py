"""The command ``blendmf``: its version without loading anything, its errors in one line."""

import sys
from collections.abc import Sequence
from importlib.metadata import version

from blendmf.common.errors import UserError
from blendmf.common.wording import shortened

USER_ERROR = 2
"""Exit code after a mistake of the user, also of the command line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default: those of the process.

    Returns
    -------
    int
        0; 2 after a mistake of the user, or where the system refuses a file, which is reported on
        stderr.
    """
    given = sys.argv[1:] if arguments is None else list(arguments)
    if given[:1] == ["--version"]:
        print(f"blendmf {version('blendmf')}")
        return 0
    options: list[str] = []
    if given[:1] == ["run"] and "--" in given:
        place = given.index("--")
        given, options = given[:place], given[place + 1 :]
    # Loading all commands takes longer than printing the version.
    from blendmf.commands.app import app

    try:
        app(given, prog_name="blendmf", obj=options)
    except UserError as error:
        print(f"blendmf: {error}", file=sys.stderr)
        return USER_ERROR
    except OSError as error:
        if error.filename is None:
            raise
        print(f"blendmf: {shortened(str(error.filename))}: {error.strerror}", file=sys.stderr)
        return USER_ERROR
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
