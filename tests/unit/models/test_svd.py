import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
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


def test_scores_are_the_biases_and_the_truncated_decomposition_of_what_they_leave(train):
    bias, users = fit_bias(train, (1, 5), *SHRINKAGE), np.arange(30)
    left = np.zeros(train.shape)
    left[train.users, train.items] = train.ratings - bias.score_pairs(train.users, train.items)
    U, s, Vt = np.linalg.svd(left, full_matrices=False)
    for rank in (2, 19):
        expected = bias.score_users(users) + (U[:, :rank] * s[:rank]) @ Vt[:rank]
        for model in (svd_of(train, rank), truncated(svd_of(train, 19), rank)):
            np.testing.assert_allclose(model.score_users(users), expected, atol=1e-4)


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
