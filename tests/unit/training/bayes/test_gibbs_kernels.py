"""Draws of the kernels compared with the mean and variance of the known posterior."""

import numpy as np
import pytest

from blendmf.common.random_streams import stream
from blendmf.training.bayes.gibbs_kernels import draw_rows, pair_products
from blendmf.training.kernels.compiled import compiled

WIDTH = 6
DRAWS = 100_000


@pytest.mark.parametrize("n_ratings", [0, 1, 3, 5, 6, 7, 40])
def test_moments_of_draws_with_few_and_with_many_ratings(n_ratings):
    random = stream(n_ratings, "kernel")
    Z, slope = random.standard_normal((n_ratings + 1, WIDTH)), random.standard_normal(WIDTH)
    targets, places = random.standard_normal((2, n_ratings))
    weights = random.uniform(0.5, 2.0, n_ratings)
    others = random.permutation(n_ratings + 1)[:n_ratings].astype(np.int32)
    # Every row has the same ratings but independent draws.
    indptr = np.arange(DRAWS + 1) * n_ratings
    X, noise = random.standard_normal((DRAWS, WIDTH)), random.standard_normal(DRAWS * n_ratings)
    repeated = [np.tile(a, DRAWS) for a in (others, targets, weights, places)]
    compiled(draw_rows)(0, DRAWS, indptr, *repeated, noise, Z, slope, X)

    design = weights[:, None] * (Z[others] + places[:, None] * slope)
    covariance = np.linalg.inv(np.eye(WIDTH) + design.T @ design)
    mean = covariance @ design.T @ (weights * targets)
    # Five standard errors.
    np.testing.assert_allclose(X.mean(axis=0), mean, atol=5 / np.sqrt(DRAWS))
    np.testing.assert_allclose(np.cov(X.T), covariance, atol=5 * np.sqrt(2 / DRAWS))


def test_rows_out_of_range_are_unchanged():
    X, one = np.ones((3, WIDTH)), np.ones(3)
    others, indptr = np.zeros(3, dtype=np.int32), np.arange(4)
    compiled(draw_rows)(1, 2, indptr, others, one, one, one, one, one[:1, None] * X[:1], X[0], X)
    assert (X[[0, 2]] == 1).all()
    assert (X[1] != 1).any()


def test_products_of_pairs():
    random = stream(1, "products")
    X, Y = random.standard_normal((4, 3)), random.standard_normal((5, 3))
    users = random.integers(4, size=20).astype(np.int32)
    items = random.integers(5, size=20).astype(np.int32)
    products = np.empty(20)
    compiled(pair_products)(users, items, X, Y, products)
    np.testing.assert_allclose(products, (X[users] * Y[items]).sum(axis=1))
