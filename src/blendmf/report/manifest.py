"""What a run was made from and on: enough to make it again and to see what differs."""

import csv
import hashlib
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, distributions, requires, version
from pathlib import Path
from typing import Any

import numpy as np
import scipy.linalg  # noqa: F401, its library of linear algebra, apart from NumPy's, is to be seen
from threadpoolctl import threadpool_info

from blendmf.common.files import parts_below
from blendmf.report.working_copy import git_state

CPUINFO = Path("/proc/cpuinfo")

CAUTION = (
    "made with changes that are in no commit: the command makes the run of the commit alone; git "
    "names the files and has a checksum of the changes"
)

VARIATIONS = ("audit", "ablation")
"""Targets that run arms of the experiment too. A manifest is the same whatever was asked for."""

SOURCE_KEYS = ("name", "origin", "retrieved_by", "archive_sha256", "files", "licence")


def manifest(
    path: Path,
    files: Sequence[Path],
    source: Mapping[str, Any],
    fits: Sequence[Mapping[str, Any]],
    config: Mapping[str, Any],
    benchmarks: Sequence[Path],
    repository: Path,
) -> dict[str, Any]:
    """Gather the facts of a run.

    Parameters
    ----------
    path : Path
        Where the manifest will be; files in its folder are named as seen from there.
    files : sequence of Path
        Files to identify by their checksum.
    source : mapping
        ``data/source.json``.
    fits : sequence of mapping
        The ``fit.json`` of every trained model.
    config : mapping
        The whole configuration, defaults included.
    benchmarks : sequence of Path
        Snakemake's benchmark files.
    repository : Path
        A folder of the working copy that the run was made with.

    Returns
    -------
    dict
        JSON values.
    """
    git = git_state(repository)
    installed = installed_packages()
    return {
        "regenerate": regeneration(git, path, "report"),
        "regenerate_with_variations": {
            target: regeneration(git, path, target) for target in VARIATIONS
        },
        **({"caution": CAUTION} if git and git["dirty"] else {}),
        "git": git,
        "configuration_sha256": config_digest(config),
        "configuration": config,
        "source": {key: source[key] for key in SOURCE_KEYS if key in source},
        "sha256": {_name(file, path.parent): file_digest(file) for file in files},
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
            "linear_algebra": thread_pools(),
        },
        "timings": timings(benchmarks),
    }


def regeneration(git: Mapping[str, Any] | None, path: Path, target: str) -> str:
    """Command that makes the run again, in a clone of the project that holds the manifest.

    It sets the commit, takes the configuration out of the manifest and has make build the target.
    The manifest is looked for in ``results/DATASET``, wherever a storage or a prefix has put it.
    Outside a repository there is no commit to set; with a dirty tree the commit is not all of the
    code.
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


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def package_versions() -> dict[str, str]:
    """Installed versions of this package and of those that it requires, by name.

    Empty where the library is used from its sources without being installed, as in a rule's conda
    environment; what is installed is listed in full beside it.
    """
    try:
        required = requires("blendmf") or []
    except PackageNotFoundError:
        return {}
    needed = (re.match(r"[\w.-]+", requirement) for requirement in required)
    names = ["blendmf", *sorted(match.group() for match in needed if match)]
    return {name: version(name) for name in names}


def installed_packages() -> list[str]:
    """Everything installed beside them as ``name==version``, in alphabetical order."""
    return sorted({f"{found.name}=={found.version}" for found in distributions()}, key=str.lower)


def cpu_model(cpuinfo: Path = CPUINFO) -> str:
    """Name of the processor, or of its architecture where the system does not tell."""
    if cpuinfo.exists():
        named = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
        if named:
            return named.group(1).strip()
    return platform.processor() or platform.machine()


def instruction_sets() -> list[str]:
    """Vector instructions of this processor that NumPy uses, by NumPy's names."""
    extensions: Any = np.show_config(mode="dicts")["SIMD Extensions"]
    return [name for kind in ("baseline", "found") for name in extensions.get(kind, [])]


def thread_pools() -> list[dict[str, Any]]:
    """Libraries of linear algebra and threads that are loaded, without where they lie.

    With name, version and threads; every job holds them to as many as the job of the manifest.
    """
    pools = [
        {key: value for key, value in pool.items() if key != "filepath"}
        for pool in threadpool_info()
    ]
    return sorted(pools, key=json.dumps)


def timings(benchmarks: Iterable[Path]) -> dict[str, dict[str, Any]]:
    """Jobs, seconds of all of them and the largest memory of any, by rule.

    Parameters
    ----------
    benchmarks : iterable of Path
        Snakemake's benchmark files, ``.../benchmarks/RULE.tsv`` or ``.../benchmarks/RULE/....tsv``.

    Returns
    -------
    dict
        By rule in alphabetical order: ``jobs``, ``seconds`` and ``max_rss_mib``, which is None
        where every job ended before its memory was measured.
    """
    by_rule: dict[str, dict[str, Any]] = {}
    for path in sorted(benchmarks):
        rule = by_rule.setdefault(_rule_of(path), {"jobs": 0, "seconds": 0.0, "max_rss_mib": None})
        with path.open(newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                rule["jobs"] += 1
                rule["seconds"] = round(rule["seconds"] + float(row["s"]), 4)
                if re.fullmatch(r"[\d.]+", row["max_rss"]):
                    rule["max_rss_mib"] = max(rule["max_rss_mib"] or 0.0, float(row["max_rss"]))
    return dict(sorted(by_rule.items()))


def _rule_of(benchmark: Path) -> str:
    """Name of the rule: what follows the folder ``benchmarks`` in the path."""
    return parts_below(benchmark.with_suffix(""), "benchmarks")[0]


def _name(file: Path, folder: Path) -> str:
    """Path as seen from the manifest's folder, or as given for a file elsewhere."""
    return (file.relative_to(folder) if file.is_relative_to(folder) else file).as_posix()
