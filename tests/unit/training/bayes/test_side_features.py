import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes.side_features import SideInformation, activity, raters


def features(n, k, seed=0):
    random = stream(seed, "features")
    dense = random.standard_normal((n, k)) * (random.random((n, k)) < 0.5)
    return sp.csr_array(dense)


@pytest.mark.parametrize(("n", "k"), [(30, 8), (8, 30), (12, 12)])
def test_the_design_has_orthogonal_columns_and_spans_the_features(n, k):
    F = features(n, k)
    known = SideInformation.of_features(F, stream(1, "x"))
    design = known.design.astype(np.float64)
    np.testing.assert_allclose(design.T @ design, np.diag(known.squares), atol=1e-4)
    np.testing.assert_allclose(design @ design.T, (F @ F.T).toarray(), atol=1e-4)
    np.testing.assert_allclose(F @ known.directions, design, atol=1e-4)


@pytest.mark.parametrize(("n", "k"), [(400, 250), (250, 400), (400, 20)])
def test_the_strongest_directions_are_found(n, k):
    strong = stream(3, "strong").standard_normal((n, 5)) @ stream(4, "s").standard_normal((5, k))
    F = sp.csr_array(features(n, k).toarray() + strong)
    found = SideInformation.of_features(F, stream(1, "x"), most=5)
    left, singular, _ = np.linalg.svd(F.toarray(), full_matrices=False)
    np.testing.assert_allclose(found.squares, singular[:5] ** 2, rtol=1e-3)
    design = found.design.astype(np.float64)
    np.testing.assert_allclose(
        design @ design.T, (left[:, :5] * singular[:5] ** 2) @ left[:, :5].T, atol=1
    )


@pytest.mark.parametrize(("share", "is_sparse"), [(0.02, True), (0.9, False)])
def test_sparse_and_dense_products_are_those_with_the_design(share, is_sparse):
    random = stream(7, "sparse")
    F = sp.random_array((600, 60), density=share, format="csr", rng=random)
    known = SideInformation.of_features(F, random)
    assert (known.features is not None) == is_sparse
    rows, coefficients = random.random((600, 3), np.float32), random.random((known.n_directions, 3))
    np.testing.assert_allclose(known.sums(rows), known.design.T @ rows, atol=1e-4)
    np.testing.assert_allclose(known.mapped(coefficients), known.design @ coefficients, atol=1e-5)


def test_rank_deficient_features_have_fewer_directions():
    column = np.arange(1.0, 9.0)[:, None]
    known = SideInformation.of_features(np.hstack([column, 2 * column, -column]), stream(1, "x"))
    assert known.n_directions == 1


def test_a_constant_feature_sums_the_rows():
    known = SideInformation.constant(np.ones(4))
    np.testing.assert_array_equal(known.design.T @ np.arange(8.0).reshape(4, 2), [[12, 16]])


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
