import math

import numpy as np
import optuna
import pandas as pd
import pytest
from searches import SPACE, diverging_above, plan_of, run

from blendmf.errors import UserError
from blendmf.files import write_rows
from blendmf.search.importances import importances
from blendmf.search.selection import select_best, trials_table
from blendmf.search.shard import propose
from blendmf.search.study import write_study
from blendmf.search.trials import Trial, TrialOutcome, complete


def test_best_is_the_lowest_value_and_the_first_of_equal_ones():
    plan = plan_of(trials=4, trials_per_generation=2)
    values = [0.9, None, 0.8, 0.8]
    points = propose(plan, [], 0) * 2
    trials = [Trial(n, points[n], v, 10, None if v is None else n) for n, v in enumerate(values)]
    best = select_best(plan, trials, epochs=100, score="validation RMSE")
    assert (best["number"], best["value"], best["best_epoch"]) == (2, 0.8, 2)
    assert best["score"] == "validation RMSE"
    assert best["params"] == points[2]
    assert best["trials"] == {"complete": 3, "failed": 1}
    assert best["budget"] == {
        "trials": 4,
        "epochs": 100,
        "trials_per_generation": 2,
        "sampler": "tpe",
    }


def test_a_search_without_any_complete_trial_says_what_to_do():
    plan = plan_of(trials=1)
    trials = [Trial(0, propose(plan, [], 0)[0], None, 1, None)]
    with pytest.raises(UserError, match=r"of mf.*learning_rate \(now 0.0001 to 0.1\)"):
        select_best(plan, trials, epochs=10, score="validation RMSE")


def test_a_failed_search_without_steps_does_not_speak_of_their_length():
    shrinkage = {"user_shrinkage": {"low": 1, "high": 9}}
    plan = plan_of(entry={"kind": "bias", "space": shrinkage}, trials=1, model="bias")
    trials = [Trial(0, {"user_shrinkage": 3.0}, None, 0, None)]
    with pytest.raises(UserError, match=r"bias: .*finite validation RMSE; see that the split"):
        select_best(plan, trials, epochs=None, score="validation RMSE")


def test_a_fixed_parameter_is_never_on_a_boundary(tmp_path):
    plan = plan_of(entry={"space": {"latent_dim": {"low": 8, "high": 8}}}, trials=10)
    trials, _ = run(plan, tmp_path)
    assert {trial.params["latent_dim"] for trial in trials} == {8}
    best = select_best(plan, trials, epochs=10, score="validation RMSE")
    assert "latent_dim" not in [met["parameter"] for met in best["boundary"]]
    shares = importances(plan, trials).set_index("parameter").importance
    assert shares["latent_dim"] == 0
    assert shares.sum() == pytest.approx(1)


def test_trials_table_has_a_row_for_each_trial(tmp_path):
    plan = plan_of()
    trials, _ = run(plan, tmp_path, diverging_above(1e-2))
    write_rows(tmp_path / "trials.csv", *trials_table(plan, trials))
    table = pd.read_csv(tmp_path / "trials.csv")
    assert list(table) == ["number", "generation", "state", "value", "best_epoch", *SPACE]
    assert table.number.tolist() == list(range(15))
    assert table.generation.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    failed = table.learning_rate > 1e-2
    assert failed.any()
    assert (table.state == np.where(failed, "failed", "complete")).all()
    assert (table.value.isna() == failed).all()
    assert table.latent_dim.tolist() == [trial.params["latent_dim"] for trial in trials]


def test_importances_find_the_parameter_that_matters(tmp_path):
    plan = plan_of(trials=30, trials_per_generation=30)

    def objective(params):
        value = 5 * math.log10(params["learning_rate"]) ** 2 + 0.01 * params["latent_dim"]
        return TrialOutcome(value, 1, 1)

    trials, _ = run(plan, tmp_path, objective)
    table = importances(plan, trials)
    assert table.parameter[0] == "learning_rate"
    assert table.importance[0] > 0.9
    assert table.importance.sum() == pytest.approx(1)
    assert table.equals(importances(plan, trials))


def test_importances_weigh_each_decade_of_a_logarithmic_parameter_alike(tmp_path):
    plan = plan_of(trials=60, trials_per_generation=60)

    # Nearly all of the amounts 1e-4 to 1e-1, but only a third of the decades, lie above 1e-2.
    def objective(params):
        value = (params["learning_rate"] < 1e-3) + 0.2 * (params["latent_dim"] > 27)
        return TrialOutcome(float(value), 1, 1)

    trials, _ = run(plan, tmp_path, objective)
    assert importances(plan, trials).parameter[0] == "learning_rate"


@pytest.mark.parametrize("values", [[0.9, 0.9, 0.9], [0.9, None, None], [None, None, None]])
def test_importances_are_zero_where_nothing_can_be_said(values):
    plan = plan_of(trials=3)
    points = propose(plan, [], 0)
    trials = [Trial(n, points[n], v, 1, None if v is None else 1) for n, v in enumerate(values)]
    table = importances(plan, trials)
    assert table.parameter.tolist() == list(SPACE)
    assert table.importance.tolist() == [0.0, 0.0, 0.0]


def test_study_file_reopens_with_the_same_trials(tmp_path):
    plan = plan_of(model="mf-content")
    trials, _ = run(plan, tmp_path, diverging_above(1e-2))
    write_study(tmp_path / "study.db", plan, trials)
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.load_study(study_name="mf-content", storage=storage)
    states = {"failed": optuna.trial.TrialState.FAIL, "complete": optuna.trial.TrialState.COMPLETE}
    assert [(t.number, t.params, t.value, t.state) for t in study.trials] == [
        (t.number, t.params, t.value, states[t.state]) for t in trials
    ]
    assert len(complete(trials)) < len(trials)
    best = select_best(plan, trials, epochs=1, score="validation RMSE")
    assert (study.best_trial.number, study.best_params) == (best["number"], best["params"])


def test_study_file_has_the_same_bytes_each_time(tmp_path):
    plan = plan_of()
    trials, _ = run(plan, tmp_path / "trials")
    for name in ("a.db", "b.db"):
        write_study(tmp_path / name, plan, trials)
    assert (tmp_path / "a.db").read_bytes() == (tmp_path / "b.db").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.db", "b.db", "trials"]
