import math
from dataclasses import replace

import numpy as np
import optuna
import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.common.files import write_rows
from blendmf.search.finalists import Refit, best_trials
from blendmf.search.generation import propose
from blendmf.search.selection import earlier_finalists, select_best, trials_table
from blendmf.search.study import importances, write_studies
from blendmf.search.trials import Trial, TrialOutcome, complete
from searches import SPACE, diverging_above, plan_of, run

RMSE = "validation RMSE"


def selected(plan, trials, refits=None, score=RMSE):
    if refits is None:
        refits = [Refit(trial.number, 1, trial.value, 1) for trial in best_trials(plan, trials)]
    return select_best(plan, trials, refits, score)


@pytest.fixture
def searched():
    """A plan with two finalists and six trials: failed, pruned and two tied for best."""
    plan = plan_of(trials=6, trials_per_generation=6, finalists=2, finalist_seeds=2)
    values = [0.9, None, 0.8, 0.8, 0.85, 0.7]
    trials = [
        Trial(n, point, value, 10, None if value is None else n, (), n == 5)
        for n, (point, value) in enumerate(zip(propose(plan, [], 0), values, strict=True))
    ]
    return plan, trials


def test_finalists_are_the_best_complete_trials_and_ties_prefer_the_first(searched):
    plan, trials = searched
    assert [trial.number for trial in best_trials(plan, trials)] == [2, 3]
    assert [trial.number for trial in best_trials(plan, trials[::-1])] == [2, 3]
    same_point = [*trials[:3], replace(trials[3], params=trials[2].params), *trials[4:]]
    assert [trial.number for trial in best_trials(plan, same_point)] == [2, 4]


def test_the_finalist_with_the_lowest_mean_refit_error_is_chosen(searched):
    plan, trials = searched
    fits = [(2, 1, 0.82), (2, 2, 0.86), (3, 1, 0.81), (3, 2, 0.83)]
    best = selected(plan, trials, [Refit(*fit, epochs=7) for fit in fits])
    assert (best["number"], best["trial_value"], best["best_epoch"]) == (3, 0.8, 3)
    assert best["value"] == pytest.approx(0.82)
    assert best["score"] == RMSE
    assert best["params"] == trials[3].params
    assert best["trials"] == {"complete": 4, "pruned": 1, "failed": 1}
    assert best["distinct_values"] == 3
    assert best["epochs"] == 6 * 10 + 4 * 7
    assert [found["values"] for found in best["finalists"]] == [[0.82, 0.86], [0.81, 0.83]]
    assert [found["mean"] for found in best["finalists"]] == pytest.approx([0.84, 0.82])
    assert best["budget"] == {
        "trials": 6,
        "epochs": 50,
        "trials_per_generation": 6,
        "sampler": "tpe",
        "reduction_factor": None,
        "finalist_seeds": 2,
    }


def test_a_finalist_that_diverges_with_another_seed_ranks_last(searched):
    plan, trials = searched
    fits = [(2, 1, 0.5), (2, 2, None), (3, 1, 0.9), (3, 2, 0.9)]
    assert selected(plan, trials, [Refit(*fit, epochs=7) for fit in fits])["number"] == 3
    more = [(2, 1, 0.9), (2, 2, None), (2, 3, 0.9), (3, 1, 0.1), (3, 2, None), (3, 3, None)]
    assert selected(plan, trials, [Refit(*fit, epochs=7) for fit in more])["number"] == 2
    none = [Refit(number, seed, None, 1) for number in (2, 3) for seed in (1, 2)]
    best = selected(plan, trials, none)
    assert (best["number"], best["value"]) == (2, 0.8)


def test_a_score_of_0_is_a_score_and_a_parameter_at_its_bound_is_named(searched):
    plan, trials = searched
    middle = {"latent_dim": 30, "learning_rate": 0.005, "regularization": 0.1}
    trials[2] = replace(trials[2], params=middle)
    best = selected(plan, trials, [Refit(2, 1, 0.0, 1), Refit(3, 1, 0.5, 1)])
    assert (best["number"], best["value"], best["trial_value"]) == (2, 0.0, 0.8)
    assert best["boundary"] == [
        {"parameter": "regularization", "value": 0.1, "bound": "high", "limit": 0.1}
    ]


def test_earlier_finalists_are_in_the_order_of_their_means_and_numbers(tmp_path):
    path = tmp_path / "trials.csv"
    path.write_text(
        "number,generation,state,value,finalist_mean,epochs,best_epoch,latent_dim,learning_rate\n"
        "2,0,complete,0.1,0.9,5,4,20,0.25\n"
        "9,0,complete,0.5,0.3,5,4,,0.5\n"
        "10,1,complete,0.5,0.30,5,4,40,0.75\n"
        "11,1,pruned,0.01,,5,4,50,0.125\n"
    )
    assert earlier_finalists(path) == [
        {"learning_rate": 0.5},
        {"latent_dim": 40.0, "learning_rate": 0.75},
        {"latent_dim": 20.0, "learning_rate": 0.25},
    ]


