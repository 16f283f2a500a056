"""A copy of the project and the folder in which its workflow runs."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COPIED = ("Snakefile", "config.yaml", "environment.yml", "workflow", "scripts", "src", "profiles")
SMOKE = "workflow/experiments/smoke.yaml"
NO_NETWORK = {
    **dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), "http://127.0.0.1:9"),
    "PIP_NO_INDEX": "1",
}
SECONDS = 600


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
        project.code.mkdir()
        for name in COPIED:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            copy(ROOT / name, project.code / name)
        return project

    def copied_to(self, folder: Path) -> "Project":
        """Copy code and results; files keep their modification times."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def command(
        self,
        *options: str,
        targets: Sequence[str] = (),
        experiment: str | None = SMOKE,
        changes: Mapping[str, Any] | None = None,
    ) -> list[str]:
        """Command line of `experiment` (None: the default) overridden by `changes`."""
        overlays = [str(self.code / experiment)] if experiment else []
        if changes is not None:
            handle, overlay = tempfile.mkstemp(".json", "changes-", self.folder)
            with os.fdopen(handle, "w") as file:
                json.dump(changes, file)
            overlays.append(overlay)
        return [
            *(sys.executable, "-m", "snakemake", "--nocolor", *options),
            *("--snakefile", str(self.code / "Snakefile"), "--directory", str(self.run)),
            *(["--configfile", *overlays] if overlays else []),
            *("--", *targets),
        ]

    def environment(self) -> dict[str, str]:
        """Environment with this copy's library, without local data sets and network."""
        own = {"PYTHONPATH": str(self.code / "src"), **NO_NETWORK}
        return {key: value for key, value in os.environ.items() if key != "BLENDMF_DATA"} | own

    def snakemake(self, *options: str, **how: Any) -> subprocess.CompletedProcess[str]:
        """Run Snakemake, successful or not; stdout and stderr are combined."""
        return subprocess.run(
            self.command(*options, **how),
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )

    def succeed(self, *options: str, **how: Any) -> str:
        """Output of a run that must succeed."""
        done = self.snakemake(*options, **how)
        assert done.returncode == 0, done.stdout
        return done.stdout

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
