"""The environment of the other systems, apart from this project's own."""

import re
import subprocess
import sys
import venv
from pathlib import Path

from blendmf.common.files import read_json, write_json

OUTCOME = "installed.json"
"""Last thing written into the environment: for each distribution what kept it out, or null."""

LONGEST_INSTALL = 1200
"""Seconds after which a build is given up."""


def main(arguments: list[str]) -> None:
    """Make the environment and install each requirement by itself.

    Parameters
    ----------
    arguments : list of str
        Folder of the environment, the requirements, and the constraints.
    """
    folder, requirements, constraints = (Path(argument) for argument in arguments)
    venv.create(folder, with_pip=True, clear=True)
    outcome: dict[str, str | None] = {}
    for requirement in read_requirements(requirements):
        problem = _install(interpreter(folder), requirement, constraints)
        outcome[requirement.split("==")[0]] = problem
        print(f"{requirement}: {problem or 'installed'}", flush=True)
    write_json(folder / OUTCOME, outcome)


def read_requirements(path: Path) -> list[str]:
    """Requirements of a file, one a line, without its comments."""
    lines = (line.partition("#")[0].strip() for line in path.read_text("utf-8").splitlines())
    return [line for line in lines if line]


def interpreter(folder: Path) -> Path:
    """The environment's Python."""
    return folder / "bin" / "python"


def problems(folder: Path) -> dict[str, str]:
    """What kept a distribution out of the environment, for those that are not in it."""
    outcome = read_json(folder / OUTCOME)
    return {name: problem for name, problem in outcome.items() if problem is not None}


def _install(python: Path, requirement: str, constraints: Path) -> str | None:
    """Install one requirement; why not, if it cannot be."""
    try:
        done = subprocess.run(  # noqa: S603
            [
                *(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--constraint", constraints, requirement),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST_INSTALL,
        )
    except subprocess.TimeoutExpired:
        return f"not built within {LONGEST_INSTALL} seconds"
    return _reason(done.stderr) if done.returncode else None


def _reason(complaint: str) -> str:
    """The line of pip's complaint that says most: the first that is an error's message."""
    lines = [line.strip() for line in complaint.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"(\w*Error|error|ERROR): ", line)]
    return (errors or lines[-1:] or ["pip failed without a word"])[0]


if __name__ == "__main__":
    main(sys.argv[1:])
