from itertools import pairwise

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.config.training import TrainingSettings
from blendmf.training.als.als import AlsEngine
from blendmf.training.loop import train_epochs
from blendmf.training.parameters import Parameters, Terms
from configs import changed
from dense_reference import bits, parameters_of
from ratings import observed

RANGE = (-50.0, 50.0)
SETTINGS = TrainingSettings(
    optimiser="als",
    latent_dim=5,
    regularization=0.1,
    bias_regularization=0.03,
    init_deviation=0.3,
)


def planted(seed=0, shape=(60, 45), rank=3, noise=0.3, share=0.4):
    """Ratings from known factors; the last user and the last item have none."""
    random = stream(seed, "test als")
    rated = random.random(shape) < share
    rated[-1], rated[:, -1] = False, False
    users, items = np.nonzero(rated)
    P, Q = random.normal(0, 1, (shape[0], rank)), random.normal(0, 1, (shape[1], rank))
    ratings = 3 + (P[users] * Q[items]).sum(axis=1) + random.normal(0, noise, len(users))
    return observed(users, items, ratings, shape)


def engine_of(train, settings=SETTINGS, threads=1, rating_range=RANGE):
    start = Parameters.initial(Terms.of_kind("mf"), train, 0, settings, stream(1, "start"))
    return AlsEngine(start, train, settings, rating_range, threads)


def errors_of(p, train):
    u, i = train.users, train.items
    scores = p.global_mean + p.user_bias[u] + p.item_bias[i]
    return train.ratings - scores - (p.user_factors[u] * p.item_factors[i]).sum(axis=1)


def penalised(p, train, settings=SETTINGS):
    """The objective of `AlsEngine`, summed over the ratings."""
    u, i = train.users, train.items
    factors, bias = settings.penalties[:2]
    per_rating = (
        errors_of(p, train) ** 2
        + factors * ((p.user_factors[u] ** 2).sum(axis=1) + (p.item_factors[i] ** 2).sum(axis=1))
        + bias * (p.user_bias[u] ** 2 + p.item_bias[i] ** 2)
    )
    return per_rating.sum()


def test_the_objective_decreases_with_every_half_sweep():
    train = planted()
    engine = engine_of(train)
    losses = [penalised(parameters_of(engine), train)]
    for _ in range(20):
        for half in (engine.solve_users, engine.solve_items):
            half()
            losses.append(penalised(parameters_of(engine), train))
    assert all(later <= earlier * (1 + 1e-12) for earlier, later in pairwise(losses))
    assert losses[-1] < 0.2 * losses[0]


@pytest.mark.parametrize("penalties", [(0.1, 0.03), (0.0, 0.0)])
@pytest.mark.parametrize("d", [1, 4, 7])
def test_a_row_is_the_solution_of_its_least_squares_problem(d, penalties):
    settings = changed(
        SETTINGS, latent_dim=d, regularization=penalties[0], bias_regularization=penalties[1]
    )
    train = planted()
    engine = engine_of(train, settings)
    roots = np.sqrt([penalties[0]] * d + [penalties[1]])
    for solve, side, other in (
        (engine.solve_users, "user", "item"),
        (engine.solve_items, "item", "user"),
    ):
        before = vars(parameters_of(engine))
        solve()
        after = vars(parameters_of(engine))
        rows, others = getattr(train, f"{side}s"), getattr(train, f"{other}s")
        for row in (0, 31):
            own = rows == row
            given = others[own]
            Z = np.column_stack([before[f"{other}_factors"][given], np.ones(own.sum())])
            ratings = train.ratings[own].astype(np.float64)
            target = ratings - before["global_mean"] - before[f"{other}_bias"][given]
            stacked = np.vstack([Z, np.diag(np.sqrt(own.sum()) * roots)])
            expected = np.linalg.lstsq(stacked, np.append(target, np.zeros(d + 1)))[0]
            solution = np.append(after[f"{side}_factors"][row], after[f"{side}_bias"][row])
            np.testing.assert_allclose(solution, expected, rtol=1e-6, atol=1e-8)


def test_a_matrix_of_low_rank_without_noise_is_recovered():
    whole = planted(noise=0.0, rank=2, share=0.7)
    hidden = np.arange(len(whole)) % 7 == 0
    parts = [whole.where(~hidden), whole.where(hidden)]
    settings = changed(
        SETTINGS, latent_dim=3, regularization=1e-7, bias_regularization=1e-7, epochs=300
    )
    training = train_epochs(engine_of(parts[0], settings), *parts, changed(settings, patience=300))
    assert training.validation_rmse < 0.01 * whole.ratings.std()


def test_the_learning_rate_has_no_effect():
    train = planted()
    long, short = engine_of(train), engine_of(train)
    long.run_epoch(10.0)
    short.run_epoch(1e-9)
    assert bits(long) == bits(short)
