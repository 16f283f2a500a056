import numpy as np
from scipy.stats import norm

from blendmf.common.random_streams import stream
from blendmf.models.bayesian_factor_model import LEVELS, NORMAL_WIDTHS, BayesianFactorModel

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
