"""Manifest of a run: code, data, software and machine, to regenerate it and explain differences."""

import csv
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

import numpy as np

from blendmf.common.files import file_digest, parts_below, reading

CPUINFO = Path("/proc/cpuinfo")

CODE = (
    *("Snakefile", "config.yaml", "workflow", "scripts", "src", "profiles", "benchmarks"),
    *("Makefile", "Dockerfile", "environment.yml", "pyproject.toml", "constraints.txt"),
    *("requirements.txt", "requirements-dev.txt", "requirements-slurm.txt"),
)
"""Files and folders of the project that are code. Data and results in its folder are not."""

CAUTION = (
    "made with uncommitted changes: the command regenerates the run of the commit alone; git lists "
    "the changed files and a checksum of the changes"
)

OWN_DATA = (
    "the command expects the data at dataset.path of the configuration, relative to the project's "
    "folder; source.files has the checksums of the files"
)

VARIATIONS = ("audit", "ablation")
"""Targets that also run variants. A manifest lists them whatever was requested."""

SOURCE_KEYS = ("name", "origin", "retrieved_by", "archive_sha256", "files", "licence")


def manifest(
    path: Path,
    files: Sequence[Path],
    source: Mapping[str, Any],
    fits: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    benchmarks: Sequence[Path],
    project: Path,
) -> dict[str, Any]:
    """Collect the facts of a run as JSON values.

    `path` is the manifest's own: `files`, whose checksums are listed, are named relative to its
    folder. `source` is ``data/source.json``, `fits` are the ``fit.json`` of every trained model,
    `config` is the whole configuration, defaults included, `benchmarks` are Snakemake's benchmark
    files, and `project` is the project's folder, which may be a Git working copy.
    """
    git = git_state(project)
    installed = sorted({f"{one.name}=={one.version}" for one in distributions()}, key=str.lower)
    folder = path.parent
    digests = {
        (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix(): file_digest(
            file
        )
        for file in files
    }
    return {
        "regenerate": regeneration(git, path, "report"),
        "regenerate_with_variations": {
            target: regeneration(git, path, target) for target in VARIATIONS
        },
        **({"caution": CAUTION} if git and git["dirty"] else {}),
        **({"own_data": OWN_DATA} if config["dataset"]["path"] is not None else {}),
        "git": git,
        "configuration_sha256": config_digest(config),
        "configuration": config,
        "source": {key: source[key] for key in SOURCE_KEYS if key in source},
        "sha256": digests,
        "software": {
            "python": f"{platform.python_implementation()} {platform.python_version()}",
            "packages": package_versions(),
            "environment_sha256": hashlib.sha256("\n".join(installed).encode()).hexdigest(),
            "environment": installed,
        },
        "machine": {
            "platform": platform.platform(),
            "cpu": cpu_model(),
            "instruction_sets": instruction_sets(),
            "cores": os.cpu_count(),
            "engines": sorted({f"{fit['engine']}: {fit['engine_reason']}" for fit in fits}),
            "training_threads": sorted({fit["threads"] for fit in fits}),
            "gpus": sorted({fit["gpu"] for fit in fits if fit["gpu"]}),
            "linear_algebra": sorted({one for fit in fits for one in fit["linear_algebra"]}),
        },
        "timings": timings(benchmarks),
    }


def git_state(project: Path) -> dict[str, Any] | None:
    """Commit of the project's working copy and the uncommitted changes of its code.

    None if `project` is not the top folder of a repository: a repository around it is another one.
    The keys are ``commit`` and ``dirty``; if dirty also ``changed``, the files of `CODE` that
    differ from the commit or are new (ignored files excepted), and ``changes_sha256``, a checksum
    of their names and contents, equal for equal code.
    """
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None or _git(project, "rev-parse", "--show-prefix") != b"\n":
        return None
    new = _git_files(project, "ls-files", "--others", "--exclude-standard", "-z")
    changed = sorted({*new, *_git_files(project, "diff", "--name-only", "-z", "HEAD")})
    state: dict[str, Any] = {"commit": commit.decode().strip(), "dirty": bool(changed)}
    if changed:
        digest = hashlib.sha256()
        for name in changed:
            path = project / name
            content = file_digest(path) if path.is_file() else "absent"
            digest.update(f"{name}\0{content}\n".encode())
        state |= {"changed": changed, "changes_sha256": digest.hexdigest()}
    return state


def _git_files(folder: Path, *arguments: str) -> list[str]:
    listed = (_git(folder, *arguments, "--", *CODE) or b"").decode().split("\0")
    return sorted(path for path in listed if path)


def _git(folder: Path, *arguments: str) -> bytes | None:
    program = shutil.which("git")
    if program is None:
        return None
    command = [program, "-C", str(folder), *arguments]
    done = subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    return done.stdout if done.returncode == 0 else None


def regeneration(git: Mapping[str, Any] | None, path: Path, target: str) -> str:
    """Shell command that regenerates the run in a clone of the project that has the manifest.

    It checks out the commit (if there is a repository), extracts the configuration from the
    manifest and makes the target. The manifest is expected in ``results/DATASET``, without
    any storage or prefix. With uncommitted changes the commit is not all of the code.
    """
    place = Path("results", path.parent.name, path.name)
    extract = (
        f"import json; c = json.load(open('{place}'))['configuration']; "
        "json.dump(c, open('results/configuration.json', 'w'))"
    )
    steps = [f"git checkout {git['commit']}"] if git else []
    steps += [
        f'python3 -c "{extract}"',
        f'make {target} ARGS="--replace-workflow-config --configfile results/configuration.json"',
    ]
    return " && ".join(steps)


def config_digest(config: Mapping[str, Any]) -> str:
    """SHA-256 of the configuration as canonical JSON: sorted keys, no spaces, UTF-8."""
    text = json.dumps(
        config, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return hashlib.sha256(text.encode()).hexdigest()


def package_versions() -> dict[str, str]:
    """Installed versions of this package and its requirements, by name.

    Empty if the library is used from its sources without being installed, as in a rule's conda
    environment; the manifest also lists all installed packages.
    """
    try:
        required = requires("blendmf") or []
    except PackageNotFoundError:
        return {}
    needed = (re.match(r"[\w.-]+", requirement) for requirement in required)
    names = ["blendmf", *sorted(match.group() for match in needed if match)]
    return {name: version(name) for name in names}


def cpu_model(cpuinfo: Path = CPUINFO) -> str:
    """Name of the processor, or of its architecture if the name is unknown."""
    if cpuinfo.exists():
        named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if named:
            return named.group(1).strip()
    return platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """Vector instructions of this processor that NumPy uses, by NumPy's names."""
    extensions: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    return [name for kind in ("baseline", "found") for name in extensions.get(kind, [])]


def timings(benchmarks: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Number of jobs, their total seconds and their maximum memory, by rule in alphabetical order.

    The benchmark files are Snakemake's, ``.../benchmarks/RULE.tsv`` or
    ``.../benchmarks/RULE/....tsv``. The keys are ``jobs``, ``seconds`` and ``max_rss_mib``, which
    is None if every job ended before its memory was measured.
    """
    by_rule: dict[str, dict[str, Any]] = {}
    for path in sorted(benchmarks):
        name = parts_below(path.with_suffix(""), "benchmarks")[0]
        rule = by_rule.setdefault(name, {"jobs": 0, "seconds": 0.0, "max_rss_mib": None})
        with reading(path), path.open(newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                rule["jobs"] += 1
                rule["seconds"] = round(rule["seconds"] + float(row["s"]), 4)
                if re.fullmatch(r"[\d.]+", row["max_rss"]):
                    rule["max_rss_mib"] = max(rule["max_rss_mib"] or 0.0, float(row["max_rss"]))
    return dict(sorted(by_rule.items()))
