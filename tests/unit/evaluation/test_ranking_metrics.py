import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from blendmf.evaluation.metrics import METRICS, ranking_metrics
from blendmf.evaluation.ranking_metrics import RankedLists, catalogue_metrics, places, top_k

score_tables = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 0.5, 2.0]),
)


def test_metrics_of_lists_computed_by_hand():
    hits = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
    found = ranking_metrics(RankedLists(hits, np.array([3, 0, 1]), np.array([9, 2, 3])))
    ideal_of_three = 1 + 1 / np.log2(3) + 1 / 2
    expected = {
        "precision_at_k": [0.5, 0, 0.25],
        "precision_at_min_k_n": [2 / 4, 0, 1 / 3],
        "recall_at_k": [2 / 3, 0, 1],
        "ndcg_at_k": [(1 + 1 / 2) / ideal_of_three, 0, 1 / np.log2(3)],
        "map_at_k": [(1 + 2 / 3) / 3, 0, 1 / 2],
        "mrr": [1, 0, 1 / 2],
        "hit_rate_at_k": [1, 0, 1],
    }
    assert tuple(found) == tuple(METRICS) == tuple(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, err_msg=name)


@given(st.integers(0, 10**6), st.integers(1, 20))
def test_metrics_lie_between_zero_and_one(seed, k):
    generator = np.random.default_rng(seed)
    n_candidates = generator.integers(1, 12, size=25)
    n_relevant = generator.integers(0, n_candidates + 1)
    ranked = np.arange(12) < n_relevant[:, None]
    for row, n in zip(ranked, n_candidates, strict=True):
        generator.shuffle(row[:n])
    hits = np.pad(ranked, ((0, 0), (0, 20)))[:, :k]
    for values in ranking_metrics(RankedLists(hits, n_relevant, n_candidates)).values():
        assert values.min() >= 0
        assert values.max() <= 1


@pytest.mark.parametrize("k", [1, 3, 8])
def test_normalised_metrics_of_an_ideal_list_are_exactly_1(k):
    n_relevant = np.arange(1, 10)
    hits = np.arange(k) < n_relevant[:, None]
    metrics = ranking_metrics(RankedLists(hits, n_relevant, np.full(9, 40)))
    for name in ("ndcg_at_k", "map_at_k", "mrr", "hit_rate_at_k"):
        assert (metrics[name] == 1.0).all()
    np.testing.assert_allclose(metrics["recall_at_k"], np.minimum(k, n_relevant) / n_relevant)
    np.testing.assert_allclose(metrics["precision_at_k"], np.minimum(k, n_relevant) / k)


@given(score_tables, st.randoms(use_true_random=False))
def test_positions_count_each_rows_pairs_from_zero_in_any_order(scores, random):
    rows, items = np.nonzero(np.ones(scores.shape, dtype=bool))
    finite = np.where(np.isfinite(scores), scores, -9.0)[rows, items]
    shuffled = np.array(random.sample(range(len(rows)), len(rows)))
    place = np.empty(len(rows), dtype=np.int64)
    place[shuffled] = places(rows[shuffled], items[shuffled], finite[shuffled])
    lists = np.empty(scores.shape, dtype=np.int64)
    lists[rows, place] = items
    expected = top_k(finite.reshape(scores.shape), scores.shape[1])
    np.testing.assert_array_equal(lists, expected)


def head_of_full_sort(scores, k):
    order = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    lists = np.where(np.take_along_axis(scores, order, axis=1) > -np.inf, order, -1)
    return np.pad(lists, ((0, 0), (0, k - lists.shape[1])), constant_values=-1)


@given(score_tables, st.integers(1, 15))
def test_lists_equal_the_head_of_a_full_sort_by_score_and_position(scores, k):
    np.testing.assert_array_equal(top_k(scores, k), head_of_full_sort(scores, k))


@pytest.mark.parametrize("k", [1, 10, 100])
@pytest.mark.parametrize("n_values", [1, 3, 200, 10**9])
def test_long_rows_with_ties_sorted_rows_and_strided_views_are_ranked_correctly(k, n_values):
    generator = np.random.default_rng(n_values + k)
    drawn = generator.integers(0, n_values, size=(20, 3000)).astype(np.float32)
    drawn[generator.random(drawn.shape) < 0.1] = -np.inf
    ascending = np.sort(drawn)
    for scores in (drawn, ascending, ascending[:, ::-1].copy(), ascending[::2, ::-3]):
        np.testing.assert_array_equal(top_k(scores, k), head_of_full_sort(scores, k))


def test_novelty_is_0_for_items_rated_by_all_and_largest_for_unrated_items():
    n_train = np.array([7, 0, 3])
    known, unknown = (
        catalogue_metrics(np.array(listed), n_train, n_train_users=7)["novelty"]
        for listed in ([5, 0, 0], [0, 5, 0])
    )
    assert known == 0
    assert unknown == pytest.approx(3)
