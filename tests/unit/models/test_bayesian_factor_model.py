from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from blendmf.common.random_streams import stream
from blendmf.models.bayesian_factor_model import LEVELS, NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.rating_times import RatingTimes
from blendmf.models.user_prior import UserPrior

N_DRAWS, N_USERS, N_ITEMS, D = 5, 4, 6, 3


def model_of(rating_range=(-100.0, 100.0), widths=NORMAL_WIDTHS):
    random = stream(1, "model")
    return BayesianFactorModel(
        N_USERS,
        N_ITEMS,
        rating_range,
        3.0,
        random.standard_normal((N_DRAWS, N_USERS, 1 + D)).astype(np.float32),
        random.standard_normal((N_DRAWS, N_ITEMS, 1 + D)).astype(np.float32),
        np.array([0.5, 1.0, 2.0, 0.1], dtype=np.float32),
        np.array([0, 0, 0.3, 0, 0, 0.7], dtype=np.float32),
        widths,
    )


def drawn_predictions(model):
    """Predictions of each draw; the last user and item are unknown, and have the mean row."""
    p, q = (
        np.concatenate([rows, rows.mean(axis=1, keepdims=True)], axis=1, dtype=np.float64)
        for rows in (model.user_rows, model.item_rows)
    )
    products = np.einsum("sud,sid->sui", p[..., 1:], q[..., 1:])
    return model.global_mean + p[..., :1] + q[:, None, :, 0] + products


PAIRS = np.divmod(np.arange(N_USERS * N_ITEMS), N_ITEMS)


def test_predictions_are_the_mean_over_the_draws_of_known_and_unknown_rows():
    model = model_of()
    mean = drawn_predictions(model).mean(axis=0)
    users, items = [*range(N_USERS), -1], [*range(N_ITEMS), -1]
    pairs = np.repeat(users, len(items)), np.tile(items, len(users))
    np.testing.assert_allclose(model.predict(*pairs), mean.ravel(), rtol=1e-5)
    np.testing.assert_allclose(model.score_pairs(*pairs), mean.ravel(), rtol=1e-4)
    np.testing.assert_allclose(model.score_users(users), mean[:, :-1], rtol=1e-4, atol=1e-5)
    assert np.isfinite(model.deviation(*pairs)).all()


def test_predictions_are_clipped_and_scores_are_not():
    model = model_of((2.5, 3.5))
    assert model.predict(*PAIRS).min() == 2.5
    assert model.predict(*PAIRS).max() == 3.5
    assert model.score_pairs(*PAIRS).max() > 3.5


def test_the_deviation_combines_draw_variance_and_residual_variance():
    model = model_of()
    beyond = model.user_variance[:, None] + model.item_variance
    expected = np.sqrt(drawn_predictions(model).var(axis=0)[:-1, :-1] + beyond)
    np.testing.assert_allclose(model.deviation(*PAIRS), expected.ravel(), rtol=1e-4)


@pytest.mark.parametrize(("user", "item"), [(-1, 2), (1, -1), (-1, N_ITEMS), (N_USERS, 4)])
def test_an_unknown_user_or_item_may_be_any_of_them(user, item):
    model = model_of()
    is_new_user, is_new_item = user not in range(N_USERS), item not in range(N_ITEMS)
    rows = drawn_predictions(model)
    u, i = (N_USERS if is_new_user else user), (N_ITEMS if is_new_item else item)
    variance = rows[:, u, i].var()
    variance += model.user_variance.mean() if is_new_user else model.user_variance[user]
    variance += model.item_variance.mean() if is_new_item else model.item_variance[item]
    # Over all users, or items, in each draw, with the mean row in place of an unknown other side.
    if is_new_user:
        variance += rows[:, :-1, i].var(axis=1).mean()
    if is_new_item:
        variance += rows[:, u, :-1].var(axis=1).mean()
    others = [0, 3], [1, 5]
    among = model.deviation([0, user, 3], [1, item, 5])
    np.testing.assert_allclose(among[1], np.sqrt(variance), rtol=1e-4)
    np.testing.assert_allclose(among[[0, 2]], model.deviation(*others), rtol=1e-6)


