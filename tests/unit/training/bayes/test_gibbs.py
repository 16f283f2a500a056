"""The sampler's expected rows, compared with its drawn rows."""

import numpy as np
import pytest

from blendmf.config.training import TrainingSettings
from blendmf.training.bayes.gibbs import GibbsSampler
from dense_reference import NOISE, planted

SWEEPS, BURN_IN = 600, 100


@pytest.fixture(scope="module")
def predictions():
    """Predictions of unrated pairs in each sweep by drawn and by expected rows, and variances."""
    train, other, _ = planted(2400, 2400)
    settings = TrainingSettings(optimiser="bayes", latent_dim=2, drift=False, noise_freedom=None)
    sampler = GibbsSampler(train, None, settings, np.random.default_rng(4))
    drawn, expected, variances = [], [], []
    for sweep in range(SWEEPS):
        sampler.sweep()
        if sweep < BURN_IN:
            continue
        draw = sampler.current(0.0)
        rows = [sampler._in_ratings(side.rows) for side in (sampler._users, sampler._items)]
        for predicted, (p, q) in (
            (drawn, rows),
            (expected, (draw.user_rows, draw.item_rows)),
        ):
            p, q = p[other.users].astype(np.float64), q[other.items]
            predicted.append(p[:, 0] + q[:, 0] + (p[:, 1:] * q[:, 1:]).sum(axis=1))
        variances.append(draw.user_variance[other.users] + draw.item_variance[other.items])
    return np.array(drawn), np.array(expected), np.array(variances)


def test_expected_rows_predict_the_same_mean_with_less_variance(predictions):
    drawn, expected, _ = predictions
    blocks = (expected - drawn).reshape(20, -1, drawn.shape[1]).mean(axis=1)
    errors = blocks.std(axis=0, ddof=1) / np.sqrt(len(blocks))
    scores = blocks.mean(axis=0) / errors
    # A t distribution with 19 degrees of freedom has the standard deviation 1.06.
    assert abs(scores.mean()) < 0.2
    assert 0.8 < scores.std() < 1.3
    assert (expected.var(axis=0) < drawn.var(axis=0)).mean() > 0.99
    assert expected.var(axis=0).mean() < 0.5 * drawn.var(axis=0).mean()


def test_the_variance_around_expected_rows_is_what_the_draws_have_more(predictions):
    drawn, expected, variances = predictions
    beyond = variances.mean() - NOISE**2
    assert beyond == pytest.approx((drawn.var(axis=0) - expected.var(axis=0)).mean(), rel=0.2)
