import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.models.baselines import PopularityModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from blendmf.recommend import top_items as module
from blendmf.recommend.top_items import recommend, top_unseen

N_USERS, N_ITEMS = 23, 31
RANGE = (1.0, 5.0)


def factor_model() -> FactorModel:
    rng = np.random.default_rng(0)
    shapes = (N_USERS, N_ITEMS, (N_USERS, 4), (N_ITEMS, 4))
    terms = (rng.normal(size=shape).astype(np.float32) for shape in shapes)
    return FactorModel(N_USERS, N_ITEMS, RANGE, 3.0, *terms)


def parts() -> tuple[sp.csr_array, sp.csr_array]:
    part = np.random.default_rng(1).choice(3, size=(N_USERS, N_ITEMS), p=[0.2, 0.2, 0.6])
    return sp.csr_array((part == 0).astype(float)), sp.csr_array((part == 1).astype(float))


USERS = pd.DataFrame({"user_id": [f"u{k}" for k in range(N_USERS)]})
ITEMS = pd.DataFrame(
    {"item_id": np.arange(100, 100 + N_ITEMS), "title": [f"title {k}" for k in range(N_ITEMS)]}
)


def test_lists_contain_the_best_unseen_items_in_order():
    model = factor_model()
    train, validation = parts()
    table = recommend(model, (train, validation), USERS, ITEMS, 5)
    seen = (train + validation).toarray() > 0
    scores = model.score_users(np.arange(N_USERS))
    for user in range(N_USERS):
        unseen = np.flatnonzero(~seen[user])
        best = unseen[np.argsort(-scores[user, unseen], kind="stable")][:5]
        own = table[table.user_id == f"u{user}"]
        assert own.item_id.tolist() == (100 + best).tolist()
        assert own.title.tolist() == [f"title {k}" for k in best]
        assert own["rank"].tolist() == [1, 2, 3, 4, 5]
        np.testing.assert_array_equal(own.score, scores[user, best])
        np.testing.assert_array_equal(own.predicted_rating, model.predict([user] * 5, best))
    assert table.predicted_rating.between(*RANGE).all()


@pytest.mark.parametrize("some", [None, np.array([2, 7, 20])])
@pytest.mark.parametrize("scores_per_block", [1, 2 * N_ITEMS, 2**21])
def test_lists_do_not_depend_on_blocks_or_other_users(monkeypatch, scores_per_block, some):
    whole = recommend(factor_model(), parts(), USERS, ITEMS, 5)
    chosen = USERS["user_id"] if some is None else USERS["user_id"][some]
    expected = whole[whole["user_id"].isin(chosen)].reset_index(drop=True)
    monkeypatch.setattr(module, "SCORES_PER_BLOCK", scores_per_block)
    table = recommend(factor_model(), parts(), USERS, ITEMS, 5, some)
    pd.testing.assert_frame_equal(table, expected, rtol=1e-5)


def test_model_without_ratings_predicts_none():
    train, validation = parts()
    model = PopularityModel.fit(Observations.from_matrix(train))
    table = recommend(model, (train, validation), USERS, ITEMS, 2)
    assert table.predicted_rating.isna().all()
    assert table.score.notna().all()


def test_items_rated_zero_are_excluded_ties_ranked_by_position_and_short_lists_cut():
    train = sp.csr_array((np.zeros(3), ([0, 1, 1], [2, 0, 1])), shape=(2, 4))
    model = FactorModel(2, 4, (0.0, 5.0), 3.0, None, np.array([0, 0, 1, 0.5], dtype=np.float32))
    table = recommend(model, (train, sp.csr_array((2, 4))), USERS[:2], ITEMS[:4], 3)
    assert table.groupby("user_id").item_id.agg(list).to_dict() == {
        "u0": [103, 100, 101],
        "u1": [102, 103],
    }


def test_unknown_user_gets_the_ranking_by_item_biases():
    model = factor_model()
    top = top_unseen(model, np.array([-1]), (), 3)
    assert model.item_bias is not None
    assert top.item.tolist() == np.argsort(-model.item_bias)[:3].tolist()
