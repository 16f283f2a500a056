import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.evaluation.rating_metrics import prediction_errors, rmse
from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations
from blendmf.models.svd import best_rank, fit_pure_svd, fit_svd, singular_triplets, truncated

SHRINKAGE = (15.0, 10.0)


def observations(matrix):
    return Observations.from_matrix(sp.csr_array(matrix))


def svd_of(train, rank):
    return fit_svd(train, (1, 5), rank, stream(0, "start"), *SHRINKAGE)


@pytest.fixture
def train():
    random = stream(0, "test svd")
    ratings = np.clip(np.round(random.normal(3, 1, (30, 20))), 1, 5)
    return observations(ratings * (random.random((30, 20)) < 0.6))


def test_triplets_equal_the_dense_decomposition_for_any_start_vector():
    matrix = stream(1, "test svd").normal(size=(12, 9)) * 0.5
    found = [singular_triplets(sp.csr_array(matrix), 4, stream(seed, "start")) for seed in (1, 2)]
    U, s, Vt = found[0]
    dense_s = np.linalg.svd(matrix, compute_uv=False)
    np.testing.assert_allclose(s, dense_s[:4], rtol=1e-10)
    error = np.linalg.norm(matrix - (U * s) @ Vt) ** 2
    assert error == pytest.approx((dense_s[4:] ** 2).sum())
    for first, second in zip(*found, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-10)


def test_full_rank_reproduces_the_training_ratings(train):
    model, rough = svd_of(train, 19), fit_bias(train, (1, 5), *SHRINKAGE)
    assert np.abs(prediction_errors(model, train)).max() < 0.5
    assert rmse(model, train) ** 2 < 0.05 * rmse(rough, train) ** 2


def test_truncating_equals_fitting_the_smaller_rank(train):
    large, small = svd_of(train, 6), svd_of(train, 2)
    np.testing.assert_allclose(
        truncated(large, 2).score_users([0, 1]), small.score_users([0, 1]), atol=1e-4
    )


def test_best_rank_is_that_of_the_lowest_validation_error(train):
    # On the training ratings themselves, more factors never increase the error.
    assert best_rank(svd_of(train, 6), train, [6, 1, 3]) == 6
    flat = observations(np.full((30, 20), 3.0))
    assert best_rank(svd_of(flat, 2), flat, [1, 2]) == 1


def test_pure_svd_projects_the_ratings_with_zeros_where_unrated():
    ratings = stream(0, "test pure svd").integers(0, 6, (14, 9)).astype(np.float64)
    model = fit_pure_svd(observations(ratings), (1, 5), 4, stream(1, "start"))
    _, _, Vt = np.linalg.svd(ratings, full_matrices=False)
    scores = model.score_users(np.arange(14))
    np.testing.assert_allclose(scores, ratings @ Vt[:4].T @ Vt[:4], atol=1e-5)
    assert scores.min() < 1
    np.testing.assert_array_equal(model.predict([-1, 0, 99], [0, 99, -1]), 0)


def test_a_rank_above_that_of_the_matrix_is_refused(train):
    with pytest.raises(UserError, match=r"rank 1 to 19, not 20; change svd\.ranks"):
        svd_of(train, 20)
    with pytest.raises(UserError, match="rank 1 to 19, not 20"):
        fit_pure_svd(train, (1, 5), 20, stream(0, "start"))
