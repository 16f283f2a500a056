"""The prior of the rows of one side, and the features that it learns from."""

import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes import side_features
from blendmf.training.bayes.row_prior import RowPrior, draw_wishart
from blendmf.training.bayes.side_features import SideInformation, activity, raters


def features(n, k, seed=0):
    random = stream(seed, "features")
    dense = random.standard_normal((n, k)) * (random.random((n, k)) < 0.5)
    return sp.csr_array(dense)


def design_of(known):
    """The design as a matrix, column by column."""
    return known.mapped(np.eye(known.n_directions))


@pytest.mark.parametrize(("n", "k"), [(30, 8), (8, 30), (12, 12)])
def test_the_design_has_orthogonal_columns_and_spans_the_features(n, k):
    F = features(n, k)
    known = SideInformation.of_features(F, stream(1, "x"))
    design = design_of(known)
    np.testing.assert_allclose(design.T @ design, np.diag(known.squares), atol=1e-9)
    np.testing.assert_allclose(design @ design.T, (F @ F.T).toarray(), atol=1e-9)
    rows = stream(2, "rows").standard_normal((n, 3))
    np.testing.assert_allclose(known.gathered(rows), design.T @ rows, atol=1e-9)


@pytest.mark.parametrize(("n", "k"), [(40, 25), (25, 40)])
def test_the_strongest_directions_are_kept(n, k, monkeypatch):
    F = features(n, k)
    exact = SideInformation.of_features(F, stream(1, "x"), most=5)
    monkeypatch.setattr(side_features, "LARGEST_EXACT", 3)
    found = SideInformation.of_features(F, stream(1, "x"), most=5)
    singular = np.linalg.svd(F.toarray(), compute_uv=False)[:5]
    np.testing.assert_allclose(exact.squares, singular**2)
    np.testing.assert_allclose(found.squares, singular**2, rtol=1e-3)
    products = [design_of(known) @ design_of(known).T for known in (exact, found)]
    np.testing.assert_allclose(*products, atol=0.1)


def test_rank_deficient_features_have_fewer_directions():
    column = np.arange(1.0, 9.0)[:, None]
    known = SideInformation.of_features(np.hstack([column, 2 * column, -column]), stream(1, "x"))
    assert known.n_directions == 1


def test_a_constant_feature_sums_the_rows():
    known = SideInformation.constant(np.ones(4))
    np.testing.assert_array_equal(known.gathered(np.arange(8.0).reshape(4, 2)), [[12, 16]])


def test_rater_rows_have_length_1_and_active_raters_weigh_less():
    ratings = sp.csr_array(np.array([[5.0, 1.0, 0.0], [3.0, 0.0, 0.0], [0.0, 0.0, 0.0]]))
    ratings.data[0] = 0.0  # A stored zero is a rating.
    found = raters(ratings).toarray()
    weights = np.log(4 / np.array([3, 2]))
    np.testing.assert_allclose(found[0, :2], weights / np.linalg.norm(weights))
    np.testing.assert_allclose(found[1:], [[1, 0, 0], [0, 0, 0]])


def test_activity_is_standardised():
    found = activity([0, 1, 5, 100])
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(found[:, 0].std(), 1)
    assert (np.diff(found[:, 0]) > 0).all()
    assert not activity([7, 7, 7]).any()


def test_wishart_draws_have_the_theoretical_moments():
    random = stream(1, "wishart")
    scale, freedom = np.array([[0.5, 0.2, 0.0], [0.2, 1.0, -0.3], [0.0, -0.3, 0.8]]), 7
    draws = np.array([draw_wishart(freedom, scale, random) for _ in range(20_000)])
    np.testing.assert_allclose(draws.mean(axis=0), freedom * scale, atol=0.15)
    diagonal = np.diag(scale)
    variance = freedom * (scale**2 + np.outer(diagonal, diagonal))
    np.testing.assert_allclose(draws.var(axis=0), variance, rtol=0.06)


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
    np.testing.assert_allclose(prior.mean, np.sum(prior._shares, axis=0), atol=1e-10)
