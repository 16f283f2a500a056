import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.models.baselines import fit_bias
from blendmf.models.observations import Observations
from blendmf.models.svd import best_rank, fit_svd, singular_triplets, truncated

SHRINKAGE = (15.0, 10.0)


def observations(matrix):
    return Observations.from_matrix(sp.csr_array(matrix))


@pytest.fixture
def train():
    random = stream(0, "test svd")
    ratings = np.clip(np.round(random.normal(3, 1, (30, 20))), 1, 5)
    return observations(ratings * (random.random((30, 20)) < 0.6))


def test_triplets_equal_the_dense_decomposition():
    matrix = stream(1, "test svd").normal(size=(12, 9)) * 0.5
    U, s, Vt = singular_triplets(sp.csr_array(matrix), 4, stream(2, "start"))
    dense_s = np.linalg.svd(matrix, compute_uv=False)[:4]
    np.testing.assert_allclose(s, dense_s, rtol=1e-10)
    error = np.linalg.norm(matrix - (U * s) @ Vt) ** 2
    bound = (np.linalg.svd(matrix, compute_uv=False)[4:] ** 2).sum()
    assert error == pytest.approx(bound)


def test_triplets_do_not_depend_on_the_start_vector():
    matrix = sp.csr_array(stream(1, "test svd").normal(size=(12, 9)))
    first, second = (singular_triplets(matrix, 3, stream(seed, "start")) for seed in (1, 2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-10)


def test_full_rank_reproduces_the_training_ratings(train):
    model = fit_svd(train, (1, 5), 19, stream(0, "start"), *SHRINKAGE)
    errors = model.predict(train.users, train.items) - train.ratings
    rough = fit_bias(train, (1, 5), *SHRINKAGE).predict(train.users, train.items) - train.ratings
    assert np.abs(errors).max() < 0.5
    assert (errors**2).mean() < 0.05 * (rough**2).mean()


def test_truncating_equals_fitting_the_smaller_rank(train):
    large, small = (fit_svd(train, (1, 5), rank, stream(0, "start"), *SHRINKAGE) for rank in (6, 2))
    np.testing.assert_allclose(
        truncated(large, 2).score_users([0, 1]), small.score_users([0, 1]), atol=1e-4
    )


def test_best_rank_is_that_of_the_lowest_validation_error(train):
    # On the training ratings themselves, more factors never increase the error.
    model = fit_svd(train, (1, 5), 6, stream(0, "start"), *SHRINKAGE)
    assert best_rank(model, train, [6, 1, 3]) == 6
    zeros = observations(np.full((30, 20), 3.0))
    flat = fit_svd(zeros, (1, 5), 2, stream(0, "start"), *SHRINKAGE)
    assert best_rank(flat, zeros, [1, 2]) == 1


def test_a_rank_above_that_of_the_matrix_is_refused(train):
    with pytest.raises(UserError, match=r"rank 1 to 19, not 20; change svd\.ranks"):
        fit_svd(train, (1, 5), 20, stream(0, "start"), *SHRINKAGE)
