import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import ndcg_score

from blendmf.evaluation.ranking_metrics import (
    METRICS,
    RankedLists,
    hit_rate_at_k,
    map_at_k,
    mrr,
    ndcg_at_k,
    places,
    precision_at_k,
    precision_at_min_k_n,
    ranking_metrics,
    recall_at_k,
    top_k,
)

HITS = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [0, 1, 0, 0]], dtype=bool)
N_RELEVANT = np.array([3, 0, 1])
N_CANDIDATES = np.array([9, 2, 3])

score_tables = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
    elements=st.sampled_from([-np.inf, -1.5, 0.0, 0.25, 0.5, 2.0]),
)


def test_precision_divides_by_k_or_by_what_could_be_listed():
    np.testing.assert_allclose(precision_at_k(HITS), [0.5, 0, 0.25])
    np.testing.assert_allclose(precision_at_min_k_n(HITS, N_CANDIDATES), [2 / 4, 0, 1 / 3])


def test_recall_divides_by_the_relevant_items_and_is_zero_without_any():
    np.testing.assert_allclose(recall_at_k(HITS, N_RELEVANT), [2 / 3, 0, 1])


def test_ndcg_of_lists_computed_by_hand():
    ideal_of_three = 1 + 1 / np.log2(3) + 1 / 2
    expected = [(1 + 1 / 2) / ideal_of_three, 0, 1 / np.log2(3)]
    np.testing.assert_allclose(ndcg_at_k(HITS, N_RELEVANT), expected)


def test_average_precision_of_lists_computed_by_hand():
    np.testing.assert_allclose(map_at_k(HITS, N_RELEVANT), [(1 + 2 / 3) / 3, 0, 1 / 2])


def test_average_precision_divides_by_k_where_more_items_are_relevant():
    np.testing.assert_allclose(map_at_k(HITS[:1, :2], np.array([7])), [1 / 2])


def test_reciprocal_rank_and_hit_rate_look_at_the_first_hit():
    np.testing.assert_allclose(mrr(HITS), [1, 0, 1 / 2])
    np.testing.assert_allclose(hit_rate_at_k(HITS), [1, 0, 1])


def test_ndcg_agrees_with_scikit_learn_where_no_scores_are_equal():
    generator = np.random.default_rng(1)
    scores = generator.permuted(np.tile(np.arange(30.0), (40, 1)), axis=1)
    relevant = generator.random((40, 30)) < 0.2
    hits = np.take_along_axis(relevant, top_k(scores, 10), axis=1)
    ours = ndcg_at_k(hits, relevant.sum(axis=1))
    theirs = [ndcg_score(r[None], s[None], k=10) for r, s in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(ours, theirs)


@given(score_tables, st.randoms(use_true_random=False))
def test_places_number_each_rows_pairs_from_zero_whatever_their_order(scores, random):
    rows, items = np.nonzero(np.ones(scores.shape, dtype=bool))
    finite = np.where(np.isfinite(scores), scores, -9.0)[rows, items]
    shuffled = np.array(random.sample(range(len(rows)), len(rows)))
    place = np.empty(len(rows), dtype=np.int64)
    place[shuffled] = places(rows[shuffled], items[shuffled], finite[shuffled])
    lists = np.empty(scores.shape, dtype=np.int64)
    lists[rows, place] = items
    expected = top_k(finite.reshape(scores.shape), scores.shape[1])
    np.testing.assert_array_equal(lists, expected)


def random_lists(seed, k):
    generator = np.random.default_rng(seed)
    n_candidates = generator.integers(1, 12, size=25)
    n_relevant = generator.integers(0, n_candidates + 1)
    ranked = np.arange(12) < n_relevant[:, None]
    for row, n in zip(ranked, n_candidates, strict=True):
        generator.shuffle(row[:n])
    hits = np.pad(ranked, ((0, 0), (0, 20)))[:, :k]
    return RankedLists(hits, n_relevant, n_candidates)


@given(st.integers(0, 10**6), st.integers(1, 20))
def test_metrics_lie_between_zero_and_one(seed, k):
    metrics = ranking_metrics(random_lists(seed, k))
    assert tuple(metrics) == METRICS
    for values in metrics.values():
        assert values.min() >= 0
        assert values.max() <= 1


@pytest.mark.parametrize("k", [1, 3, 8])
def test_an_ideal_list_reaches_exactly_one_in_the_normalised_metrics(k):
    n_relevant = np.arange(1, 10)
    hits = np.arange(k) < n_relevant[:, None]
    metrics = ranking_metrics(RankedLists(hits, n_relevant, np.full(9, 40)))
    for name in ("ndcg_at_k", "map_at_k", "mrr", "hit_rate_at_k"):
        assert (metrics[name] == 1.0).all()
    np.testing.assert_allclose(metrics["recall_at_k"], np.minimum(k, n_relevant) / n_relevant)
    np.testing.assert_allclose(metrics["precision_at_k"], np.minimum(k, n_relevant) / k)
