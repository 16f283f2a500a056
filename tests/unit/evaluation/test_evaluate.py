import numpy as np
import pandas as pd
import pytest

from blendmf.common.errors import UserError
from blendmf.common.files import write_json
from blendmf.data.tables import read_table, write_table
from blendmf.models.baselines import PopularityModel
from ratings import observed_triples
from small_evaluation import STATED, TableModel, bias_model, evaluated, random_parts

# Users 0 and 1 have test ratings, user 2 has none; user 1 finds nothing relevant.
SHAPE = (3, 5)
TRAIN = observed_triples([(0, 0, 5.0), (1, 0, 4.0), (1, 1, 2.0), (2, 0, 3.0)], SHAPE)
VALIDATION = observed_triples([(0, 1, 5.0), (1, 2, 1.0)], SHAPE)
TEST = observed_triples([(0, 2, 4.0), (0, 3, 2.0), (0, 4, 5.0), (1, 3, 3.0)], SHAPE)
SCORES = np.array(
    [[9.0, 8.0, 4.0, 3.0, 2.0], [9.0, 9.0, 9.0, 1.0, 2.0], [0.0] * 5], dtype=np.float32
)


def test_metrics_equal_a_case_computed_by_hand():
    result = evaluated(TableModel(SCORES), (TRAIN, VALIDATION, TEST))
    squared, absolute = np.array([10.0, 4.0]), np.array([4.0, 2.0])
    assert result.metrics["rating"] == {
        "rmse": pytest.approx(np.sqrt(14 / 4)),
        "mae": pytest.approx(6 / 4),
        "user_rmse": pytest.approx((np.sqrt(10 / 3) + 2) / 2),
        "user_mae": pytest.approx((4 / 3 + 2) / 2),
        "squared_error": pytest.approx(14),
        "n_ratings": 4,
        "n_users": 2,
    }
    # User 0's list is items 2 (relevant) and 3 in both protocols; item 4 is missed.
    means = {
        "precision_at_k": pytest.approx(0.5 / 2),
        "precision_at_min_k_n": pytest.approx(0.5 / 2),
        "recall_at_k": pytest.approx(0.5 / 2),
        "ndcg_at_k": pytest.approx(1 / (1 + 1 / np.log2(3)) / 2),
        "map_at_k": pytest.approx(0.5 / 2),
        "mrr": pytest.approx(1 / 2),
        "hit_rate_at_k": pytest.approx(1 / 2),
    }
    denominators = {"n_users": 2, "n_users_with_relevant": 1, "n_users_without_relevant": 1}
    # Candidates are the 3 and 1 test ratings, then the 3 and 2 items without a known rating.
    assert result.metrics["rated"] == STATED | means | denominators | {
        "n_candidates_mean": 2.0,
        "n_users_with_up_to_k_candidates": 1,
        "relevant_share": 2 / 4,
    }
    # The lists (2, 3) and (4, 3) have only items without training ratings: log2(3 + 1) bits each.
    assert result.metrics["full"] == STATED | means | denominators | {
        "n_candidates_mean": 2.5,
        "n_users_with_up_to_k_candidates": 1,
        "relevant_share": 2 / 5,
        "coverage": pytest.approx(3 / 5),
        "novelty": pytest.approx(2.0),
        "n_items": 5,
        "n_items_listed": 3,
        "n_listed": 4,
    }
    assert result.per_user["user_id"].tolist() == ["user 0", "user 1"]
    assert result.per_user["n_train"].tolist() == [1, 2]
    assert result.per_user["n_ratings"].tolist() == [3, 1]
    assert result.per_user["n_relevant"].tolist() == [2, 0]
    np.testing.assert_allclose(result.per_user["squared_error"], squared)
    np.testing.assert_allclose(result.per_user["absolute_error"], absolute)


def test_ranking_only_models_have_ranking_metrics_but_no_rating_errors(tmp_path):
    parts = random_parts(6)
    result = evaluated(PopularityModel.fit(parts[0]), parts)
    assert result.metrics["rating"] is None
    assert result.metrics["full"]["hit_rate_at_k"] > 0
    assert result.strata[["rmse", "rmse_low", "rmse_high", "mae"]].isna().all(axis=None)
    assert result.strata["full_mrr"].max() > 0
    write_json(tmp_path / "metrics.json", result.metrics)
    write_table(tmp_path / "per-user.parquet", result.per_user)
    stored = read_table(tmp_path / "per-user.parquet")
    assert stored[["squared_error", "absolute_error"]].isna().all(axis=None)


def test_rated_items_are_not_listed_even_with_a_rating_of_zero():
    parts = [observed_triples([(0, item, 0.0)], (1, 4)) for item in (1, 2, 0)]
    model = TableModel(np.array([[6.0, 9.0, 8.0, 7.0]], dtype=np.float32))
    full = evaluated(model, parts, k=4, relevance_threshold=0).metrics["full"]
    assert full["n_listed"] == 2
    assert full["n_candidates_mean"] == 2
    assert full["precision_at_k"] == 1 / 4
    assert full["mrr"] == 1 / 2


def test_the_models_own_scores_are_not_modified():
    class SharingModel(TableModel):
        def score_users(self, users):
            assert users.tolist() == [0, 1]
            return self.scores[:2]

    scores = SCORES.copy()
    evaluated(SharingModel(scores), (TRAIN, VALIDATION, TEST))
    np.testing.assert_array_equal(scores, SCORES)


def test_the_full_protocol_samples_the_same_users_for_all_models():
    parts = random_parts(11)
    model = bias_model(parts[0])
    whole, some = evaluated(model, parts), evaluated(model, parts, full_users=5)
    full = [name for name in some.per_user if name.startswith("full_")]
    scored = some.per_user["full_mrr"].notna()
    other = evaluated(PopularityModel.fit(parts[0]), parts, full_users=5)
    assert other.per_user["full_mrr"].notna().equals(scored)
    assert scored.sum() == some.metrics["full"]["n_users"] == 5
    assert some.per_user.loc[~scored, full].isna().all(axis=None)
    pd.testing.assert_frame_equal(some.per_user[scored], whole.per_user[scored])
    pd.testing.assert_frame_equal(
        some.per_user.drop(columns=full), whole.per_user.drop(columns=full)
    )
    assert some.metrics["rated"] == whole.metrics["rated"]
    assert some.metrics["full"]["mrr"] == pytest.approx(whole.per_user["full_mrr"][scored].mean())
    assert some.metrics["full"]["n_listed"] == 5 * 2


def test_an_empty_test_part_is_a_user_error():
    with pytest.raises(UserError, match=r"split\.train"):
        evaluated(TableModel(SCORES), (TRAIN, VALIDATION, observed_triples([], SHAPE)))
