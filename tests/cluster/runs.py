"""Runs of the smoke experiment whose jobs go through Slurm."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from project import Project, take_interrupts
from same_results import comparable, written
from slurm import Job, Slurm

# Fewer models and seeds, since Slurm adds seconds to each job.
SHORTER: dict[str, Any] = {
    "seeds": 1,
    "models": dict.fromkeys(("popularity", "svd", "pure-svd", "bayes-content"))
    | {"mf": {"search": False}},
    "ablation": {"model": None},
}
TWO_SHARDS: dict[str, Any] = {**SHORTER, "search": {"shards": 2}}
SNAKEMAKE = Path(__file__).with_name("impatient_snakemake.py")
SECONDS = 900

# Python imports sitecustomize.py from its path at start-up; this file records the variables that
# Slurm sets for a rule's script.
RECORDER = """\
import json, os, sys
from pathlib import Path

script = Path(sys.orig_argv[-1])
if script.parent.name == "scripts":
    facts = {name: value for name, value in os.environ.items() if name.startswith("SLURM")}
    folder = Path(__file__).parents[2] / "facts"
    folder.mkdir(exist_ok=True)
    (folder / f"{script.name}.json").write_text(json.dumps(facts))
"""
SUBMITTED = re.compile(r"^Job \S+ has been submitted with SLURM jobid (\d+) \(log: (.+)\)\.$", re.M)


class ThroughSlurm:
    """A project and its last run."""

    def __init__(self, project: Project, slurm: Slurm) -> None:
        self.project = project
        self.slurm = slurm
        self.output_file = project.folder / "output.txt"

    @classmethod
    def created(cls, folder: Path, slurm: Slurm) -> "ThroughSlurm":
        project = Project.created(folder)
        (project.code / "src" / "sitecustomize.py").write_text(RECORDER)
        return cls(project, slurm)

    def copied_to(self, folder: Path) -> "ThroughSlurm":
        copy = ThroughSlurm(self.project.copied_to(folder), self.slurm)
        shutil.rmtree(folder / "facts")
        return copy

    def command(
        self, *options: str, targets: Sequence[str] = (), changes: Mapping[str, Any] = TWO_SHARDS
    ) -> list[str]:
        profiles = self.project.code / "profiles"
        arguments = self.project.arguments(
            *("--profile", str(profiles / "slurm")),
            *("--workflow-profile", str(profiles / "slurm-test")),
            *options,
            targets=targets,
            changes=changes,
        )
        return [sys.executable, str(SNAKEMAKE), *arguments]

    @contextmanager
    def running(self, *options: str, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
        """Start Snakemake with its output in a file; wait for its end on exit."""
        with (
            self.output_file.open("wb") as output,
            subprocess.Popen(
                self.command(*options, **how),
                env=self.project.environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=take_interrupts,
            ) as process,
        ):
            try:
                yield process
                process.wait(SECONDS)
            finally:
                process.kill()

    def exit_code(self, *options: str, **how: Any) -> int:
        """Run to completion, successful or not."""
        with self.running(*options, **how) as process:
            pass
        return process.returncode

    @property
    def output(self) -> str:
        return self.output_file.read_text(encoding="utf-8")

    @property
    def submitted(self) -> dict[str, Path]:
        """Slurm's log of each submitted job of the last run, by identifier, in order."""
        return {identifier: Path(log) for identifier, log in SUBMITTED.findall(self.output)}

    @property
    def ended(self) -> list[Job]:
        """How each job of the last run ended."""
        return [job for job in self.slurm.ended() if job.identifier in self.submitted]

    def facts(self) -> list[tuple[str, dict[str, str]]]:
        """Name of every executed script, and the variables Slurm set for it."""
        files = sorted((self.project.folder / "facts").iterdir())
        return [(file.name.split(".")[1], json.loads(file.read_text())) for file in files]


def results(project: Project) -> dict[str, bytes]:
    """Results of a run that do not depend on the number of shards."""
    return {
        name: comparable(path)
        for name, path in written(project.run).items()
        if not path.name.startswith("shard-")
    }


def differing(one: Project, other: Project) -> list[str]:
    """Files that differ or that only one of the runs has."""
    first, second = results(one), results(other)
    return [name for name in first | second if first.get(name) != second.get(name)]
