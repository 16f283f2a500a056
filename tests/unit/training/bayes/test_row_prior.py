"""The prior of the rows of one side, and the features that it learns from."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes.row_prior import RowPrior, draw_wishart
from blendmf.training.bayes.side_features import SideInformation


def test_wishart_draws_have_the_theoretical_moments():
    random = stream(1, "wishart")
    scale, freedom = np.array([[0.5, 0.2, 0.0], [0.2, 1.0, -0.3], [0.0, -0.3, 0.8]]), 7
    factors = np.array([draw_wishart(freedom, scale, random) for _ in range(20_000)])
    assert not np.triu(factors, 1).any()
    draws = factors @ factors.swapaxes(1, 2)
    np.testing.assert_allclose(draws.mean(axis=0), freedom * scale, atol=0.15)
    diagonal = np.diag(scale)
    variance = freedom * (scale**2 + np.outer(diagonal, diagonal))
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.06)


def test_without_rows_deviations_are_half_t_and_correlations_uniform():
    random = stream(6, "no rows")
    prior = RowPrior([], np.ones(0), 2)
    covariances = []
    for _ in range(20_000):
        prior.update(np.zeros((0, 2)), random)
        covariances.append(prior.inverse.T @ prior.inverse)
    (first, between), (_, second) = np.moveaxis(np.array(covariances), 0, -1)
    quantiles = np.array([0.4, 0.6, 0.8])
    expected = np.sqrt(2) * quantiles / np.sqrt(1 - quantiles**2)
    for variance in (first, second):
        np.testing.assert_allclose(np.quantile(np.sqrt(variance), quantiles), expected, rtol=0.1)
    correlations = between / np.sqrt(first * second)
    np.testing.assert_allclose(np.quantile(correlations, quantiles), 2 * quantiles - 1, atol=0.05)


@pytest.fixture(scope="module")
def planted():
    """Rows: a linear map of their features plus noise of known precision."""
    random = stream(2, "planted")
    F = sp.csr_array(random.standard_normal((3000, 4)))
    W = np.array([[1.0, 0.0], [-0.5, 0.5], [0.0, 0.0], [0.3, -1.0]])
    covariance = np.array([[0.2, 0.1], [0.1, 0.3]])
    rows = 2 + F @ W + random.multivariate_normal([0, 0], covariance, size=3000)
    return F, W, covariance, rows


def test_a_planted_map_and_precision_are_recovered(planted):
    F, W, covariance, rows = planted
    random = stream(3, "draws")
    prior = RowPrior([SideInformation.of_features(F, random)], np.ones(len(rows)), rows.shape[1])
    means, covariances = [], []
    for sweep in range(300):
        prior.update(rows, random)
        if sweep >= 20:
            means.append(prior.mean.copy())
            covariances.append(np.linalg.inv(prior.precision))
    np.testing.assert_allclose(np.mean(means, axis=0), 2 + F @ W, atol=0.12)
    np.testing.assert_allclose(np.mean(covariances, axis=0), covariance, atol=0.03)
    # The coefficients are drawn: their spread equals that of a regression.
    spread = np.std(np.array(means)[:, 0], axis=0)
    expected = np.sqrt(np.diag(covariance) * (1 + (F[[0]].toarray() ** 2).sum()) / 3000)
    np.testing.assert_allclose(spread, expected, rtol=0.35)


def test_uninformative_features_are_shrunk_to_zero(planted):
    _, _, _, rows = planted
    random = stream(4, "draws")
    noise = random.standard_normal((3000, 50))
    prior = RowPrior(
        [SideInformation.of_features(noise, random)], np.ones(len(rows)), rows.shape[1]
    )
    away = np.zeros_like(rows)
    for sweep in range(120):
        prior.update(rows, random)
        away += (prior.mean - rows.mean(axis=0)) * (sweep >= 20) / 100
    by_regression = noise @ np.linalg.lstsq(noise, rows - rows.mean(axis=0))[0]
    assert np.sqrt(np.mean(away**2)) < 0.5 * np.sqrt(np.mean(by_regression**2))


def test_the_mean_is_the_sum_of_all_contributions(planted):
    F, _, _, rows = planted
    random = stream(5, "draws")
    known = [SideInformation.of_features(F, random), SideInformation.constant(np.ones(3000))]
    prior = RowPrior(known, np.ones(len(rows)), rows.shape[1])
    for _ in range(5):
        prior.update(rows, random)
    shares = [one.design @ by for one, by in zip(prior._known, prior.coefficients, strict=True)]
    np.testing.assert_allclose(prior.mean, np.sum(shares, axis=0), atol=1e-5)
