"""Bayesian factorisation as a whole, on ratings generated from its own model."""

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_info, threadpool_limits

from blendmf.common.random_streams import stream
from blendmf.config.models import model_entry
from blendmf.evaluation.rating_metrics import prediction_errors, rmse
from blendmf.training.bayes.posterior import calibrated
from blendmf.training.bayes.side_features import SideInformation
from blendmf.training.fit import fit_model
from ratings import observed, observed_where

RANGE = (-100.0, 100.0)
PLAIN = {"kind": "mf"}
ENTRY = {"kind": "mf-content", "blend": "item"}
TRAINING = {"latent_dim": 4, "epochs": 80}
N_USERS, N_ITEMS, N_WORDS, D, NOISE = 150, 200, 8, 2, 0.4
SLOPE = 1.5


def made(seed=1):
    """Training, validation and test part, and words; the last 20 items lack training ratings.

    All users drift with the same slope; half of them are twice as noisy as the others.
    """
    random = stream(seed, "made")
    words = sp.csr_array((random.random((N_ITEMS, N_WORDS)) < 0.4).astype(np.float32))
    P = random.normal(0, 0.8, (N_USERS, D))
    Q = words @ random.normal(0, 0.5, (N_WORDS, D)) + random.normal(0, 0.3, (N_ITEMS, D))
    truth = 3 + random.normal(0, 0.4, (N_USERS, 1)) + random.normal(0, 0.4, N_ITEMS) + P @ Q.T
    noise = NOISE * np.where(np.arange(N_USERS) % 2, 1.4, 0.7)[:, None]
    part = random.choice(4, truth.shape, p=[0.25, 0.1, 0.1, 0.55])
    part[:, -20:] = np.where(part[:, -20:] == 0, 2, part[:, -20:])

    def observations(number):
        users, items = np.nonzero(part == number)
        last = np.full(len(users), 0.5)
        positions = random.uniform(-0.5, 0.5, len(users)) if number == 0 else last
        ratings = truth[users, items] + SLOPE * positions
        ratings += noise[users, 0] * random.standard_normal(len(users))
        return observed(users, items, ratings, truth.shape, 1e8 * positions)

    return *(observations(number) for number in range(3)), words


@pytest.fixture(scope="module")
def parts():
    return made()


def fit(parts, entry=ENTRY, threads=1, goes_on=lambda *_: True, rating_range=RANGE, **training):
    train, validation, _, words = parts
    training = TRAINING | {"optimiser": "bayes"} | training
    given = {"rating_range": rating_range, "threads": threads, "goes_on": goes_on}
    entry = model_entry(entry | {"training": training})
    return fit_model(entry, train, validation, words, seed=3, name=("test",), **given)


@pytest.fixture(scope="module")
def fitted(parts):
    return fit(parts)


@pytest.fixture(scope="module")
def warm_and_cold(parts):
    """Test ratings of items with and of items without training ratings."""
    is_warm = parts[2].items < N_ITEMS - 20
    return parts[2].where(is_warm), parts[2].where(~is_warm)


def test_planted_parameters_are_recovered_to_near_the_noise(fitted, warm_and_cold):
    noise = NOISE * np.sqrt((1.4**2 + 0.7**2) / 2)
    assert rmse(fitted.model, warm_and_cold[0]) < 1.25 * noise


def test_words_improve_predictions_for_unrated_items(parts, fitted, warm_and_cold):
    cold = warm_and_cold[1]
    assert rmse(fitted.model, cold) < 0.9 * rmse(fit(parts, PLAIN).model, cold)


def test_unrated_items_have_the_prior_mean_in_draws_and_a_larger_separate_variance(fitted):
    rows, variance = fitted.model.item_rows[..., 0], fitted.model.item_variance
    assert (rows[:, -20:].std(axis=0) < 0.4 * np.sqrt(variance[-20:])).all()
    assert (variance[-20:] > 0.4**2).all()  # The variance of the bias alone.
    assert (variance[:-20] > 0).all()
    assert (variance[:-20] < 0.1 * variance[-20:].min()).all()
    pairs = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)
    deviation = fitted.model.deviation(*pairs).reshape(N_USERS, N_ITEMS)
    assert deviation[:, -20:].mean() > 1.1 * deviation[:, :-20].mean()


@pytest.fixture(scope="module")
def chosen():
    """Ratings of hidden and other items by users who are likely to like them."""
    random = stream(9, "chosen")
    P, Q = random.normal(0, 1, (N_USERS, D)), random.normal(0, 1, (N_ITEMS, D))
    taste = P @ Q.T
    rated = random.random(taste.shape) < 0.5 / (1 + np.exp(-2 * taste))
    hidden = np.arange(N_ITEMS) >= 150

    ratings = 3 + taste + random.normal(0, 0.3, taste.shape)
    return observed_where(rated & ~hidden, ratings), observed_where(rated & hidden, ratings)


def test_offsets_from_validation_remove_the_bias_for_unrated_items(chosen):
    train, of_hidden = chosen
    half = of_hidden.items % 2 == 0
    validation, test = of_hidden.where(half), of_hidden.where(~half)
    nothing = validation.where(slice(0))
    biases = [
        -prediction_errors(fit((train, part, test, None), PLAIN).model, test).mean()
        for part in (validation, nothing)
    ]
    assert abs(biases[0]) < 0.2
    assert biases[1] > 0.6


