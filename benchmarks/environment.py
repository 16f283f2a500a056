"""The environment of the other systems, separate from this project's own.

    python -m benchmarks.environment .venv-peers REQUIREMENTS CONSTRAINTS

creates it. `parser_of` has the options that all commands that run other systems share.
"""

import argparse
import re
import subprocess
import sys
import venv
from pathlib import Path

from blendmf.common.files import read_json, write_json

OUTCOME = "installed.json"
"""Written last: for each distribution null, or the reason why it could not be installed."""

INSTALL_TIMEOUT = 1200
"""Seconds after which the installation of one distribution is given up."""


def main(arguments: list[str]) -> None:
    """Create the environment and install each requirement separately.

    The arguments are the folder of the environment, the requirements file and the constraints file.
    """
    folder, requirements, constraints = (Path(argument) for argument in arguments)
    venv.create(folder, with_pip=True, clear=True)
    outcome: dict[str, str | None] = {}
    for requirement in read_requirements(requirements):
        failure = _install(interpreter(folder), requirement, constraints)
        outcome[requirement.split("==")[0]] = failure
        print(f"{requirement}: {failure or 'installed'}", flush=True)
    write_json(folder / OUTCOME, outcome)


def read_requirements(path: Path) -> list[str]:
    """Requirements of a file, one per line, without comments."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def interpreter(folder: Path) -> Path:
    """Python interpreter of the environment."""
    return folder / "bin" / "python"


def not_installed(folder: Path) -> dict[str, str]:
    """Reason for each distribution that could not be installed."""
    outcome = read_json(folder / OUTCOME)
    return {name: failure for name, failure in outcome.items() if failure is not None}


def parser_of(module: str, description: str, needs: str, output: str) -> argparse.ArgumentParser:
    """Parser with the options of every command that runs other systems.

    `module` and `description` are those of the command; `needs` says which files a data set's
    folder must have; `output` is the default output folder.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument(
        "results",
        nargs="+",
        type=Path,
        metavar="RESULTS",
        help=f"folder of a data set's results that has {needs}",
    )
    add_path(parser, "--environment", ".venv-peers", "where the other systems are installed")
    add_path(parser, "--output", output, "output folder")
    return parser


def add_path(parser: argparse.ArgumentParser, name: str, default: str, summary: str) -> None:
    """Add an option for a file or folder."""
    parser.add_argument(name, type=Path, default=Path(default), metavar="PATH", help=summary)


def _install(python: Path, requirement: str, constraints: Path) -> str | None:
    """Install one requirement; return the reason for a failure."""
    try:
        done = subprocess.run(  # noqa: S603
            [
                *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--constraint", constraints, requirement),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=INSTALL_TIMEOUT,
        )
    except subprocess.TimeoutExpired:
        return f"not built within {INSTALL_TIMEOUT} seconds"
    if not done.returncode:
        return None
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w*Error|error|ERROR): ", line)]
    return (errors or lines[-1:] or ["pip failed without a message"])[0]


if __name__ == "__main__":
    main(sys.argv[1:])
