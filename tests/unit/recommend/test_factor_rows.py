import numpy as np
import pytest
import scipy.sparse as sp

from blendmf.common.errors import UserError
from blendmf.common.random_streams import stream
from blendmf.models.baselines import PopularityModel
from blendmf.models.bayesian_factor_model import NORMAL_WIDTHS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.recommend.factor_rows import aligned_means, factor_rows

RANDOM = stream(8, "rows")
N_USERS, N_ITEMS, D = 6, 9, 3
USERS, ITEMS = RANDOM.standard_normal((N_USERS, D)), RANDOM.standard_normal((N_ITEMS, D))


def rotation():
    return np.linalg.qr(RANDOM.standard_normal((D, D)))[0]


def test_rotated_draws_are_aligned_with_the_first_one():
    rotations = [rotation() for _ in range(4)]
    users, items = (np.stack([rows @ r for r in rotations]) for rows in (USERS, ITEMS))
    mean_users, mean_items = aligned_means(users, items)
    np.testing.assert_allclose(mean_users, users[0], atol=1e-12)
    np.testing.assert_allclose(mean_items, items[0], atol=1e-12)
    assert np.abs(users.mean(axis=0) - users[0]).max() > 0.1, "unaligned means are wrong"


def test_the_rows_of_draws_give_nearly_the_scores_of_the_model():
    draws = [
        [
            np.column_stack([np.full(len(rows), 0.5), rows @ r])
            + 0.01 * RANDOM.standard_normal((len(rows), 1 + D))
            for rows in (USERS, ITEMS)
        ]
        for r in (rotation() for _ in range(20))
    ]
    of_users, of_items = (np.stack(rows).astype(np.float32) for rows in zip(*draws, strict=True))
    beyond = np.ones(N_USERS, dtype=np.float32), np.ones(N_ITEMS, dtype=np.float32)
    model = BayesianFactorModel(
        N_USERS, N_ITEMS, (1.0, 5.0), 3.0, of_users, of_items, *beyond, NORMAL_WIDTHS
    )
    rows = factor_rows(model)
    np.testing.assert_allclose(scores(rows), model.score_users(np.arange(N_USERS)), atol=0.02)
    assert "draws" in rows.left_out


def scores(rows):
    biases = rows.user_bias[:, None] + rows.item_bias
    return rows.global_mean + biases + rows.user_vectors @ rows.item_vectors.T


def test_the_rows_of_a_blend_give_the_scores_of_the_model():
    content = sp.csr_array(RANDOM.random((N_ITEMS, 2)).astype(np.float32))
    model = FactorModel(
        N_USERS,
        N_ITEMS,
        (1.0, 5.0),
        3.0,
        item_bias=RANDOM.standard_normal(N_ITEMS).astype(np.float32),
        user_factors=USERS.astype(np.float32),
        item_factors=ITEMS.astype(np.float32),
        content_factors=RANDOM.standard_normal((2, D)).astype(np.float32),
        content=content,
    )
    rows = factor_rows(model)
    np.testing.assert_allclose(scores(rows), model.score_users(np.arange(N_USERS)), rtol=1e-4)
    assert rows.left_out == ""


@pytest.mark.parametrize(
    "model", [FactorModel(1, 2, (1.0, 5.0), 3.0), PopularityModel(1, np.arange(2))]
)
def test_a_model_without_factors_is_refused(model):
    with pytest.raises(UserError, match="no factors"):
        factor_rows(model)
