import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks.accuracy import Evaluation
from benchmarks.against import COLUMNS, differences_from
from benchmarks.problem import Problem
from benchmarks.scores import rated_precision_recall, rating_errors
from blendmf.common.random_streams import stream
from blendmf.models.observations import Observations

RANGE = (1.0, 5.0)
EVALUATION = Evaluation(3, 3.5)
N_USERS = 80


@pytest.fixture(scope="module")
def problem():
    random = stream(1, "against")
    users = np.repeat(np.arange(N_USERS), 8).astype(np.int32)
    items = random.integers(50, size=len(users)).astype(np.int32)
    ratings = random.integers(1, 6, len(users)).astype(np.float32)
    test = Observations(users, items, ratings, (N_USERS, 50))
    return Problem("tiny", test, test, test, sp.csr_array((50, 1)), RANGE)


@pytest.fixture(scope="module")
def scores(problem):
    random, truth = stream(2, "against"), problem.test.ratings
    noise = random.normal(0, 1, (2, len(truth)))
    return {
        "better": truth + 0.5 * noise[0],
        "reference": truth + noise[1],
        "same": truth + noise[1],
    }


@pytest.fixture(scope="module")
def table(problem, scores):
    return differences_from("reference", scores, problem, EVALUATION, 500, 1)


def test_values_are_those_of_the_whole_test_part(problem, scores, table):
    assert list(table.columns) == COLUMNS
    assert set(table["system"]) == {"better", "same"}
    of_better = table[table["system"] == "better"].set_index("metric")
    expected = rating_errors(scores["better"], problem.test, RANGE)
    lists = rated_precision_recall(scores["better"], problem.test, *EVALUATION)
    expected |= {f"{name}_at_3": value for name, value in lists.items()}
    assert of_better["value"].to_dict() == pytest.approx(expected)
    difference = of_better["value"] - of_better["of_reference"]
    np.testing.assert_allclose(of_better["difference"], difference)


def test_a_better_system_is_told_from_an_equal_one(table):
    rows = table[table["metric"] == "rmse"].set_index("system")
    better, same = rows.loc["better"], rows.loc["same"]
    assert better["low"] < better["difference"] < better["high"] < 0
    assert better["p_holm"] < 0.01
    assert same["difference"] == same["low"] == same["high"] == 0
    assert same["p_holm"] == 1
