import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.models.observations import Observations
from blendmf.models.svd import fit_pure_svd

RATINGS = stream(0, "test pure svd").integers(0, 6, (14, 9)).astype(np.float64)
TRAIN = Observations.from_matrix(sp.csr_array(RATINGS))


def fitted(rank=4):
    return fit_pure_svd(TRAIN, (1, 5), rank, stream(1, "start"))


def test_scores_are_the_projection_of_the_ratings_with_zeros_where_unrated():
    _, _, Vt = np.linalg.svd(RATINGS, full_matrices=False)
    projected = RATINGS @ Vt[:4].T @ Vt[:4]
    np.testing.assert_allclose(fitted().score_users(np.arange(14)), projected, atol=1e-5)


def test_predictions_are_unclipped_ranking_scores():
    model = fitted()
    users, items = np.divmod(np.arange(14 * 9), 9)
    scores = model.score_users(np.arange(14)).ravel()
    np.testing.assert_allclose(model.predict(users, items), scores, atol=1e-5)
    assert scores.min() < 1
    assert not model.predicts_ratings


def test_unknown_users_and_items_score_zero():
    np.testing.assert_array_equal(fitted().predict([-1, 0, 99], [0, 99, -1]), 0)


def test_a_rank_above_that_of_the_matrix_is_refused():
    with pytest.raises(UserError, match="rank 1 to 8, not 9"):
        fitted(rank=9)
