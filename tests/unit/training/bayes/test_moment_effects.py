from dataclasses import replace

import numpy as np
import pytest

from blendmf.config.models import model_entry
from blendmf.evaluation.rating_metrics import rmse
from blendmf.models.rating_times import RatingTimes, time_order
from blendmf.training.bayes.moment_effects import MomentSampler
from blendmf.training.bayes.rated_rows import rated_rows
from blendmf.training.fit import fit_model
from ratings import observed

STRENGTHS = np.array([4.0, 2.0])
PRECISIONS = np.array([3.0, 0.5])
USERS = np.array([0] * 7 + [2] * 3)
SECONDS = np.array([0, 4, 9, 60, 200, 215, 216, 5, 100, 1000])
INNER = np.array([0, 0, 0, 1, 2, 3, 3, 4, 5, 6])
OUTER = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 3])


def sampler(seed=0, threads=1):
    train = observed(USERS, np.arange(10), np.arange(10), (3, 10), SECONDS)
    order = time_order(train)
    of_users, _ = rated_rows(train, order)
    random = np.random.default_rng(seed)
    made = MomentSampler(RatingTimes.of(train, order), of_users, random, threads)
    made._strengths = STRENGTHS.copy()
    return made


def drawn(made, ratings):
    """The effects that a draw takes from ratings which nothing else explains."""
    rows = np.zeros((2, 3)), np.zeros((10, 3))
    given = ratings.astype(np.float32), np.zeros(10, dtype=np.float32)
    made._strengths = STRENGTHS.copy()
    return ratings - made.draw(*given, *rows, np.zeros(2), PRECISIONS)


def test_draws_have_the_exact_conditional_distribution():
    """The mean and covariance of all effects, by dense algebra."""
    ratings = np.linspace(-1, 2, 10)
    of_inner, of_outer = (np.equal.outer(groups, groups) for groups in (INNER, OUTER))
    prior = of_inner / STRENGTHS[0] + of_outer / STRENGTHS[1]
    noise = np.diag(1 / PRECISIONS[np.where(USERS == 0, 0, 1)])
    gain = prior @ np.linalg.inv(prior + noise)
    made = sampler()
    draws = np.array([drawn(made, ratings) for _ in range(20_000)])
    np.testing.assert_allclose(draws.mean(axis=0), gain @ ratings, atol=0.02)
    np.testing.assert_allclose(np.cov(draws.T), prior - gain @ prior, atol=0.02)


def test_what_is_drawn_is_taken_from_the_ratings():
    made, ratings = sampler(), np.linspace(-1, 2, 10)
    effects = drawn(made, ratings)
    assert [len(of_gap) for of_gap in made.effects] == [7, 4]
    np.testing.assert_allclose(effects, made.effects[0][INNER] + made.effects[1][OUTER], atol=1e-6)


def test_rows_and_slopes_explain_their_part_of_the_ratings():
    random = np.random.default_rng(3)
    user_rows, item_rows, slopes = random.normal(size=(2, 3)), random.normal(size=(10, 3)), [1.0, 2]
    row = np.where(USERS == 0, 0, 1)
    order = np.linspace(-0.5, 0.5, 10).astype(np.float32)
    explained = user_rows[row, 0] + item_rows[:, 0] + np.array(slopes)[row] * order
    explained += np.einsum("nd,nd->n", user_rows[row, 1:], item_rows[:, 1:])
    left = np.linspace(-1, 2, 10)
    of_rest = drawn(sampler(), left)
    ratings = (explained + left).astype(np.float32)
    made = sampler()
    remaining = made.draw(ratings, order, user_rows, item_rows, np.array(slopes), PRECISIONS)
    np.testing.assert_allclose(ratings - remaining, of_rest, atol=1e-5)


def test_the_strengths_of_planted_effects_are_found():
    random = np.random.default_rng(5)
    seconds = np.cumsum(random.choice([5, 60, 1000], size=20_000, p=[0.5, 0.3, 0.2]))
    train = observed(np.zeros(20_000), np.arange(20_000), seconds, (1, 20_000), seconds)
    times, (of_users, _) = RatingTimes.of(train), rated_rows(train, np.arange(20_000))
    inner, outer = times.groups(10), times.groups(120)
    ratings = random.normal(scale=0.5, size=20_000)[inner] + random.normal(size=20_000)[outer]
    ratings += random.normal(scale=0.7, size=20_000)
    made = MomentSampler(times, of_users, random, 1)
    nothing = np.zeros((1, 2)), np.zeros((20_000, 2)), np.zeros(1)
    variances = []
    for _ in range(60):
        made.draw(*np.float32([ratings, 0 * ratings]), *nothing, np.array([1 / 0.49]))
        variances.append(made.variance)
    assert np.mean(variances[20:]) == pytest.approx(1.25, rel=0.05)


@pytest.fixture(scope="module")
def sessions():
    """Ratings in sessions with a common effect: a random part of them for training."""
    random = np.random.default_rng(2)
    users, items = np.divmod(np.arange(60 * 80), 80)
    session = np.arange(len(users)) // 8
    seconds = 10_000 * session + 7 * np.arange(len(users))
    ratings = 3 + random.normal(size=session[-1] + 1)[session] + random.normal(0, 0.5, len(users))
    part = random.choice(3, len(users), p=[0.6, 0.2, 0.2])
    return [
        observed(*(a[part == k] for a in (users, items, ratings)), (60, 80), seconds[part == k])
        for k in range(3)
    ]


def fit(train, validation, threads=1, **training):
    training = {"latent_dim": 2, "epochs": 20, "burn_in": 5, "optimiser": "bayes"} | training
    entry = model_entry({"kind": "mf", "training": training})
    given = {"rating_range": (-2, 8), "seed": 1, "name": ("x",), "threads": threads}
    return fit_model(entry, train, validation, None, **given)


def test_moments_predict_ratings_of_known_moments(sessions):
    train, validation, test = sessions
    found, without = fit(train, validation), fit(train, validation, moments=False)
    assert rmse(found.model, test) < 0.75 * rmse(without.model, test)
    assert found.validation_rmse == pytest.approx(rmse(found.model, validation), rel=1e-6)
    assert without.model.moment_effects is None


def test_moments_do_not_depend_on_the_number_of_threads(sessions):
    train, validation, _ = sessions
    one, two = (fit(train, validation, threads).model for threads in (1, 2))
    np.testing.assert_array_equal(one.moment_effects, two.moment_effects)
    np.testing.assert_array_equal(one.user_rows, two.user_rows)


def test_there_are_no_moments_where_the_future_is_predicted(sessions):
    train, validation, _ = sessions
    late = replace(validation, times=validation.times + 10**9)
    assert fit(train, late).model.moment_effects is None


def test_a_model_with_moments_can_be_stored(sessions, tmp_path):
    model = fit(*sessions[:2]).model
    model.save(tmp_path / "model.npz")
    test = sessions[2]
    assert rmse(type(model).load(tmp_path / "model.npz"), test) == rmse(model, test)
