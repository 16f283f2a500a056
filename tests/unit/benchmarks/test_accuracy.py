import numpy as np
import pandas as pd
import pytest

from benchmarks.accuracy import (
    DIFFERENCE_COLUMNS,
    Evaluation,
    differences_from,
    metrics_of,
    per_user_scores,
    table_name,
    time_to_accuracy,
)
from benchmarks.figures import plot_time_to_accuracy
from blendmf.common.random_streams import stream
from blendmf.config.protocol import EvaluationSettings
from blendmf.evaluation.evaluate import evaluate
from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations

RANGE = (1.0, 5.0)
EVALUATION = Evaluation(3, 3.5)


def metrics(scores, problem, evaluation=EVALUATION, **more):
    table = per_user_scores(scores, problem.test, problem.rating_range, evaluation, **more)
    return metrics_of(table)


def test_other_systems_are_scored_like_the_pipelines_own_models(problem):
    model = fit_bias(problem.train, RANGE, 15, 10)
    test = problem.test
    n_users, n_items = test.shape
    scores = model.score_users(np.arange(n_users))[test.users, test.items].astype(np.float64)
    described = pd.DataFrame({"n_train": np.zeros(n_items, dtype=int)})
    ids = pd.DataFrame({"user_id": range(n_users)})
    settings = EvaluationSettings(k=3, relevance_threshold=3.5)
    seen = (problem.train.to_matrix(), problem.validation.to_matrix())
    expected = evaluate(model, *seen, test, described, ids, settings, seed=1).metrics
    found = metrics(scores, problem)
    for name in ("rmse", "mae"):
        assert found[name] == pytest.approx(expected["rating"][name], rel=1e-6)
    for name in ("precision", "recall"):
        assert found[name] == pytest.approx(expected["rated"][f"{name}_at_k"])


def test_errors_use_predictions_clipped_to_the_rating_range(problem):
    far_above = metrics(np.full(len(problem.test), 99.0), problem)
    assert far_above["mae"] == pytest.approx(np.mean(5.0 - problem.test.ratings))


def test_ties_are_ranked_in_the_given_order():
    test = Observations(np.array([0, 0]), np.array([1, 0]), np.array([5, 1], np.float32), (1, 2))
    for ties, precision in ((None, 0.0), (np.arange(2), 1.0)):
        table = per_user_scores(np.zeros(2), test, RANGE, Evaluation(1, 3.5), ties)
        assert metrics_of(table)["precision"] == precision


@pytest.fixture(scope="module")
def scores(problem):
    random, truth = stream(2, "accuracy"), problem.test.ratings
    noise = random.normal(0, 1, (2, len(truth)))
    return {
        "better": truth + 0.5 * noise[0],
        "reference": truth + noise[1],
        "same": truth + noise[1],
    }


def test_differences_are_paired_and_cover_the_whole_test_part(problem, scores):
    table = differences_from("reference", scores, problem, EVALUATION, 500, 1)
    assert list(table.columns) == DIFFERENCE_COLUMNS
    assert set(table["system"]) == {"better", "same"}
    of_better = table[table["system"] == "better"].set_index("metric")
    expected = {
        table_name(name, 3): value for name, value in metrics(scores["better"], problem).items()
    }
    assert of_better["value"].to_dict() == pytest.approx(expected)
    difference = of_better["value"] - of_better["of_reference"]
    np.testing.assert_allclose(of_better["difference"], difference)
    rows = table[table["metric"] == "rmse"].set_index("system")
    better, same = rows.loc["better"], rows.loc["same"]
    assert better["low"] < better["difference"] < better["high"] < 0
    assert better["p_holm"] < 0.01
    assert same["difference"] == same["low"] == same["high"] == 0
    assert same["p_holm"] == 1


def curves_of(points):
    rows = [(*key, epoch, *point) for key, run in points.items() for epoch, point in enumerate(run)]
    return pd.DataFrame(rows, columns=["data_set", "system", "epochs", "seconds", "test_rmse"])


CURVES = {
    ("a", "slow"): [(1.0, 1.2), (2.0, 0.99), (9.0, 0.9)],
    ("a", "weak"): [(0.1, 1.5), (0.2, 1.0), (0.4, 1.1)],
    ("b", "weak"): [(0.3, 0.7), (0.4, 0.8)],
}


def test_the_target_level_is_the_lowest_error_of_the_least_accurate_system():
    diverged = {("a", "diverged"): [(0.1, np.nan), (0.2, np.inf)]}
    levels = time_to_accuracy(curves_of(CURVES | diverged)).set_index(["data_set", "system"])
    assert levels["level_rmse"].to_dict() == dict(zip(CURVES, (1.0, 1.0, 0.7), strict=True))
    assert levels["seconds_to_level"].to_dict() == dict(zip(CURVES, (2.0, 0.2, 0.3), strict=True))


def test_the_figure_has_a_panel_per_data_set_and_a_line_per_system():
    curves = curves_of(CURVES)
    panels = plot_time_to_accuracy(curves, time_to_accuracy(curves)).axes
    assert [axes.get_title("left") for axes in panels] == ["a", "b"]
    assert panels[0].get_xscale() == "log"
    drawn = {tuple(line.get_ydata()) for line in panels[0].lines}
    assert {(1.2, 0.99, 0.9), (1.5, 1.0, 1.1)} <= drawn
    none = curves.iloc[:0]
    assert len(plot_time_to_accuracy(none, time_to_accuracy(none)).axes) == 1
