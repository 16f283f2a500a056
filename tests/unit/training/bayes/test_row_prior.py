"""The prior of the rows of one side, and the features that it learns from."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes import row_prior
from blendmf.training.bayes.gibbs_kernels import INDEPENDENT, OVERRELAXATION
from blendmf.training.bayes.row_prior import STRENGTH_PRIOR, RowPrior, draw_wishart
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


def test_without_rows_deviations_are_half_t_and_correlations_uniform(monkeypatch):
    monkeypatch.setattr(row_prior, "DEVIATION_SCALE", 3.0)
    random = stream(6, "no rows")
    prior = RowPrior([], np.ones(0), 2)
    covariances = []
    for _ in range(20_000):
        prior.update(np.zeros((0, 2)), random)
        covariances.append(prior.inverse.T @ prior.inverse)
    (first, between), (_, second) = np.moveaxis(np.array(covariances), 0, -1)
    quantiles = np.array([0.4, 0.6, 0.8])
    expected = 3 * np.sqrt(2) * quantiles / np.sqrt(1 - quantiles**2)
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


@pytest.mark.parametrize("scale", [1.0, 100.0])
def test_coefficients_and_their_strength_have_their_conditional_distributions_at_few_rows(scale):
    """Three rows, a feature of any scale, and draws that depend on the coefficients before."""
    random = stream(7, "few rows")
    F, rows = scale * np.array([[1.0], [-2.0], [0.5]]), np.array([[1, 0.5], [-1.5, 0], [0.2, 1]])
    feature = SideInformation.of_features(F, random)
    prior = RowPrior([feature], np.ones(3), 2)
    assert prior._strengths[0] == 2.0, "of the intercept"
    coordinates, gammas = [], []
    design = F @ feature.directions
    for _ in range(2000):
        (intercept, before), (fixed, strength) = prior.coefficients, list(prior._strengths)
        intercept, before, lower = intercept.copy(), before.copy(), prior.lower
        prior.update(rows, random)
        drawn_intercept, drawn = prior.coefficients
        of_intercept = (rows - design @ before).sum(axis=0) / (3 + fixed)
        spread = (design**2).sum() + strength
        mean = design.T @ (rows - drawn_intercept) / spread
        for new, old, centre, squares in (
            (drawn_intercept, intercept, of_intercept, 3 + fixed),
            (drawn, before, mean, spread),
        ):
            independent = new - centre - OVERRELAXATION * (old - centre)
            coordinates.append(independent @ lower * np.sqrt(squares) / INDEPENDENT)
        rate = STRENGTH_PRIOR[1] + ((drawn @ lower) ** 2).sum() / 2
        gammas.append(prior._strengths[1] * rate)
    # Five standard errors.
    for normal in (np.vstack(coordinates[0::2]), np.vstack(coordinates[1::2])):
        np.testing.assert_allclose(normal.mean(axis=0), 0, atol=5 / np.sqrt(2000))
        np.testing.assert_allclose(np.cov(normal.T), np.eye(2), atol=5 * np.sqrt(2 / 2000))
    shape = 1 + 2 / 2
    assert np.mean(gammas) == pytest.approx(shape, abs=5 * np.sqrt(shape / 2000))


def test_the_mean_of_other_rows_is_the_sum_of_their_contributions_without_weights(planted):
    F, _, _, rows = planted
    random, weights = stream(8, "draws"), np.linspace(0.2, 1.0, 3000)
    others = sp.csr_array(random.standard_normal((3000, 2)))
    known = [
        SideInformation.of_features(sp.diags_array(weights) @ features, random)
        for features in (F, others)
    ]
    prior = RowPrior(known, weights, rows.shape[1])
    for _ in range(3):
        prior.update(weights[:, None] * rows, random)
    found = prior.mean_of([F[:7], others[:7]], 7)
    np.testing.assert_allclose(found * weights[:7, None], prior.mean[:7], atol=1e-5)


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