def test_equal_draws_have_no_spread_despite_rounding():
    model = model_of()
    rows = {name: np.repeat(getattr(model, name)[:1], 3, 0) for name in ("user_rows", "item_rows")}
    certain = np.zeros(N_USERS, np.float32), np.zeros(N_ITEMS, np.float32)
    same = replace(model, **rows, user_variance=certain[0], item_variance=certain[1])
    np.testing.assert_allclose(same.deviation(*PAIRS), 0, atol=1e-6)


@pytest.mark.parametrize(("mean", "rating"), [(900.0, 5.0), (-900.0, 1.0)])
def test_an_interval_of_a_rating_out_of_range_does_not_turn_round(mean, rating):
    model = replace(model_of((1.0, 5.0)), global_mean=mean)
    low, high = model.intervals(*PAIRS, [0.0, 0.1])
    assert (low <= high).all()
    np.testing.assert_array_equal(low[0], rating)
    np.testing.assert_array_equal(high[0], rating)
    half = np.interp(0.1, LEVELS, NORMAL_WIDTHS) * model.deviation(*PAIRS)
    np.testing.assert_allclose((high - low)[1], np.minimum(half, 4.0))


def test_the_widest_interval_of_normal_errors_leaves_out_one_rating_in_2000():
    assert NORMAL_WIDTHS[-1] == pytest.approx(norm.ppf(1 - 1 / 4000))
    np.testing.assert_allclose(NORMAL_WIDTHS[:-1], norm.ppf((1 + LEVELS[:-1]) / 2), atol=1e-12)


def test_pooled_chains_keep_all_draws_and_average_what_is_common():
    prior = UserPrior(0.5, 20.0, *(np.full(1, k, dtype=np.float32) for k in range(8)))
    times = RatingTimes(np.array([0, 2, 4, 4, 6]), np.array([0, 1000] * 3))
    optional = {"moment_effects": (2, 6), "cold_offsets": (2,), "user_slopes": (N_USERS,)}
    chains = []
    for number in (1, 2, 6):
        arrays = {name: np.full(shape, number, np.float32) for name, shape in optional.items()}
        arrays |= {"user_rows": number * model_of().user_rows[:number]}
        arrays |= {"item_rows": number * model_of().item_rows[:number]}
        arrays |= {"user_variance": number * model_of().user_variance}
        arrays |= {"item_variance": number * model_of().item_variance}
        arrays |= {"widths": number * NORMAL_WIDTHS}
        chains.append(replace(model_of(), times=times, user_prior=prior, **arrays))
    pooled = BayesianFactorModel.pooled(chains)
    for name in ("user_rows", "item_rows"):
        draws = [getattr(model, name) for model in chains]
        assert [len(rows) for rows in draws] == [1, 2, min(6, N_DRAWS)]
        np.testing.assert_array_equal(getattr(pooled, name), np.concatenate(draws))
    for name in ("user_variance", "item_variance"):
        np.testing.assert_allclose(getattr(pooled, name), 3 * getattr(model_of(), name))
    for name, shape in optional.items():
        np.testing.assert_allclose(getattr(pooled, name), np.full(shape, 3.0))
    np.testing.assert_array_equal(pooled.widths, NORMAL_WIDTHS)
    assert pooled.times is times
    assert pooled.user_prior is not None
    assert pooled.user_prior.noise_variance.tolist() == [0, 0, 0]
    lacking = [*chains[:2], replace(chains[2], user_prior=None)]
    assert BayesianFactorModel.pooled(lacking).user_prior is None


def test_intervals_of_normal_errors_use_normal_quantiles():
    model = model_of()
    low, high = model.intervals(*PAIRS, 0.9)
    np.testing.assert_allclose((low + high) / 2, model.predict(*PAIRS))
    half = norm.ppf(0.95) * model.deviation(*PAIRS)
    np.testing.assert_allclose((high - low) / 2, half, rtol=1e-3)


