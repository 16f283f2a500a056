"""A copy of the project and the folder in which its workflow runs."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from forked_snakemake import forked

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "config.yaml", "environment.yml", "workflow", "scripts", "src", "profiles")
COMMITTED = (
    *("Makefile", "pyproject.toml", "requirements.txt", "constraints.txt"),
    *("results/README.md", ".gitignore"),
)
"""Further files of a copy that can regenerate a run by make."""

SMOKE = "workflow/experiments/smoke.yaml"
NO_NETWORK = {
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
    "PIP_NO_INDEX": "1",
}
SECONDS = 600


def copied(names: Sequence[str], folder: Path) -> None:
    """Copy files and folders of the project into `folder`, under their own paths."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        copy(ROOT / name, folder / name)


def git(folder: Path, *arguments: str | Path) -> None:
    """Run git in a folder."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def environment(code: Path) -> dict[str, str]:
    """Environment with the library of a copy, without local data sets and network."""
    own = {"PYTHONPATH": str(code / "src"), **NO_NETWORK}
    return {key: value for key, value in os.environ.items() if key != "BLENDMF_DATA"} | own


def done(command: Sequence[str], **how: Any) -> subprocess.CompletedProcess[str]:
    """Run a command, successful or not; stdout and stderr are combined."""
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command, timeout=SECONDS, check=False, **streams, **how)


def output(command: Sequence[str], **how: Any) -> str:
    """Output of a command that must succeed."""
    return printed(done(command, **how))


def printed(ran: subprocess.CompletedProcess[str]) -> str:
    """Output of a command that succeeded."""
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


def take_interrupts() -> None:
    """Accept interrupts, which a shell makes its background processes ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def files_of(graph: str) -> set[str]:
    """Files in the output of `snakemake --filegraph`."""
    return set(re.findall(r">([^<>]+)<", graph))


class Project:
    """The project in `folder`/project, run in `folder`/run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.code = folder / "project"
        self.run = folder / "run"

    @classmethod
    def created(cls, folder: Path) -> "Project":
        project = cls(folder)
        project.run.mkdir(parents=True)
        copied(COPIED, project.code)
        return project

    def commit(self) -> "Project":
        """Make the code a repository with one commit, from which the run can be regenerated."""
        copied(COMMITTED, self.code)
        git(self.code, "init", "--quiet")
        git(self.code, "add", ".")
        git(self.code, "commit", "--quiet", "--message", "The project")
        return self

    def copied_to(self, folder: Path) -> "Project":
        """Copy code and results; files keep their modification times."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def arguments(
        self,
        *options: str,
        targets: Sequence[str] = (),
        experiment: str | None = SMOKE,
        changes: Mapping[str, Any] | None = None,
        plain: bool = True,
    ) -> list[str]:
        """Arguments of Snakemake for `experiment` (None: the default) overridden by `changes`.

        `plain` asks for Snakemake's own output instead of the project's console.
        """
        overlays = [str(self.code / experiment)] if experiment else []
        if changes is not None:
            handle, overlay = tempfile.mkstemp(".json", "changes-", self.folder)
            with os.fdopen(handle, "w") as file:
                json.dump(changes, file)
            overlays.append(overlay)
        return [
            *("--nocolor", *options),
            *(["--logger-blendmf-plain"] if plain else []),
            *("--snakefile", str(self.code / "Snakefile"), "--directory", str(self.run)),
            *(["--configfile", *overlays] if overlays else []),
            *("--", *targets),
        ]

    def command(self, *options: str, **how: Any) -> list[str]:
        """Command line of a process of its own."""
        return [sys.executable, "-m", "snakemake", *self.arguments(*options, **how)]

    def environment(self) -> dict[str, str]:
        return environment(self.code)

    def snakemake(self, *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run Snakemake, successful or not."""
        return forked(self.arguments(*options, **how), self.environment(), SECONDS)

    def succeed(self, *options: str, **how: Any) -> str:
        """Output of a run that must succeed."""
        return printed(self.snakemake(*options, **how))

    def summary(self, **how: Any) -> list[dict[str, str]]:
        """Every output file of a run: `output_file, rule, log-file(s), plan`."""
        lines = self.succeed("--summary", **how).splitlines()
        start = next(n for n, line in enumerate(lines) if line.startswith("output_file\t"))
        return list(csv.DictReader(lines[start:], delimiter="\t"))

    def pending(self, **how: Any) -> dict[str, set[str]]:
        """Files that a run would remake, by rule."""
        pending: dict[str, set[str]] = {}
        for row in self.summary(**how):
            if row["plan"] != "no update":
                pending.setdefault(row["rule"], set()).add(row["output_file"])
        return pending
