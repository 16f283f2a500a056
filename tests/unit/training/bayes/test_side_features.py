import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.random_streams import stream
from blendmf.training.bayes import side_features as side_information
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
    monkeypatch.setattr(side_information, "LARGEST_EXACT", 3)
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
