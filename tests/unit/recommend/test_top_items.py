import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from blendmf.models.baselines import PopularityModel
from blendmf.models.bayesian_factor_model import LEVELS, BayesianFactorModel
from blendmf.models.factor_model import FactorModel
from blendmf.models.observations import Observations
from blendmf.recommend import top_items as module
from blendmf.recommend.top_items import decimals_for, interval_ends, recommend, top_unseen

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
    assert table[["predicted_rating", "rating_low", "rating_high"]].isna().all(axis=None)
    assert table.score.notna().all()


def test_intervals_contain_the_rating_at_nine_in_ten_and_end_at_the_rating_range():
    # At level p an interval is 2 p standard deviations to either side, so 1.8 of them here.
    biases = np.array([[0.5], [-0.25]]), np.array([[0.0], [1.75], [0.5], [-1.0]])
    rows = (np.pad(bias, ((0, 0), (0, 1))).astype(np.float32)[None] for bias in biases)
    variances = np.array([0.25, 1.0]), np.array([0.0, 0.75, 2.0, 0.39])
    of_sides = (variance.astype(np.float32) for variance in variances)
    model = BayesianFactorModel(2, 4, RANGE, 3.0, *rows, *of_sides, 2 * LEVELS)
    seen = sp.csr_array(([1.0], ([1], [1])), shape=(2, 4))
    table = recommend(model, (seen,), USERS[:2], ITEMS[:4], 3)
    columns = ["item_id", "predicted_rating", "rating_low", "rating_high"]
    np.testing.assert_allclose(
        table[columns],
        [
            [101, 5.0, 5.0 - 1.8, 5.0],
            [102, 4.0, 4.0 - 1.8 * 1.5, 5.0],
            [100, 3.5, 3.5 - 1.8 * 0.5, 3.5 + 1.8 * 0.5],
            [102, 3.25, 1.0, 5.0],
            [100, 2.75, 1.0, 2.75 + 1.8],
            [103, 1.75, 1.0, 1.75 + 1.8 * 1.39**0.5],
        ],
        rtol=1e-6,
    )


def test_a_model_without_intervals_has_no_ends():
    model = factor_model()
    for item, n in ((3, 1), ([3, 4], 2)):
        ends = interval_ends(model, [0] * n, item)
        assert [end.shape for end in ends] == [(n,), (n,)]
        assert np.isnan(ends).all()


@pytest.mark.parametrize(
    ("rating_range", "expected"),
    [
        ((1.0, 5.0), 2),
        ((0.5, 5.0), 2),
        ((0.0, 1.0), 3),
        ((-10.0, 10.0), 2),
        ((0.0, 40.0), 1),
        ((0.0, 100.0), 1),
        ((0.0, 400.0), 0),
        ((0.0, 1e6), 0),
    ],
)
def test_ratings_are_shown_in_400_to_4000_steps(rating_range, expected):
    assert decimals_for(rating_range) == expected


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