def test_priors_do_not_depend_on_the_rating_scale(parts):
    def rescaled(part):
        return replace(part, ratings=50 * part.ratings - 40)

    train, validation, test, words = parts
    plain = fit(parts, epochs=10).model
    in_wide = (rescaled(train), rescaled(validation), test, words)
    wide = fit(in_wide, epochs=10, rating_range=(-5040.0, 4960.0)).model
    users, items = test.users, test.items
    predicted = wide.score_pairs(users, items)
    np.testing.assert_allclose(predicted, 50 * plain.score_pairs(users, items) - 40, atol=0.05)
    deviation = wide.deviation(users, items)
    np.testing.assert_allclose(deviation, 50 * plain.deviation(users, items), rtol=1e-3)


def test_drift_is_found_only_if_the_times_are_known(parts, fitted):
    test = parts[2]
    still = fit(parts, drift=False, moments=False)
    train, validation, *rest = parts
    without = fit((replace(train, times=None), replace(validation, times=None), *rest))
    assert rmse(still.model, test) > rmse(fitted.model, test) + 0.15
    np.testing.assert_array_equal(still.model.score_users([0]), without.model.score_users([0]))


def test_noise_is_estimated_per_user(parts, fitted):
    variance = fitted.model.user_variance
    noisy = np.arange(N_USERS) % 2 == 1
    assert np.median(variance[noisy]) > 2 * np.median(variance[~noisy])
    same = fit(parts, noise_freedom=None).model.user_variance
    assert same.max() < 1.2 * same.min()


def test_intervals_are_calibrated_on_the_validation_part_and_keep_their_coverage(
    parts, fitted, warm_and_cold
):
    for part, levels, tolerance in (
        (parts[1], (0.3, 0.9), 0.002),
        (warm_and_cold[0], (0.5, 0.8, 0.9), 0.03),
    ):
        for level in levels:
            low, high = fitted.model.intervals(part.users, part.items, level)
            share = np.mean((part.ratings >= low) & (part.ratings <= high))
            assert share == pytest.approx(level, abs=tolerance)
    assert calibrated(fitted.model, parts[1].where(slice(0))) is fitted.model


@pytest.mark.parametrize("threads", [2, 5])
def test_the_number_of_threads_does_not_change_the_bits(parts, threads, monkeypatch):
    monkeypatch.setattr("blendmf.training.kernels.compiled.RATINGS_PER_TASK", 100)
    one, several = (fit(parts, threads=n, epochs=8).model for n in (1, threads))
    np.testing.assert_array_equal(one.user_rows, several.user_rows)
    np.testing.assert_array_equal(one.item_rows, several.item_rows)


def test_blas_uses_one_thread_from_the_first_decomposition_on(parts, monkeypatch):
    """More threads change the order of summation, and thereby the bits of later draws."""
    seen = []

    class Watched(SideInformation):
        @classmethod
        def of_features(cls, *given):
            pools = threadpool_info()
            seen.extend(pool["num_threads"] for pool in pools if pool["user_api"] == "blas")
            return SideInformation.of_features(*given)

    monkeypatch.setattr("blendmf.training.bayes.row_sampler.SideInformation", Watched)
    with threadpool_limits(2, "blas"):
        fit(parts, epochs=1)
    assert set(seen) == {1}


def test_the_history_has_the_validation_rmse_after_each_sweep(parts, fitted):
    assert [epoch.epoch for epoch in fitted.history] == list(range(1, 81))
    assert fitted.best_epoch == fitted.epochs == 80
    assert fitted.validation_rmse == fitted.history[-1].validation_rmse
    assert rmse(fitted.model, parts[1]) == pytest.approx(fitted.validation_rmse, abs=1e-5)
    assert len(fitted.model.user_rows) == 30  # Every second of 60 sweeps, for about 25 draws.


def test_the_configured_number_of_draws_is_kept(parts):
    assert len(fit(parts, epochs=40, burn_in=20, draws=10).model.user_rows) == 10
    assert len(fit(parts, epochs=3, burn_in=20, draws=10).model.user_rows) == 1


def test_the_callback_stops_the_sampling(parts):
    calls = []

    def goes_on(epoch, rmse):
        calls.append((epoch, rmse))
        return epoch < 5

    stopped = fit(parts, goes_on=goes_on)
    assert [epoch for epoch, _ in calls] == [1, 2, 3, 4, 5]
    assert stopped.epochs == 5
    assert np.isfinite(stopped.model.predict([0], [0])).all()


def test_fits_work_without_words_or_without_feedback_and_validation(parts):
    train, validation, test, words = parts
    empty = sp.csr_array((N_ITEMS, 0), dtype=np.float32)
    assert np.isfinite(fit((train, validation, test, empty), epochs=3).model.score_users([0])).all()
    nothing = validation.where(slice(0))
    alone = fit((train, nothing, test, words), epochs=30, feedback=False)
    assert np.isnan(alone.validation_rmse)
    assert rmse(alone.model, test) < 1.0