def test_intervals_stay_in_the_rating_range_and_widen_with_the_level():
    model = model_of((1.0, 5.0))
    ends = [model.intervals(*PAIRS, level) for level in (0.5, 0.8, 0.95, 1.0)]
    assert all((low >= 1).all() and (high <= 5).all() for low, high in ends)
    widths = np.array([high - low for low, high in ends])
    assert (np.diff(widths, axis=0) >= 0).all()


def test_interval_widths_come_from_the_calibrated_widths():
    model = model_of(widths=2 * LEVELS)
    low, high = model.intervals([0], [0], 0.9)
    np.testing.assert_allclose((high - low) / 2, 1.8 * model.deviation([0], [0]))


def test_intervals_of_unknown_users_and_items_cover_as_much_as_those_of_known_ones():
    """Users and items that are drawn from the same distributions as those of the model."""
    random = np.random.default_rng(2)
    n, spread, noise = 400, 0.6, 0.5

    def rows(size):
        drawn = random.normal(scale=spread, size=(size, 3))
        return drawn.astype(np.float32)

    users, items = rows(n), rows(n)
    quiet = np.full(n, noise**2, dtype=np.float32)
    model = BayesianFactorModel(
        n, n, (-9.0, 9.0), 0.0, users[None], items[None], quiet, 0 * quiet, NORMAL_WIDTHS
    )
    new_users, new_items = rows(n), rows(n)
    at = random.integers(n, size=(2, 20_000))
    cases = {
        "known": (users, items, at[0], at[1]),
        "new users": (new_users, items, np.full(20_000, -1), at[1]),
        "new items": (users, new_items, at[0], np.full(20_000, -1)),
    }
    for case, (of_users, of_items, u, i) in cases.items():
        p, q = of_users[at[0]], of_items[at[1]]
        true = p[:, 0] + q[:, 0] + np.einsum("nd,nd->n", p[:, 1:], q[:, 1:])
        ratings = true + random.normal(scale=noise, size=len(true))
        low, high = model.intervals(u, i, 0.9)
        assert np.mean((low <= ratings) & (ratings <= high)) == pytest.approx(0.9, abs=0.02), case


def test_drift_and_moments_add_to_predictions_and_intervals_at_known_times():
    slopes = np.array([1.0, -2.0, 0.0, 3.0], dtype=np.float32)
    prior = UserPrior(0.5, 20.0, *[np.zeros(1, dtype=np.float32)] * 8)
    # Users 0, 1 and 3 rated at the seconds 0 and 1000.
    times = RatingTimes(np.array([0, 2, 4, 4, 6]), np.array([0, 1000] * 3))
    effects = np.array([[1, 2, 3, 4, 5, 6], [10, 20, 30, 40, 50, 60]], dtype=np.float32)
    model = replace(model_of(), user_slopes=slopes, user_prior=prior, times=times)
    users, items = np.array([0, 1, 3, -1]), np.array([0, 1, 2, 3])
    seconds = np.array([1010, 500, -120, 0])
    drift = np.array([0.0, 1.0, -3.0, 0.0])
    added = {None: drift, "moments": drift + np.array([22.0, 0.0, 50.0, 0.0])}
    wide = replace(model, rating_range=(-1e3, 1e3))
    for case, expected in added.items():
        timed = wide if case is None else replace(wide, moment_effects=effects)
        before, after = timed.predict(users, items), timed.predict(users, items, seconds)
        np.testing.assert_allclose(after - before, expected, atol=1e-5)
        intervals = timed.intervals(users, items, 0.9), timed.intervals(users, items, 0.9, seconds)
        for still, moved in zip(*intervals, strict=True):
            np.testing.assert_allclose(moved - still, expected, atol=1e-5)
    without = replace(model, times=None)
    np.testing.assert_array_equal(
        without.predict(users, items, seconds), model.predict(users, items)
    )