def test_a_search_without_complete_trials_suggests_a_remedy():
    plan = plan_of(trials=1)
    trials = [Trial(0, propose(plan, [], 0)[0], None, 1, None)]
    with pytest.raises(UserError, match=r"of mf.*learning_rate \(now 0.0001 to 0.1\)"):
        selected(plan, trials)


def test_the_remedy_mentions_step_sizes_only_if_the_model_has_them():
    shrinkage = {"user_shrinkage": {"low": 1, "high": 9}}
    plan = plan_of(entry={"kind": "bias", "space": shrinkage}, trials=1, model="bias")
    trials = [Trial(0, {"user_shrinkage": 3.0}, None, 0, None)]
    with pytest.raises(UserError, match=r"bias: .*finite validation RMSE; check that the split"):
        selected(plan, trials)


def test_a_fixed_parameter_is_never_on_a_boundary(tmp_path):
    plan = plan_of(space={"latent_dim": {"low": 8, "high": 8}}, trials=10)
    trials, _ = run(plan, tmp_path)
    assert {trial.params["latent_dim"] for trial in trials} == {8}
    best = selected(plan, trials)
    assert "latent_dim" not in [met["parameter"] for met in best["boundary"]]
    shares = importances(plan, trials).set_index("parameter").importance
    assert shares["latent_dim"] == 0
    assert shares.sum() == pytest.approx(1)


def test_trials_table_has_a_row_for_each_trial(tmp_path):
    plan = plan_of()
    trials, _ = run(plan, tmp_path, diverging_above(1e-2))
    best = best_trials(plan, trials)[0]
    refits = [Refit(best.number, 1, 0.5, 1), Refit(best.number, 2, 0.25, 1)]
    write_rows(tmp_path / "trials.csv", *trials_table(plan, trials, refits))
    table = pd.read_csv(tmp_path / "trials.csv")
    own = ["number", "generation", "state", "value", "finalist_mean", "epochs", "best_epoch"]
    assert list(table) == [*own, *SPACE]
    assert table.finalist_mean.dropna().to_dict() == {best.number: 0.375}
    assert table.number.tolist() == list(range(15))
    assert table.generation.tolist() == [0] * 5 + [1] * 5 + [2] * 5
    failed = table.learning_rate > 1e-2
    assert failed.any()
    assert (table.state == np.where(failed, "failed", "complete")).all()
    assert (table.value.isna() == failed).all()
    assert table.latent_dim.tolist() == [trial.params["latent_dim"] for trial in trials]


def smooth(params):
    return 5 * math.log10(params["learning_rate"]) ** 2 + 0.01 * params["latent_dim"]


def by_decade(params):
    """Nearly all of the range 1e-4 to 1e-1 is above 1e-2, but only a third of its decades."""
    return float((params["learning_rate"] < 1e-3) + 0.2 * (params["latent_dim"] > 27))


@pytest.mark.parametrize(("error", "n", "least"), [(smooth, 30, 0.9), (by_decade, 60, 1 / 3)])
def test_importances_find_the_parameter_that_matters_on_its_scale(tmp_path, error, n, least):
    plan = plan_of(trials=n, trials_per_generation=n)
    trials, _ = run(plan, tmp_path, lambda params, *_: TrialOutcome(error(params), 1, 1))
    table = importances(plan, trials)
    assert table.parameter[0] == "learning_rate"
    assert table.importance[0] > least
    assert table.importance.sum() == pytest.approx(1)
    assert table.equals(importances(plan, trials))


@pytest.mark.parametrize("values", [[0.9, 0.9, 0.9], [0.9, None, None], [None, None, None]])
def test_importances_are_zero_without_information(values):
    plan = plan_of(trials=3)
    points = propose(plan, [], 0)
    trials = [Trial(n, points[n], v, 1, None if v is None else 1) for n, v in enumerate(values)]
    table = importances(plan, trials)
    assert table.parameter.tolist() == list(SPACE)
    assert table.importance.tolist() == [0.0, 0.0, 0.0]


def test_a_study_file_has_the_same_bytes_and_reopens_with_the_same_trials(tmp_path):
    plan = plan_of(model="mf-content")
    trials, _ = run(plan, tmp_path / "trials", diverging_above(1e-2))
    for name in ("study.db", "again.db"):
        write_studies(tmp_path / name, [(plan, trials, {})])
    assert (tmp_path / "study.db").read_bytes() == (tmp_path / "again.db").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"study.db", "again.db", "trials"}
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.load_study(study_name="mf-content", storage=storage)
    states = {"failed": optuna.trial.TrialState.FAIL, "complete": optuna.trial.TrialState.COMPLETE}
    assert [(t.number, t.params, t.value, t.state) for t in study.trials] == [
        (t.number, t.params, t.value, states[t.state]) for t in trials
    ]
    assert len(complete(trials)) < len(trials)
    best = selected(plan, trials)
    assert (study.best_trial.number, study.best_params) == (best["number"], best["params"])
