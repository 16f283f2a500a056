"""The half sweeps of ALS compared with least squares, row by row."""

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.training.als.als import AlsEngine
from blendmf.training.parameters import Parameters, Terms
from dense_reference import bits, parameters_of
from ratings import observed


@pytest.fixture(scope="module")
def train():
    """Ratings from known factors; the last user and the last item have none."""
    random = stream(0, "test als")
    rated = random.random((60, 45)) < 0.4
    rated[-1], rated[:, -1] = False, False
    users, items = np.nonzero(rated)
    P, Q = random.normal(0, 1, (60, 3)), random.normal(0, 1, (45, 3))
    ratings = 3 + (P[users] * Q[items]).sum(axis=1) + random.normal(0, 0.3, len(users))
    return observed(users, items, ratings, rated.shape)


def engine_of(train, d=5, penalties=(0.1, 0.03)):
    values = dict(zip(("regularization", "bias_regularization"), penalties, strict=True))
    settings = TrainingSettings(optimiser="als", latent_dim=d, init_deviation=0.3, **values)
    start = Parameters.initial(Terms.of_kind("mf"), train, 0, settings, stream(1, "start"))
    return AlsEngine(start, train, settings, (-50.0, 50.0), 1)


@pytest.mark.parametrize("penalties", [(0.1, 0.03), (0.0, 0.0)])
@pytest.mark.parametrize("d", [1, 4, 7])
def test_every_row_is_the_solution_of_its_least_squares_problem(train, d, penalties):
    engine = engine_of(train, d, penalties)
    roots = np.sqrt([penalties[0]] * d + [penalties[1]])
    for solve, side, other in (
        (engine.solve_users, "user", "item"),
        (engine.solve_items, "item", "user"),
    ):
        before = vars(parameters_of(engine))
        solve()
        after = vars(parameters_of(engine))
        rows, others = getattr(train, f"{side}s"), getattr(train, f"{other}s")
        for row in range(len(after[f"{side}_bias"])):
            own = rows == row
            given = others[own]
            Z = np.column_stack([before[f"{other}_factors"][given], np.ones(own.sum())])
            ratings = train.ratings[own].astype(np.float64)
            target = ratings - before["global_mean"] - before[f"{other}_bias"][given]
            stacked = np.vstack([Z, np.diag(np.sqrt(own.sum()) * roots)])
            expected = np.linalg.lstsq(stacked, np.append(target, np.zeros(d + 1)))[0]
            solution = np.append(after[f"{side}_factors"][row], after[f"{side}_bias"][row])
            np.testing.assert_allclose(solution, expected, rtol=1e-6, atol=1e-8)


def test_an_epoch_solves_users_then_items_whatever_the_learning_rate(train):
    long, short, by_hand = engine_of(train), engine_of(train), engine_of(train)
    for _ in range(2):
        long.run_epoch(10.0)
        short.run_epoch(1e-9)
        by_hand.solve_users()
        by_hand.solve_items()
    assert bits(long) == bits(short) == bits(by_hand)
