"""The commands export study and mlflow: a run for the programs that show experiments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from blendmf.commands.compare import flat
from blendmf.commands.options import ResultsOption
from blendmf.commands.output import note
from blendmf.commands.results_folder import (
    COMPARISON,
    configuration_of,
    read_figures,
    results_folder,
)
from blendmf.common.errors import UserError

if TYPE_CHECKING:
    from blendmf.search.plan import SearchPlan
    from blendmf.search.trial_times import Times
    from blendmf.search.trials import Trial

MLFLOW = "python -m pip install --constraint constraints.txt mlflow-skinny"

FIGURES = ("figures/*.svg", "comparison/*.csv", "report.html", "manifest.json")
"""Files that go to MLflow."""


def study(
    output: Annotated[Path, typer.Option(metavar="FILE.db", help="SQLite file to write.")] = Path(
        "searches.db"
    ),
    results: ResultsOption = None,
) -> None:
    """Export the searches of all models as Optuna studies in one SQLite file.

    Each model is a study. optuna-dashboard shows the file, also the timeline of the trials if the
    logs of the run are there.
    """
    from blendmf.search.study import write_studies

    folder = results_folder(results, COMPARISON)
    searches = list(finished_searches(folder))
    if not searches:
        raise UserError(f"{folder}: no model of this run was searched")
    try:
        write_studies(output, searches)
    except OSError as error:
        raise UserError(f"{output}: cannot be written: {error.strerror}") from None
    n_trials = sum(len(trials) for _, trials, _ in searches)
    timed = sum(len(times) for _, _, times in searches)
    note(f"Written: {output}, {len(searches)} studies with {n_trials} trials, {timed} with times")
    note(f"Look at it: optuna-dashboard sqlite:///{output}")


def finished_searches(
    folder: Path,
) -> Iterator[tuple[SearchPlan, list[Trial], dict[int, Times]]]:
    """Plan, trials and known times of every search of a run.

    Raises
    ------
    UserError
        If the run has no manifest, or trials are missing.
    """
    from blendmf.common.digests import refuse_damage
    from blendmf.common.files import read_json
    from blendmf.config.models import model_entry
    from blendmf.config.search import SearchSettings
    from blendmf.recommend.trained_model import existing
    from blendmf.search.plan import SearchPlan
    from blendmf.search.trial_times import read_times
    from blendmf.search.trials import read_trials

    existing(folder / "manifest.json", folder)
    configuration = configuration_of(folder)
    settings = SearchSettings(**configuration["search"])
    counts = read_json(existing(folder / "data" / "source.json", folder))["counts"]
    for name, values in configuration["models"].items():
        entry = model_entry(values)
        if not entry.searched:
            continue
        plan = SearchPlan.of_model(name, entry.limited_to(counts), settings, configuration["seed"])
        # A generation of an earlier, longer search may still be there.
        steps = range(-(-settings.trials // settings.trials_per_generation))
        places = [folder / "search" / name / f"generation-{step}" for step in steps]
        shards = [place / f"shard-{n}.jsonl" for place in places for n in range(settings.shards)]
        logs = folder / "logs" / "search"
        times = read_times([*logs.glob(f"{name}.log"), *sorted(logs.glob(f"{name}/*.log"))])
        refuse_damage(shards, folder)
        trials = read_trials(shards, plan, range(settings.trials))
        yield plan, trials, {number: times[number] for number in times if number < len(trials)}


def mlflow(
    output: Annotated[
        Path, typer.Option(metavar="FOLDER", help="MLflow's tracking folder.")
    ] = Path("mlruns"),
    results: ResultsOption = None,
) -> None:
    """Export a finished run to MLflow: parameters, metrics and figures.

    The data set is an experiment, each model a run with its settings and its metrics (means over
    the seeds, and the ends of the 95 % intervals); a further run named comparison has the figures,
    tables and the report. Exporting again adds runs. Needs the package mlflow, which blendmf
    itself does not; without it, the message says how to install it.
    """
    try:
        import mlflow
    except ImportError:
        raise UserError(f"mlflow is not installed here; install it with: {MLFLOW}") from None

    folder = results_folder(results, COMPARISON)
    output.mkdir(parents=True, exist_ok=True)
    address = f"sqlite:///{output.resolve() / 'mlflow.db'}"
    mlflow.set_tracking_uri(address)
    known = mlflow.get_experiment_by_name(folder.name)
    experiment = (
        known.experiment_id
        if known is not None
        else mlflow.create_experiment(
            folder.name, artifact_location=(output.resolve() / "artifacts").as_uri()
        )
    )
    metrics = read_figures(folder, "comparison/metrics.csv", ("model", "metric", "mean"))
    models = list(dict.fromkeys(metrics["model"].astype(str)))
    for name in models:
        with mlflow.start_run(experiment_id=experiment, run_name=name):
            mlflow.log_params(_settings_of(folder, name))
            mlflow.log_metrics(_metrics_of(metrics[metrics["model"] == name]))
    with mlflow.start_run(experiment_id=experiment, run_name="comparison"):
        general = {k: v for k, v in configuration_of(folder).items() if k != "models"}
        mlflow.log_params(_texts(general))
        for pattern in FIGURES:
            for path in sorted(folder.glob(pattern)):
                place = path.parent.relative_to(folder).as_posix()
                mlflow.log_artifact(str(path), None if place == "." else place)
    note(f"Written: {output}, {len(models)} models of {folder}")
    note(f"Look at it: mlflow ui --backend-store-uri {address}")


def _settings_of(folder: Path, model: str) -> dict[str, str]:
    from blendmf.common.digests import intact
    from blendmf.common.files import read_json

    fits = sorted(folder.glob(f"models/{model}/seed-*/fit.json"))
    return _texts(read_json(intact(fits[0], folder))["settings"]) if fits else {}


def _texts(settings: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in flat(settings)}


def _metrics_of(rows: Any) -> dict[str, float]:
    """Means and ends of intervals by name; missing ones are left out."""
    import pandas as pd

    found: dict[str, float] = {}
    for row in rows.to_dict("records"):
        values = {"": row["mean"], "_low": row["low"], "_high": row["high"]}
        for ending, value in values.items():
            if pd.notna(value):
                found[f"{row['metric']}{ending}"] = float(value)
    return found
