"""The commands run and check: an experiment, and its configuration before it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blendmf.commands.output import FormatOption, OutputOption, note, show
from blendmf.commands.results_folder import CONFIGURATION
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    from blendmf.config.experiment import Experiment

PROFILE = Path("profiles/default")

ConfigurationArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="CONFIGURATION",
        help="File with the keys that differ from config.yaml; default: config.yaml alone.",
    ),
]


def run(
    context: typer.Context,
    configuration: ConfigurationArgument = None,
    cores: Annotated[int | None, typer.Option(min=1, help="Number of cores; default: all.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be done, and do nothing.")
    ] = False,
) -> None:
    """Run an experiment: what make report does, in the folder of the Snakefile.

    Jobs that are done already are not repeated. What follows two hyphens goes to snakemake:
    options, and targets such as audit. The exit code is that of snakemake, 1 if a job or the plan
    failed.
    """
    require_snakefile()
    command = [sys.executable, "-m", "snakemake"]
    if configuration is not None:
        command += ["--configfile", str(existing_configuration(configuration))]
    if PROFILE.is_dir():
        command += ["--workflow-profile", str(PROFILE)]
    if cores is not None:
        command += ["--cores", str(cores)]
    command += ["--dry-run"] * dry_run + (context.obj or [])
    sys.stdout.flush()
    # The process becomes snakemake, so that interrupts and the exit code are snakemake's own.
    os.execv(sys.executable, command)  # noqa: S606


def check(
    configuration: ConfigurationArgument = None,
    form: FormatOption = None,
    output: OutputOption = None,
) -> None:
    """Check a configuration and its data without running anything.

    All mistakes are listed at once, each with its place and the remedy, and the exit code is 2.
    Without mistakes, the table has what was found. Files of your own are read as the run will read
    them, large ones only at their beginning.
    """
    import pandas as pd
    from snakemake.common.configfile import load_configfile
    from snakemake.utils import update_config

    from blendmf.config.yaml_files import refuse_unclear_yaml
    from blendmf.ingest.precheck import checked

    require_snakefile()
    files = [CONFIGURATION] if CONFIGURATION.is_file() else []
    if configuration is not None:
        files.append(existing_configuration(configuration))
    refuse_unclear_yaml(files)
    config: dict[str, Any] = {}
    for file in files:
        try:
            update_config(config, load_configfile(str(file)))
        except Exception as error:
            # Snakemake raises errors of many kinds for a file that is not YAML.
            raise UserError(f"{file}: cannot be read as YAML: {error}") from None
    experiment, notes = checked(config)
    for text in notes:
        note(text)
    rows = list(_settings(experiment))
    show(pd.DataFrame(rows, columns=["setting", "found"]), form, output)


def require_snakefile() -> None:
    """Raise a `UserError` if the working folder has no workflow."""
    if not Path("Snakefile").is_file():
        raise UserError(
            f"{Path.cwd()}: no Snakefile here; change to the folder of the project, the one with "
            "Snakefile and config.yaml, and try again"
        )


def existing_configuration(path: Path) -> Path:
    """The path, if there is such a file; otherwise a `UserError` that names configurations."""
    if path.is_file():
        return path
    known = sorted(map(str, Path("workflow/experiments").glob("*.yaml")))
    hint = f"; the project has {', '.join(known)}" if known else ""
    raise UserError(f"{path}: no such configuration{hint}")


def _settings(experiment: Experiment) -> Iterator[tuple[str, str]]:
    """The settings that say most about a run, and what they mean for it."""
    from blendmf.ingest.catalogue import expected_ratings, find_data_set
    from blendmf.ingest.local_copies import local_files

    for name, dataset in experiment.data_sets().items():
        yield "dataset.name", name
        ratings = expected_ratings(dataset)
        yield "number of ratings", f"{ratings:,}" if ratings else "not known before the import"
        files = local_files(dataset, os.environ)
        if find_data_set(dataset).generated:
            yield "data", "generated"
        elif dataset.path is not None or files:
            yield "data", ", ".join(files[:4]) or str(dataset.path)
        else:
            yield "data", "downloaded when the run starts"
    split, search = experiment.split, experiment.search
    yield "split.scheme", split.scheme
    yield "models", ", ".join(experiment.models)
    yield "seeds", str(experiment.seeds)
    yield "searched models", ", ".join(experiment.searched) or "none"
    yield "search.trials", str(search.trials) if experiment.searched else "0"
    yield "content.parts", ", ".join(experiment.content.parts)
    yield "evaluation.k", str(experiment.evaluation.k)
    yield "recommendations", ", ".join(experiment.recommendations.choices) or "none"
    yield "results", ", ".join(f"results/{name}/" for name in experiment.data_sets())
