"""What every command that runs other systems takes on its command line."""

import argparse
from pathlib import Path


def parser_of(module: str, description: str, needs: str, output: str) -> argparse.ArgumentParser:
    """Parser of data sets' folders, the other systems' environment and the folder of the outcome.

    Parameters
    ----------
    module : str
        Name of the command's module.
    description : str
    needs : str
        What a data set's folder of results must have.
    output : str
        Folder for what the command writes, unless another one is named.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument(
        "results",
        nargs="+",
        type=Path,
        metavar="RESULTS",
        help=f"a data set's folder of results that has {needs}",
    )
    add_path(parser, "--environment", ".venv-peers", "where the other systems are installed")
    add_path(parser, "--output", output, "folder for what is written")
    return parser


def add_path(parser: argparse.ArgumentParser, name: str, default: str, summary: str) -> None:
    """Add an option that names a file or folder."""
    parser.add_argument(name, type=Path, default=Path(default), metavar="PATH", help=summary)
