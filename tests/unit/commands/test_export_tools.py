import sys
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace

import optuna
import pytest

import searches
from blendmf.commands.entry import main
from blendmf.common.files import read_json, write_json, write_text
from blendmf.search.study import NO_TIME
from blendmf.search.trial_times import time_line
from finished_run import refused

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def searched(run):
    """A finished run with a search of ten trials, the first of which has times in the log."""
    plan = searches.plan_of(trials=10)
    searches.run(plan, run / "search/mf")
    manifest = read_json(run / "manifest.json")
    manifest["configuration"] |= {
        "search": plan.settings.model_dump(),
        "models": {"mf": {"kind": "mf", "search": True, "space": searches.SPACE}},
    }
    write_json(run / "manifest.json", manifest)
    counts = {"users": 100, "items": 100, "items_rated": 100}
    write_json(run / "data/source.json", {"counts": counts, "rating_range": [1, 5]})
    line = time_line(0, START, START + timedelta(seconds=3))
    write_text(run / "logs/search/mf.log", f"training\n{line}\n")
    return run


@pytest.mark.usefixtures("searched")
def test_searches_are_studies_of_one_file_with_the_times_of_the_logs(capsys):
    assert main(["export", "study", "--output", "all.db"]) == 0
    assert "1 studies with 10 trials, 1 with times" in capsys.readouterr().err
    study = optuna.load_study(study_name="mf", storage="sqlite:///all.db")
    assert len(study.trials) == 10
    first, second, *_ = study.trials
    assert first.duration == timedelta(seconds=3)
    assert first.datetime_start == START.astimezone().replace(tzinfo=None)
    assert second.datetime_start == NO_TIME
    assert study.best_value == min(trial.value for trial in study.trials)


@pytest.mark.usefixtures("run")
def test_a_run_without_searches_has_no_studies(capsys, run):
    manifest = read_json(run / "manifest.json")
    manifest["configuration"] |= {"search": {}, "models": {"mean": {"kind": "global-mean"}}}
    write_json(run / "manifest.json", manifest)
    write_json(run / "data/source.json", {"counts": {}})
    assert "no model of this run was searched" in refused(capsys, "export study")


class Recorder(ModuleType):
    """Stands for mlflow, and records what it is given."""

    def __init__(self):
        super().__init__("mlflow")
        self.runs, self.address = {}, ""

    def set_tracking_uri(self, address):
        self.address = address

    def get_experiment_by_name(self, name):
        return None if name == "films" else SimpleNamespace(experiment_id="0")

    def create_experiment(self, name, artifact_location):
        assert artifact_location.startswith("file:///")
        return f"new {name}"

    def start_run(self, experiment_id, run_name):
        assert experiment_id == "new films"
        self.current = self.runs[run_name] = {"files": []}
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def log_params(self, params):
        self.current["params"] = params

    def log_metrics(self, metrics):
        self.current["metrics"] = metrics

    def log_artifact(self, path, folder):
        self.current["files"].append((path, folder))


def test_a_run_goes_to_mlflow_as_one_run_for_each_model(monkeypatch, run, tmp_path):
    recorder = Recorder()
    monkeypatch.setitem(sys.modules, "mlflow", recorder)
    write_text(run / "figures/comparison.svg", "<svg/>")
    assert main(["export", "mlflow", "--output", "tracked"]) == 0
    assert recorder.address == f"sqlite:///{tmp_path}/tracked/mlflow.db"
    assert list(recorder.runs) == ["bias", "mean", "comparison"]
    bias, mean, comparison = recorder.runs.values()
    assert bias["params"] == {"kind": "bias"}
    assert bias["metrics"] == {"rmse": 0.9, "rmse_low": 0.8, "rmse_high": 1.0}
    assert mean["metrics"] == {"rmse": 1.0}
    assert comparison["params"]["split.scheme"] == "random"
    files = {(path.rpartition("/")[2], folder) for path, folder in comparison["files"]}
    assert {("comparison.svg", "figures"), ("manifest.json", None)} <= files


@pytest.mark.usefixtures("run")
def test_without_mlflow_the_message_says_how_to_install_it(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    assert "pip install --constraint" in refused(capsys, "export mlflow")
    assert not (tmp_path / "mlruns").exists()
